#include "base/base64.h"

#include <sodium.h>
#include <string.h>

void ot_base64_write(char *out, const uint8_t *bytes, size_t len)
{
    sodium_bin2base64(out, OT_BASE64_LENGTH(len) + 1, bytes, len, sodium_base64_VARIANT_ORIGINAL);
}

bool ot_base64_read(struct ot_span text, uint8_t *out, size_t len)
{
    char again[OT_BASE64_LENGTH(OT_BASE64_MAX) + 1];
    size_t got;

    if (len > OT_BASE64_MAX || text.len != OT_BASE64_LENGTH(len) ||
        sodium_base642bin(out, len, text.data, text.len, NULL, &got, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        got != len)
        return false;
    /* libsodium 1.0.18 takes some bytes above 0x7f for letters, so only writing it again proves the
     * spelling */
    ot_base64_write(again, out, len);
    return memcmp(again, text.data, text.len) == 0;
}

/* Bytes that are read or written at once; they take whole groups of four characters. */
#define PIECE 48u
_Static_assert(PIECE % 3 == 0 && PIECE <= OT_BASE64_MAX, "whole groups");

bool ot_base64_append(struct ot_buf *out, struct ot_span text)
{
    while (text.len > 0) {
        struct ot_span piece = {text.data, text.len};
        size_t len;

        if (piece.len > OT_BASE64_LENGTH(PIECE))
            piece.len = OT_BASE64_LENGTH(PIECE);
        if (piece.len % 4 != 0)
            return false;
        len = piece.len / 4 * 3;
        /* what is not the end has no padding: a "=" there is no letter of `len` bytes */
        if (piece.len == text.len && text.data[text.len - 1] == '=')
            len -= text.data[text.len - 2] == '=' ? 2u : 1u;
        if (!ot_base64_read(piece, (uint8_t *)ot_buf_reserve(out, len), len))
            return false;
        out->len += len;
        out->data[out->len] = '\0';
        text = ot_span_skip(text, piece.len);
    }
    return true;
}

void ot_base64_put(struct ot_buf *out, struct ot_span bytes)
{
    char piece[OT_BASE64_LENGTH(PIECE) + 1];

    while (bytes.len > 0) {
        size_t len = bytes.len < PIECE ? bytes.len : PIECE;

        ot_base64_write(piece, (const uint8_t *)bytes.data, len);
        ot_buf_puts(out, piece);
        bytes = ot_span_skip(bytes, len);
    }
}

static int base64url_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool ot_base64url_read(struct ot_span text, uint8_t *out, size_t max, size_t *len)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;

    if (text.len % 4 == 1 || text.len / 4 * 3 + text.len % 4 * 3 / 4 > max)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64url_value(text.data[i]);

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[at++] = (uint8_t)(bits >> held);
        }
    }
    *len = at;
    return (bits & ((1u << held) - 1)) == 0;
}
