#include "cli/cli.h"
#include "cli/output.h"
#include "verify/trust_options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct values {
    struct ot_trust_options trust;
    bool json;
};

static const struct ot_option options[] = {
    OT_TRUST_OPTIONS(struct values, trust),
    OT_TRUST_THREADS_OPTION(struct values, trust),
    {.name = "json",
     .help = "print a report as JSON",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, json)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "verify",
    .operands = "FILE|DIST",
    .summary = "check a payload or dist against trusted keys",
    .description = "Makes the checks of a payload that onetube-serve makes before it starts the "
                   "engine, shows the outcome of each, and ends with one "
                   "line: the verdict. The exit status is 0 if it was accepted, 3 if it was "
                   "refused; a refusal has a stable code such as E_HASH.\n\n"
                   "The engine's own limits show only when it boots: a compatibility date that is "
                   "too new for it, unless --engine-date tells its newest one, and a "
                   "compatibility flag that it does not know.",
    .example = "  onetube verify fw.1tube --trust release.pub.pem --min-sequence 7",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

enum outcome { NOT_REACHED, PASSED, REFUSED };

struct report {
    enum outcome outcomes[OT_CHECK_COUNT];
    char *details[OT_CHECK_COUNT]; /* of what has passed */
};

static void note_passed(void *context, enum ot_check check, const char *detail)
{
    struct report *report = context;

    report->outcomes[check] = PASSED;
    free(report->details[check]);
    report->details[check] = ot_strdup(detail);
}

static void report_free(struct report *report)
{
    for (int i = 0; i < OT_CHECK_COUNT; i++)
        free(report->details[i]);
}

/*
 * Layout and hashes are checked in one pass; every other refusal belongs to the first check that
 * has not passed.
 */
static void note_refused(struct report *report, const char *code)
{
    int check = 0;

    while (check < OT_CHECK_COUNT - 1 && report->outcomes[check] == PASSED)
        check++;
    if (strcmp(code, OT_E_HASH) == 0)
        check = OT_CHECK_HASHES;
    report->outcomes[check] = REFUSED;
}

static const struct {
    const char *word;
    enum ot_style style;
} outcomes[] = {
    [NOT_REACHED] = {"not reached", OT_STYLE_DIM},
    [PASSED] = {"ok", OT_STYLE_GREEN},
    [REFUSED] = {"refused", OT_STYLE_RED},
};

static void print_checks(const char *file, const struct report *report, const char *code)
{
    ot_out_text(stdout, file);
    printf("\n");
    for (int i = 0; i < OT_CHECK_COUNT; i++) {
        enum outcome outcome = report->outcomes[i];

        printf("  %-11s %s%s%s", ot_check_name((enum ot_check)i),
               ot_out_style(stdout, outcomes[outcome].style), outcomes[outcome].word,
               ot_out_style(stdout, OT_STYLE_PLAIN));
        if (outcome != NOT_REACHED) {
            printf("%*s", outcome == PASSED ? 7 : 2, "");
            ot_out_text(stdout, outcome == PASSED ? report->details[i] : code);
        }
        printf("\n");
    }
}

/* Of everything from byte 4096 on: one more hash of all bytes, by one thread, so only where it is
 * asked for. A dist has no release; `out` is "" then. */
static void release_of(const struct ot_payload *payload, char out[OT_SHA256_HEX])
{
    struct ot_span image = ot_payload_image(payload);
    struct ot_span rest = {image.data + OT_SIGNED_OFFSET, image.len - OT_SIGNED_OFFSET};

    out[0] = '\0';
    if (ot_payload_statement(payload) != NULL)
        ot_sha256_hex(rest, out);
}

static void print_verdict(const struct ot_payload *payload, const char *code)
{
    const struct ot_statement *statement;
    const struct ot_list *signers;

    if (payload == NULL) {
        printf("%srefused%s: %s\n", ot_out_style(stdout, OT_STYLE_RED),
               ot_out_style(stdout, OT_STYLE_PLAIN), code);
        return;
    }
    statement = ot_payload_statement(payload);
    signers = ot_payload_signers(payload);
    printf("%saccepted%s: ", ot_out_style(stdout, OT_STYLE_GREEN),
           ot_out_style(stdout, OT_STYLE_PLAIN));
    if (statement != NULL)
        printf("%s %s, sequence %" PRIu64 ", ", statement->name, statement->version,
               statement->sequence);
    printf("%s", signers->count > 0 ? "signed by" : "unsigned");
    for (size_t i = 0; i < signers->count; i++)
        printf("%s%s", i > 0 ? ", " : " ", signers->items[i]);
    printf("\n");
}

/* What a trust file has said; nothing without one. */
static void write_policy(struct ot_json_writer *writer, const struct ot_policy *policy)
{
    if (policy == NULL)
        return;
    ot_jw_object(writer, "policy");
    ot_jw_uint(writer, "version", policy->version);
    ot_jw_string(writer, "sha256", policy->sha256);
    ot_jw_list(writer, "rebuilders", &policy->rebuilders);
    ot_jw_list(writer, "engines", &policy->engines);
    ot_jw_object_end(writer);
}

static void write_accepted(struct ot_json_writer *writer, const struct ot_payload *payload)
{
    const struct ot_statement *statement = ot_payload_statement(payload);
    char release[OT_SHA256_HEX];

    release_of(payload, release);
    if (statement != NULL) {
        ot_out_json_statement(writer, statement);
        ot_jw_string(writer, "releaseSha256", release);
    }
    ot_jw_uint(writer, "bytes", ot_payload_image(payload).len);
    ot_jw_uint(writer, "functions", ot_payload_manifest(payload)->function_count);
    ot_jw_list(writer, "signers", ot_payload_signers(payload));
    write_policy(writer, ot_payload_policy(payload));
}

static void write_checks(struct ot_json_writer *writer, const struct report *report)
{
    ot_jw_array(writer, "checks");
    for (int i = 0; i < OT_CHECK_COUNT; i++) {
        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "check", ot_check_name((enum ot_check)i));
        ot_jw_string(writer, "outcome", outcomes[report->outcomes[i]].word);
        if (report->outcomes[i] == PASSED)
            ot_out_json_text(writer, "detail", report->details[i]);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

static void print_json(const char *file, uint64_t threshold, const struct report *report,
                       const struct ot_payload *payload, const struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json_writer writer;

    ot_jw_begin(&writer, &text, false);
    ot_jw_object(&writer, NULL);
    ot_out_json_text(&writer, "file", file);
    ot_jw_string(&writer, "verdict", payload != NULL ? "accepted" : "refused");
    ot_jw_uint(&writer, "threshold", threshold);
    if (payload == NULL) {
        ot_jw_string(&writer, "code", err->code);
        ot_out_json_text(&writer, "message", err->message);
    } else {
        write_accepted(&writer, payload);
    }
    write_checks(&writer, report);
    ot_jw_object_end(&writer);
    ot_out_json(&writer);
}

static void defaults(void *pointer)
{
    struct values *values = pointer;

    ot_trust_options_init(&values->trust);
}

static int verify(const struct values *values, const char *file, const struct ot_trust *trust,
                  struct ot_error *err)
{
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    struct report report = {.outcomes = {NOT_REACHED}};
    const struct ot_check_observer observer = {note_passed, &report};
    int done =
        ot_payload_open(file, trust, (unsigned)values->trust.threads, &observer, &payload, err);

    if (done < 0 && err->kind == OT_REFUSED)
        note_refused(&report, err->code);
    if (done == 0 || err->kind == OT_REFUSED) {
        if (values->json) {
            print_json(file, trust->threshold, &report, payload, err);
        } else {
            print_checks(file, &report, err->code);
            print_verdict(payload, err->code);
        }
    }
    report_free(&report);
    return done;
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    struct ot_trust trust;
    int done = ot_trust_options_load(&values->trust, OT_USAGE, &trust, err);

    if (done == 0)
        done = verify(values, parsed->operands[0], &trust, err);
    ot_trust_free(&trust);
    return done;
}

const struct ot_cli_command ot_cli_verify = {
    .command = &command, .group = "Check", .defaults = defaults, .run = run};
