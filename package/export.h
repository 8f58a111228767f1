/*
 * What a payload says of itself, in forms that other tools read. Signatures are not checked: those
 * tools do that.
 */
#pragma once

#include "package/content.h"

/*
 * Appends a Sigstore bundle v0.3 (github.com/sigstore/protobuf-specs, sigstore_bundle.proto) for
 * each signature, one a line, in the order of the signature page: the statement in a DSSE envelope,
 * and the key id as the hint by which a verifier finds the public key. Errors: OT_FAILED, there is
 * no signature.
 */
OT_MUST_USE int ot_export_sigstore(const struct ot_content *content, struct ot_buf *out,
                                   struct ot_error *err);

/* Appends the statement with all signatures, as an envelope (verify/envelope.h). Errors: the same.
 */
OT_MUST_USE int ot_export_in_toto(const struct ot_content *content, struct ot_buf *out,
                                  struct ot_error *err);

/*
 * Appends what `sha256sum -c` takes in the folder of the unpacked dist: a line for each file but
 * `signatures`, and for a payload the release's digest in a comment. Every file is checked first.
 * Errors: E_LAYOUT, E_HASH, as ot_content_visit's.
 */
OT_MUST_USE int ot_export_sums(const struct ot_content *content, struct ot_buf *out,
                               struct ot_error *err);
