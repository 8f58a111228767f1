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
