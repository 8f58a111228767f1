/* Making signatures and collecting them on the signature page. */
#pragma once

#include "package/package.h"

/* The key identifier that a signer's line will carry. */
const char *ot_signer_key_id(const struct ot_signer *signer);

/*
 * Before any work is done: each signer is complete, none signs twice or has signed `page` already,
 * and all of them fit on it. OT_USAGE, or OT_FAILED for a key that has signed already or a page
 * that is full.
 */
OT_MUST_USE int ot_signers_check(const struct ot_signer *signers, size_t count,
                                 const struct ot_signature_page *page, struct ot_error *err);

/*
 * Adds a signature of each signer over `message` (verify/pae.h) to `page`, every one verified with
 * its public key where there is one.
 */
OT_MUST_USE int ot_signers_sign(const struct ot_signer *signers, size_t count,
                                struct ot_span message, struct ot_signature_page *page,
                                struct ot_error *err);
