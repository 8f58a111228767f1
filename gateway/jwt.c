#include "gateway/jwt.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>

/* -- header ------------------------------------------------------------------------------------ */

static bool is_type_accepted(struct ot_span type)
{
    static const char *const accepted[] = {"jwt", "at+jwt"};
    static const char prefix[] = "application/";

    if (type.len >= sizeof(prefix) - 1 && strncasecmp(type.data, prefix, sizeof(prefix) - 1) == 0)
        type = (struct ot_span){type.data + sizeof(prefix) - 1, type.len - (sizeof(prefix) - 1)};
    for (size_t i = 0; i < OT_COUNT(accepted); i++) {
        if (type.len == strlen(accepted[i]) && strncasecmp(type.data, accepted[i], type.len) == 0)
            return true;
    }
    return false;
}

/* `free_bytes`: where the key's name can be kept. */
static int read_header_member(struct ot_json *json, struct ot_span key, struct ot_jwt *out,
                              char *free_bytes, struct ot_error *err)
{
    bool is_kid = ot_span_is(key, "kid");
    bool is_type = ot_span_is(key, "typ");
    struct ot_span value;

    if (ot_span_is(key, "crit"))
        return ot_json_fail(json, err, "no extension is understood");
    if (!is_kid && !is_type && !ot_span_is(key, "alg"))
        return ot_json_skip(json, err);
    if (ot_json_string(json, &value, err) < 0)
        return -1;
    if (is_type)
        return is_type_accepted(value) ? 0 : ot_json_fail(json, err, "not a type of tokens");
    if (!is_kid) {
        out->algorithm = ot_jws_algorithm_of(value);
        return 0;
    }
    out->has_kid = true;
    out->kid = (struct ot_span){free_bytes, value.len};
    memcpy(free_bytes, value.data, value.len); /* it is shorter than the header that it stood in */
    return 0;
}

static bool read_header(struct ot_span header, struct ot_jwt *out, char *free_bytes)
{
    struct ot_error err;
    struct ot_json json;
    struct ot_span key;
    int more;

    ot_json_begin(&json, header, OT_JSON_NUMBERS | OT_JSON_UNIQUE);
    more = ot_json_object(&json, &err) < 0 ? -1 : 1;
    while (more > 0 && (more = ot_json_key(&json, &key, &err)) > 0) {
        if (read_header_member(&json, key, out, free_bytes, &err) < 0)
            more = -1;
    }
    if (more == 0)
        more = ot_json_finish(&json, &err);
    ot_json_end(&json);
    return more == 0 && out->algorithm != OT_JWS_NONE;
}

/* Decodes one part behind `*used` bytes. */
static bool decode_part(struct ot_span text, size_t max, struct ot_jwt *out, size_t *used,
                        struct ot_span *part)
{
    char *to = out->bytes + *used;

    if (!ot_base64url_read(text, (uint8_t *)to, max, &part->len))
        return false;
    part->data = to;
    *used += part->len;
    return true;
}

bool ot_jwt_parse(struct ot_span token, struct ot_jwt *out)
{
    struct ot_span texts[3], header;
    size_t used = 0;

    if (token.len > OT_TOKEN_MAX)
        return false;
    for (size_t i = 0; i < OT_COUNT(texts); i++) {
        const char *dot = token.len > 0 ? memchr(token.data, '.', token.len) : NULL;

        if ((dot == NULL) != (i == 2))
            return false;
        texts[i] =
            (struct ot_span){token.data, dot != NULL ? (size_t)(dot - token.data) : token.len};
        if (dot != NULL)
            token = (struct ot_span){dot + 1, token.len - texts[i].len - 1};
    }
    out->algorithm = OT_JWS_NONE;
    out->has_kid = false;
    out->kid = (struct ot_span){NULL, 0};
    out->input = (struct ot_span){texts[0].data, texts[0].len + 1 + texts[1].len};
    /* decoded they are a quarter shorter, which leaves room for the key's name */
    return decode_part(texts[2], OT_JWS_SIGNATURE_MAX, out, &used, &out->signature) &&
           decode_part(texts[1], OT_TOKEN_MAX, out, &used, &out->payload) &&
           decode_part(texts[0], OT_JOSE_HEADER_MAX, out, &used, &header) &&
           header.len <= sizeof(out->bytes) - used && read_header(header, out, out->bytes + used);
}

/* -- claims ------------------------------------------------------------------------------------ */

struct reader {
    struct ot_json json;
    const struct ot_claim_rules *rules;
    struct ot_claims *out;
    uint64_t now_s;
    bool has_expiry, from_issuer, for_audience;
    struct ot_error err;
};

void ot_claims_free(struct ot_claims *claims)
{
    ot_buf_free(&claims->subject);
    ot_buf_free(&claims->email);
}

