/* A public key's text: whatever its spelling, its hexadecimal spelling is the same key. */
#include "base/text.h"
#include "verify/keys.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char hex[2 * OT_PUBLIC_KEY_SIZE + 1];
    struct ot_public_key key;
    struct ot_public_key again;
    struct ot_error err;

    if (ot_public_key_parse(&key, (struct ot_span){(const char *)data, size}, &err) < 0) {
        if (err.kind != OT_USAGE)
            abort();
        return 0;
    }
    ot_hex(hex, key.bytes, sizeof(key.bytes));
    if (ot_public_key_parse(&again, ot_span_of(hex), &err) < 0 ||
        memcmp(key.bytes, again.bytes, sizeof(key.bytes)) != 0 || strcmp(key.id, again.id) != 0)
        abort();
    return 0;
}
