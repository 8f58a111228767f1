#include "build/bundle.h"

#include "base/text.h"
#include "build/diagnostics.h"
#include "build/package_reads.h"
#include "build/path.h"
#include "build/relabel.h"
#include "build/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One esbuild run. */
struct run {
    struct ot_esbuild *esbuild;
    const struct ot_bundle_options *options;
    struct ot_plugin plugin;
    bool splitting;
    char *out_dir; /* absolute */
};

void ot_bundle_free(struct ot_bundle *bundle)
{
    ot_metafile_free(&bundle->metafile);
    for (size_t i = 0; i < OT_BUNDLE_RUNS; i++)
        ot_esbuild_answer_free(&bundle->answers[i]);
    free(bundle->files);
    for (size_t i = 0; i < bundle->rewritten_count; i++)
        ot_buf_free(&bundle->rewritten[i]);
    free(bundle->rewritten);
    for (size_t i = 0; i < bundle->use_count; i++) {
        free(bundle->uses[i].source);
        free(bundle->uses[i].package);
        free(bundle->uses[i].read.path);
    }
    free(bundle->uses);
    ot_list_free(&bundle->notes);
    ot_lookups_free(&bundle->lookups);
    *bundle = (struct ot_bundle){0};
}

static void put_entries(struct ot_buf *out, const struct ot_plugin *plugin)
{
    ot_put_array(out, plugin->entry_count);
    for (size_t i = 0; i < plugin->entry_count; i++) {
        OT_AUTOFREE char *to = ot_asprintf("functions/%s", plugin->entries[i].name);
        OT_AUTOFREE char *from = ot_asprintf(OT_ENTRY_PREFIX "%s", plugin->entries[i].name);

        ot_put_array(out, 2);
        ot_put_string(out, to);
        ot_put_string(out, from);
    }
}

static void put_request(struct ot_buf *out, const struct run *run)
{
    OT_AUTOLIST struct ot_list flags = {0};

    ot_bundle_flags(run->options, &flags);
    if (run->splitting)
        ot_list_add(&flags, "--splitting");
    if (!run->plugin.shadowed)
        ot_list_add(&flags, "--external:" OT_RUNTIME_IMPORT);
    ot_put_object(out, 11);
    ot_put_key(out, "command");
    ot_put_string(out, "build");
    ot_put_key(out, "key");
    ot_put_uint(out, run->plugin.key);
    ot_put_key(out, "entries");
    put_entries(out, &run->plugin);
    ot_put_key(out, "flags");
    ot_put_list(out, &flags);
    ot_put_key(out, "write");
    ot_put_bool(out, false);
    ot_put_key(out, "stdinContents");
    ot_put_null(out);
    ot_put_key(out, "stdinResolveDir");
    ot_put_null(out);
    ot_put_key(out, "absWorkingDir");
    ot_put_string(out, run->options->project->folder);
    ot_put_key(out, "nodePaths");
    ot_put_array(out, 0);
    ot_put_key(out, "context");
    ot_put_bool(out, false);
    ot_put_key(out, "plugins");
    ot_plugin_describe(&run->plugin, out);
}

static int run_esbuild(struct run *run, struct ot_esbuild_answer *answer, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf request = {0};
    const struct ot_esbuild_peer peer = ot_plugin_peer(&run->plugin);
    uint32_t id = ot_esbuild_next_id(run->esbuild);

    put_request(&request, run);
    ot_esbuild_send(run->esbuild, id, false, ot_buf_span(&request));
    return ot_esbuild_run(run->esbuild, id, &peer, answer, err);
}

static void free_run(struct run *run)
{
    ot_plugin_free(&run->plugin);
}

/* -- top-level await --------------------------------------------------------------------------- */

/*
 * The entry whose `require` esbuild refuses, because the function's modules contain top-level
 * await; or NULL.
 */
static struct ot_bundle_entry *refused_entry(const struct ot_value *error,
                                             struct ot_bundle_entry *entries, size_t count)
{
    static const char reason[] = "contains a top-level await";
    struct ot_span file = ot_value_text(ot_value_get(ot_value_get(error, "location"), "file"));
    struct ot_span text = ot_value_text(ot_value_get(error, "text"));
    size_t prefix = strlen(OT_ENTRY_NAMESPACE ":");

    if (file.len < prefix || memcmp(file.data, OT_ENTRY_NAMESPACE ":", prefix) != 0 ||
        memmem(text.data, text.len, reason, strlen(reason)) == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (ot_span_is((struct ot_span){file.data + prefix, file.len - prefix}, entries[i].name))
            return &entries[i];
    }
    return NULL;
}

