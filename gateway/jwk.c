#include "gateway/jwk.h"

#include "base/base64.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define P256_SIZE 32u
#define ED25519_SIZE 32u
#define RSA_SIZE_MAX (OT_RSA_BITS_MAX / 8)
/* OpenSSL itself takes no larger public exponent for large keys. */
#define RSA_EXPONENT_MAX 8u

enum member { KTY, ALG, USE, KID, CRV, N, E, X, Y, MEMBERS };
static const char *const members[MEMBERS] = {"kty", "alg", "use", "kid", "crv", "n", "e", "x", "y"};

/* The members that matter, as they stand. */
struct raw_key {
    struct ot_buf text[MEMBERS];
    bool has[MEMBERS];
    bool bad_type;   /* one of them is no string */
    bool cannot_ops; /* key_ops is there, without "verify" */
};

static int read_key_ops(struct ot_json *json, struct raw_key *raw, struct ot_error *err)
{
    struct ot_span word;
    int kind = ot_json_peek(json, err);
    int more;

    raw->cannot_ops = true;
    if (kind != '[') {
        raw->bad_type = true;
        return kind < 0 ? -1 : ot_json_skip(json, err);
    }
    if (ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        kind = ot_json_peek(json, err);
        if (kind != '"') {
            raw->bad_type = true;
            if (kind < 0 || ot_json_skip(json, err) < 0)
                return -1;
        } else if (ot_json_string(json, &word, err) < 0) {
            return -1;
        } else if (ot_span_is(word, "verify")) {
            raw->cannot_ops = false;
        }
    }
    return more;
}

static int read_member(struct ot_json *json, struct ot_span key, struct raw_key *raw,
                       struct ot_error *err)
{
    struct ot_span value;
    size_t which = 0;
    int kind;

    if (ot_span_is(key, "key_ops"))
        return read_key_ops(json, raw, err);
    while (which < MEMBERS && !ot_span_is(key, members[which]))
        which++;
    kind = which < MEMBERS ? ot_json_peek(json, err) : 0;
    if (kind < 0)
        return -1;
    if (kind != '"') {
        raw->bad_type = raw->bad_type || which < MEMBERS;
        return ot_json_skip(json, err);
    }
    if (ot_json_string(json, &value, err) < 0)
        return -1;
    raw->has[which] = true;
    ot_buf_append(&raw->text[which], value.data, value.len);
    return 0;
}

static bool is(const struct raw_key *raw, enum member member, const char *text)
{
    return raw->has[member] && ot_span_is(ot_buf_span(&raw->text[member]), text);
}

static bool decode(const struct raw_key *raw, enum member member, uint8_t *out, size_t max,
                   size_t *len)
{
    return raw->has[member] && ot_base64url_read(ot_buf_span(&raw->text[member]), out, max, len) &&
           *len > 0;
}

