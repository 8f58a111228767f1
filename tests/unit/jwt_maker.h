/* Tokens and keys for tests, signed with OpenSSL directly: nothing of gateway/ is used. */
#pragma once

#include "base/buf.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static inline void maker_put(struct ot_buf *out, const void *bytes, size_t len)
{
    size_t size = sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);

    sodium_bin2base64(ot_buf_reserve(out, size), size, bytes, len,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    out->len += size - 1;
}

static inline EVP_PKEY *maker_key(const char *type)
{
    EVP_PKEY *key = strcmp(type, "RSA") == 0    ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
                    : strcmp(type, "EC") == 0   ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
                    : strcmp(type, "P384") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384")
                                                : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    if (key == NULL)
        abort();
    return key;
}

static inline void maker_put_number(struct ot_buf *out, EVP_PKEY *key, const char *name, int size)
{
    BIGNUM *number = NULL;
    uint8_t bytes[1024];

    if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
        abort();
    size = size > 0 ? size : BN_num_bytes(number);
    BN_bn2binpad(number, bytes, size);
    maker_put(out, bytes, (size_t)size);
    BN_free(number);
}

/* {"kty":...,<more>} */
static inline void maker_jwk(struct ot_buf *out, EVP_PKEY *key, const char *more)
{
    if (EVP_PKEY_is_a(key, "RSA")) {
        ot_buf_puts(out, "{\"kty\":\"RSA\",\"n\":\"");
        maker_put_number(out, key, OSSL_PKEY_PARAM_RSA_N, 0);
        ot_buf_puts(out, "\",\"e\":\"");
        maker_put_number(out, key, OSSL_PKEY_PARAM_RSA_E, 0);
    } else if (EVP_PKEY_is_a(key, "EC")) {
        bool is_p256 = EVP_PKEY_get_bits(key) == 256;

        ot_buf_printf(out, "{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"", is_p256 ? "P-256" : "P-384");
        maker_put_number(out, key, OSSL_PKEY_PARAM_EC_PUB_X, is_p256 ? 32 : 48);
        ot_buf_puts(out, "\",\"y\":\"");
        maker_put_number(out, key, OSSL_PKEY_PARAM_EC_PUB_Y, is_p256 ? 32 : 48);
    } else {
        uint8_t raw[32];
        size_t len = sizeof(raw);

        EVP_PKEY_get_raw_public_key(key, raw, &len);
        ot_buf_puts(out, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"");
        maker_put(out, raw, len);
    }
    ot_buf_printf(out, "\"%s%s}", *more != '\0' ? "," : "", more);
}

/* ES256 has r and s, OpenSSL gives DER. */
static inline size_t maker_raw_ecdsa(uint8_t *signature, size_t len)
{
    const uint8_t *at = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    uint8_t raw[64];

    BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32);
    ECDSA_SIG_free(pair);
    memcpy(signature, raw, sizeof(raw));
    return sizeof(raw);
}

/* The signature of `input`: with `key`, or HS256 with `secret`. */
static inline size_t maker_sign(EVP_PKEY *key, struct ot_span secret, struct ot_span input,
                                uint8_t signature[1024])
{
    const unsigned char *bytes = (const unsigned char *)input.data;
    EVP_MD_CTX *context;
    size_t len = 1024;

    if (key == NULL) {
        if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, secret.data, secret.len, bytes, input.len,
                      signature, 1024, &len) == NULL)
            abort();
        return len;
    }
    context = EVP_MD_CTX_new();
    if (EVP_DigestSignInit_ex(context, NULL, EVP_PKEY_is_a(key, "ED25519") ? NULL : "SHA256", NULL,
                              NULL, key, NULL) != 1 ||
        EVP_DigestSign(context, signature, &len, bytes, input.len) != 1)
        abort();
    EVP_MD_CTX_free(context);
    return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == 256
               ? maker_raw_ecdsa(signature, len)
               : len;
}

/* A token, freed by the caller. */
static inline char *maker_token(EVP_PKEY *key, const char *secret, const char *header,
                                const char *payload)
{
    struct ot_buf out = {0};
    uint8_t signature[1024];
    size_t len;

    maker_put(&out, header, strlen(header));
    ot_buf_putc(&out, '.');
    maker_put(&out, payload, strlen(payload));
    len = maker_sign(key, ot_span_of(secret != NULL ? secret : ""), ot_buf_span(&out), signature);
    ot_buf_putc(&out, '.');
    maker_put(&out, signature, len);
    return out.data;
}