/*
 * Marks the entries with top-level await, and moves them behind the others. The number of those
 * others, or -1 if esbuild has anything else to complain about.
 */
static ssize_t set_apart(const struct ot_value *errors, struct ot_bundle_entry *entries,
                         size_t count)
{
    OT_AUTOFREE struct ot_bundle_entry *sorted = ot_alloc(count, sizeof(*sorted));
    size_t kept = 0;

    for (size_t i = 0; i < errors->count; i++) {
        struct ot_bundle_entry *entry = refused_entry(&errors->items[i], entries, count);

        if (entry == NULL)
            return -1;
        entry->top_level_await = true;
    }
    for (unsigned await = 0; await <= 1; await++) {
        for (size_t i = 0; i < count; i++) {
            if (entries[i].top_level_await == (await == 1))
                sorted[kept++] = entries[i];
        }
    }
    memcpy(entries, sorted, count * sizeof(*entries));
    for (kept = 0; kept < count && !entries[kept].top_level_await;)
        kept++;
    return (ssize_t)kept;
}

/* The errors of the first run that are about the sources. */
static void report_errors(const struct ot_value *errors, const char *shown,
                          struct ot_bundle_entry *entries, size_t count,
                          struct ot_build_report *report)
{
    for (size_t i = 0; i < errors->count; i++) {
        struct ot_value one = {.type = OT_VALUE_ARRAY, .count = 1, .items = &errors->items[i]};

        if (refused_entry(&errors->items[i], entries, count) == NULL)
            ot_report_messages(report, shown, &one, true);
    }
}

static int fail_sources(const struct ot_build_report *report, struct ot_error *err)
{
    size_t count = ot_report_error_count(report);

    return ot_fail(err, OT_FAILED, "%zu error%s in the sources", count, count == 1 ? "" : "s");
}

/* -- outputs ----------------------------------------------------------------------------------- */

static int compare_files(const void *a, const void *b)
{
    const struct ot_bundle_file *left = a, *right = b;

    return ot_span_compare(left->path, right->path);
}

static int add_files(struct ot_bundle *bundle, const struct ot_value *files, const char *out_dir,
                     struct ot_error *err)
{
    size_t prefix = strlen(out_dir) + 1;

    if (files->type != OT_VALUE_ARRAY)
        return ot_fail(err, OT_TOOL, "esbuild's answer holds no files");
    bundle->files =
        ot_realloc(bundle->files, bundle->file_count + files->count + 1, sizeof(*bundle->files));
    for (size_t i = 0; i < files->count; i++) {
        struct ot_span path = ot_value_text(ot_value_get(&files->items[i], "path"));
        struct ot_span data = ot_value_text(ot_value_get(&files->items[i], "contents"));

        if (path.len <= prefix || memcmp(path.data, out_dir, prefix - 1) != 0)
            return ot_fail(err, OT_TOOL, "esbuild's answer names a file outside of the output");
        path = (struct ot_span){path.data + prefix, path.len - prefix};
        if (!ot_is_relative_path(path))
            return ot_fail(err, OT_FAILED,
                           "\"%.*s\" cannot be a file of a dist: use only letters, digits, '.', "
                           "'_' and '-' in its name, and at most %d bytes",
                           (int)path.len, path.data, OT_PATH_MAX);
        bundle->files[bundle->file_count++] = (struct ot_bundle_file){path, data};
    }
    return 0;
}

/* A file that two runs made, such as a copied .wasm, is there once. */
static int sort_files(struct ot_bundle *bundle, struct ot_error *err)
{
    size_t kept = 0;

    if (bundle->file_count == 0)
        return ot_fail(err, OT_TOOL, "esbuild made no files");
    qsort(bundle->files, bundle->file_count, sizeof(*bundle->files), compare_files);
    for (size_t i = 1; i < bundle->file_count; i++) {
        struct ot_bundle_file *last = &bundle->files[kept];

        if (!ot_span_equal(last->path, bundle->files[i].path))
            bundle->files[++kept] = bundle->files[i];
        else if (!ot_span_equal(last->data, bundle->files[i].data))
            return ot_fail(err, OT_TOOL, "esbuild made two different files named %.*s",
                           (int)last->path.len, last->path.data);
    }
    bundle->file_count = kept + 1;
    return 0;
}

static int compare_path(const void *path, const void *file)
{
    return ot_span_compare(ot_span_of(path), ((const struct ot_bundle_file *)file)->path);
}

struct ot_bundle_file *ot_bundle_find(const struct ot_bundle *bundle, const char *path)
{
    if (bundle->file_count == 0)
        return NULL;
    return bsearch(path, bundle->files, bundle->file_count, sizeof(*bundle->files), compare_path);
}

