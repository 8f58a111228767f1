/* Who is calling: algorithms and their keys, the service key, key sets that change, weak secrets.
 */
#include "tests/unit/unit.h"

#include "base/process.h"
#include "gateway/auth.h"
#include "tests/unit/http_answers.h"
#include "tests/unit/jwt_maker.h"

#include <openssl/x509.h>
#include <string.h>

#define NOW 1800000000u
#define SECRET "0123456789abcdefghijklmnopqrstuv"
#define CLAIMS "{\"sub\":\"u1\",\"exp\":1800000100}"
#define HS256 "{\"alg\":\"HS256\"}"

struct fixture {
    char *dir, *jwks;
    EVP_PKEY *rsa, *ec, *ed, *p384, *other_ec;
    struct ot_token_cache *cache;
    struct http_answers server;
};

static void write_file(const char *path, const char *text)
{
    struct ot_error err = {0};

    assert_succeeds(unit_write_file(path, ot_span_of(text), 0600, false, &err), err);
}

static int set_up(void **state)
{
    struct fixture *all = ot_alloc(1, sizeof(*all));
    OT_AUTOBUF struct ot_buf keys = {0};

    all->dir = unit_make_dir();
    all->jwks = ot_asprintf("%s/jwks.json", all->dir);
    all->rsa = maker_key("RSA");
    all->ec = maker_key("EC");
    all->ed = maker_key("ED25519");
    all->p384 = maker_key("P384");
    all->other_ec = maker_key("EC");
    all->cache = ot_token_cache_new(16);
    ot_buf_puts(&keys, "{\"keys\":[");
    maker_jwk(&keys, all->rsa, "\"kid\":\"rsa\"");
    ot_buf_putc(&keys, ',');
    maker_jwk(&keys, all->ec, "\"kid\":\"ec\",\"use\":\"sig\"");
    ot_buf_putc(&keys, ',');
    maker_jwk(&keys, all->ed, "\"kid\":\"ed\",\"alg\":\"EdDSA\"");
    ot_buf_putc(&keys, ',');
    maker_jwk(&keys, all->p384, "\"kid\":\"p384\"");
    ot_buf_puts(&keys, "]}");
    write_file(all->jwks, keys.data);
    http_answers_start(&all->server);
    *state = all;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *all = *state;

    http_answers_stop(&all->server);
    ot_token_cache_free(all->cache);
    EVP_PKEY_free(all->rsa);
    EVP_PKEY_free(all->ec);
    EVP_PKEY_free(all->ed);
    EVP_PKEY_free(all->p384);
    EVP_PKEY_free(all->other_ec);
    free(all->jwks);
    unit_remove_dir(all->dir);
    free(all);
    return 0;
}

static struct ot_auth *make(const char *secret, const char *service_key, const char *jwks)
{
    const struct ot_auth_options options = {
        .jwt_secret = secret, .service_key = service_key, .jwks = jwks};
    struct ot_auth *auth = NULL;
    struct ot_error err = {0};

    assert_succeeds(ot_auth_make(&options, &auth, &err), err);
    return auth;
}

static enum ot_auth_verdict check(struct ot_auth *auth, struct ot_token_cache *cache,
                                  const char *token)
{
    OT_AUTOFREE char *field = ot_asprintf("Bearer %s", token);
    struct ot_identity identity;

    return ot_auth_check(auth, cache, ot_span_of(field), true, NOW, &identity);
}

/* Makes a token, checks it and frees it. */
static enum ot_auth_verdict check_made(struct ot_auth *auth, struct ot_token_cache *cache,
                                       EVP_PKEY *key, const char *secret, const char *header)
{
    OT_AUTOFREE char *token = maker_token(key, secret, header, CLAIMS);

    return check(auth, cache, token);
}

static void schemes(void **state)
{
    static const struct {
        const char *before, *after;
        enum ot_auth_verdict verdict;
    } cases[] = {
        {"Bearer ", "", OT_AUTH_OK},
        {"bearer ", "", OT_AUTH_OK},
        {"BEARER   ", " \t", OT_AUTH_OK},
        {"  Bearer ", "", OT_AUTH_OK},
        {"", "", OT_AUTH_NONE},
        {"Basic ", "", OT_AUTH_NONE},
        {"Bearer", "", OT_AUTH_NONE},
        {"Bearer: ", "", OT_AUTH_NONE},
        {"Bearer Bearer ", "", OT_AUTH_INVALID},
        {"Bearer \"", "\"", OT_AUTH_INVALID},
        {"Bearer ", ", Bearer x", OT_AUTH_INVALID},
    };
    static const char *const none[] = {"", "Bearer", "Bearer ", "bearer   ", "x", "Negotiate x"};
    struct fixture *all = *state;
    OT_AUTOFREE char *token = maker_token(NULL, SECRET, HS256, CLAIMS);
    struct ot_auth *auth = make(SECRET, NULL, NULL);
    struct ot_identity identity;

    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *field = ot_asprintf("%s%s%s", cases[i].before, token, cases[i].after);

        if (ot_auth_check(auth, all->cache, ot_span_of(field), true, NOW, &identity) !=
            cases[i].verdict)
            fail_msg("%s...%s: another verdict than %d", cases[i].before, cases[i].after,
                     cases[i].verdict);
    }
    for (size_t i = 0; i < OT_COUNT(none); i++)
        assert_int_equal(ot_auth_check(auth, all->cache, ot_span_of(none[i]), true, NOW, &identity),
                         OT_AUTH_NONE);
    assert_int_equal(
        ot_auth_check(auth, all->cache, (struct ot_span){NULL, 0}, true, NOW, &identity),
        OT_AUTH_NONE);
    ot_auth_free(auth);
}

