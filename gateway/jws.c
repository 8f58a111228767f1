#include "gateway/jws.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#define SHA256_SIZE 32u
#define P256_SIZE 32u
#define ED25519_SIGNATURE 64u

struct ot_hmac {
    EVP_MAC_CTX *keyed; /* copied for every use */
};

enum ot_jws_algorithm ot_jws_algorithm_of(struct ot_span name)
{
    static const struct {
        const char *name;
        enum ot_jws_algorithm algorithm;
    } known[] = {
        {"HS256", OT_JWS_HS256}, {"RS256", OT_JWS_RS256},   {"ES256", OT_JWS_ES256},
        {"EdDSA", OT_JWS_EDDSA}, {"Ed25519", OT_JWS_EDDSA},
    };

    for (size_t i = 0; i < OT_COUNT(known); i++) {
        if (ot_span_is(name, known[i].name))
            return known[i].algorithm;
    }
    return OT_JWS_NONE;
}

struct ot_hmac *ot_hmac_new(struct ot_span secret)
{
    struct ot_hmac *hmac = ot_alloc(1, sizeof(*hmac));
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };

    hmac->keyed = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    if (hmac->keyed == NULL ||
        EVP_MAC_init(hmac->keyed, (const unsigned char *)secret.data, secret.len, params) != 1)
        abort(); /* no memory, or an OpenSSL without HMAC */
    return hmac;
}

void ot_hmac_free(struct ot_hmac *hmac)
{
    if (hmac == NULL)
        return;
    EVP_MAC_CTX_free(hmac->keyed);
    free(hmac);
}

bool ot_hmac_verify(const struct ot_hmac *hmac, struct ot_span input, struct ot_span signature)
{
    uint8_t mac[SHA256_SIZE];
    EVP_MAC_CTX *context;
    size_t len = 0;
    bool made;

    if (signature.len != sizeof(mac))
        return false;
    context = EVP_MAC_CTX_dup(hmac->keyed);
    made = context != NULL &&
           EVP_MAC_update(context, (const unsigned char *)input.data, input.len) == 1 &&
           EVP_MAC_final(context, mac, &len, sizeof(mac)) == 1 && len == sizeof(mac);
    EVP_MAC_CTX_free(context);
    return made && CRYPTO_memcmp(mac, signature.data, sizeof(mac)) == 0;
}

/* One INTEGER of DER from 32 bytes; returns its length. */
static size_t put_integer(uint8_t *out, const uint8_t *number)
{
    size_t zeros = 0;
    size_t sign;
    size_t len;

    while (zeros < P256_SIZE - 1 && number[zeros] == 0)
        zeros++;
    sign = number[zeros] >> 7;
    len = P256_SIZE - zeros;
    out[0] = 0x02;
    out[1] = (uint8_t)(sign + len);
    out[2] = 0;
    memcpy(out + 2 + sign, number + zeros, len);
    return 2 + sign + len;
}

/* What OpenSSL reads: SEQUENCE { r INTEGER, s INTEGER }. */
static size_t ecdsa_to_der(uint8_t out[2 * P256_SIZE + 8], const uint8_t *raw)
{
    size_t len = put_integer(out + 2, raw);

    len += put_integer(out + 2 + len, raw + P256_SIZE);
    out[0] = 0x30;
    out[1] = (uint8_t)len;
    return 2 + len;
}

/* For RSA OpenSSL's default is the padding that RS256 has, PKCS #1 v1.5. */
static bool verify(const char *digest, EVP_PKEY *key, struct ot_span input,
                   const uint8_t *signature, size_t len)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL &&
                EVP_DigestVerifyInit_ex(context, NULL, digest, NULL, NULL, key, NULL) == 1 &&
                EVP_DigestVerify(context, signature, len, (const unsigned char *)input.data,
                                 input.len) == 1;

    EVP_MD_CTX_free(context);
    if (!good)
        ERR_clear_error(); /* TLS on the same thread must not find it */
    return good;
}

bool ot_jws_verify(enum ot_jws_algorithm algorithm, EVP_PKEY *key, struct ot_span input,
                   struct ot_span signature)
{
    const uint8_t *bytes = (const uint8_t *)signature.data;
    uint8_t der[2 * P256_SIZE + 8];

    switch (algorithm) {
    case OT_JWS_RS256:
        return verify("SHA256", key, input, bytes, signature.len);
    case OT_JWS_ES256:
        return signature.len == 2 * (size_t)P256_SIZE &&
               verify("SHA256", key, input, der, ecdsa_to_der(der, bytes));
    case OT_JWS_EDDSA:
        return signature.len == ED25519_SIGNATURE && verify(NULL, key, input, bytes, signature.len);
    case OT_JWS_NONE:
    case OT_JWS_HS256:
        break;
    }
    return false;
}
