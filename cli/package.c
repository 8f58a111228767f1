#include "base/instant.h"
#include "cli/beside.h"
#include "cli/build_options.h"
#include "cli/output.h"
#include "cli/signers.h"
#include "gateway/gateway.h" /* where the engine is */

#include "base/file.h"
#include "package/engine_file.h"

#include <inttypes.h>
#include <string.h>

struct values {
    struct ot_build_values build;
    struct ot_signer_values signers;
    struct ot_beside_values beside;
    const char *in;
    const char *out;
    const char *name;
    const char *version;
    uint64_t sequence;
    uint64_t not_after; /* OT_NO_TIME: never */
    bool unsigned_payload;
    bool with_engine;
    const char *engine;
    bool json;
};

static const struct ot_option options[] = {
    {.name = "in",
     .value = "DIST",
     .help = "the dist to package",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, in)},
    {.name = "out",
     .value = "FILE",
     .help = "the payload to write; what is there is replaced whole or not at all",
     .type = OT_OPTION_STRING,
     .required = true,
     .offset = offsetof(struct values, out)},
    OT_SIGNER_OPTIONS(struct values, signers),
    {.name = "unsigned",
     .help = "write a payload without signatures, to be signed later",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, unsigned_payload)},
    {.name = "name",
     .value = "NAME",
     .help = "what the release is called (default onetube)",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, name)},
    {.name = "version",
     .value = "VERSION",
     .help = "its version (default: the first 16 digits of the manifest's SHA-256)",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, version)},
    {.name = "sequence",
     .value = "N",
     .help = "the counter against rollback, higher for each release (default 0)",
     .type = OT_OPTION_UINT,
     .offset = offsetof(struct values, sequence)},
    {.name = "not-after",
     .value = "TIME",
     .help = "refused after this time: seconds since 1970, or 2027-01-31T12:00:00Z",
     .type = OT_OPTION_TIME,
     .offset = offsetof(struct values, not_after)},
    {.name = "with-engine",
     .help = "let the payload carry the workerd program, which then runs from sealed memory",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, with_engine)},
    {.name = "engine",
     .value = "PATH",
     .help = "which one that is (default: the one installed with this program, or on PATH)",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, engine)},
    {.name = "json",
     .help = "print a report as JSON",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, json)},
    OT_BESIDE_OPTIONS(struct values, beside),
    OT_BUILD_OPTIONS(struct values, build, false),
    OT_BUILD_ENV_OPTION(struct values, build),
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "package",
    .operands = "",
    .summary = "make a signed payload of a dist",
    .description = "Writes the dist given with --in, or one that is built first from --functions "
                   "with the options of "
                   "onetube build, as one signed file. Every member is hashed against the manifest "
                   "while it is copied; "
                   "if one differs, or a file is missing or too many, nothing is signed and "
                   "nothing is written.\n\n"
                   "The payload is an ordinary tar archive with exactly one valid sequence of "
                   "bytes. Each --sign-key "
                   "gives one signature, and every signature is verified before it is "
                   "written.\n\n"
                   "With --with-engine the manifest names the engine's program, too, and its "
                   "architecture: one file is all that a machine needs for it besides "
                   "onetube-serve.\n\n" OT_BESIDE_DESCRIPTION,
    .example =
        "  onetube package --in dist --out fw.1tube --sign-key release.key.pem --sequence 7\n"
        "  onetube package --functions functions --out fw.1tube --sign-key env:RELEASE_KEY",
    .options = options,
    .options_size = sizeof(struct values),
};

static void defaults(void *pointer)
{
    struct values *values = pointer;

    ot_build_values_init(&values->build);
    values->not_after = OT_NO_TIME;
}

/* What the words of the command line and of the environment come to. */
struct plan {
    bool builds; /* from --functions, not --in */
    bool signs;
    struct ot_signer_set signers;
    struct ot_engine_program program; /* to be carried */
};

static bool is_typed(const struct ot_parsed *parsed, const char *name)
{
    return ot_options_typed(&command, parsed, name);
}

