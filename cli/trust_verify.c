#include "cli/output.h"
#include "cli/trust.h"

#include <inttypes.h>
#include <time.h>

struct values {
    uint64_t now;
};

static const struct ot_option options[] = {
    {.name = "now",
     .value = "TIME",
     .help = "check the expiry against this time: seconds since 1970, or 2027-01-31T12:00:00Z "
             "(default: the system's clock)",
     .type = OT_OPTION_TIME,
     .offset = offsetof(struct values, now)},
    {.name = NULL},
};

#define FILES_MAX 256u

static const struct ot_command command = {
    .name = "trust verify",
    .operands = "FILE...",
    .summary = "check a trust file, or a chain of versions",
    .description =
        "Checks that the first FILE is signed by as many of its own root keys as it demands, that "
        "each further one is the next version and is signed as it demands and as the one before "
        "demands, and that the last one has not expired. The first is what you trust already; the "
        "verdict is about the last.",
    .example = "  onetube trust verify trust-1.json trust-2.json trust-3.json",
    .min_operands = 1,
    .max_operands = FILES_MAX,
    .options = options,
    .options_size = sizeof(struct values),
};

static void defaults(void *pointer)
{
    struct values *values = pointer;
    time_t now = time(NULL);

    /* a clock that cannot be read must not make anything look fresh */
    values->now = now < 0 ? UINT64_MAX : (uint64_t)now;
}

static int verify(const struct values *values, const struct ot_parsed *parsed,
                  struct ot_trust_file *files[FILES_MAX], struct ot_error *err)
{
    const struct ot_trust_file *last;

    for (unsigned i = 0; i < parsed->operand_count; i++) {
        if (ot_trust_file_load(parsed->operands[i], &files[i], err) < 0)
            return -1;
    }
    if (ot_trust_file_chain(files, parsed->operand_count, values->now, err) < 0)
        return -1;
    last = files[parsed->operand_count - 1];
    printf("%saccepted%s: version %" PRIu64 ", sha256 %s\n", ot_out_style(stdout, OT_STYLE_GREEN),
           ot_out_style(stdout, OT_STYLE_PLAIN), last->version, last->sha256);
    return 0;
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    struct ot_trust_file *files[FILES_MAX] = {NULL};
    int done = verify(pointer, parsed, files, err);

    for (unsigned i = 0; i < parsed->operand_count; i++)
        ot_trust_file_free(files[i]);
    return done;
}

const struct ot_cli_command ot_cli_trust_verify = {
    .command = &command, .group = "Trust", .defaults = defaults, .run = run};
