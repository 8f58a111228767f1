#include "build/build.h"

#include "base/text.h"
#include "build/analysis.h"
#include "build/cached.h"
#include "build/components.h"
#include "build/diagnostics.h"
#include "build/dist.h"
#include "build/handlers.h"
#include "build/inline_wasm.h"
#include "build/interpreter.h"
#include "build/runtime.h"
#include "build/static_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const default_flags[] = {"nodejs_compat", "enable_request_signal"};

/* -- options ----------------------------------------------------------------------------------- */

/* es2015 to es2024, the versions that there are, or esnext. */
static bool is_target(const char *text)
{
    uint64_t year;

    if (strcmp(text, "esnext") == 0)
        return true;
    return strncmp(text, "es", 2) == 0 && ot_parse_uint(ot_span_of(text + 2), 2024, &year) &&
           year >= 2015;
}

static int check_options(const struct ot_build_options *options, struct ot_error *err)
{
    if (!is_target(options->target))
        return ot_fail(err, OT_USAGE, "--target: \"%s\" is not es2015 to es2024 or esnext",
                       options->target);
    if (options->compat_date != NULL && !ot_is_date(ot_span_of(options->compat_date)))
        return ot_fail(err, OT_USAGE, "--compat-date: \"%s\" is not a date such as 2025-09-15",
                       options->compat_date);
    for (size_t i = 0; options->compat_flags != NULL && i < options->compat_flags->count; i++) {
        if (!ot_is_flag_word(ot_span_of(options->compat_flags->items[i])))
            return ot_fail(err, OT_USAGE, "--compat-flag: \"%s\" is not a flag such as nodejs_als",
                           options->compat_flags->items[i]);
    }
    for (size_t i = 0; options->env != NULL && i < options->env->count; i++) {
        if (!ot_is_env_name(ot_span_of(options->env->items[i])))
            return ot_fail(err, OT_USAGE, "--env: \"%s\" is not a variable's name",
                           options->env->items[i]);
    }
    return 0;
}

static void add_flags(struct ot_list *flags, const struct ot_list *more)
{
    for (size_t i = 0; more != NULL && i < more->count; i++) {
        if (!ot_list_has(flags, more->items[i]))
            ot_list_add(flags, more->items[i]);
    }
}

static void list_flags(const struct ot_build_options *options, const struct ot_sources *sources,
                       struct ot_list *flags)
{
    for (size_t i = 0; i < OT_COUNT(default_flags); i++)
        ot_list_add(flags, default_flags[i]);
    add_flags(flags, &sources->compat_flags);
    add_flags(flags, options->compat_flags);
}

static void list_env(const struct ot_build_options *options, const struct ot_sources *sources,
                     struct ot_list *env)
{
    for (size_t i = 0; i < sources->vars.count; i++)
        ot_list_add(env, sources->vars.items[i]);
    for (size_t i = 0; options->env != NULL && i < options->env->count; i++)
        ot_list_add(env, options->env->items[i]);
    ot_list_sort_unique(env);
}

/* -- the build --------------------------------------------------------------------------------- */

/* Everything that one build holds. */
struct build {
    const struct ot_build_options *options;
    struct ot_build_report *report;
    struct ot_sources sources;
    struct ot_bundle_entry *entries; /* in whatever order the bundling leaves them */
    struct ot_bundle bundle;
    struct ot_project project;
    struct ot_static_list static_files;
    struct ot_interpreted interpreted;
    struct ot_vendored vendored;
    struct ot_bundler bundler;
    struct ot_cache *cache; /* NULL: none */
    struct timespec last;   /* when it was last used */
    struct ot_keep *keep;   /* what is being put into it */
    char *shown;            /* the functions folder, as messages name it */
    char *real;             /* the functions folder's absolute path, without links */
};

static void free_build(struct build *build)
{
    ot_keep_end(build->keep);
    ot_static_free(&build->static_files);
    ot_vendored_free(&build->vendored);
    ot_bundler_free(&build->bundler);
    ot_cache_close(build->cache);
    ot_project_free(&build->project);
    ot_sources_free(&build->sources);
    ot_bundle_free(&build->bundle);
    ot_interpreted_free(&build->interpreted);
    free(build->entries);
    free(build->shown);
    free(build->real);
}

static void step(const struct build *build, const char *name)
{
    if (build->report->progress != NULL)
        build->report->progress(build->report->progress_context, name);
}

static int fail_if_errors(const struct build *build, struct ot_error *err)
{
    size_t count = ot_report_error_count(build->report);

    if (count == 0)
        return 0;
    return ot_fail(err, OT_FAILED, "%zu error%s in the sources", count, count == 1 ? "" : "s");
}

static struct ot_folder folder_of(const struct build *build)
{
    return (struct ot_folder){build->real, build->shown};
}