static void who_it_is(void **state)
{
    static const char payload[] =
        "{\"sub\":\"\xd0\xbc a/b\",\"email\":\"a+b@c.d\",\"exp\":1800000100}";
    struct fixture *all = *state;
    OT_AUTOFREE char *token = maker_token(NULL, SECRET, HS256, payload);
    OT_AUTOFREE char *field = ot_asprintf("Bearer %s", token);
    OT_AUTOFREE char *lines = ot_asprintf(
        "x-1tube-auth-user: %%D0%%BC%%20a%%2Fb\r\n"
        "x-1tube-auth-email: a%%2Bb%%40c.d\r\n"
        "x-1tube-auth-token: %s\r\n"
        "x-1tube-auth-payload: %%7B%%22sub%%22%%3A%%22%%D0%%BC%%20a%%2Fb%%22%%2C%%22email%%22%%3A"
        "%%22a%%2Bb%%40c.d%%22%%2C%%22exp%%22%%3A1800000100%%7D\r\n",
        token);
    struct ot_auth *auth = make(SECRET, NULL, NULL);
    struct ot_identity identity = {0};

    assert_int_equal(ot_auth_check(auth, all->cache, ot_span_of(field), false, NOW, &identity),
                     OT_AUTH_UNCACHED);
    for (unsigned i = 0; i < 2; i++) { /* verified, and then from the cache */
        assert_int_equal(ot_auth_check(auth, all->cache, ot_span_of(field), i == 0, NOW, &identity),
                         OT_AUTH_OK);
        assert_true(ot_span_is(identity.user, "\xd0\xbc a/b"));
        assert_false(identity.is_service);
        assert_int_equal(identity.headers.len, strlen(lines));
        assert_memory_equal(identity.headers.data, lines, strlen(lines));
    }
    /* in the cache, and still over when its time is over */
    assert_int_equal(
        ot_auth_check(auth, all->cache, ot_span_of(field), true, 1800000129, &identity),
        OT_AUTH_OK);
    assert_int_equal(
        ot_auth_check(auth, all->cache, ot_span_of(field), true, 1800000130, &identity),
        OT_AUTH_EXPIRED);
    assert_int_equal(
        ot_auth_check(auth, all->cache, ot_span_of(field), true, 1800000130, &identity),
        OT_AUTH_EXPIRED);
    ot_auth_free(auth);
}

static void line_breaks_stay_in_the_value(void **state)
{
    struct fixture *all = *state;
    OT_AUTOFREE char *token = maker_token(
        NULL, SECRET, HS256, "{\"sub\":\"a\\r\\nx-1tube-auth-user: b\",\"exp\":\r\n1800000100}");
    OT_AUTOFREE char *field = ot_asprintf("Bearer %s", token);
    struct ot_auth *auth = make(SECRET, NULL, NULL);
    struct ot_identity identity = {0};
    size_t lines = 0;

    assert_int_equal(ot_auth_check(auth, all->cache, ot_span_of(field), true, NOW, &identity),
                     OT_AUTH_OK);
    for (size_t i = 0; i < identity.headers.len; i++)
        lines += identity.headers.data[i] == '\n';
    assert_int_equal(lines, 4);
    assert_true(ot_span_starts(identity.headers, "x-1tube-auth-user: a%0D%0Ax-1tube"));
    ot_auth_free(auth);
}

static void too_long_for_headers(void **state)
{
    struct fixture *all = *state;
    struct ot_auth *auth = make(SECRET, NULL, NULL);
    OT_AUTOBUF struct ot_buf payload = {0};
    struct ot_identity identity;
    OT_AUTOFREE char *fits = NULL;
    OT_AUTOFREE char *token = NULL;

    /* each blank takes three characters */
    ot_buf_puts(&payload, "{\"exp\":1800000100}");
    while (payload.len < 5000)
        ot_buf_putc(&payload, ' ');
    fits = maker_token(NULL, SECRET, HS256, payload.data);
    assert_int_equal(check(auth, all->cache, fits), OT_AUTH_OK);
    while (payload.len < 6000)
        ot_buf_putc(&payload, ' ');
    token = maker_token(NULL, SECRET, HS256, payload.data);
    assert_true(strlen(token) <= OT_TOKEN_MAX);
    assert_int_equal(check(auth, all->cache, token), OT_AUTH_INVALID);
    /* and this one is not even looked for in the cache */
    ot_buf_clear(&payload);
    ot_buf_puts(&payload, "Bearer ");
    while (payload.len < 7 + OT_TOKEN_MAX)
        ot_buf_putc(&payload, 'x');
    assert_int_equal(ot_auth_check(auth, all->cache, ot_buf_span(&payload), false, NOW, &identity),
                     OT_AUTH_UNCACHED);
    ot_buf_putc(&payload, 'x');
    assert_int_equal(ot_auth_check(auth, all->cache, ot_buf_span(&payload), false, NOW, &identity),
                     OT_AUTH_INVALID);
    ot_auth_free(auth);
}

