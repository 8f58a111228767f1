#include "cli/cli.h"
#include "cli/output.h"
#include "package/package.h"
#include "verify/trust_options.h"

struct values {
    struct ot_trust_options trust;
    const char *out;
};

static const struct ot_option options[] = {
    {.name = "out",
     .value = "DIR",
     .help = "the folder to write, which must not exist or be empty",
     .type = OT_OPTION_STRING,
     .required = true,
     .offset = offsetof(struct values, out)},
    OT_TRUST_OPTIONS(struct values, trust),
    OT_TRUST_THREADS_OPTION(struct values, trust),
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "unpack",
    .operands = "FILE",
    .summary = "verify a payload and write it as a dist",
    .description = "Verifies a payload as onetube verify does and only then writes its files "
                   "beneath --out: the very "
                   "bytes that were verified. The result is a signed dist, the same that tar would "
                   "have unpacked.",
    .example = "  onetube unpack fw.1tube --trust release.pub.pem --out dist",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

static void defaults(void *pointer)
{
    struct values *values = pointer;

    ot_trust_options_init(&values->trust);
}

static int unpack(const struct values *values, const char *file, const struct ot_trust *trust,
                  struct ot_error *err)
{
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;

    if (ot_payload_open(file, trust, (unsigned)values->trust.threads, NULL, &payload, err) < 0 ||
        ot_unpack(payload, values->out, err) < 0)
        return -1;
    ot_out_text(stdout, values->out);
    printf(": %zu files\n", ot_payload_manifest(payload)->member_count + 1 +
                                (ot_payload_statement(payload) != NULL ? 2 : 0));
    return 0;
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    struct ot_trust trust;
    int done = ot_trust_options_load(&values->trust, OT_USAGE, &trust, err);

    if (done == 0)
        done = unpack(values, parsed->operands[0], &trust, err);
    ot_trust_free(&trust);
    return done;
}

const struct ot_cli_command ot_cli_unpack = {
    .command = &command, .group = "Check", .defaults = defaults, .run = run};
