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
