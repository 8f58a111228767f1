/* Private to verify/: what a trust root says to a page of signatures. */
#pragma once

#include "verify/payload.h"

/*
 * Checks every line of a trusted, non-revoked key over `message`: E_SIGNATURE if one does not
 * verify, E_UNTRUSTED if fewer than `threshold` distinct keys have signed, unless there is no line
 * at all and trust->allow_unsigned. Appends the identifiers of the keys that have signed to
 * `signers`, each once.
 */
OT_MUST_USE int ot_trust_check(const struct ot_trust *trust, const struct ot_signature_page *page,
                               struct ot_span message, struct ot_list *signers,
                               struct ot_error *err);

/*
 * What the trust file, which there must be, says of a payload with this statement: E_POLICY for a
 * revoked manifest and for a name that its targets do not allow here, E_REBUILD for too few rebuild
 * keys, E_SIGNATURE and E_STATEMENT for an attestation that claims one of them and is wrong. Fills
 * `policy`, which starts empty; free its lists also after an error.
 */
OT_MUST_USE int ot_policy_check(const struct ot_trust *trust, const struct ot_statement *statement,
                                struct ot_policy *policy, struct ot_error *err);

/* Trusted and not revoked. */
size_t ot_trust_usable_keys(const struct ot_trust *trust);
