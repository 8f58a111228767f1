/* Signatures: the vectors of the standards, and spellings that must not pass. */
#include "tests/unit/unit.h"

#include "base/base64.h"
#include "gateway/jwks.h"
#include "gateway/jwt.h"
#include "tests/unit/jwt_maker.h"

#include <string.h>

/* RFC 7515 appendix A.1 to A.3, RFC 8037 appendix A.4: header and payload, signature, key. */
static const char hs256_input[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
                                  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                                  "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
static const char hs256_signature[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
static const char hs256_key[] =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

static const char rs256_input[] = "eyJhbGciOiJSUzI1NiJ9."
                                  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                                  "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
static const char rs256_signature[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjt"
    "QBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2"
    "w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const char rs256_jwk[] =
    "{\"kty\":\"RSA\",\"n\":"
    "\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4"
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexM"
    "dbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK"
    "-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}";

static const char es256_input[] = "eyJhbGciOiJFUzI1NiJ9."
                                  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                                  "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
static const char es256_signature[] =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
static const char es256_jwk[] =
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";

static const char eddsa_input[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
static const char eddsa_signature[] =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
static const char eddsa_jwk[] = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
                                "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";

static const struct {
    const char *name, *input, *signature, *jwk;
    enum ot_jws_algorithm algorithm;
} vectors[] = {
    {"RFC 7515 A.2", rs256_input, rs256_signature, rs256_jwk, OT_JWS_RS256},
    {"RFC 7515 A.3", es256_input, es256_signature, es256_jwk, OT_JWS_ES256},
    {"RFC 8037 A.4", eddsa_input, eddsa_signature, eddsa_jwk, OT_JWS_EDDSA},
};

static struct ot_jwks *read_key(const char *jwk)
{
    OT_AUTOFREE char *text = ot_asprintf("{\"keys\":[%s]}", jwk);
    struct ot_jwks *keys = NULL;
    struct ot_error err = {0};

    assert_succeeds(ot_jwks_read(ot_span_of(text), &keys, &err), err);
    return keys;
}

static struct ot_span decode(const char *text, uint8_t out[1024])
{
    size_t len = 0;

    assert_true(ot_base64url_read(ot_span_of(text), out, 1024, &len));
    return (struct ot_span){(const char *)out, len};
}

static void hs256(void **state)
{
    uint8_t key[1024], signature[1024];
    struct ot_hmac *hmac = ot_hmac_new(decode(hs256_key, key));
    struct ot_span good = decode(hs256_signature, signature);

    (void)state;
    assert_true(ot_hmac_verify(hmac, ot_span_of(hs256_input), good));
    assert_true(ot_hmac_verify(hmac, ot_span_of(hs256_input), good)); /* the key is still there */
    assert_false(ot_hmac_verify(hmac, ot_span_of(hs256_input), (struct ot_span){good.data, 31}));
    assert_false(ot_hmac_verify(hmac, ot_span_of(hs256_input), (struct ot_span){good.data, 33}));
    assert_false(ot_hmac_verify(hmac, ot_span_of(hs256_input), (struct ot_span){good.data, 0}));
    assert_false(ot_hmac_verify(hmac, ot_span_of(rs256_input), good));
    for (size_t i = 0; i < good.len; i++) {
        signature[i] ^= 1;
        assert_false(ot_hmac_verify(hmac, ot_span_of(hs256_input), good));
        signature[i] ^= 1;
    }
    ot_hmac_free(hmac);
}

static void vectors_of_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < OT_COUNT(vectors); i++) {
        struct ot_jwks *keys = read_key(vectors[i].jwk);
        EVP_PKEY *key = keys->keys[0].key;
        struct ot_span input = ot_span_of(vectors[i].input);
        uint8_t bytes[1024];
        struct ot_span good = decode(vectors[i].signature, bytes);

        assert_int_equal(keys->keys[0].algorithm, vectors[i].algorithm);
        if (!ot_jws_verify(vectors[i].algorithm, key, input, good))
            fail_msg("%s does not verify", vectors[i].name);
        /* every byte counts, and so do the length and what is signed */
        for (size_t at = 0; at < good.len; at++) {
            bytes[at] ^= 0x40;
            assert_false(ot_jws_verify(vectors[i].algorithm, key, input, good));
            bytes[at] ^= 0x40;
        }
        bytes[good.len] = 0;
        assert_false(ot_jws_verify(vectors[i].algorithm, key, input,
                                   (struct ot_span){good.data, good.len + 1}));
        assert_false(ot_jws_verify(vectors[i].algorithm, key, input,
                                   (struct ot_span){good.data, good.len - 1}));
        assert_false(
            ot_jws_verify(vectors[i].algorithm, key, input, (struct ot_span){good.data, 0}));
        input.len--;
        assert_false(ot_jws_verify(vectors[i].algorithm, key, input, good));
        ot_jwks_release(keys);
    }
}

/* r and s outside 1 to n-1, and DER where r and s belong. */
static void edges_of_ecdsa(void **state)
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                      0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    static const uint8_t zero[32] = {0}, one[32] = {[31] = 1}, highest[32] = {[0] = 0xff};
    struct ot_jwks *keys = read_key(es256_jwk);
    uint8_t good[1024];
    uint8_t all_ones[32], above[32];
    const uint8_t *edges[] = {zero, one, order, above, all_ones, highest};

    (void)state;
    memset(all_ones, 0xff, sizeof(all_ones));
    memcpy(above, order, sizeof(above));
    above[31]++;
    decode(es256_signature, good);
    for (size_t i = 0; i < OT_COUNT(edges); i++) {
        uint8_t bytes[64];
        struct ot_span signature = {(const char *)bytes, sizeof(bytes)};

        for (size_t k = 0; k < OT_COUNT(edges); k++) {
            memcpy(bytes, edges[i], 32);
            memcpy(bytes + 32, edges[k], 32);
            assert_false(
                ot_jws_verify(OT_JWS_ES256, keys->keys[0].key, ot_span_of(es256_input), signature));
        }
        memcpy(bytes, good, 32);
        assert_false(
            ot_jws_verify(OT_JWS_ES256, keys->keys[0].key, ot_span_of(es256_input), signature));
        memcpy(bytes, edges[i], 32);
        memcpy(bytes + 32, good + 32, 32);
        assert_false(
            ot_jws_verify(OT_JWS_ES256, keys->keys[0].key, ot_span_of(es256_input), signature));
    }
    ot_jwks_release(keys);
}

/* Leading zeros and high bits of r and s: many signatures by a key of OpenSSL's own. */
static void many_signatures(void **state)
{
    EVP_PKEY *key = maker_key("EC");

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        OT_AUTOFREE char *input = ot_asprintf("input %u", i);
        uint8_t bytes[1024];
        size_t len = maker_sign(key, OT_SPAN(""), ot_span_of(input), bytes);

        if (!ot_jws_verify(OT_JWS_ES256, key, ot_span_of(input),
                           (struct ot_span){(const char *)bytes, len}))
            fail_msg("signature %u does not verify", i);
    }
    EVP_PKEY_free(key);
}

