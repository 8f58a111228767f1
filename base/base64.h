/* Base64 (RFC 4648) of which each value has one spelling: section 4 with padding, and section 5,
 * for URLs, without. */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/* Characters that `len` bytes take. */
#define OT_BASE64_LENGTH(len) (((len) + 2u) / 3u * 4u)
#define OT_BASE64_MAX 64u /* bytes */

/* Whether `text` spells exactly `len` bytes (at most OT_BASE64_MAX), which go to `out`. */
bool ot_base64_read(struct ot_span text, uint8_t *out, size_t len);
/* Writes OT_BASE64_LENGTH(len) characters and a NUL. */
void ot_base64_write(char *out, const uint8_t *bytes, size_t len);

/* The same for any number of bytes: appends what `text` spells, false where it spells nothing (what
 * was appended then means nothing); appends the spelling of `bytes`. */
bool ot_base64_append(struct ot_buf *out, struct ot_span text);
void ot_base64_put(struct ot_buf *out, struct ot_span bytes);

/*
 * Reads base64url without padding, as JOSE has it (RFC 7515, appendix C); bits that are left over
 * must be zero. At most `max` bytes go to `out`. Not for secrets: its time depends on the text.
 */
bool ot_base64url_read(struct ot_span text, uint8_t *out, size_t max, size_t *len);
