#include "cli/trust.h"

static const struct ot_option options[] = {
    OT_TRUST_ADD_OPTIONS,
    OT_TRUST_POLICY_OPTIONS,
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "trust init",
    .operands = "FILE",
    .summary = "begin a trust file",
    .description =
        "Writes version 1 of a trust file, FILE, which must not exist yet, as a draft: it counts "
        "once as many of its own root keys as its root threshold says have signed it (onetube "
        "trust sign). At least one root key and one release key are needed; each key has one "
        "role.\n\n"
        "Both programs take a trust file in place of keys, --trust FILE.json.",
    .example = "  onetube trust init trust.json --root-key a.pub.pem --root-key b.pub.pem "
               "--root-threshold 2 --release-key release.pub.pem",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct ot_trust_changes),
};

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct ot_trust_changes *changes = pointer;
    const char *path = changes->out != NULL ? changes->out : parsed->operands[0];
    OT_AUTOTRUSTFILE struct ot_trust_file *file = ot_alloc(1, sizeof(*file));

    file->version = 1;
    file->expires = OT_NO_TIME;
    file->thresholds[OT_ROLE_ROOT] = file->thresholds[OT_ROLE_RELEASE] = 1;
    if (ot_trust_change(file, changes, err) < 0 || ot_trust_put(file, path, true, err) < 0)
        return -1;
    return ot_trust_show_line(path, file, NULL, err);
}

const struct ot_cli_command ot_cli_trust_init = {
    .command = &command, .group = "Trust", .defaults = ot_trust_changes_init, .run = run};
