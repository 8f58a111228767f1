#include "cli/signers.h"
#include "cli/trust.h"
#include "package/sign.h"

#include <string.h>

struct values {
    struct ot_signer_values signers;
    const char *previous;
};

static const struct ot_option options[] = {
    OT_SIGNER_OPTIONS(struct values, signers),
    {.name = "previous",
     .value = "FILE",
     .help = "the version before: its root keys sign, too",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, previous)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "trust sign",
    .operands = "FILE",
    .summary = "add a root key's signature to a trust file",
    .description =
        "Adds one signature for each --sign-key and for --signer, and says how many there are and "
        "how many are needed. Only root keys of the file sign, and with --previous those of the "
        "version before, which this one must follow. Look at it first: onetube trust show.",
    .example = "  onetube trust sign trust.json --sign-key a.key.pem\n"
               "  onetube trust sign trust-2.json --previous trust.json --sign-key a.key.pem",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

static bool is_root(const struct ot_trust_file *file, const char *id)
{
    for (size_t i = 0; file != NULL && i < file->key_count; i++) {
        if (file->keys[i].role == OT_ROLE_ROOT && strcmp(file->keys[i].key.id, id) == 0)
            return true;
    }
    return false;
}

/* A signature that counts for nothing would only look like one. */
static int check_signers(const struct ot_signer_set *signers, const struct ot_trust_file *file,
                         const struct ot_trust_file *previous, struct ot_error *err)
{
    for (size_t i = 0; i < signers->count; i++) {
        const char *id = ot_signer_key_id(&signers->items[i]);

        if (!is_root(file, id) && !is_root(previous, id))
            return ot_fail(err, OT_USAGE, "the key %s is no root key of it%s", id,
                           previous != NULL ? ", nor of the version before"
                                            : " (--previous FILE: nor of the version before?)");
    }
    return 0;
}

static int check_previous(const struct ot_trust_file *file, const struct ot_trust_file *previous,
                          struct ot_error *err)
{
    if (previous == NULL || file->version == previous->version + 1)
        return 0;
    return ot_fail(err, OT_USAGE, "--previous: not the version before this one");
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    const char *path = parsed->operands[0];
    OT_AUTOTRUSTFILE struct ot_trust_file *file = NULL;
    OT_AUTOTRUSTFILE struct ot_trust_file *previous = NULL;
    OT_AUTOSIGNERS struct ot_signer_set signers = {.count = 0};
    OT_AUTOBUF struct ot_buf message = {0};

    if (ot_signer_set_load(&signers, &values->signers, err) < 0)
        return -1;
    if (signers.count == 0)
        return ot_fail(err, OT_USAGE, "--sign-key KEY or --signer CMD is missing");
    if (ot_trust_file_load(path, &file, err) < 0 ||
        (values->previous != NULL && ot_trust_file_load(values->previous, &previous, err) < 0) ||
        check_previous(file, previous, err) < 0 ||
        check_signers(&signers, file, previous, err) < 0 ||
        ot_signers_check(signers.items, signers.count, &file->page, err) < 0)
        return -1;
    ot_trust_file_message(file, &message);
    if (ot_signers_sign(signers.items, signers.count, ot_buf_span(&message), &file->page, err) <
            0 ||
        ot_trust_put(file, path, false, err) < 0)
        return -1;
    return ot_trust_show_line(path, file, previous, err);
}

const struct ot_cli_command ot_cli_trust_sign = {.command = &command, .group = "Trust", .run = run};
