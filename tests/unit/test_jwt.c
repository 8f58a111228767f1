/* Taking tokens apart, and what claims may say. */
#include "tests/unit/unit.h"

#include "gateway/jwt.h"
#include "tests/unit/jwt_maker.h"

#include <string.h>

#define NOW 1800000000u
#define GOOD_HEADER "{\"alg\":\"HS256\"}"

static bool parses(const char *token)
{
    struct ot_jwt jwt;

    return ot_jwt_parse(ot_span_of(token), &jwt);
}

static bool header_is_accepted(const char *header)
{
    OT_AUTOFREE char *token = maker_token(NULL, "secret", header, "{}");

    return parses(token);
}

static void parts(void **state)
{
    OT_AUTOFREE char *token =
        maker_token(NULL, "secret", "{\"alg\":\"HS256\",\"kid\":\"k\\u00e9y\"}", "{\"a\":1}");
    struct ot_jwt jwt;

    (void)state;
    assert_true(ot_jwt_parse(ot_span_of(token), &jwt));
    assert_int_equal(jwt.algorithm, OT_JWS_HS256);
    assert_true(jwt.has_kid);
    assert_true(ot_span_is(jwt.kid, "k\xc3\xa9y"));
    assert_true(ot_span_is(jwt.payload, "{\"a\":1}"));
    assert_int_equal(jwt.signature.len, 32);
    assert_ptr_equal(jwt.input.data, token);
    assert_int_equal(token[jwt.input.len], '.');
}

static void headers_accepted(void **state)
{
    static const char *const headers[] = {
        GOOD_HEADER,
        "{\"typ\":\"JWT\",\"alg\":\"RS256\"}",
        "{\"typ\":\"jwt\",\"alg\":\"ES256\",\"kid\":\"\"}",
        "{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\"}",
        "{\"typ\":\"AT+JWT\",\"alg\":\"Ed25519\"}",
        "{\"typ\":\"application/at+jwt\",\"alg\":\"HS256\"}",
        "{\"typ\":\"Application/JWT\",\"alg\":\"HS256\"}",
        " {\r\n\"alg\" : \"HS256\" , \"x\" : [1.5e3, null, {\"alg\":\"none\"}] } ",
        "{\"\\u0061lg\":\"HS256\"}",
        /* never looked at */
        "{\"alg\":\"HS256\",\"jku\":\"https://evil.example/"
        "\",\"jwk\":{\"kty\":\"oct\"},\"x5c\":[]}",
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(headers); i++) {
        if (!header_is_accepted(headers[i]))
            fail_msg("%s was refused", headers[i]);
    }
}

static void headers_refused(void **state)
{
    static const char *const headers[] = {
        "{}",
        "",
        "[]",
        "\"HS256\"",
        "null",
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"\"}",
        "{\"alg\":null}",
        "{\"alg\":[\"HS256\"]}",
        "{\"alg\":\"hs256\"}",
        "{\"alg\":\"HS512\"}",
        "{\"alg\":\"PS256\"}",
        "{\"Alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
        "{\"alg\":\"none\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"\\u0061lg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"x\":{\"y\":1,\"y\":2}}",
        "{\"alg\":\"HS256\",\"crit\":[]}",
        "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}",
        "{\"alg\":\"HS256\",\"crit\":null}",
        "{\"alg\":\"HS256\",\"typ\":\"JWE\"}",
        "{\"alg\":\"HS256\",\"typ\":\"\"}",
        "{\"alg\":\"HS256\",\"typ\":null}",
        "{\"alg\":\"HS256\",\"typ\":\"dpop+jwt\"}",
        "{\"alg\":\"HS256\",\"typ\":\"secevent+jwt\"}",
        "{\"alg\":\"HS256\",\"typ\":\"text/jwt\"}",
        "{\"alg\":\"HS256\",\"typ\":\"application/\"}",
        "{\"alg\":\"HS256\",\"kid\":7}",
        "{\"alg\":\"HS256\",\"kid\":null}",
        "{\"alg\":\"HS256\",\"kid\":\"a\\u0000b\"}",
        "{\"alg\":\"HS256\"}x",
        "{\"alg\":\"HS256\"}{}",
        "{\"alg\":\"HS256\",}",
        "{'alg':'HS256'}",
        "{\"alg\":\"HS256\",\"x\":01}",
        "{\"alg\":\"HS256\",\"x\":NaN}",
        "{\"alg\":\"HS256\",\"x\":\"\xff\"}",
        "\xef\xbb\xbf{\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"x\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}",
    };
    OT_AUTOBUF struct ot_buf large = {0};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(headers); i++) {
        if (header_is_accepted(headers[i]))
            fail_msg("%s was accepted", headers[i]);
    }
    ot_buf_puts(&large, "{\"alg\":\"HS256\",\"x\":\"");
    while (large.len < OT_JOSE_HEADER_MAX - 2)
        ot_buf_putc(&large, 'x');
    ot_buf_puts(&large, "\"}");
    assert_true(header_is_accepted(large.data));
    large.len -= 2;
    ot_buf_puts(&large, "x\"}");
    assert_false(header_is_accepted(large.data));
}

