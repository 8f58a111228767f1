/* Key sets: which keys are taken, which are passed over, which documents are refused. */
#include "tests/unit/unit.h"

#include "gateway/jwks.h"
#include "tests/unit/jwt_maker.h"

#include <string.h>

/* RFC 7515 appendix A.3 and RFC 8037 appendix A.2. */
#define EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC_KEY "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\""
#define OKP_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define OKP_KEY "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" OKP_X "\""

static int read_keys(const char *keys, struct ot_jwks **out, struct ot_error *err)
{
    OT_AUTOFREE char *text = ot_asprintf("{\"keys\":[%s]}", keys);

    return ot_jwks_read(ot_span_of(text), out, err);
}

static void taken(void **state)
{
    static const struct {
        const char *key;
        enum ot_jws_algorithm algorithm;
    } cases[] = {
        {"{" EC_KEY "}", OT_JWS_ES256},
        {"{" EC_KEY
         ",\"alg\":\"ES256\",\"use\":\"sig\",\"kid\":\"a\",\"x5c\":[\"x\"],\"ext\":true}",
         OT_JWS_ES256},
        {"{" EC_KEY ",\"key_ops\":[\"sign\",\"verify\"],\"d\":\"ignored\",\"n\":\"!\"}",
         OT_JWS_ES256},
        {"{" OKP_KEY "}", OT_JWS_EDDSA},
        {"{" OKP_KEY ",\"alg\":\"EdDSA\"}", OT_JWS_EDDSA},
        {"{" OKP_KEY ",\"alg\":\"Ed25519\"}", OT_JWS_EDDSA},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_jwks *keys = NULL;
        struct ot_error err = {0};

        if (read_keys(cases[i].key, &keys, &err) < 0)
            fail_msg("%s: %s", cases[i].key, err.message);
        assert_int_equal(keys->count, 1);
        assert_int_equal(keys->keys[0].algorithm, cases[i].algorithm);
        ot_jwks_release(keys);
    }
}

