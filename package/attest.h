/* Signing a rebuild attestation (verify/attestation.h). */
#pragma once

#include "package/package.h"
#include "verify/attestation.h"

/*
 * Appends the file of an attestation with one signature of each signer, at least one. Errors are
 * those of signing a payload.
 */
OT_MUST_USE int ot_attest(const struct ot_attestation *attestation, const struct ot_signer *signers,
                          size_t signer_count, struct ot_buf *out, struct ot_error *err);
