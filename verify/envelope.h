/*
 * A DSSE envelope (github.com/secure-systems-lab/dsse, envelope.md) of an in-toto statement, in
 * exactly one spelling: what travels beside a payload, never in it.
 *
 *     {"payloadType":"application/vnd.in-toto+json","payload":"<base64>",
 *      "signatures":[{"keyid":"<64 hex>","sig":"<88 base64>"}]}
 *
 * in one line without white space, which ends with a newline; 1 to 20 signatures, sorted by key id
 * and then by signature, none twice.
 */
#pragma once

#include "verify/signatures.h"

#define OT_ENVELOPE_TEXT_MAX 4096u /* bytes of the statement */
#define OT_ENVELOPE_MAX 16384u     /* bytes of the file */

/* Start from `{0}`. */
struct ot_envelope {
    struct ot_buf text; /* the statement, decoded */
    struct ot_signature_page page;
};

#define OT_AUTOENVELOPE OT_CLEANUP(ot_envelope_free)
void ot_envelope_free(struct ot_envelope *envelope);

/*
 * Reads the bytes of a file; nothing is verified. E_LAYOUT for anything but the one spelling. Free
 * the envelope also after an error.
 */
OT_MUST_USE int ot_envelope_parse(struct ot_envelope *envelope, struct ot_span file,
                                  struct ot_error *err);

/* Writes the file; the page is sorted first. */
void ot_envelope_write(struct ot_envelope *envelope, struct ot_buf *out);