static void passed_over(void **state)
{
    static const struct {
        const char *key, *why;
    } cases[] = {
        {"{}", "kty"},
        {"{\"kty\":\"oct\",\"k\":\"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0\",\"alg\":\"HS256\"}",
         "kty"},
        {"{\"kty\":\"ec\"}", "kty"},
        {"{\"kty\":7}", "wrong type"},
        {"{" EC_KEY ",\"use\":\"enc\"}", "use"},
        {"{" EC_KEY ",\"use\":null}", "wrong type"},
        {"{" EC_KEY ",\"kid\":3}", "wrong type"},
        {"{" EC_KEY ",\"key_ops\":[\"sign\"]}", "key_ops"},
        {"{" EC_KEY ",\"key_ops\":[]}", "key_ops"},
        {"{" EC_KEY ",\"key_ops\":\"verify\"}", "wrong type"},
        {"{" EC_KEY ",\"key_ops\":[\"verify\",1]}", "wrong type"},
        {"{" EC_KEY ",\"alg\":\"RS256\"}", "alg"},
        {"{" EC_KEY ",\"alg\":\"HS256\"}", "alg"},
        {"{" EC_KEY ",\"alg\":\"ECDH-ES\"}", "alg"},
        {"{" EC_KEY ",\"alg\":\"none\"}", "alg"},
        {"{" OKP_KEY ",\"alg\":\"ES256\"}", "alg"},
        {"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}", "P-256"},
        {"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}", "P-256"},
        {"{\"kty\":\"EC\",\"x\":\"" EC_X "\",\"y\":\"" EC_Y "\"}", "P-256"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\"}", "32 bytes"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"" EC_Y "\"}", "32 bytes"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "=\",\"y\":\"" EC_Y "\"}", "32 bytes"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" EC_X "\",\"y\":\"" EC_X "\"}", "curve"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
         "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
         "curve"},
        {"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" OKP_X "\"}", "Ed25519"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" OKP_X "\"}", "Ed25519"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "32 bytes"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", "32 bytes"},
        /* points of order 4 and 1, and no point at all */
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
         "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
         "sound"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
         "\"x\":\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
         "sound"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
         "\"x\":\"AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
         "sound"},
        {"{\"kty\":\"RSA\",\"n\":\"AQAB\"}", "RSA"},
        {"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "2048"},
        {"{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}", "RSA"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_jwks *keys = NULL;
        struct ot_error err = {0};
        OT_AUTOFREE char *with_good = ot_asprintf("%s,{" OKP_KEY "}", cases[i].key);

        if (read_keys(cases[i].key, &keys, &err) == 0)
            fail_msg("%s was taken", cases[i].key);
        if (strstr(err.message, "no key in it can be used") == NULL ||
            strstr(err.message, cases[i].why) == NULL)
            fail_msg("%s: %s", cases[i].key, err.message);
        assert_succeeds(read_keys(with_good, &keys, &err), err);
        assert_int_equal(keys->count, 1);
        assert_int_equal(keys->keys[0].algorithm, OT_JWS_EDDSA);
        ot_jwks_release(keys);
    }
}

/* An RSA key whose modulus is `bits` ones, with the exponent `e`, in hexadecimal. */
static bool takes_rsa(unsigned bits, bool odd, const char *e)
{
    OT_AUTOBUF struct ot_buf key = {0};
    OT_AUTOBUF struct ot_buf n = {0};
    struct ot_jwks *keys = NULL;
    struct ot_error err = {0};
    uint8_t exponent[32];
    size_t exponent_len;

    memset(ot_buf_reserve(&n, bits / 8 + 1), 0xff, bits / 8 + 1);
    n.len = (bits + 7) / 8;
    if (bits % 8 != 0)
        n.data[0] = (char)((1 << (bits % 8)) - 1);
    if (!odd)
        n.data[n.len - 1] = (char)0xfe;
    assert_int_equal(
        sodium_hex2bin(exponent, sizeof(exponent), e, strlen(e), NULL, &exponent_len, NULL), 0);
    ot_buf_puts(&key, "{\"kty\":\"RSA\",\"n\":\"");
    maker_put(&key, n.data, n.len);
    ot_buf_puts(&key, "\",\"e\":\"");
    maker_put(&key, exponent, exponent_len);
    ot_buf_puts(&key, "\"}");
    if (read_keys(key.data, &keys, &err) < 0)
        return false;
    ot_jwks_release(keys);
    return true;
}

static void sizes_of_rsa(void **state)
{
    (void)state;
    assert_true(takes_rsa(2048, true, "010001"));
    assert_true(takes_rsa(2048, true, "03"));
    assert_true(takes_rsa(8192, true, "010001"));
    assert_true(takes_rsa(4096, true, "ffffffffffffffff"));
    assert_false(takes_rsa(2047, true, "010001"));
    assert_false(takes_rsa(1024, true, "010001"));
    assert_false(takes_rsa(8193, true, "010001"));
    assert_false(takes_rsa(2048, false, "010001"));
    assert_false(takes_rsa(2048, true, "01"));
    assert_false(takes_rsa(2048, true, "00"));
    assert_false(takes_rsa(2048, true, "02"));
    assert_false(takes_rsa(2048, true, "010000"));
    assert_false(takes_rsa(2048, true, "01ffffffffffffffff"));
}

static void documents_refused(void **state)
{
    static const char *const documents[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":null}",
        "{\"keys\":[]}",
        "{\"keys\":[1]}",
        "{\"keys\":[null]}",
        "{\"keys\":[[{" EC_KEY "}]]}",
        "[{" EC_KEY "}]",
        "{" EC_KEY "}",
        "{\"keys\":[{" EC_KEY "}],\"keys\":[]}",
        "{\"keys\":[{" EC_KEY ",\"kid\":\"a\",\"kid\":\"b\"}]}",
        "{\"keys\":[{" EC_KEY "}]} x",
        "{\"keys\":[{" EC_KEY "},]}",
        "{\"keys\":[{" EC_KEY "}]",
        "{\"keys\":[{" EC_KEY ",\"kid\":\"\xff\"}]}",
        "<html>",
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(documents); i++) {
        struct ot_jwks *keys = NULL;
        struct ot_error err = {0};

        if (ot_jwks_read(ot_span_of(documents[i]), &keys, &err) == 0)
            fail_msg("%s was accepted", documents[i]);
        assert_int_equal(err.kind, OT_FAILED);
        assert_true(strlen(err.message) > 0);
    }
}

static void number_and_size(void **state)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_jwks *keys = NULL;
    struct ot_error err = {0};

    (void)state;
    for (unsigned i = 0; i < OT_JWKS_MAX_KEYS; i++)
        ot_buf_printf(&text, "%s{" OKP_KEY ",\"kid\":\"%u\"}", i > 0 ? "," : "", i);
    assert_succeeds(read_keys(text.data, &keys, &err), err);
    assert_int_equal(keys->count, OT_JWKS_MAX_KEYS);
    assert_string_equal(keys->keys[63].kid, "63");
    ot_jwks_release(keys);
    ot_buf_puts(&text, ",{}");
    assert_int_equal(read_keys(text.data, &keys, &err), -1);
    assert_non_null(strstr(err.message, "more than 64 keys"));

    ot_buf_clear(&text);
    ot_buf_puts(&text, "{\"keys\":[{" OKP_KEY "}]}");
    while (text.len < OT_JWKS_MAX_BYTES)
        ot_buf_putc(&text, ' ');
    assert_succeeds(ot_jwks_read(ot_buf_span(&text), &keys, &err), err);
    ot_jwks_release(keys);
    ot_buf_putc(&text, ' ');
    assert_int_equal(ot_jwks_read(ot_buf_span(&text), &keys, &err), -1);
}

static void other_members(void **state)
{
    struct ot_jwks *keys = NULL;
    struct ot_error err = {0};

    (void)state;
    assert_succeeds(ot_jwks_read(OT_SPAN("{\"cache\":-1.5e3,\"keys\":[{" EC_KEY ",\"iat\":1.5}],"
                                         "\"x\":{\"keys\":[]}}"),
                                 &keys, &err),
                    err);
    assert_int_equal(keys->count, 1);
    assert_null(keys->keys[0].kid);
    assert_ptr_equal(ot_jwks_hold(keys), keys);
    ot_jwks_release(keys);
    assert_int_equal(keys->count, 1); /* still there */
    ot_jwks_release(keys);
    ot_jwks_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken),           cmocka_unit_test(passed_over),
        cmocka_unit_test(sizes_of_rsa),    cmocka_unit_test(documents_refused),
        cmocka_unit_test(number_and_size), cmocka_unit_test(other_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
