/* Key sets: every key that is taken has the algorithm of its kind, and refuses a signature of
 * zeros. */
#include "gateway/jwks.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(const struct ot_jwk *jwk)
{
    static const char zeros[OT_JWS_SIGNATURE_MAX];
    size_t len = jwk->algorithm == OT_JWS_RS256 ? (size_t)EVP_PKEY_get_size(jwk->key) : 64;
    const char *type = jwk->algorithm == OT_JWS_RS256   ? "RSA"
                       : jwk->algorithm == OT_JWS_ES256 ? "EC"
                                                        : "ED25519";

    if (!EVP_PKEY_is_a(jwk->key, type) || len > sizeof(zeros) ||
        (jwk->algorithm == OT_JWS_RS256 && EVP_PKEY_get_bits(jwk->key) < OT_RSA_BITS_MIN))
        abort();
    if (ot_jws_verify(jwk->algorithm, jwk->key, OT_SPAN("x"), (struct ot_span){zeros, len}))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_jwks *keys = NULL;
    struct ot_error err;

    if (ot_jwks_read((struct ot_span){(const char *)data, size}, &keys, &err) < 0) {
        if (err.kind != OT_FAILED)
            abort();
        return 0;
    }
    if (keys->count == 0 || keys->count > OT_JWKS_MAX_KEYS)
        abort();
    for (size_t i = 0; i < keys->count; i++)
        check_key(&keys->keys[i]);
    ot_jwks_release(keys);
    return 0;
}
