#include "cli/signers.h"

#include <string.h>

static int add_key(struct ot_signer_set *set, const char *source, struct ot_error *err)
{
    struct ot_secret_key **key = &set->keys[set->key_count];

    if (set->key_count == OT_SIGNATURES_MAX)
        return ot_fail(err, OT_USAGE, "more than %u keys are given", OT_SIGNATURES_MAX);
    if (ot_secret_key_load(source, key, err) < 0)
        return ot_error_prefix(err, "--sign-key");
    set->key_count++;
    set->items[set->count++] = (struct ot_signer){.key = *key};
    return 0;
}

static int add_command(struct ot_signer_set *set, const struct ot_signer_values *values,
                       struct ot_error *err)
{
    if (values->signer_key == NULL)
        return ot_fail(err, OT_USAGE,
                       "--signer needs --signer-key PUBKEY, the public key that it signs with");
    if (ot_public_key_load(&set->signer_key, values->signer_key, err) < 0)
        return ot_error_prefix(err, "--signer-key");
    set->items[set->count++] =
        (struct ot_signer){.command = values->signer, .public_key = &set->signer_key};
    return 0;
}

int ot_signer_set_load(struct ot_signer_set *set, const struct ot_signer_values *values,
                       struct ot_error *err)
{
    unsigned from_stdin = 0;

    for (size_t i = 0; i < values->sign_keys.count; i++)
        from_stdin += strcmp(values->sign_keys.items[i], "-") == 0;
    if (from_stdin > 1)
        return ot_fail(err, OT_USAGE, "--sign-key - is given twice; standard input holds one key");
    for (size_t i = 0; i < values->sign_keys.count; i++) {
        if (add_key(set, values->sign_keys.items[i], err) < 0)
            return -1;
    }
    if (values->signer != NULL)
        return add_command(set, values, err);
    if (values->signer_key != NULL)
        return ot_fail(err, OT_USAGE, "--signer-key belongs to --signer, which is missing");
    return 0;
}

void ot_signer_set_free(struct ot_signer_set *set)
{
    for (size_t i = 0; i < set->key_count; i++)
        ot_secret_key_free(set->keys[i]);
    set->key_count = 0;
}