static void spellings_refused(void **state)
{
    /* {"alg":"HS256"} is eyJhbGciOiJIUzI1NiJ9, {} is e30 */
    static const char *const tokens[] = {
        "",
        ".",
        "..",
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJhbGciOiJIUzI1NiJ9.e30",
        "eyJhbGciOiJIUzI1NiJ9.e30.AAAA.",
        "eyJhbGciOiJIUzI1NiJ9.e30.AAAA.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30.AAAA.AAAA.AAAA",
        ".eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
        "eyJhbGciOiJIUzI1NiJ9..e30.AAAA",
        "eyJhbGciOiJIUzI1NiJ9=.e30.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30=.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30.AA==",
        "eyJhbGciOiJIUzI1NiJ9.e31.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30.AB",
        "eyJhbGciOiJIUzI1NiJ9.e30.A",
        "eyJhbGciOiJIUzI1NiJ9.e30.A+AA",
        "eyJhbGciOiJIUzI1NiJ9.e30.A/AA",
        "eyJhbGciOiJIUzI1NiJ9.e30.AA A",
        "eyJhbGciOiJIUzI1NiJ9.e30.AAA\n",
        " eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30.A%41A",
    };
    OT_AUTOBUF struct ot_buf large = {0};

    (void)state;
    assert_true(parses("eyJhbGciOiJIUzI1NiJ9.e30.AAAA"));
    assert_true(parses("eyJhbGciOiJIUzI1NiJ9.e30.")); /* its signature will not verify */
    for (size_t i = 0; i < OT_COUNT(tokens); i++) {
        if (parses(tokens[i]))
            fail_msg("\"%s\" was accepted", tokens[i]);
    }
    ot_buf_puts(&large, "eyJhbGciOiJIUzI1NiJ9.");
    while (large.len < OT_TOKEN_MAX - 5)
        ot_buf_putc(&large, 'A');
    large.len -= (large.len - 21) % 4;
    ot_buf_puts(&large, ".AAAA");
    assert_true(parses(large.data));
    while (large.len <= OT_TOKEN_MAX)
        ot_buf_putc(&large, 'A');
    assert_false(parses(large.data));
    ot_buf_clear(&large);
    ot_buf_puts(&large, "eyJhbGciOiJIUzI1NiJ9.e30.");
    for (unsigned i = 0; i < 1368; i++) /* 1,026 bytes */
        ot_buf_putc(&large, 'A');
    assert_false(parses(large.data));
}

static enum ot_claims_verdict check(const char *payload, const char *issuer, const char *audience)
{
    const struct ot_claim_rules rules = {.issuer = issuer, .audience = audience, .leeway_s = 30};
    OT_AUTOCLAIMS struct ot_claims claims = {0};

    return ot_claims_read(ot_span_of(payload), &rules, NOW, &claims);
}