static int find_folder(struct build *build, struct ot_error *err)
{
    build->shown = ot_functions_folder(build->options->functions, err);
    if (build->shown == NULL)
        return -1;
    build->real = realpath(build->shown, NULL);
    return build->real == NULL ? ot_fail_errno(err, OT_FAILED, "%s", build->shown) : 0;
}

/*
 * An entry that is newer than the cache: whatever else has changed, esbuild will be needed, and
 * starts while that is found out. An error is told when it is used.
 */
static void start_if_edited(struct build *build)
{
    for (size_t i = 0; i < build->sources.count; i++) {
        OT_AUTOFREE char *path = ot_asprintf("%s/%s", build->real, build->sources.items[i].entry);
        struct ot_error ignored;
        struct stat info;

        if (stat(path, &info) == 0 && ot_facts_compare_times(info.st_mtim, build->last) > 0) {
            if (build->bundler.path != NULL && ot_bundler_start(&build->bundler, &ignored) < 0)
                ignored.kind = OT_NONE;
            return;
        }
    }
}

static int scan_sources(struct build *build, struct ot_error *err)
{
    static const struct ot_list all = {0};
    const struct ot_build_options *options = build->options;
    struct ot_folder folder;

    if (ot_discover(build->shown, options->only != NULL ? options->only : &all, &build->sources,
                    err) < 0)
        return -1;
    start_if_edited(build);
    for (size_t i = 0; i < build->sources.warnings.count; i++)
        ot_report_add(build->report,
                      (struct ot_diagnostic){.text = ot_strdup(build->sources.warnings.items[i])});
    if (ot_project_open(&build->project, build->real, build->shown, &build->sources, err) < 0 ||
        ot_vendored_open(&build->vendored, build->real, build->shown, err) < 0)
        return -1;
    if (options->frozen && !build->vendored.has_lock)
        return ot_fail(err, OT_FAILED,
                       "--frozen: %s has no " OT_LOCK_NAME
                       "; make it: onetube vendor --functions %s",
                       build->shown, build->shown);
    folder = folder_of(build);
    build->entries = ot_alloc(build->sources.count, sizeof(*build->entries));
    for (size_t i = 0; i < build->sources.count; i++) {
        if (ot_handlers_scan(&folder, &build->sources.items[i], &build->entries[i], build->report,
                             err) < 0)
            return -1;
    }
    return fail_if_errors(build, err);
}

/* What no bundling made. */
static int add_members(struct build *build, struct ot_error *err)
{
    ot_inline_wasm(&build->bundle, &build->sources, &build->static_files);
    ot_interpret(&build->bundle, &build->sources, &build->interpreted, &build->static_files,
                 build->report);
    for (size_t i = 0; i < build->static_files.count; i++) {
        const struct ot_static_member *member = &build->static_files.members[i];

        if (ot_bundle_add(&build->bundle, ot_span_of(member->path), ot_buf_span(&member->data),
                          err) < 0)
            return -1;
    }
    return fail_if_errors(build, err);
}

static int bundle_sources(struct build *build, struct ot_error *err)
{
    const struct ot_build_options *options = build->options;
    const struct ot_folder folder = folder_of(build);
    const struct ot_bundle_options bundle_options = {
        .project = &build->project,
        .vendored = &build->vendored,
        .minify = options->minify,
        .splitting = options->splitting,
        .sourcemap = options->sourcemap,
        .target = options->target,
    };

    if (ot_bundle_cached(&build->bundler, build->cache, &bundle_options, build->entries,
                         build->sources.count, &build->bundle, &build->keep, build->report,
                         err) < 0 ||
        ot_static_find(&build->project, &build->bundle, &build->static_files, build->report, err) <
            0 ||
        ot_vendored_check(&build->vendored, &build->bundle.metafile, &build->static_files.packaged,
                          build->report, err) < 0)
        return -1;
    ot_bundle_tell(&build->bundle, build->report);
    if (ot_runtime_add(&build->bundle, options->minify, err) < 0)
        return -1;
    for (size_t i = 0; i < build->sources.count; i++) {
        if (ot_handlers_check(&folder, &build->bundle.metafile, &build->entries[i], build->report,
                              err) < 0)
            return -1;
    }
    return add_members(build, err);
}

static const struct ot_bundle_entry *entry_of(const struct build *build, const char *name)
{
    for (size_t i = 0; i < build->sources.count; i++) {
        if (strcmp(build->entries[i].name, name) == 0)
            return &build->entries[i];
    }
    return NULL;
}

/* A wrangler file's date counts, unless the shim needs a later one. */
static const char *choose_date(const struct build *build)
{
    if (build->options->compat_date != NULL)
        return build->options->compat_date;
    if (build->sources.compat_date != NULL &&
        strcmp(build->sources.compat_date, OT_DEFAULT_COMPAT_DATE) > 0)
        return build->sources.compat_date;
    return OT_DEFAULT_COMPAT_DATE;
}

