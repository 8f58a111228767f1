#include "cli/trust.h"

static const struct ot_option options[] = {
    OT_TRUST_ADD_OPTIONS,
    OT_TRUST_POLICY_OPTIONS,
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "trust add",
    .operands = "FILE",
    .summary = "add keys, targets or engines to a trust file, or change its rules",
    .description = "Changes a draft in place. A trust file that is signed stays as it is: the "
                   "change makes the next version, a draft at --out NEW, which its own root keys "
                   "and those of the version before have to sign.",
    .example = "  onetube trust add trust.json --out trust-2.json --rebuild-key auditor.pub.pem "
               "--rebuild-threshold 1",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct ot_trust_changes),
};

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    return ot_trust_change_file(parsed->operands[0], pointer, err);
}

const struct ot_cli_command ot_cli_trust_add = {
    .command = &command, .group = "Trust", .defaults = ot_trust_changes_init, .run = run};