static void each_algorithm(void **state)
{
    struct fixture *all = *state;
    struct ot_auth *auth = make(SECRET, NULL, all->jwks);
    const struct {
        EVP_PKEY *key;
        const char *secret, *header;
        enum ot_auth_verdict verdict;
    } cases[] = {
        {NULL, SECRET, HS256, OT_AUTH_OK},
        {NULL, SECRET, "{\"alg\":\"HS256\",\"kid\":\"anything\"}", OT_AUTH_OK},
        {all->rsa, NULL, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", OT_AUTH_OK},
        {all->rsa, NULL, "{\"alg\":\"RS256\"}", OT_AUTH_OK},
        {all->ec, NULL, "{\"alg\":\"ES256\",\"kid\":\"ec\"}", OT_AUTH_OK},
        {all->ec, NULL, "{\"alg\":\"ES256\"}", OT_AUTH_OK},
        {all->ed, NULL, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", OT_AUTH_OK},
        {all->ed, NULL, "{\"alg\":\"EdDSA\"}", OT_AUTH_OK},
        {all->ed, NULL, "{\"alg\":\"Ed25519\"}", OT_AUTH_OK},
        /* the right key under another name or algorithm */
        {all->rsa, NULL, "{\"alg\":\"RS256\",\"kid\":\"ec\"}", OT_AUTH_INVALID},
        {all->rsa, NULL, "{\"alg\":\"RS256\",\"kid\":\"p384\"}", OT_AUTH_INVALID},
        {all->rsa, NULL, "{\"alg\":\"RS256\",\"kid\":\"RSA\"}", OT_AUTH_INVALID},
        {all->rsa, NULL, "{\"alg\":\"RS256\",\"kid\":\"\"}", OT_AUTH_INVALID},
        {all->rsa, NULL, "{\"alg\":\"RS256\",\"kid\":\"rsa \"}", OT_AUTH_INVALID},
        {all->rsa, NULL, "{\"alg\":\"ES256\",\"kid\":\"rsa\"}", OT_AUTH_INVALID},
        {all->rsa, NULL, "{\"alg\":\"HS256\",\"kid\":\"rsa\"}", OT_AUTH_INVALID},
        {all->rsa, NULL, "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", OT_AUTH_INVALID},
        {all->rsa, NULL, "{\"alg\":\"RS512\",\"kid\":\"rsa\"}", OT_AUTH_INVALID},
        {all->rsa, NULL, "{\"alg\":\"none\",\"kid\":\"rsa\"}", OT_AUTH_INVALID},
        {all->ec, NULL, "{\"alg\":\"EdDSA\",\"kid\":\"ec\"}", OT_AUTH_INVALID},
        {all->ec, NULL, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", OT_AUTH_INVALID},
        {all->ec, NULL, "{\"alg\":\"ES384\",\"kid\":\"ec\"}", OT_AUTH_INVALID},
        {all->ed, NULL, "{\"alg\":\"ES256\",\"kid\":\"ed\"}", OT_AUTH_INVALID},
        {all->ed, NULL, "{\"alg\":\"ES256\"}", OT_AUTH_INVALID},
        {all->ed, NULL, "{\"alg\":\"eddsa\",\"kid\":\"ed\"}", OT_AUTH_INVALID},
        /* a curve that is not accepted, and a key that is not in the set */
        {all->p384, NULL, "{\"alg\":\"ES384\",\"kid\":\"p384\"}", OT_AUTH_INVALID},
        {all->p384, NULL, "{\"alg\":\"ES256\",\"kid\":\"p384\"}", OT_AUTH_INVALID},
        {all->p384, NULL, "{\"alg\":\"ES256\"}", OT_AUTH_INVALID},
        {all->other_ec, NULL, "{\"alg\":\"ES256\",\"kid\":\"ec\"}", OT_AUTH_INVALID},
        {all->other_ec, NULL, "{\"alg\":\"ES256\"}", OT_AUTH_INVALID},
        /* the key that comes with the token is nobody's */
        {all->other_ec, NULL,
         "{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\",\"y\":\"\"}}",
         OT_AUTH_INVALID},
        {all->other_ec, NULL, "{\"alg\":\"ES256\",\"jku\":\"https://evil.example/jwks\"}",
         OT_AUTH_INVALID},
        /* secrets that are none */
        {NULL, "", HS256, OT_AUTH_INVALID},
        {NULL, "0123456789abcdefghijklmnopqrstuw", HS256, OT_AUTH_INVALID},
        {NULL, SECRET "x", HS256, OT_AUTH_INVALID},
        {NULL, SECRET, "{\"alg\":\"HS384\"}", OT_AUTH_INVALID},
        {NULL, SECRET, "{\"alg\":\"none\"}", OT_AUTH_INVALID},
        {NULL, SECRET, "{\"alg\":\"RS256\"}", OT_AUTH_INVALID},
        {NULL, SECRET, "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", OT_AUTH_INVALID},
        {NULL, SECRET, "{\"alg\":\"HS256\",\"typ\":\"id_token+jwt\"}", OT_AUTH_INVALID},
        {NULL, SECRET, "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", OT_AUTH_INVALID},
    };

    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        enum ot_auth_verdict verdict =
            check_made(auth, all->cache, cases[i].key, cases[i].secret, cases[i].header);

        if (verdict != cases[i].verdict)
            fail_msg("case %zu, %s: verdict %d, not %d", i, cases[i].header, verdict,
                     cases[i].verdict);
    }
    ot_auth_free(auth);
}

/* The public key is no secret: whatever form of it HS256 is keyed with. */
static void public_key_as_secret(void **state)
{
    struct fixture *all = *state;
    struct ot_auth *both = make(SECRET, NULL, all->jwks);
    struct ot_auth *keys_only = make(NULL, NULL, all->jwks);
    EVP_PKEY *keys[] = {all->rsa, all->ec, all->ed};

    for (size_t i = 0; i < OT_COUNT(keys); i++) {
        OT_AUTOBUF struct ot_buf jwk = {0};
        unsigned char *der = NULL;
        int len = i2d_PUBKEY(keys[i], &der);
        uint8_t signature[1024];
        OT_AUTOBUF struct ot_buf token = {0};
        size_t size;

        maker_put(&token, HS256, strlen(HS256));
        ot_buf_putc(&token, '.');
        maker_put(&token, CLAIMS, strlen(CLAIMS));
        size = maker_sign(NULL, (struct ot_span){(const char *)der, (size_t)len},
                          ot_buf_span(&token), signature);
        ot_buf_putc(&token, '.');
        maker_put(&token, signature, size);
        assert_int_equal(check(both, all->cache, token.data), OT_AUTH_INVALID);
        assert_int_equal(check(keys_only, all->cache, token.data), OT_AUTH_INVALID);
        maker_jwk(&jwk, keys[i], "");
        assert_int_equal(check_made(both, all->cache, NULL, jwk.data, HS256), OT_AUTH_INVALID);
        OPENSSL_free(der);
    }
    /* with no secret at all HS256 is never accepted, nor with an empty one */
    assert_int_equal(check_made(keys_only, all->cache, NULL, "", HS256), OT_AUTH_INVALID);
    assert_int_equal(check_made(keys_only, all->cache, NULL, SECRET, HS256), OT_AUTH_INVALID);
    ot_auth_free(keys_only);
    keys_only = make("", "", all->jwks);
    assert_int_equal(check_made(keys_only, all->cache, NULL, "", HS256), OT_AUTH_INVALID);
    ot_auth_free(keys_only);
    ot_auth_free(both);
}

static void altered_tokens(void **state)
{
    struct fixture *all = *state;
    struct ot_auth *auth = make(SECRET, NULL, all->jwks);
    char *tokens[] = {
        maker_token(NULL, SECRET, HS256, CLAIMS),
        maker_token(all->ec, NULL, "{\"alg\":\"ES256\"}", CLAIMS),
        maker_token(all->ed, NULL, "{\"alg\":\"EdDSA\"}", CLAIMS),
        maker_token(all->rsa, NULL, "{\"alg\":\"RS256\"}", CLAIMS),
    };

    for (size_t i = 0; i < OT_COUNT(tokens); i++) {
        size_t len = strlen(tokens[i]);
        char before = tokens[i][len - 1];

        assert_int_equal(check(auth, all->cache, tokens[i]), OT_AUTH_OK);
        for (size_t at = 0; at < len; at += 7) {
            char kept = tokens[i][at];

            tokens[i][at] = kept == 'A' ? 'B' : 'A';
            assert_int_not_equal(check(auth, all->cache, tokens[i]), OT_AUTH_OK);
            tokens[i][at] = kept;
        }
        /* the last character holds bits that do not count: they must be zero */
        for (const char *c = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
             *c != '\0'; c++) {
            tokens[i][len - 1] = *c;
            if (*c != before)
                assert_int_equal(check(auth, all->cache, tokens[i]), OT_AUTH_INVALID);
        }
        tokens[i][len - 1] = before;
        tokens[i][len / 2] = '\0';
        assert_int_equal(check(auth, all->cache, tokens[i]), OT_AUTH_INVALID);
    }
    for (size_t i = 0; i < OT_COUNT(tokens); i++)
        free(tokens[i]);
    ot_auth_free(auth);
}

static void failures_are_not_cached(void **state)
{
    struct ot_token_cache *cache = ot_token_cache_new(4);
    struct ot_auth *auth = make(SECRET, NULL, NULL);
    OT_AUTOFREE char *good = maker_token(NULL, SECRET, HS256, CLAIMS);
    OT_AUTOFREE char *field = ot_asprintf("Bearer %s", good);
    struct ot_identity identity;

    (void)state;
    assert_int_equal(check(auth, cache, good), OT_AUTH_OK);
    for (unsigned i = 0; i < 100; i++) {
        OT_AUTOFREE char *claims = ot_asprintf("{\"sub\":\"%u\",\"exp\":1800000100}", i);
        OT_AUTOFREE char *bad = maker_token(NULL, "another secret", HS256, claims);

        assert_int_equal(check(auth, cache, bad), OT_AUTH_INVALID);
    }
    assert_int_equal(ot_auth_check(auth, cache, ot_span_of(field), false, NOW, &identity),
                     OT_AUTH_OK);
    ot_auth_free(auth);
    ot_token_cache_free(cache);
}

static void another_secret_is_seen_at_once(void **state)
{
    struct fixture *all = *state;
    struct ot_auth *first = make(SECRET, NULL, NULL);
    struct ot_auth *second = make("another secret of the same kind!", NULL, NULL);
    OT_AUTOFREE char *token = maker_token(NULL, SECRET, HS256, CLAIMS);

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(check(first, all->cache, token), OT_AUTH_OK);
        assert_int_equal(check(second, all->cache, token), OT_AUTH_INVALID);
    }
    ot_auth_free(first);
    ot_auth_free(second);
}

static void service_key(void **state)
{
    static const char key[] = "sb_secret_+/=~ not a token";
    struct fixture *all = *state;
    struct ot_auth *auth = make(SECRET, key, NULL);
    struct ot_auth *without = make(SECRET, NULL, NULL);
    OT_AUTOFREE char *field = ot_asprintf("Bearer %s", key);
    OT_AUTOFREE char *longer = ot_asprintf("%sx", key);
    OT_AUTOFREE char *shorter = ot_strndup(key, sizeof(key) - 2);
    struct ot_identity identity = {0};

    assert_int_equal(ot_auth_check(auth, all->cache, ot_span_of(field), false, NOW, &identity),
                     OT_AUTH_OK);
    assert_true(identity.is_service);
    assert_int_equal(identity.user.len, 0);
    assert_true(ot_span_is(identity.headers,
                           "x-1tube-auth-user: \r\nx-1tube-auth-email: \r\n"
                           "x-1tube-auth-token: sb_secret_%2B%2F%3D~%20not%20a%20token\r\n"
                           "x-1tube-auth-payload: "
                           "%7B%22role%22%3A%22service_role%22%2C%22exp%22%3A1800003600%7D\r\n"));
    assert_int_equal(check(auth, all->cache, longer), OT_AUTH_INVALID);
    assert_int_equal(check(auth, all->cache, shorter), OT_AUTH_INVALID);
    assert_int_equal(check(auth, all->cache, "SB_SECRET_+/=~ not a token"), OT_AUTH_INVALID);
    assert_int_equal(check(without, all->cache, key), OT_AUTH_INVALID);
    ot_auth_free(auth);
    ot_auth_free(without);
}

static void service_role_in_a_token(void **state)
{
    struct fixture *all = *state;
    struct ot_auth *auth = make(SECRET, NULL, NULL);
    OT_AUTOFREE char *token =
        maker_token(NULL, SECRET, HS256, "{\"role\":\"service_role\",\"exp\":1800000100}");
    OT_AUTOFREE char *field = ot_asprintf("Bearer %s", token);
    struct ot_identity identity = {0};

    assert_int_equal(ot_auth_check(auth, all->cache, ot_span_of(field), true, NOW, &identity),
                     OT_AUTH_OK);
    assert_true(identity.is_service);
    assert_int_equal(ot_auth_check(auth, all->cache, ot_span_of(field), false, NOW, &identity),
                     OT_AUTH_OK);
    assert_true(identity.is_service);
    assert_int_equal(identity.user.len, 0);
    ot_auth_free(auth);
}

/* A token without a key's name is tried with at most eight keys. */
static void many_keys_without_names(void **state)
{
    struct fixture *all = *state;
    OT_AUTOBUF struct ot_buf keys = {0};
    struct ot_auth *auth;

    ot_buf_puts(&keys, "{\"keys\":[");
    for (unsigned i = 0; i < 7; i++) {
        EVP_PKEY *key = maker_key("EC");

        maker_jwk(&keys, key, "");
        ot_buf_putc(&keys, ',');
        EVP_PKEY_free(key);
    }
    maker_jwk(&keys, all->ec, "");
    ot_buf_putc(&keys, ',');
    maker_jwk(&keys, all->other_ec, "\"kid\":\"ninth\"");
    ot_buf_puts(&keys, "]}");
    write_file(all->jwks, keys.data);
    auth = make(NULL, NULL, all->jwks);
    assert_int_equal(check_made(auth, all->cache, all->ec, NULL, "{\"alg\":\"ES256\"}"),
                     OT_AUTH_OK);
    assert_int_equal(check_made(auth, all->cache, all->other_ec, NULL, "{\"alg\":\"ES256\"}"),
                     OT_AUTH_INVALID);
    assert_int_equal(
        check_made(auth, all->cache, all->other_ec, NULL, "{\"alg\":\"ES256\",\"kid\":\"ninth\"}"),
        OT_AUTH_OK);
    ot_auth_free(auth);
}

static void put_key_set(struct ot_buf *out, EVP_PKEY *key, const char *more)
{
    ot_buf_clear(out);
    ot_buf_puts(out, "{\"keys\":[");
    maker_jwk(out, key, more);
    ot_buf_puts(out, "]}");
}

static void key_set_from_a_url(void **state)
{
    static const char header[] = "{\"alg\":\"ES256\",\"kid\":\"a\"}";
    struct fixture *all = *state;
    struct ot_auth *auth = make(NULL, NULL, all->server.url);
    OT_AUTOBUF struct ot_buf keys = {0};
    struct ot_error err = {0};
    uint64_t later;

    /* before the first one is there */
    assert_true(ot_auth_is_usable(auth));
    assert_true(ot_auth_wants_refresh(auth, (uint64_t)ot_now_ms()));
    assert_int_equal(check_made(auth, all->cache, all->ec, NULL, header), OT_AUTH_PENDING);
    assert_int_equal(ot_auth_epoch(auth), 0);

    put_key_set(&keys, all->ec, "\"kid\":\"a\"");
    http_answers_set(&all->server, "200 OK", ot_buf_span(&keys));
    assert_succeeds(ot_auth_refresh(auth, &err), err);
    assert_int_equal(ot_auth_epoch(auth), 1);
    assert_int_equal(check_made(auth, all->cache, all->ec, NULL, header), OT_AUTH_OK);

    /* another key: nothing can be hoped for until 10 s later */
    assert_int_equal(
        check_made(auth, all->cache, all->other_ec, NULL, "{\"alg\":\"ES256\",\"kid\":\"b\"}"),
        OT_AUTH_INVALID);
    later = (uint64_t)ot_now_ms();
    assert_false(ot_auth_wants_refresh(auth, later));
    assert_false(ot_auth_wants_refresh(auth, later + 11000));
    assert_false(ot_auth_wants_refresh(auth, later + 590000));
    assert_true(ot_auth_wants_refresh(auth, later + 600001));

    /* a bad document keeps the old keys */
    http_answers_set(&all->server, "200 OK", OT_SPAN("{\"keys\":[]}"));
    assert_int_equal(ot_auth_refresh(auth, &err), -1);
    assert_int_equal(err.kind, OT_FAILED);
    assert_int_equal(ot_auth_epoch(auth), 2);
    http_answers_set(&all->server, "500 Oh", ot_buf_span(&keys));
    assert_int_equal(ot_auth_refresh(auth, &err), -1);
    assert_int_equal(check_made(auth, all->cache, all->ec, NULL, header), OT_AUTH_OK);

    /* a new one replaces them, cached or not */
    put_key_set(&keys, all->other_ec, "\"kid\":\"a\"");
    http_answers_set(&all->server, "200 OK", ot_buf_span(&keys));
    assert_succeeds(ot_auth_refresh(auth, &err), err);
    assert_int_equal(check_made(auth, all->cache, all->ec, NULL, header), OT_AUTH_INVALID);
    assert_int_equal(check_made(auth, all->cache, all->other_ec, NULL, header), OT_AUTH_OK);
    ot_auth_free(auth);
}

static void *refresh(void *auth)
{
    struct ot_error err = {0};

    return ot_auth_refresh(auth, &err) == 0 ? auth : NULL;
}

/* While keys are on their way, only a token whose key could be among them waits. */
static void while_keys_are_fetched(void **state)
{
    static const char unknown[] = "{\"alg\":\"ES256\",\"kid\":\"new\"}";
    struct fixture *all = *state;
    struct ot_auth *auth = make(NULL, NULL, all->server.url);
    OT_AUTOBUF struct ot_buf keys = {0};
    struct ot_error err = {0};
    void *refreshed = NULL;
    pthread_t thread;

    put_key_set(&keys, all->ec, "\"kid\":\"old\"");
    http_answers_set(&all->server, "200 OK", ot_buf_span(&keys));
    assert_succeeds(ot_auth_refresh(auth, &err), err);
    assert_int_equal(check_made(auth, all->cache, all->ec, NULL, unknown), OT_AUTH_INVALID);
    put_key_set(&keys, all->ec, "\"kid\":\"new\"");
    http_answers_set(&all->server, "200 OK", ot_buf_span(&keys));

    pthread_mutex_lock(&all->server.lock); /* it does not answer */
    assert_int_equal(pthread_create(&thread, NULL, refresh, auth), 0);
    while (check_made(auth, all->cache, all->ec, NULL, unknown) != OT_AUTH_PENDING)
        usleep(1000);
    assert_int_equal(
        check_made(auth, all->cache, all->ec, NULL, "{\"alg\":\"ES256\",\"kid\":\"old\"}"),
        OT_AUTH_OK);
    assert_int_equal(
        check_made(auth, all->cache, all->rsa, NULL, "{\"alg\":\"RS256\",\"kid\":\"old\"}"),
        OT_AUTH_INVALID);
    assert_int_equal(check_made(auth, all->cache, all->other_ec, NULL, "{\"alg\":\"ES256\"}"),
                     OT_AUTH_INVALID);
    assert_false(ot_auth_wants_refresh(auth, (uint64_t)ot_now_ms() + 700000));
    pthread_mutex_unlock(&all->server.lock);
    pthread_join(thread, &refreshed);
    assert_ptr_equal(refreshed, auth);
    assert_int_equal(check_made(auth, all->cache, all->ec, NULL, unknown), OT_AUTH_OK);
    ot_auth_free(auth);
}

static void the_same_document_keeps_the_cache(void **state)
{
    struct fixture *all = *state;
    struct ot_auth *auth = make(NULL, NULL, all->jwks);
    OT_AUTOFREE char *token = maker_token(all->ec, NULL, "{\"alg\":\"ES256\"}", CLAIMS);
    OT_AUTOFREE char *field = ot_asprintf("Bearer %s", token);
    OT_AUTOBUF struct ot_buf keys = {0};
    struct ot_identity identity;
    struct ot_error err = {0};

    assert_int_equal(check(auth, all->cache, token), OT_AUTH_OK);
    assert_succeeds(ot_auth_refresh(auth, &err), err);
    assert_int_equal(ot_auth_check(auth, all->cache, ot_span_of(field), false, NOW, &identity),
                     OT_AUTH_OK);
    put_key_set(&keys, all->ec, "\"kid\":\"other name\"");
    write_file(all->jwks, keys.data);
    assert_succeeds(ot_auth_refresh(auth, &err), err);
    assert_int_equal(ot_auth_check(auth, all->cache, ot_span_of(field), false, NOW, &identity),
                     OT_AUTH_UNCACHED);
    ot_auth_free(auth);
}

/* Key sets are replaced while other threads verify with them. */
struct racer {
    struct ot_auth *auth;
    const char *token;
    _Atomic bool stop;
    unsigned checked;
    bool bad;
};

static void *verify_all_the_time(void *context)
{
    struct racer *racer = context;
    struct ot_token_cache *cache = ot_token_cache_new(4);

    while (!racer->stop || racer->checked < 50) {
        enum ot_auth_verdict verdict = check(racer->auth, cache, racer->token);

        racer->bad = racer->bad || verdict != OT_AUTH_OK;
        racer->checked++;
    }
    ot_token_cache_free(cache);
    return NULL;
}

static void replaced_while_in_use(void **state)
{
    struct fixture *all = *state;
    struct ot_auth *auth = make(NULL, NULL, all->jwks);
    OT_AUTOFREE char *token = maker_token(all->ec, NULL, "{\"alg\":\"ES256\"}", CLAIMS);
    struct racer racers[2] = {{.auth = auth, .token = token}, {.auth = auth, .token = token}};
    OT_AUTOBUF struct ot_buf keys = {0};
    struct ot_error err = {0};
    pthread_t threads[2];

    for (size_t i = 0; i < OT_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_all_the_time, &racers[i]), 0);
    for (unsigned i = 0; i < 200; i++) {
        OT_AUTOFREE char *name = ot_asprintf("\"kid\":\"%u\"", i);

        put_key_set(&keys, all->ec, name);
        write_file(all->jwks, keys.data);
        assert_succeeds(ot_auth_refresh(auth, &err), err);
    }
    for (size_t i = 0; i < OT_COUNT(threads); i++) {
        racers[i].stop = true;
        pthread_join(threads[i], NULL);
        assert_false(racers[i].bad);
    }
    ot_auth_free(auth);
}

