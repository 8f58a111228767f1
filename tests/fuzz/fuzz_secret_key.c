/* The text of a private key: whatever is accepted is written as PEM, read back, and is the same
 * key. */
#include "package/secret_key.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_error err;
    struct ot_secret_key *key;
    struct ot_secret_key *again;
    OT_AUTOGUARDED char *pem = NULL;

    if (ot_secret_key_parse((struct ot_span){(const char *)data, size}, &key, &err) < 0) {
        if (err.kind != OT_USAGE || err.message[0] == '\0')
            abort();
        return 0;
    }
    pem = ot_guarded_alloc(OT_SECRET_PEM_SIZE);
    ot_secret_key_pem(key, pem);
    if (ot_secret_key_parse((struct ot_span){pem, OT_SECRET_PEM_SIZE}, &again, &err) < 0 ||
        strcmp(ot_secret_key_public(key)->id, ot_secret_key_public(again)->id) != 0)
        abort();
    ot_secret_key_free(key);
    ot_secret_key_free(again);
    return 0;
}
