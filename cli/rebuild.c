#include "cli/rebuild.h"

#include "base/file.h"
#include "build/esbuild.h"
#include "build/lock.h"
#include "cli/cli.h"
#include "cli/signers.h"
#include "gateway/gateway.h" /* where the engine is */
#include "package/attest.h"
#include "package/engine_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct values {
    const char *functions;
    struct ot_list only;
    const char *built;
    const char *out;
    const char *attestation;
    struct ot_signer_values signers;
    uint64_t jobs;
    const char *esbuild;
    const char *engine;
    bool json;
};

static const struct ot_option options[] = {
    {.name = "functions",
     .value = "DIR",
     .help = "the sources: the folder of functions",
     .type = OT_OPTION_STRING,
     .required = true,
     .offset = offsetof(struct values, functions),
     .alias = "FUNCTIONS_PATH"},
    {.name = "only",
     .value = "A,B",
     .help = "build these functions alone, as it was done",
     .type = OT_OPTION_COMMAS,
     .offset = offsetof(struct values, only)},
    {.name = "built",
     .value = "DIST",
     .help = "explain this dist or payload, which somebody else built, instead of building",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, built)},
    {.name = "out",
     .value = "DIR",
     .help = "keep what was built as a dist, for onetube diff",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, out)},
    {.name = "attestation",
     .value = "FILE",
     .help = "where it is equal, write a signed attestation of that",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, attestation)},
    OT_SIGNER_OPTIONS(struct values, signers),
    {.name = "jobs",
     .value = "N",
     .help = "threads that esbuild may use (default 0: one for each core)",
     .type = OT_OPTION_UINT,
     .offset = offsetof(struct values, jobs),
     .max = 1024},
    {.name = "esbuild",
     .value = "PATH",
     .help = "the esbuild program (default: as installed)",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, esbuild)},
    {.name = "engine",
     .value = "PATH",
     .help = "the workerd program, for a payload that carries one (default: as installed)",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, engine)},
    {.name = "json",
     .help = "print a report as JSON",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, json)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "rebuild",
    .operands = "FILE|DIST",
    .summary = "build a payload again from its sources and compare",
    .description =
        "Builds the functions again with the options that the payload records (minify, source "
        "maps, target, splitting, the engine's date and flags, environment names), without a "
        "cache, into a folder that is removed again, and compares. An engine that the payload "
        "carries is compared with the one that is installed here. Equal: every byte that runs is "
        "what these sources give; with --attestation and a key this is signed (an in-toto "
        "statement of type urn:onetube:rebuild:v1 in a DSSE envelope).\n\n"
        "Not equal: the first line names the cause, as far as payload, sources, node_modules and "
        "lock files (onetube.lock.json, package-lock.json, deno.lock) tell it: another esbuild or "
        "onetube, a dependency, an option, a setting, a changed source file, line endings, a path "
        "of a machine, ... Where nothing tells, it says so. Then comes the smallest difference "
        "that shows it; \"-\" is the payload, \"+\" what was built.\n\n"
        "Names, versions, sequence numbers and signatures are not compared, and signatures not "
        "checked. The exit status is 0 if it is equal, 1 if it is not or the sources do not "
        "build.",
    .example = "  onetube rebuild fw.1tube --functions functions --attestation fw.rebuild.json \\\n"
               "    --sign-key auditor.key.pem",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

/* -- a folder for what is built ---------------------------------------------------------------- */

struct place {
    char *temporary; /* NULL: the user wants to keep it */
    char *dist;
};

static void place_free(struct place *place)
{
    struct ot_error ignored;

    if (place->temporary != NULL)
        (void)!ot_remove_tree(AT_FDCWD, place->temporary, &ignored);
    free(place->temporary);
    free(place->dist);
}

static int choose_place(struct place *place, const struct values *values, struct ot_error *err)
{
    const char *base = getenv("TMPDIR");

    if (values->built != NULL || values->out != NULL) {
        place->dist = ot_strdup(values->built != NULL ? values->built : values->out);
        return 0;
    }
    place->temporary =
        ot_asprintf("%s/onetube-rebuild-XXXXXX", base != NULL && base[0] == '/' ? base : "/tmp");
    if (mkdtemp(place->temporary) == NULL) {
        ot_fail_errno(err, OT_FAILED, "%s", place->temporary);
        ot_autofree(&place->temporary);
        return -1;
    }
    place->dist = ot_asprintf("%s/dist", place->temporary);
    return 0;
}

