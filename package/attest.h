/* Signing what stands in an envelope: rebuild attestations (verify/attestation.h) and resets. */
#pragma once

#include "package/package.h"
#include "verify/attestation.h"

/*
 * Adds a signature of each signer to an envelope, whose text is set. Errors are those of signing a
 * payload.
 */
OT_MUST_USE int ot_envelope_sign(struct ot_envelope *envelope, const struct ot_signer *signers,
                                 size_t signer_count, struct ot_error *err);

/*
 * Appends the file of an attestation with one signature of each signer, at least one. Errors are
 * those of signing a payload.
 */
OT_MUST_USE int ot_attest(const struct ot_attestation *attestation, const struct ot_signer *signers,
                          size_t signer_count, struct ot_buf *out, struct ot_error *err);