/* NumericDate (RFC 7519 section 2). */
static int read_time(struct reader *reader, uint64_t *seconds)
{
    struct ot_span word, whole;
    const char *point;

    if (ot_json_word(&reader->json, &word, &reader->err) < 0)
        return -1;
    whole = word;
    point = memchr(word.data, '.', word.len);
    if (point != NULL) {
        whole.len = (size_t)(point - word.data);
        if (whole.len + 1 == word.len)
            return -1;
        for (size_t i = whole.len + 1; i < word.len; i++) {
            if (word.data[i] < '0' || word.data[i] > '9')
                return -1;
        }
    }
    return ot_parse_uint(whole, OT_SAFE_INTEGER_MAX, seconds) ? 0 : -1;
}

static int read_text(struct reader *reader, struct ot_buf *out)
{
    struct ot_span value;

    if (ot_json_string(&reader->json, &value, &reader->err) < 0)
        return -1;
    ot_buf_append(out, value.data, value.len);
    return 0;
}

static int read_issuer(struct reader *reader)
{
    struct ot_span value;

    if (ot_json_string(&reader->json, &value, &reader->err) < 0)
        return -1;
    reader->from_issuer = reader->rules->issuer != NULL && ot_span_is(value, reader->rules->issuer);
    return 0;
}

static int read_one_audience(struct reader *reader)
{
    struct ot_span value;

    if (ot_json_string(&reader->json, &value, &reader->err) < 0)
        return -1;
    if (reader->rules->audience != NULL && ot_span_is(value, reader->rules->audience))
        reader->for_audience = true;
    return 0;
}

static int read_audience(struct reader *reader)
{
    int more;

    if (ot_json_peek(&reader->json, &reader->err) != '[')
        return read_one_audience(reader);
    if (ot_json_array(&reader->json, &reader->err) < 0)
        return -1;
    while ((more = ot_json_item(&reader->json, &reader->err)) > 0) {
        if (read_one_audience(reader) < 0)
            return -1;
    }
    return more;
}

/* Any type: it is a word of Supabase's, and others mean other things by it. */
static int read_role(struct reader *reader)
{
    struct ot_span value;

    if (ot_json_peek(&reader->json, &reader->err) != '"')
        return ot_json_skip(&reader->json, &reader->err);
    if (ot_json_string(&reader->json, &value, &reader->err) < 0)
        return -1;
    reader->out->is_service = ot_span_is(value, "service_role");
    return 0;
}

/* `nbf` or `iat`. */
static int check_begun(struct reader *reader)
{
    uint64_t seconds;

    return read_time(reader, &seconds) == 0 && seconds <= reader->now_s + reader->rules->leeway_s
               ? 0
               : -1;
}

static int read_claim(struct reader *reader, struct ot_span key)
{
    if (ot_span_is(key, "exp")) {
        reader->has_expiry = true;
        return read_time(reader, &reader->out->expires_s);
    }
    if (ot_span_is(key, "nbf") || ot_span_is(key, "iat"))
        return check_begun(reader);
    if (ot_span_is(key, "sub"))
        return read_text(reader, &reader->out->subject);
    if (ot_span_is(key, "email") && ot_json_peek(&reader->json, &reader->err) != 'n')
        return read_text(reader, &reader->out->email);
    if (ot_span_is(key, "iss"))
        return read_issuer(reader);
    if (ot_span_is(key, "aud"))
        return read_audience(reader);
    if (ot_span_is(key, "role"))
        return read_role(reader);
    return ot_json_skip(&reader->json, &reader->err);
}

static bool read_claims(struct reader *reader)
{
    struct ot_span key;
    int more;

    if (ot_json_object(&reader->json, &reader->err) < 0)
        return false;
    while ((more = ot_json_key(&reader->json, &key, &reader->err)) > 0) {
        if (read_claim(reader, key) < 0)
            return false;
    }
    return more == 0 && ot_json_finish(&reader->json, &reader->err) == 0;
}

enum ot_claims_verdict ot_claims_read(struct ot_span payload, const struct ot_claim_rules *rules,
                                      uint64_t now_s, struct ot_claims *out)
{
    struct reader reader = {.rules = rules, .out = out, .now_s = now_s};
    bool good;

    ot_json_begin(&reader.json, payload, OT_JSON_NUMBERS | OT_JSON_UNIQUE);
    good = read_claims(&reader) && reader.has_expiry &&
           (rules->issuer == NULL || reader.from_issuer) &&
           (rules->audience == NULL || reader.for_audience);
    ot_json_end(&reader.json);
    if (!good)
        return OT_CLAIMS_BAD;
    return now_s < out->expires_s + rules->leeway_s ? OT_CLAIMS_GOOD : OT_CLAIMS_EXPIRED;
}
