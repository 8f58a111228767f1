/* What a trust file says of one payload. */
#include "verify/attestation.h"
#include "verify/pae.h"
#include "verify/trust.h"

#include <string.h>

static int check_revoked(const struct ot_trust_file *file, const struct ot_statement *statement,
                         struct ot_error *err)
{
    if (!ot_list_has(&file->revoked_manifests, statement->manifest_sha256))
        return 0;
    return ot_refuse(err, OT_E_POLICY, "%s %s: the trust file has revoked its manifest, %s",
                     statement->name, statement->version, statement->manifest_sha256);
}

static const struct ot_trust_target *find_target(const struct ot_trust_file *file, const char *name)
{
    for (size_t i = 0; i < file->target_count; i++) {
        if (strcmp(file->targets[i].name, name) == 0)
            return &file->targets[i];
    }
    return NULL;
}

static int check_target(const struct ot_trust *trust, const struct ot_statement *statement,
                        struct ot_error *err)
{
    const struct ot_trust_target *target;

    if (trust->file->target_count == 0)
        return 0;
    target = find_target(trust->file, trust->target);
    if (target == NULL)
        return ot_refuse(err, OT_E_POLICY, "the trust file has no target \"%.128s\"",
                         trust->target);
    if (ot_list_has(&target->payloads, statement->name))
        return 0;
    return ot_refuse(err, OT_E_POLICY, "\"%s\" may not run on the target \"%s\"", statement->name,
                     target->name);
}

/*
 * Adds the rebuild keys of one attestation if it is of this manifest. Its text is read only once a
 * rebuild key has signed it.
 */
static int count_attestation(const struct ot_trust_file *file, const struct ot_envelope *envelope,
                             size_t number, const char *manifest_sha256, struct ot_list *rebuilders,
                             struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf message = {0};
    OT_AUTOLIST struct ot_list signers = {0};
    struct ot_attestation attestation;
    OT_AUTOFREE char *what = ot_asprintf("attestation %zu", number);

    ot_pae(OT_IN_TOTO_TYPE, ot_buf_span(&envelope->text), &message);
    if (ot_trust_file_count(file, OT_ROLE_REBUILD, what, &envelope->page, ot_buf_span(&message),
                            &signers, err) < 0)
        return -1;
    if (signers.count == 0)
        return 0;
    if (ot_attestation_parse(&attestation, ot_buf_span(&envelope->text), err) < 0)
        return ot_error_prefix(err, "%s", what);
    if (strcmp(attestation.manifest_sha256, manifest_sha256) != 0)
        return 0;
    for (size_t i = 0; i < signers.count; i++)
        ot_list_add(rebuilders, signers.items[i]);
    return 0;
}

static int check_rebuilds(const struct ot_trust *trust, const struct ot_statement *statement,
                          struct ot_list *rebuilders, struct ot_error *err)
{
    unsigned threshold = trust->file->thresholds[OT_ROLE_REBUILD];

    for (size_t i = 0; i < trust->attestation_count; i++) {
        if (count_attestation(trust->file, &trust->attestations[i], i + 1,
                              statement->manifest_sha256, rebuilders, err) < 0)
            return -1;
    }
    ot_list_sort_unique(rebuilders);
    if (rebuilders->count >= threshold)
        return 0;
    return ot_refuse(err, OT_E_REBUILD,
                     "%zu of %zu rebuild keys attest to this payload in the %zu attestations that "
                     "were given, expected at least %u (--attestation FILE, from onetube rebuild)",
                     rebuilders->count, ot_trust_file_keys(trust->file, OT_ROLE_REBUILD),
                     trust->attestation_count, threshold);
}

int ot_policy_check(const struct ot_trust *trust, const struct ot_statement *statement,
                    struct ot_policy *policy, struct ot_error *err)
{
    const struct ot_trust_file *file = trust->file;

    if (check_revoked(file, statement, err) < 0 || check_target(trust, statement, err) < 0 ||
        check_rebuilds(trust, statement, &policy->rebuilders, err) < 0)
        return -1;
    policy->version = file->version;
    memcpy(policy->sha256, file->sha256, sizeof(policy->sha256));
    for (size_t i = 0; i < file->engines.count; i++)
        ot_list_add(&policy->engines, file->engines.items[i]);
    return 0;
}