/* -- building ---------------------------------------------------------------------------------- */

static enum ot_sourcemap sourcemap_of(const struct ot_manifest *manifest)
{
    if (strcmp(manifest->sourcemap, "linked") == 0)
        return OT_SOURCEMAP_LINKED;
    return strcmp(manifest->sourcemap, "inline") == 0 ? OT_SOURCEMAP_INLINE : OT_SOURCEMAP_NONE;
}

/* A payload that carries its engine is compared with the engine here. */
static int add_engine(const struct values *values, const struct ot_manifest *manifest,
                      const char *dist, struct ot_error *err)
{
    OT_AUTOPROGRAM struct ot_engine_program program = OT_ENGINE_PROGRAM_INIT;
    char digest[OT_SHA256_HEX];

    if (manifest->engine == NULL)
        return 0;
    if (ot_engine_program_open(&program, values->engine, err) < 0)
        return -1;
    return ot_engine_file_add(program.name, dist, digest, err);
}

/* With everything as the manifest says. */
static int build(const struct values *values, const struct ot_manifest *manifest, const char *out,
                 struct ot_build_report *report, struct ot_error *err)
{
    const struct ot_build_options build = {
        .functions = values->functions,
        .out = out,
        .only = &values->only,
        .minify = manifest->minify,
        .sourcemap = sourcemap_of(manifest),
        .target = manifest->target,
        .compat_date = manifest->compatibility_date,
        .compat_flags = &manifest->compatibility_flags,
        .env = &manifest->env,
        .splitting = manifest->splitting,
        .jobs = (unsigned)values->jobs,
        .esbuild = values->esbuild,
    };
    int done;

    report->progress = ot_out_progress;
    done = ot_build(&build, report, err);
    ot_out_progress(NULL, "");
    return done == 0 ? add_engine(values, manifest, out, err) : done;
}

static const struct ot_diagnostic *first_error(const struct ot_build_report *report)
{
    for (size_t i = 0; i < report->diagnostic_count; i++) {
        if (report->diagnostics[i].is_error)
            return &report->diagnostics[i];
    }
    return NULL;
}

/* That the sources do not build is a result, too. */
static void explain_failure(const struct ot_build_report *report, const struct ot_error *failure,
                            struct ot_causes *causes)
{
    const struct ot_diagnostic *first = first_error(report);
    const char *text = first != NULL ? first->text : failure->message;
    bool is_lock = strstr(text, OT_LOCK_NAME) != NULL || strstr(failure->message, OT_LOCK_NAME);

    if (is_lock)
        ot_causes_add(causes, OT_CAUSE_DEPENDENCY, ot_asprintf("a dependency: %s", text));
    else if (first != NULL && first->file != NULL)
        ot_causes_add(causes, OT_CAUSE_BUILD,
                      ot_asprintf("the sources do not build here: %s:%u:%u: %s", first->file,
                                  first->line, first->column, text));
    else
        ot_causes_add(causes, OT_CAUSE_BUILD,
                      ot_asprintf("the sources do not build here: %s", text));
}

/* -- attesting --------------------------------------------------------------------------------- */

static void describe(const struct ot_content *payload, struct ot_attestation *out)
{
    const struct ot_preview *preview = &payload->preview;

    ot_sha256_hex(ot_buf_span(&preview->manifest_text), out->manifest_sha256);
    snprintf(out->name, sizeof(out->name), "%s",
             preview->has_statement ? preview->statement.name : "onetube");
    if (preview->has_statement)
        snprintf(out->version, sizeof(out->version), "%s", preview->statement.version);
    else
        snprintf(out->version, sizeof(out->version), "%.16s", out->manifest_sha256);
    snprintf(out->onetube, sizeof(out->onetube), "%s", OT_VERSION);
    snprintf(out->esbuild, sizeof(out->esbuild), "%s", OT_ESBUILD_VERSION);
}