static void claims_good(void **state)
{
    static const char *const payloads[] = {
        "{\"exp\":1800000001}",
        "{\"exp\":1799999971}", /* 29 s ago */
        "{\"exp\":1800000001.5}",
        "{\"exp\":9007199254740991}",
        "{\"exp\":1800000001,\"nbf\":1800000030,\"iat\":1800000030.999}",
        "{\"exp\":1800000001,\"nbf\":0,\"iat\":0}",
        "{\"exp\":1800000001,\"email\":null}",
        "{\"exp\":1800000001,\"role\":[\"a\"],\"aud\":[],\"app_metadata\":{\"n\":-1.5e3}}",
        "{\"exp\":1800000001,\"aud\":\"x\",\"iss\":\"y\"}",
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(payloads); i++) {
        if (check(payloads[i], NULL, NULL) != OT_CLAIMS_GOOD)
            fail_msg("%s was refused", payloads[i]);
    }
}

static void claims_expired(void **state)
{
    static const char *const payloads[] = {"{\"exp\":1799999970}", "{\"exp\":1799999970.9}",
                                           "{\"exp\":0}", "{\"iat\":1800000030,\"exp\":1}"};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(payloads); i++) {
        if (check(payloads[i], NULL, NULL) != OT_CLAIMS_EXPIRED)
            fail_msg("%s has not expired", payloads[i]);
    }
    /* what is wrong besides counts first */
    assert_int_equal(check("{\"exp\":1,\"nbf\":1800000031}", NULL, NULL), OT_CLAIMS_BAD);
    assert_int_equal(check("{\"exp\":1}", "me", NULL), OT_CLAIMS_BAD);
}

static void claims_bad(void **state)
{
    static const char *const payloads[] = {
        "",
        "{}",
        "[]",
        "null",
        "\"exp\"",
        "{\"sub\":\"u\"}",
        "{\"exp\":null}",
        "{\"exp\":true}",
        "{\"exp\":\"1800000001\"}",
        "{\"exp\":[1800000001]}",
        "{\"exp\":-1}",
        "{\"exp\":+1800000001}",
        "{\"exp\":1.9e9}",
        "{\"exp\":1e300}",
        "{\"exp\":1800000001.}",
        "{\"exp\":1800000001.5.5}",
        "{\"exp\":1800000001.5e3}",
        "{\"exp\":01800000001}",
        "{\"exp\":0x7fffffff}",
        "{\"exp\":Infinity}",
        "{\"exp\":9007199254740992}",
        "{\"exp\":18446744073709551615}",
        "{\"exp\":18446744073709551617}",
        "{\"exp\":1800000001,\"exp\":1900000000}",
        "{\"exp\":1800000001,\"\\u0065xp\":1900000000}",
        "{\"exp\":1800000001,\"a\":1,\"a\":1}",
        "{\"exp\":1800000001,\"nbf\":1800000031}",
        "{\"exp\":1800000001,\"nbf\":\"0\"}",
        "{\"exp\":1800000001,\"iat\":1800000031}",
        "{\"exp\":1800000001,\"iat\":null}",
        "{\"exp\":1800000001,\"sub\":1}",
        "{\"exp\":1800000001,\"sub\":null}",
        "{\"exp\":1800000001,\"sub\":\"\\ud800\"}",
        "{\"exp\":1800000001,\"sub\":\"a\\u0000b\"}",
        "{\"exp\":1800000001,\"email\":1}",
        "{\"exp\":1800000001,\"email\":nothing}",
        "{\"exp\":1800000001,\"iss\":1}",
        "{\"exp\":1800000001,\"aud\":1}",
        "{\"exp\":1800000001,\"aud\":[\"a\",1]}",
        "{\"exp\":1800000001,\"aud\":null}",
        "{\"exp\":1800000001}}",
        "{\"exp\":1800000001",
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(payloads); i++) {
        if (check(payloads[i], NULL, NULL) != OT_CLAIMS_BAD)
            fail_msg("%s was accepted", payloads[i]);
    }
}

