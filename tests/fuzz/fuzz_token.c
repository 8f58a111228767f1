/*
 * Tokens: the input is taken as a token, as the header of one and as claims. What is accepted keeps
 * to its bounds, is strict JSON, and tells a function four header lines and no more.
 */
#include "base/json.h"
#include "gateway/identity.h"
#include "gateway/jwt.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_strict_json(struct ot_span text)
{
    struct ot_error err;
    struct ot_json json;
    bool good;

    ot_json_begin(&json, text, OT_JSON_NUMBERS | OT_JSON_UNIQUE);
    good = ot_json_skip(&json, &err) == 0 && ot_json_finish(&json, &err) == 0;
    ot_json_end(&json);
    return good;
}

static void take_identity(const struct ot_claims *claims, struct ot_span payload)
{
    OT_AUTOBUF struct ot_buf lines = {0};
    size_t breaks = 0;

    if (!ot_identity_write(ot_buf_span(&claims->subject), ot_buf_span(&claims->email),
                           OT_SPAN("token"), payload, &lines))
        return;
    require(lines.len <= OT_IDENTITY_MAX);
    for (size_t i = 0; i < lines.len; i++) {
        breaks += lines.data[i] == '\n';
        require((lines.data[i] >= ' ' && lines.data[i] <= '~') || lines.data[i] == '\r' ||
                lines.data[i] == '\n');
    }
    require(breaks == 4);
}

static void take_claims(struct ot_span payload)
{
    const struct ot_claim_rules rules = {.leeway_s = 30};
    const struct ot_claim_rules strict = {.issuer = "me", .audience = "api", .leeway_s = 30};
    OT_AUTOCLAIMS struct ot_claims claims = {0};
    OT_AUTOCLAIMS struct ot_claims again = {0};
    enum ot_claims_verdict verdict = ot_claims_read(payload, &rules, 1800000000, &claims);

    /* more rules never accept more */
    require(ot_claims_read(payload, &strict, 1800000000, &again) != OT_CLAIMS_GOOD ||
            verdict == OT_CLAIMS_GOOD);
    if (verdict == OT_CLAIMS_BAD)
        return;
    require(is_strict_json(payload));
    require((verdict == OT_CLAIMS_GOOD) == (claims.expires_s + 30 > 1800000000));
    take_identity(&claims, payload);
}

static void take_token(struct ot_span token)
{
    struct ot_jwt jwt;

    if (!ot_jwt_parse(token, &jwt))
        return;
    require(token.len <= OT_TOKEN_MAX && jwt.algorithm != OT_JWS_NONE);
    require(jwt.input.data == token.data && jwt.input.len < token.len);
    require(jwt.signature.len <= OT_JWS_SIGNATURE_MAX && jwt.kid.len <= OT_JOSE_HEADER_MAX);
    require(memchr(jwt.input.data, '.', jwt.input.len) != NULL);
    take_claims(jwt.payload);
}

static void take_header(struct ot_span header)
{
    OT_AUTOBUF struct ot_buf token = {0};
    size_t room = sodium_base64_encoded_len(header.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);

    sodium_bin2base64(ot_buf_reserve(&token, room), room, (const uint8_t *)header.data, header.len,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    token.len = room - 1;
    ot_buf_puts(&token, ".e30.AAAA");
    take_token(ot_buf_span(&token));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_span input = {(const char *)data, size};

    if (size > OT_TOKEN_MAX)
        return 0;
    take_token(input);
    take_header(input);
    take_claims(input);
    return 0;
}