static void options_refused(void **state)
{
    struct fixture *all = *state;
    OT_AUTOFREE char *missing = ot_asprintf("%s/missing.json", all->dir);
    const struct {
        const char *jwks;
        enum ot_error_kind kind;
    } cases[] = {{missing, OT_CONFIG},
                 {"ftp://example.com/", OT_USAGE},
                 {"http://example.com/jwks", OT_USAGE},
                 {"https://", OT_USAGE},
                 {"https://user:secret@example.com/", OT_USAGE}};
    struct ot_auth *auth = NULL;
    struct ot_error err = {0};

    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        const struct ot_auth_options options = {.jwks = cases[i].jwks};

        assert_int_equal(ot_auth_make(&options, &auth, &err), -1);
        assert_int_equal(err.kind, cases[i].kind);
    }
    const struct ot_auth_options empty_set = {.jwks = all->jwks};

    write_file(all->jwks, "{\"keys\":[]}");
    assert_int_equal(ot_auth_make(&empty_set, &auth, &err), -1);
    assert_int_equal(err.kind, OT_CONFIG);
    assert_non_null(strstr(err.message, all->jwks));

    auth = make(NULL, NULL, NULL);
    assert_false(ot_auth_is_usable(auth));
    assert_false(ot_auth_wants_refresh(auth, (uint64_t)ot_now_ms()));
    assert_succeeds(ot_auth_refresh(auth, &err), err);
    ot_auth_free(auth);
    auth = make("", "", "");
    assert_false(ot_auth_is_usable(auth));
    ot_auth_free(auth);
}