int ot_bundle_add(struct ot_bundle *bundle, struct ot_span path, struct ot_span data,
                  struct ot_error *err)
{
    bundle->files = ot_realloc(bundle->files, bundle->file_count + 1, sizeof(*bundle->files));
    bundle->files[bundle->file_count++] = (struct ot_bundle_file){path, data};
    return sort_files(bundle, err);
}

static int collect(struct ot_bundle *bundle, const struct run *run, struct ot_build_report *report,
                   struct ot_error *err)
{
    for (size_t i = 0; i < OT_BUNDLE_RUNS; i++) {
        const struct ot_value *answer = &bundle->answers[i].packet.value;

        if (answer->type != OT_VALUE_OBJECT)
            continue;
        ot_report_messages(report, run->options->project->shown, ot_value_get(answer, "warnings"),
                           false);
        if (add_files(bundle, ot_value_get(answer, "outputFiles"), run->out_dir, err) < 0 ||
            ot_metafile_add(&bundle->metafile, ot_value_text(ot_value_get(answer, "metafile")),
                            OT_BUNDLE_OUT "/", err) < 0)
            return -1;
    }
    ot_metafile_finish(&bundle->metafile);
    ot_relabel(bundle, run->options->sourcemap);
    return sort_files(bundle, err);
}

/* What esbuild left to the engine, the engine must have. */
static int check_strays(const struct ot_bundle *bundle, const char *shown,
                        struct ot_build_report *report, struct ot_error *err)
{
    const char *specifier, *importer;
    OT_AUTOFREE char *file = NULL;

    if (!ot_metafile_stray(&bundle->metafile, &specifier, &importer))
        return 0;
    file = ot_shown_path(shown, importer != NULL ? importer : "");
    ot_report_error(
        report, file, 0, 0,
        ot_asprintf("cannot resolve \"%s\" (it was left out of the bundle)", specifier));
    return fail_sources(report, err);
}

/* -- the build --------------------------------------------------------------------------------- */

static int run_checked(struct run *run, struct ot_bundle_entry *entries, size_t count,
                       struct ot_esbuild_answer *answer, struct ot_build_report *report,
                       struct ot_error *err)
{
    const struct ot_value *errors;

    run->plugin.entries = entries;
    run->plugin.entry_count = count;
    run->plugin.key++;
    if (run_esbuild(run, answer, err) < 0)
        return -1;
    errors = ot_value_get(&answer->packet.value, "errors");
    if (errors->type != OT_VALUE_ARRAY)
        return ot_fail(err, OT_TOOL, "esbuild's answer is not as expected");
    report_errors(errors, run->options->project->shown, entries, count, report);
    return 0;
}

static bool has_errors(const struct ot_esbuild_answer *answer)
{
    return ot_value_get(&answer->packet.value, "errors")->count > 0;
}

/*
 * The first run has met top-level await: the entries without it once more, and those with it in a
 * run of their own.
 */
static int run_apart(struct run *run, struct ot_bundle_entry *entries, size_t count,
                     struct ot_bundle *out, struct ot_build_report *report, struct ot_error *err)
{
    const struct ot_value *errors = ot_value_get(&out->answers[0].packet.value, "errors");
    ssize_t plain = set_apart(errors, entries, count);

    ot_report_messages(report, run->options->project->shown,
                       ot_value_get(&out->answers[0].packet.value, "warnings"), false);
    if (plain < 0)
        return fail_sources(report, err);
    ot_esbuild_answer_free(&out->answers[0]);
    out->answers[0] = (struct ot_esbuild_answer){0};
    if (plain > 0 && run_checked(run, entries, (size_t)plain, &out->answers[0], report, err) < 0)
        return -1;
    run->splitting = false;
    if (run_checked(run, entries + plain, count - (size_t)plain, &out->answers[1], report, err) < 0)
        return -1;
    return has_errors(&out->answers[0]) || has_errors(&out->answers[1]) ? fail_sources(report, err)
                                                                        : 0;
}

void ot_bundle_tell(const struct ot_bundle *bundle, struct ot_build_report *report)
{
    for (size_t i = 0; i < bundle->notes.count; i++)
        ot_list_add(&report->notes, strchr(bundle->notes.items[i], '\n') + 1);
    ot_list_sort_unique(&report->notes);
}

/* Copies of packages that are in use already stand for others from the start. */
static void take_copies(struct ot_plugin *plugin, const struct ot_metafile *earlier)
{
    const struct ot_project *project = plugin->project;

    for (size_t i = 0; i < earlier->inputs.count && project->copies.names.count > 0; i++) {
        OT_AUTOFREE char *file =
            ot_path_join(project->folder, ot_span_of(earlier->inputs.items[i].path));
        OT_AUTOFREE char *other = ot_copies_place(&project->copies, &plugin->copies, file);
    }
}

