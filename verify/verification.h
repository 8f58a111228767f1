/*
 * Private to verify/: verification of an open source, behind ot_payload_open. Tests and fuzz
 * targets call it with a descriptor of their own.
 */
#pragma once

#include "verify/payload.h"
#include "verify/source.h"

OT_MUST_USE int ot_payload_verify(const struct ot_source *source, const struct ot_trust *trust,
                                  unsigned threads, const struct ot_check_observer *observer,
                                  struct ot_payload **out, struct ot_error *err);

/*
 * Takes manifest.json into the image, which grows to hold it: of the size and, if
 * `statement` is given, with the SHA-256 that the statement says (else E_MANIFEST). `text`
 * is a piece of the image.
 */
OT_MUST_USE int ot_source_take_manifest(const struct ot_source *source,
                                        const struct ot_statement *statement,
                                        struct ot_image *image, struct ot_span *text,
                                        struct ot_error *err);