static int write_dist(struct build *build, struct ot_error *err)
{
    OT_AUTOFREE struct ot_dist_function *functions =
        ot_alloc(build->sources.count, sizeof(*functions));
    OT_AUTOLIST struct ot_list flags = {0};
    OT_AUTOLIST struct ot_list env = {0};
    const struct ot_dist dist = {
        .out = build->options->out,
        .bundle = &build->bundle,
        .functions = functions,
        .function_count = build->sources.count,
        .static_files = &build->static_files,
        .options = build->options,
        .compat_date = choose_date(build),
        .compat_flags = &flags,
        .env = &env,
    };

    list_flags(build->options, &build->sources, &flags);
    list_env(build->options, &build->sources, &env);
    for (size_t i = 0; i < build->sources.count; i++) {
        struct ot_function_source *source = &build->sources.items[i];
        const struct ot_bundle_entry *entry = entry_of(build, source->name);

        if (source->config.context[0] == '\0' && entry->is_isolate)
            memcpy(source->config.context, OT_CONFIG_ISOLATE, sizeof(OT_CONFIG_ISOLATE));
        functions[i] = (struct ot_dist_function){source->name, &source->config,
                                                 entry->is_public == OT_PUBLIC_YES, entry->cached};
    }
    return ot_dist_write(&dist, build->report, err);
}

/*
 * The sources are looked at while esbuild starts, unless a cache may make it needless; what is
 * wrong with them is told first.
 */
static int prepare(struct build *build, struct ot_error *err)
{
    const struct ot_build_options *options = build->options;
    struct ot_bundler *bundler = &build->bundler;
    struct ot_error no_esbuild;

    bundler->since = ot_facts_now();
    bundler->jobs = options->jobs;
    bundler->path = ot_esbuild_find(options->esbuild, options->functions, &no_esbuild);
    if (find_folder(build, err) < 0)
        return -1;
    if (bundler->path != NULL &&
        (!options->cache || !ot_cache_last_used(build->real, &build->last)) &&
        ot_bundler_start(bundler, &no_esbuild) < 0)
        ot_autofree(&bundler->path);
    if (options->cache)
        build->cache = ot_cache_open(build->real);
    step(build, "scan");
    if (scan_sources(build, err) < 0)
        return -1;
    if (bundler->path == NULL) {
        *err = no_esbuild;
        return -1;
    }
    return 0;
}

int ot_build(const struct ot_build_options *options, struct ot_build_report *report,
             struct ot_error *err)
{
    OT_CLEANUP(free_build) struct build build = {.options = options, .report = report};

    if (check_options(options, err) < 0 || prepare(&build, err) < 0)
        return -1;
    step(&build, "bundle");
    if (bundle_sources(&build, err) < 0)
        return -1;
    if (options->analyse)
        report->analysis = ot_analyse(&build.bundle, &build.sources, build.real);
    if (options->components && ot_components_find(&build.bundle, &build.sources, &build.vendored,
                                                  build.real, &report->components, err) < 0)
        return -1;
    step(&build, "write");
    return write_dist(&build, err);
}

/* Every module is imported, never required: so one run goes through all, top-level await or not. */
int ot_collect(const struct ot_build_options *options, const struct ot_vendored *vendored,
               struct ot_collection *collection, struct ot_build_report *report,
               struct ot_error *err)
{
    OT_CLEANUP(free_build) struct build build = {.options = options, .report = report};
    const struct ot_bundle_options bundle_options = {
        .project = &build.project,
        .vendored = vendored,
        .collection = collection,
        .target = options->target,
    };

    if (prepare(&build, err) < 0 || ot_bundler_ready(&build.bundler, err) < 0)
        return -1;
    for (size_t i = 0; i < build.sources.count; i++)
        build.entries[i].top_level_await = true;
    ot_collection_clear(collection);
    return ot_bundle(build.bundler.esbuild, &bundle_options, build.entries, build.sources.count,
                     &build.bundle, report, err);
}

void ot_build_report_free(struct ot_build_report *report)
{
    for (size_t i = 0; i < report->diagnostic_count; i++) {
        free(report->diagnostics[i].file);
        free(report->diagnostics[i].text);
        free(report->diagnostics[i].source_line);
    }
    for (size_t i = 0; i < report->function_count; i++)
        free(report->functions[i].name);
    free(report->diagnostics);
    ot_list_free(&report->notes);
    ot_analysis_free(report->analysis);
    ot_components_free(report->components);
    report->analysis = NULL;
    report->components = NULL;
    free(report->functions);
    report->diagnostics = NULL;
    report->functions = NULL;
    report->diagnostic_count = report->function_count = 0;
}
