#include "cli/analysis.h"
#include "cli/beside.h"
#include "cli/build_options.h"
#include "cli/output.h"

#include <string.h>

struct values {
    struct ot_build_values build;
    struct ot_beside_values beside;
    struct ot_signer_values signers;
    const char *out;
    bool json;
};

const char *const ot_sourcemap_choices[] = {"none", "linked", "inline", NULL};

static const struct ot_option options[] = {
    OT_BUILD_OPTIONS(struct values, build, true),
    OT_BUILD_ENV_OPTION(struct values, build),
    {.name = "out",
     .value = "DIR",
     .help = "the dist to write; what is there is replaced whole or not at all",
     .type = OT_OPTION_STRING,
     .required = true,
     .offset = offsetof(struct values, out)},
    OT_BESIDE_OPTIONS(struct values, beside),
    OT_SIGNER_OPTIONS(struct values, signers),
    {.name = "analyze",
     .help = "show what each bundle is made of, and why",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, build.analyse)},
    {.name = "json",
     .help = "print a report as JSON",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, json)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "build",
    .operands = "",
    .summary = "bundle a folder of functions into a dist",
    .description =
        "Bundles every function below --functions with esbuild and writes a dist: the "
        "bundles, the code "
        "that they share, and manifest.json, which lists everything with its size and "
        "SHA-256. The same "
        "source and options give the same bytes on any machine.\n\n"
        "--functions is the folder of functions, a project's root with "
        "supabase/functions or functions in it, or a wrangler project. A function is a "
        "sub-folder with an index.ts, .tsx, .mts, .js, .jsx or .mjs, or with an entry "
        "that its deno.json, wrangler file or package.json names; or a file beside the "
        "folders that registers a handler. Folders that begin with _ or . hold no "
        "function. 1tube.json, supabase/config.toml, deno.json[c], import_map.json, "
        "tsconfig.json and wrangler files are read.\n\n"
        "A build never uses the network: packages come from node_modules, other modules "
        "from a vendor folder. What npm:, jsr:, a CDN or deno.land/x names is taken from "
        "npm where its authors publish the same there, and Deno's standard library from "
        "onetube itself.\n\n"
        "What did not change since the last build is taken from .onetube/cache in the folder "
        "of functions, which never changes the bytes: sources, packages, settings, options "
        "and programs are compared, and what is taken is authenticated with a key of the "
        "user's own (onetube/cache.key in XDG_STATE_HOME, or in ~/.local/state). It holds at "
        "most 256 MB, hides itself from git, and may be removed at any "
        "time.\n\n" OT_BESIDE_DESCRIPTION,
    .example = "  onetube build --functions functions --out dist --minify",
    .options = options,
    .options_size = sizeof(struct values),
};

void ot_build_values_init(struct ot_build_values *values)
{
    values->sourcemap = "none";
    values->target = OT_DEFAULT_TARGET;
    values->splitting = true;
    values->cache = true;
}

static enum ot_sourcemap sourcemap_of(const char *word)
{
    if (strcmp(word, "linked") == 0)
        return OT_SOURCEMAP_LINKED;
    return strcmp(word, "inline") == 0 ? OT_SOURCEMAP_INLINE : OT_SOURCEMAP_NONE;
}

int ot_build_values_run(const struct ot_build_values *values, const char *out, bool quiet,
                        struct ot_build_report *report, struct ot_error *err)
{
    const struct ot_build_options build = {
        .functions = values->functions,
        .out = out,
        .only = &values->only,
        .minify = values->minify,
        .sourcemap = sourcemap_of(values->sourcemap),
        .target = values->target,
        .compat_date = values->compat_date,
        .compat_flags = &values->compat_flags,
        .env = &values->env,
        .splitting = values->splitting,
        .frozen = values->frozen,
        .jobs = (unsigned)values->jobs,
        .esbuild = values->esbuild,
        .cache = values->cache,
        .analyse = values->analyse,
        .components = values->components,
    };
    int done;

    report->progress = ot_out_progress;
    done = ot_build(&build, report, err);
    ot_out_progress(NULL, "");
    if (!quiet) {
        ot_out_diagnostics(report);
        for (size_t i = 0; i < report->notes.count; i++)
            fprintf(stderr, "note: %s\n", report->notes.items[i]);
    }
    return done;
}

static void defaults(void *pointer)
{
    struct values *values = pointer;

    ot_build_values_init(&values->build);
}

