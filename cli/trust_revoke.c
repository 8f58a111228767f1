#include "cli/trust.h"

static const struct ot_option options[] = {
    {.name = "key",
     .value = "KEY|ID",
     .help = "take this public key out of its role, for good; may be given several times",
     .type = OT_OPTION_LIST,
     .offset = offsetof(struct ot_trust_changes, revoked_keys)},
    {.name = "payload",
     .value = "FILE|SHA256",
     .help = "refuse this payload, or every one with the manifest of this SHA-256, whoever has "
             "signed it; may be given several times",
     .type = OT_OPTION_LIST,
     .offset = offsetof(struct ot_trust_changes, revoked_payloads)},
    {.name = "revoke-engine",
     .value = "FILE|SHA256",
     .help = "take a workerd program out of those that are allowed; may be given several times",
     .type = OT_OPTION_LIST,
     .offset = offsetof(struct ot_trust_changes, revoked_engines)},
    OT_TRUST_POLICY_OPTIONS,
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "trust revoke",
    .operands = "FILE",
    .summary = "revoke keys, payloads or engines in a trust file",
    .description =
        "Changes a draft in place; for a trust file that is signed it makes the next version, a "
        "draft at --out NEW, as onetube trust add does. Where a threshold cannot be reached any "
        "more it has to be lowered, or keys have to be added first. A root key that is revoked "
        "here still counts among those of the version before, so it can be replaced also where it "
        "was the only one.",
    .example = "  onetube trust revoke trust.json --out trust-2.json --key stolen.pub.pem\n"
               "  onetube trust revoke trust.json --out trust-2.json --payload fw.1tube",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct ot_trust_changes),
};

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct ot_trust_changes *changes = pointer;

    if (changes->revoked_keys.count + changes->revoked_payloads.count +
            changes->revoked_engines.count ==
        0)
        return ot_fail(err, OT_USAGE, "--key, --payload or --revoke-engine is missing");
    return ot_trust_change_file(parsed->operands[0], changes, err);
}

const struct ot_cli_command ot_cli_trust_revoke = {
    .command = &command, .group = "Trust", .defaults = ot_trust_changes_init, .run = run};