static int attest(const struct values *values, const struct ot_signer_set *signers,
                  const struct ot_content *payload, struct ot_error *err)
{
    OT_AUTOTEMP struct ot_temp_file file = OT_TEMP_INIT;
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_attestation attestation;

    describe(payload, &attestation);
    if (ot_attest(&attestation, signers->items, signers->count, &text, err) < 0 ||
        ot_temp_open(&file, values->attestation, 0644, err) < 0 ||
        ot_write_all(file.fd, text.data, text.len, values->attestation, err) < 0)
        return -1;
    return ot_temp_commit(&file, false, err);
}

/* -- the command ------------------------------------------------------------------------------- */

static int compare(const struct values *values, const struct ot_signer_set *signers,
                   const char *dist, struct ot_sources_evidence *sources,
                   struct ot_rebuild_result *result, struct ot_error *err)
{
    const struct ot_evidence evidence = {&sources->roots, ot_describe_package, sources};

    if (ot_content_open(&result->rebuilt, dist, err) < 0 ||
        ot_diff(&result->payload, &result->rebuilt, &result->diff, err) < 0)
        return -1;
    result->compared = true;
    if (!result->diff.same)
        return ot_causes_find(&result->diff, &evidence, &result->causes, err);
    if (values->attestation == NULL)
        return 0;
    result->attestation = values->attestation;
    return attest(values, signers, &result->payload, err);
}

static int rebuild(const struct values *values, const struct ot_signer_set *signers,
                   struct ot_rebuild_result *result, struct ot_error *err)
{
    OT_CLEANUP(place_free) struct place place = {0};
    OT_CLEANUP(ot_sources_evidence_free) struct ot_sources_evidence sources = {0};

    if (ot_sources_evidence_open(&sources, values->functions, err) < 0 ||
        choose_place(&place, values, err) < 0)
        return -1;
    if (!result->built_here ||
        build(values, result->payload.preview.manifest, place.dist, &result->report, err) == 0) {
        if (compare(values, signers, place.dist, &sources, result, err) < 0)
            return -1;
    } else if (err->kind == OT_FAILED) {
        explain_failure(&result->report, err, &result->causes);
    } else {
        return -1;
    }
    /* while what was built is still there */
    if ((values->json ? ot_rebuild_json(result, err) : ot_rebuild_print(result, err)) < 0)
        return -1;
    return ot_rebuild_is_equal(result) ? 0 : OT_FAILED;
}

static void result_free(struct ot_rebuild_result *result)
{
    ot_causes_free(&result->causes);
    ot_diff_free(&result->diff);
    ot_content_free(&result->rebuilt);
    ot_content_free(&result->payload);
    ot_build_report_free(&result->report);
}

static int check(const struct values *values, const struct ot_signer_set *signers,
                 struct ot_error *err)
{
    if (values->attestation != NULL && signers->count == 0)
        return ot_fail(err, OT_USAGE,
                       "--attestation needs a key: --sign-key, or --signer with "
                       "--signer-key");
    if (values->attestation == NULL && signers->count > 0)
        return ot_fail(err, OT_USAGE, "--attestation is missing: the file for what is signed");
    if (values->built != NULL && values->attestation != NULL)
        return ot_fail(err, OT_USAGE, "--attestation is for what was built here, not with --built");
    if (values->built != NULL && values->out != NULL)
        return ot_fail(err, OT_USAGE, "--out is for what is built here, not with --built");
    return 0;
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    OT_AUTOSIGNERS struct ot_signer_set signers = {.count = 0};
    OT_CLEANUP(result_free)
    struct ot_rebuild_result result = {
        .file = parsed->operands[0],
        .functions = values->functions,
        .built_here = values->built == NULL,
    };

    if (ot_signer_set_load(&signers, &values->signers, err) < 0 ||
        check(values, &signers, err) < 0 || ot_content_open(&result.payload, result.file, err) < 0)
        return -1;
    return rebuild(values, &signers, &result, err);
}

const struct ot_cli_command ot_cli_rebuild = {.command = &command, .group = "Check", .run = run};