/* A build option that was typed must not be ignored silently. */
static int refuse_build_options(const struct ot_parsed *parsed, struct ot_error *err)
{
    static const char *const beside[] = {"sbom", "provenance"};
    size_t first = offsetof(struct values, build);

    for (size_t i = 0; i < OT_COUNT(beside); i++) {
        if (is_typed(parsed, beside[i]))
            return ot_fail(err, OT_USAGE,
                           "--%s belongs to --functions: a dist does not tell what it was made "
                           "of, its build does (onetube build --%s)",
                           beside[i], beside[i]);
    }

    for (const struct ot_option *option = options; option->name != NULL; option++) {
        if (option->offset >= first && option->offset < first + sizeof(struct ot_build_values) &&
            is_typed(parsed, option->name))
            return ot_fail(err, OT_USAGE, "--%s belongs to --functions; --in takes a dist as it is",
                           option->name);
    }
    return 0;
}

/*
 * One of --in and --functions. With both, the one of the command line: a pipeline that sets
 * ONETUBE_FUNCTIONS for its builds can still package a dist.
 */
static int choose_source(const struct values *values, const struct ot_parsed *parsed,
                         struct plan *plan, struct ot_error *err)
{
    bool functions_typed = is_typed(parsed, "functions");

    if (values->in == NULL && values->build.functions == NULL)
        return ot_fail(err, OT_USAGE, "--in DIST or --functions DIR is missing");
    if (values->in != NULL && values->build.functions != NULL &&
        is_typed(parsed, "in") == functions_typed)
        return ot_fail(err, OT_USAGE, "--in and --functions are given, one is wanted");
    plan->builds = values->in == NULL || functions_typed;
    return plan->builds ? 0 : refuse_build_options(parsed, err);
}

/* Signers or --unsigned. With both, again the one of the command line. */
static int choose_signing(const struct values *values, const struct ot_parsed *parsed,
                          struct plan *plan, struct ot_error *err)
{
    bool has_signer = values->signers.sign_keys.count > 0 || values->signers.signer != NULL;
    bool signer_typed = is_typed(parsed, "sign-key") || is_typed(parsed, "signer") ||
                        is_typed(parsed, "signer-key");

    plan->signs = !values->unsigned_payload;
    if (values->unsigned_payload && (has_signer || signer_typed)) {
        if (is_typed(parsed, "unsigned") == signer_typed)
            return ot_fail(err, OT_USAGE, "--unsigned excludes --sign-key and --signer");
        plan->signs = signer_typed;
    }
    if (plan->signs && !has_signer && !signer_typed)
        return ot_fail(err, OT_USAGE,
                       "--sign-key KEY is missing (--unsigned makes a payload without signatures)");
    return 0;
}

/*
 * A folder beside `out`, removed with `temp` whatever happens; a killed run's is removed by
 * the next one.
 */
static int open_work_folder(const char *out, struct ot_temp_dir *temp, char **path,
                            struct ot_error *err)
{
    OT_AUTOFREE char *target = ot_asprintf("%s.dist", out);
    const char *slash = strrchr(out, '/');

    if (ot_temp_dir_open(temp, target, err) < 0)
        return -1;
    *path = ot_asprintf("%.*s%s/dist", slash != NULL ? (int)(slash - out) + 1 : 0, out, temp->name);
    return 0;
}

/* `program` is opened where the payload is to carry one. */
static int find_engine(const struct values *values, const struct ot_parsed *parsed,
                       struct ot_engine_program *program, struct ot_error *err)
{
    if (!values->with_engine && is_typed(parsed, "engine"))
        return ot_fail(err, OT_USAGE, "--engine belongs to --with-engine");
    return values->with_engine ? ot_engine_program_open(program, values->engine, err) : 0;
}

static int package(const struct values *values, const char *in, const char *expect_manifest,
                   const char *engine, const struct plan *plan, struct ot_package_report *report,
                   struct ot_error *err)
{
    struct ot_package_options package = {
        .in = in,
        .expect_manifest = expect_manifest,
        .out = values->out,
        .name = values->name,
        .version = values->version,
        .sequence = values->sequence,
        .has_not_after = values->not_after != OT_NO_TIME,
        .not_after = values->not_after,
        .engine = engine,
        .signers = plan->signers.items,
        .signer_count = plan->signers.count,
    };

    return ot_package(&package, report, err);
}

