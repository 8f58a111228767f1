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

/* Trusted and not revoked. */
size_t ot_trust_usable_keys(const struct ot_trust *trust);