static void print_table(const struct ot_build_report *report, const char *out)
{
    size_t width = strlen("function");
    char size[16];
    char total[16];
    size_t closed = 0;

    for (size_t i = 0; i < report->function_count; i++) {
        size_t len = strlen(report->functions[i].name);

        width = len > width ? len : width;
    }
    printf("%s%-*s  %10s  %11s%s\n", ot_out_style(stdout, OT_STYLE_BOLD), (int)width, "function",
           "bundle", "with shared", ot_out_style(stdout, OT_STYLE_PLAIN));
    for (size_t i = 0; i < report->function_count; i++) {
        const struct ot_built_function *function = &report->functions[i];

        closed += !function->is_public;
        ot_out_size(function->bytes, size);
        ot_out_size(function->total_bytes, total);
        printf("%-*s  %10s  %11s\n", (int)width, function->name, size, total);
    }
    ot_out_size(report->total_bytes, total);
    printf("%zu function%s, %zu shared chunk%s, %s in ", report->function_count,
           report->function_count == 1 ? "" : "s", report->chunk_count,
           report->chunk_count == 1 ? "" : "s", total);
    ot_out_text(stdout, out);
    printf("\nmanifest sha256 %s\n", report->manifest_sha256);
    ot_out_closed(closed, report->function_count);
}

static void write_functions(struct ot_json_writer *writer, const struct ot_build_report *report)
{
    ot_jw_array(writer, "functions");
    for (size_t i = 0; i < report->function_count; i++) {
        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "name", report->functions[i].name);
        ot_jw_uint(writer, "bytes", report->functions[i].bytes);
        ot_jw_uint(writer, "totalBytes", report->functions[i].total_bytes);
        ot_jw_string(writer, "sha256", report->functions[i].sha256);
        ot_jw_bool(writer, "cached", report->functions[i].cached);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

static void print_json(const struct ot_build_report *report, const char *out,
                       const struct ot_error *failure)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json_writer writer;

    ot_jw_begin(&writer, &text, false);
    ot_jw_object(&writer, NULL);
    ot_jw_bool(&writer, "ok", failure == NULL);
    ot_out_json_text(&writer, "out", out);
    if (failure != NULL) {
        ot_out_json_text(&writer, "error", failure->message);
    } else {
        ot_jw_string(&writer, "manifestSha256", report->manifest_sha256);
        ot_jw_uint(&writer, "totalBytes", report->total_bytes);
        ot_jw_uint(&writer, "chunks", report->chunk_count);
        write_functions(&writer, report);
        if (report->analysis != NULL)
            ot_analysis_json(&writer, report->analysis);
    }
    ot_out_json_diagnostics(&writer, report);
    ot_jw_object_end(&writer);
    ot_out_json(&writer);
}

static int build(const struct values *values, const struct ot_signer_set *signers,
                 struct ot_build_report *report, struct ot_error *err)
{
    OT_AUTOBESIDE struct ot_beside beside = OT_BESIDE_INIT;
    const struct ot_beside_release release = {
        .dist = values->out, .report = report, .signers = signers};
    struct ot_build_values wanted = values->build;

    wanted.components = ot_beside_is_wanted(&values->beside);
    if (ot_beside_open(&beside, &values->beside, values->out, signers->count, err) < 0 ||
        ot_build_values_run(&wanted, values->out, values->json, report, err) < 0 ||
        ot_beside_write(&beside, &release, err) < 0)
        return -1;
    return ot_beside_commit(&beside, err);
}

/* Keys are for the provenance alone; those of the environment may be for another command. */
static int load_signers(const struct values *values, const struct ot_parsed *parsed,
                        struct ot_signer_set *signers, struct ot_error *err)
{
    static const char *const names[] = {"sign-key", "signer", "signer-key"};

    if (values->beside.provenance != NULL)
        return ot_signer_set_load(signers, &values->signers, err);
    for (size_t i = 0; i < OT_COUNT(names); i++) {
        if (ot_options_typed(&command, parsed, names[i]))
            return ot_fail(err, OT_USAGE, "--%s signs what --provenance writes, which is missing",
                           names[i]);
    }
    return 0;
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    OT_AUTOSIGNERS struct ot_signer_set signers = {.count = 0};
    struct ot_build_report report = {0};
    int done;

    if (load_signers(values, parsed, &signers, err) < 0)
        return -1;
    done = build(values, &signers, &report, err);
    if (values->json)
        print_json(&report, values->out, done < 0 ? err : NULL);
    else if (done == 0 && report.analysis != NULL)
        ot_analysis_print(report.analysis);
    else if (done == 0)
        print_table(&report, values->out);
    ot_build_report_free(&report);
    return done;
}

const struct ot_cli_command ot_cli_build = {
    .command = &command, .group = "Make", .defaults = defaults, .run = run};