static int build_and_package(const struct values *values, const struct plan *plan,
                             struct ot_package_report *report, struct ot_error *err)
{
    OT_AUTOTEMPDIR struct ot_temp_dir temp = OT_TEMP_DIR_INIT;
    OT_AUTOBESIDE struct ot_beside beside = OT_BESIDE_INIT;
    OT_AUTOFREE char *dist = NULL;
    struct ot_build_values wanted = values->build;
    struct ot_build_report built = {0};
    struct ot_beside_release release = {.name = values->name,
                                        .version = values->version,
                                        .report = &built,
                                        .signers = &plan->signers};
    int done;

    wanted.components = ot_beside_is_wanted(&values->beside);
    if (ot_beside_open(&beside, &values->beside, values->out, plan->signers.count, err) < 0 ||
        open_work_folder(values->out, &temp, &dist, err) < 0)
        return -1;
    release.dist = dist;
    done = ot_build_values_run(&wanted, dist, false, &built, err);
    /* at once, as what stands beside the payload names its manifest */
    if (done == 0 && plan->program.name != NULL)
        done = ot_engine_file_add(plan->program.name, dist, built.manifest_sha256, err);
    if (done == 0)
        done = ot_beside_write(&beside, &release, err);
    if (done == 0)
        done = package(values, dist, built.manifest_sha256, NULL, plan, report, err);
    if (done == 0)
        done = ot_beside_commit(&beside, err);
    ot_build_report_free(&built);
    return done;
}

static void print_json(const char *out, const struct ot_package_report *report)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json_writer writer;

    ot_jw_begin(&writer, &text, false);
    ot_jw_object(&writer, NULL);
    ot_out_json_text(&writer, "out", out);
    ot_jw_uint(&writer, "bytes", report->bytes);
    ot_jw_uint(&writer, "functions", report->function_count);
    ot_jw_uint(&writer, "members", report->member_count);
    ot_out_json_statement(&writer, &report->statement);
    ot_jw_string(&writer, "releaseSha256", report->release_sha256);
    ot_jw_list(&writer, "signers", &report->signers);
    ot_jw_object_end(&writer);
    ot_out_json(&writer);
}

static void print_report(const char *out, const struct ot_package_report *report)
{
    char size[16];

    ot_out_size(report->bytes, size);
    ot_out_text(stdout, out);
    printf(": %s %s, sequence %" PRIu64 ", %zu function%s, %s\n", report->statement.name,
           report->statement.version, report->statement.sequence, report->function_count,
           report->function_count == 1 ? "" : "s", size);
    printf("release sha256  %s\n", report->release_sha256);
    printf("manifest sha256 %s\n", report->manifest_sha256);
    for (size_t i = 0; i < report->signers.count; i++)
        printf("signed by       %s\n", report->signers.items[i]);
    if (report->signers.count == 0)
        printf("%sunsigned%s: nothing boots it before onetube sign\n",
               ot_out_style(stdout, OT_STYLE_YELLOW), ot_out_style(stdout, OT_STYLE_PLAIN));
    ot_out_closed(report->closed_count, report->function_count);
}

static void plan_free(struct plan *plan)
{
    ot_signer_set_free(&plan->signers);
    ot_engine_program_close(&plan->program);
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    struct ot_package_report report = {.bytes = 0};
    OT_CLEANUP(plan_free) struct plan plan = {.program = OT_ENGINE_PROGRAM_INIT};
    int done;

    if (choose_source(values, parsed, &plan, err) < 0 ||
        choose_signing(values, parsed, &plan, err) < 0 ||
        find_engine(values, parsed, &plan.program, err) < 0 ||
        (plan.signs && ot_signer_set_load(&plan.signers, &values->signers, err) < 0))
        return -1;
    done = plan.builds ? build_and_package(values, &plan, &report, err)
                       : package(values, values->in, NULL, plan.program.name, &plan, &report, err);
    if (done == 0 && values->json)
        print_json(values->out, &report);
    else if (done == 0)
        print_report(values->out, &report);
    ot_package_report_free(&report);
    return done;
}

const struct ot_cli_command ot_cli_package = {
    .command = &command, .group = "Make", .defaults = defaults, .run = run};