static void issuer_and_audience(void **state)
{
    struct fixture *all = *state;
    const struct ot_auth_options options = {
        .jwt_secret = SECRET, .issuer = "https://me", .audience = "api"};
    OT_AUTOFREE char *good = maker_token(
        NULL, SECRET, HS256, "{\"iss\":\"https://me\",\"aud\":[\"x\",\"api\"],\"exp\":1800000100}");
    OT_AUTOFREE char *other = maker_token(
        NULL, SECRET, HS256, "{\"iss\":\"https://me\",\"aud\":\"x\",\"exp\":1800000100}");
    struct ot_auth *auth = NULL;
    struct ot_error err = {0};

    assert_succeeds(ot_auth_make(&options, &auth, &err), err);
    assert_int_equal(check(auth, all->cache, good), OT_AUTH_OK);
    assert_int_equal(check(auth, all->cache, other), OT_AUTH_INVALID);
    assert_int_equal(check_made(auth, all->cache, NULL, SECRET, HS256), OT_AUTH_INVALID);
    ot_auth_free(auth);
}

static void weak_secrets(void **state)
{
    static const char demo_input[] = "{\"iss\":\"supabase-demo\",\"role\":\"service_role\","
                                     "\"exp\":1983812996}";
    OT_AUTOFREE char *demo =
        maker_token(NULL, "super-secret-jwt-token-with-at-least-32-characters-long",
                    "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", demo_input);
    OT_AUTOFREE char *own = maker_token(NULL, SECRET, HS256, demo_input);
    const struct {
        const char *secret, *service_key;
        const char *why; /* NULL: not weak */
    } cases[] = {
        {NULL, NULL, NULL},
        {SECRET, NULL, NULL},
        {"b1f0c4e2a79d4b61b8e2d5a0c3f7e914", NULL, NULL},
        {"super-secret-jwt-token-with-at-least-32-characters-long", NULL, "everybody knows"},
        {"your-super-secret-jwt-token-with-at-least-32-characters-long", NULL, "everybody knows"},
        {"a-string-secret-at-least-256-bits-long", NULL, "everybody knows"},
        {"0123456789abcdefghijklmnopqrstu", NULL, "shorter than 32"},
        {"x", NULL, "shorter than 32"},
        {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", NULL, "hardly any"},
        {"secretsecretsecretsecretsecretsecret", NULL, "hardly any"},
        {"please-CHANGE-me-this-is-not-a-real-secret", NULL, "placeholder"},
        {"your_jwt_secret_goes_here_0123456789", NULL, "placeholder"},
        {SECRET, demo, "signed with a default"},
        {NULL,
         "sb_secret"
         "_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz",
         "everybody knows"},
        {NULL, "your-service-role-key", "placeholder"},
        {NULL, "k", "shorter than 16"},
        {NULL, "0000000000000000000000", "hardly any"},
        {SECRET, own, NULL},
        {NULL, "8fQe2nVb4KxPz71LmTgYw0RcUsAiHdJo", NULL},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_auth *auth = make(cases[i].secret, cases[i].service_key, NULL);
        const char *why = NULL;
        bool weak = ot_auth_is_weak(auth, &why);

        if (weak != (cases[i].why != NULL) || (weak && strstr(why, cases[i].why) == NULL))
            fail_msg("case %zu: %s", i, weak ? why : "not weak");
        ot_auth_free(auth);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(schemes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(line_breaks_stay_in_the_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_long_for_headers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_algorithm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(public_key_as_secret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(altered_tokens, set_up, tear_down),
        cmocka_unit_test(failures_are_not_cached),
        cmocka_unit_test_setup_teardown(another_secret_is_seen_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(service_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(service_role_in_a_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_keys_without_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(key_set_from_a_url, set_up, tear_down),
        cmocka_unit_test_setup_teardown(while_keys_are_fetched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_document_keeps_the_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replaced_while_in_use, set_up, tear_down),
        cmocka_unit_test_setup_teardown(options_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(issuer_and_audience, set_up, tear_down),
        cmocka_unit_test(weak_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