static EVP_PKEY *make_key(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

static const char *make_rsa(const struct raw_key *raw, struct ot_jwk *out)
{
    uint8_t n[RSA_SIZE_MAX], e[RSA_EXPONENT_MAX];
    OSSL_PARAM_BLD *builder;
    OSSL_PARAM *params;
    BIGNUM *modulus, *exponent;
    size_t n_len, e_len;
    bool fits;

    if (!decode(raw, N, n, sizeof(n), &n_len) || !decode(raw, E, e, sizeof(e), &e_len))
        return "n and e of an RSA key must be base64url, with at most 8192 bits and 64 bits";
    modulus = BN_bin2bn(n, (int)n_len, NULL);
    exponent = BN_bin2bn(e, (int)e_len, NULL);
    fits = modulus != NULL && exponent != NULL && BN_is_odd(modulus) && BN_is_odd(exponent) &&
           !BN_is_one(exponent) && BN_num_bits(modulus) >= OT_RSA_BITS_MIN;
    builder = OSSL_PARAM_BLD_new();
    params = fits && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
                     OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1
                 ? OSSL_PARAM_BLD_to_param(builder)
                 : NULL;
    if (params != NULL)
        out->key = make_key("RSA", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(exponent);
    BN_free(modulus);
    out->algorithm = OT_JWS_RS256;
    return out->key != NULL ? NULL
                            : "an RSA key must have at least 2048 bits, n and e odd, e above 1";
}

static const char *make_ec(const struct raw_key *raw, struct ot_jwk *out)
{
    uint8_t point[1 + 2 * P256_SIZE] = {0x04}; /* uncompressed */
    char group[] = "prime256v1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end(),
    };
    size_t x_len, y_len;

    if (!is(raw, CRV, "P-256"))
        return "an EC key must be on the curve P-256";
    if (!decode(raw, X, point + 1, P256_SIZE, &x_len) || x_len != P256_SIZE ||
        !decode(raw, Y, point + 1 + P256_SIZE, P256_SIZE, &y_len) || y_len != P256_SIZE)
        return "x and y of an EC key must be base64url of 32 bytes";
    out->key = make_key("EC", params);
    out->algorithm = OT_JWS_ES256;
    return out->key != NULL ? NULL : "this point is not on the curve P-256";
}

static const char *make_okp(const struct raw_key *raw, struct ot_jwk *out)
{
    uint8_t bytes[ED25519_SIZE];
    size_t len;

    if (!is(raw, CRV, "Ed25519"))
        return "an OKP key must be on the curve Ed25519";
    if (!decode(raw, X, bytes, sizeof(bytes), &len) || len != sizeof(bytes))
        return "x of an Ed25519 key must be base64url of 32 bytes";
    /* for the few points of small order anybody can make signatures */
    if (crypto_core_ed25519_is_valid_point(bytes) != 1)
        return "not a sound key of Ed25519";
    out->key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, bytes, sizeof(bytes));
    out->algorithm = OT_JWS_EDDSA;
    return out->key != NULL ? NULL : "not a sound key of Ed25519";
}

/* NULL, or why it is passed over. */
static const char *make(const struct raw_key *raw, struct ot_jwk *out)
{
    const char *why;

    if (raw->bad_type)
        return "a member has the wrong type";
    if (raw->has[USE] && !is(raw, USE, "sig"))
        return "its use is not \"sig\"";
    if (raw->cannot_ops)
        return "its key_ops do not have \"verify\"";
    if (is(raw, KTY, "RSA"))
        why = make_rsa(raw, out);
    else if (is(raw, KTY, "EC"))
        why = make_ec(raw, out);
    else if (is(raw, KTY, "OKP"))
        why = make_okp(raw, out);
    else
        return "its kty is not RSA, EC or OKP";
    if (why == NULL && raw->has[ALG] &&
        ot_jws_algorithm_of(ot_buf_span(&raw->text[ALG])) != out->algorithm)
        return "its alg does not fit its kty and crv, or is not RS256, ES256 or EdDSA";
    return why;
}

int ot_jwk_read(struct ot_json *json, struct ot_jwk *out, const char **why, struct ot_error *err)
{
    struct raw_key raw = {0};
    struct ot_span key;
    int more;

    *out = (struct ot_jwk){0};
    more = ot_json_object(json, err);
    if (more == 0) {
        while ((more = ot_json_key(json, &key, err)) > 0) {
            if (read_member(json, key, &raw, err) < 0) {
                more = -1;
                break;
            }
        }
    }
    if (more == 0) {
        *why = make(&raw, out);
        if (*why != NULL)
            ot_jwk_free(out);
        else if (raw.has[KID])
            out->kid =
                ot_strndup(raw.text[KID].len > 0 ? raw.text[KID].data : "", raw.text[KID].len);
        ERR_clear_error();
    }
    for (size_t i = 0; i < MEMBERS; i++)
        ot_buf_free(&raw.text[i]);
    return more;
}

void ot_jwk_free(struct ot_jwk *jwk)
{
    EVP_PKEY_free(jwk->key);
    free(jwk->kid);
    *jwk = (struct ot_jwk){0};
}