static void der_instead_of_r_and_s(void **state)
{
    EVP_PKEY *key = maker_key("EC");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t der[128];
    size_t len = sizeof(der);

    (void)state;
    assert_int_equal(EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL), 1);
    assert_int_equal(EVP_DigestSign(context, der, &len, (const unsigned char *)"x", 1), 1);
    assert_false(
        ot_jws_verify(OT_JWS_ES256, key, OT_SPAN("x"), (struct ot_span){(const char *)der, len}));
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
}

/* S + L is the same number modulo L: RFC 8032 section 5.1.7 refuses it. */
static void ed25519_with_large_s(void **state)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    struct ot_jwks *keys = read_key(eddsa_jwk);
    uint8_t bytes[1024];
    struct ot_span signature = decode(eddsa_signature, bytes);
    unsigned carry = 0;

    (void)state;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)bytes[32 + i] + order[i];
        bytes[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_false(
        ot_jws_verify(OT_JWS_EDDSA, keys->keys[0].key, ot_span_of(eddsa_input), signature));
    ot_jwks_release(keys);
}

/* RSA with another padding or hash is another algorithm. */
static void rsa_otherwise_padded(void **state)
{
    static const struct {
        const char *digest;
        int padding;
        bool good;
    } cases[] = {{"SHA256", RSA_PKCS1_PADDING, true},
                 {"SHA256", RSA_PKCS1_PSS_PADDING, false},
                 {"SHA512", RSA_PKCS1_PADDING, false},
                 {"SHA1", RSA_PKCS1_PADDING, false}};
    EVP_PKEY *key = maker_key("RSA");

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_PKEY_CTX *options = NULL;
        uint8_t bytes[256];
        size_t len = sizeof(bytes);

        assert_int_equal(
            EVP_DigestSignInit_ex(context, &options, cases[i].digest, NULL, NULL, key, NULL), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(options, cases[i].padding), 1);
        assert_int_equal(EVP_DigestSign(context, bytes, &len, (const unsigned char *)"x", 1), 1);
        assert_int_equal(ot_jws_verify(OT_JWS_RS256, key, OT_SPAN("x"),
                                       (struct ot_span){(const char *)bytes, len}),
                         cases[i].good);
        EVP_MD_CTX_free(context);
    }
    EVP_PKEY_free(key);
}

static void names(void **state)
{
    static const char *const refused[] = {"none",  "None",   "NONE",  "",      "hs256",  "HS384",
                                          "HS512", "RS384",  "PS256", "ES384", "ES256K", "eddsa",
                                          "Ed448", "RS256 ", "dir",   "RSA1_5"};

    (void)state;
    assert_int_equal(ot_jws_algorithm_of(OT_SPAN("HS256")), OT_JWS_HS256);
    assert_int_equal(ot_jws_algorithm_of(OT_SPAN("RS256")), OT_JWS_RS256);
    assert_int_equal(ot_jws_algorithm_of(OT_SPAN("ES256")), OT_JWS_ES256);
    assert_int_equal(ot_jws_algorithm_of(OT_SPAN("EdDSA")), OT_JWS_EDDSA);
    assert_int_equal(ot_jws_algorithm_of(OT_SPAN("Ed25519")), OT_JWS_EDDSA);
    for (size_t i = 0; i < OT_COUNT(refused); i++) {
        if (ot_jws_algorithm_of(ot_span_of(refused[i])) != OT_JWS_NONE)
            fail_msg("\"%s\" was accepted", refused[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hs256),
        cmocka_unit_test(vectors_of_the_standards),
        cmocka_unit_test(edges_of_ecdsa),
        cmocka_unit_test(many_signatures),
        cmocka_unit_test(der_instead_of_r_and_s),
        cmocka_unit_test(ed25519_with_large_s),
        cmocka_unit_test(rsa_otherwise_padded),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