static int run_all(struct run *run, struct ot_bundle_entry *entries, size_t count,
                   struct ot_bundle *out, struct ot_build_report *report, struct ot_error *err)
{
    run->splitting = run->options->splitting;
    if (run_checked(run, entries, count, &out->answers[0], report, err) < 0 ||
        (has_errors(&out->answers[0]) && run_apart(run, entries, count, out, report, err) < 0))
        return -1;
    return collect(out, run, report, err);
}

/* As the first time: who has top-level await is found out again, and runs apart again. */
static int run_again(struct run *run, struct ot_bundle_entry *entries, size_t count,
                     struct ot_bundle *out, struct ot_build_report *report, struct ot_error *err)
{
    for (size_t i = 0; i < count && run->options->collection == NULL; i++)
        entries[i].top_level_await = false;
    return run_all(run, entries, count, out, report, err);
}

/* Begins anew, but for what was looked up. */
static void forget(struct ot_bundle *bundle)
{
    struct ot_bundle empty = {.lookups = bundle->lookups};

    bundle->lookups = (struct ot_lookups){0};
    ot_bundle_free(bundle);
    *bundle = empty;
}

/* Whether a file of the project is where the runtime is in a dist, as seen from most sources. */
static bool has_own_file(const struct ot_project *project)
{
    static const char *const names[] = {OT_RUNTIME_IMPORT, OT_RUNTIME_FILE};

    for (size_t i = 0; i < OT_COUNT(names); i++) {
        OT_AUTOFREE char *path = ot_path_join(project->folder, ot_span_of(names[i]));

        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* Whether a source has to be told from the runtime: then nothing was bundled yet. */
static bool unshadow(struct run *run, struct ot_bundle *out)
{
    if (run->plugin.shadowed || !ot_runtime_is_shadowed(&out->metafile))
        return false;
    run->plugin.shadowed = true;
    forget(out);
    return true;
}

/* Whether the outputs have any place in a file system that stands for the one of a module. */
static bool has_places(const struct ot_bundle *bundle)
{
    static const char *const signs[] = {"/bundle", "import.meta"};

    for (size_t i = 0; i < bundle->file_count * OT_COUNT(signs); i++) {
        struct ot_span data = bundle->files[i / OT_COUNT(signs)].data;
        const char *sign = signs[i % OT_COUNT(signs)];

        if (memmem(data.data, data.len, sign, strlen(sign)) != NULL)
            return true;
    }
    return false;
}

/*
 * Whether files of packages have to know where they are: then nothing was bundled yet. Few do, so
 * that only a bundle with one of them takes a second run.
 */
static bool locate(struct run *run, struct ot_bundle *out)
{
    if (run->options->collection != NULL || !has_places(out))
        return false;
    ot_package_reads_find(run->plugin.project, &out->metafile, &out->lookups, &run->plugin.located);
    if (run->plugin.located.count == 0)
        return false;
    forget(out);
    return true;
}

int ot_bundle(struct ot_esbuild *esbuild, const struct ot_bundle_options *options,
              struct ot_bundle_entry *entries, size_t entry_count, struct ot_bundle *out,
              struct ot_build_report *report, struct ot_error *err)
{
    OT_AUTOFREE char *out_dir = ot_bundle_out(options->project);
    OT_CLEANUP(free_run)
    struct run run = {.esbuild = esbuild, .options = options, .splitting = options->splitting};

    run.plugin.project = options->project;
    run.plugin.vendored = options->vendored;
    run.plugin.collection = options->collection;
    run.plugin.lookups = &out->lookups;
    run.plugin.shadowed = has_own_file(options->project);
    if (options->earlier != NULL)
        take_copies(&run.plugin, options->earlier);
    run.out_dir = out_dir;
    if (run_all(&run, entries, entry_count, out, report, err) < 0 ||
        (unshadow(&run, out) && run_again(&run, entries, entry_count, out, report, err) < 0) ||
        (locate(&run, out) && run_again(&run, entries, entry_count, out, report, err) < 0))
        return -1;
    out->uses = OT_STEAL(run.plugin.uses);
    out->use_count = run.plugin.use_count;
    run.plugin.use_count = 0;
    out->has_redirects = run.plugin.redirected;
    out->notes = run.plugin.notes;
    run.plugin.notes = (struct ot_list){0};
    return check_strays(out, options->project->shown, report, err);
}