static void issuer_and_audience(void **state)
{
    (void)state;
    assert_int_equal(check("{\"exp\":1800000001,\"iss\":\"me\"}", "me", NULL), OT_CLAIMS_GOOD);
    assert_int_equal(check("{\"exp\":1800000001,\"iss\":\"m\\u0065\"}", "me", NULL),
                     OT_CLAIMS_GOOD);
    assert_int_equal(check("{\"exp\":1800000001,\"iss\":\"Me\"}", "me", NULL), OT_CLAIMS_BAD);
    assert_int_equal(check("{\"exp\":1800000001,\"iss\":\"me/\"}", "me", NULL), OT_CLAIMS_BAD);
    assert_int_equal(check("{\"exp\":1800000001}", "me", NULL), OT_CLAIMS_BAD);
    assert_int_equal(check("{\"exp\":1800000001,\"aud\":\"api\"}", NULL, "api"), OT_CLAIMS_GOOD);
    assert_int_equal(check("{\"exp\":1800000001,\"aud\":[\"x\",\"api\"]}", NULL, "api"),
                     OT_CLAIMS_GOOD);
    assert_int_equal(check("{\"exp\":1800000001,\"aud\":[\"api\",\"x\"]}", NULL, "api"),
                     OT_CLAIMS_GOOD);
    assert_int_equal(check("{\"exp\":1800000001,\"aud\":[\"x\",\"apis\"]}", NULL, "api"),
                     OT_CLAIMS_BAD);
    assert_int_equal(check("{\"exp\":1800000001,\"aud\":[]}", NULL, "api"), OT_CLAIMS_BAD);
    assert_int_equal(check("{\"exp\":1800000001,\"aud\":[[\"api\"]]}", NULL, "api"), OT_CLAIMS_BAD);
    assert_int_equal(check("{\"exp\":1800000001,\"aud\":\"x\"}", NULL, "api"), OT_CLAIMS_BAD);
    assert_int_equal(check("{\"exp\":1800000001}", NULL, "api"), OT_CLAIMS_BAD);
}

static void values_of_claims(void **state)
{
    const struct ot_claim_rules rules = {.leeway_s = 30};
    OT_AUTOCLAIMS struct ot_claims claims = {0};
    OT_AUTOCLAIMS struct ot_claims service = {0};
    OT_AUTOCLAIMS struct ot_claims user = {0};

    (void)state;
    assert_int_equal(ot_claims_read(OT_SPAN("{\"sub\":\"\\u043c\\u0438\\u0440\",\"email\":\"a@b\","
                                            "\"exp\":1800000001.9}"),
                                    &rules, NOW, &claims),
                     OT_CLAIMS_GOOD);
    assert_string_equal(claims.subject.data, "\xd0\xbc\xd0\xb8\xd1\x80");
    assert_string_equal(claims.email.data, "a@b");
    assert_int_equal(claims.expires_s, 1800000001);
    assert_false(claims.is_service);
    assert_int_equal(ot_claims_read(OT_SPAN("{\"role\":\"service_role\",\"exp\":1800000001}"),
                                    &rules, NOW, &service),
                     OT_CLAIMS_GOOD);
    assert_true(service.is_service);
    assert_int_equal(service.subject.len, 0);
    /* only at the top */
    assert_int_equal(ot_claims_read(OT_SPAN("{\"user_metadata\":{\"role\":\"service_role\",\"sub\":"
                                            "\"x\"},\"role\":[\"service_role\"],"
                                            "\"exp\":1800000001}"),
                                    &rules, NOW, &user),
                     OT_CLAIMS_GOOD);
    assert_false(user.is_service);
    assert_int_equal(user.subject.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts),
        cmocka_unit_test(headers_accepted),
        cmocka_unit_test(headers_refused),
        cmocka_unit_test(spellings_refused),
        cmocka_unit_test(claims_good),
        cmocka_unit_test(claims_expired),
        cmocka_unit_test(claims_bad),
        cmocka_unit_test(issuer_and_audience),
        cmocka_unit_test(values_of_claims),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
