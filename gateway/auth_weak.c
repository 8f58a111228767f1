#include "gateway/auth_weak.h"

#include "base/digest.h"
#include "gateway/jwt.h"

#include <stdlib.h>
#include <string.h>

#define DISTINCT_MIN 8u

/* Of local Supabase, of its compose file, and the one that https://jwt.io shows. */
static const char *const public_secrets[] = {
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
    "a-string-secret-at-least-256-bits-long",
};

/* SHA-256 of service keys that are no tokens: the "secret key" of local Supabase. */
static const char *const public_keys[] = {
    "c85debb55f2f204d868cc1552c42faa143b4c675f61363ab040dd50b5b5304cd",
};

/* Letters in any case. */
static const char *const placeholders[] = {
    "changeme",    "change-me",    "change_me", "change-this", "change_this",
    "placeholder", "example",      "your-",     "your_",       "replace-me",
    "replace_me",  "replace-with", "insert-",   "password",    "secret-key"};

static bool has_nocase(struct ot_span text, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= text.len; i++) {
        if (strncasecmp(text.data + i, word, len) == 0)
            return true;
    }
    return false;
}

static size_t count_distinct(struct ot_span text)
{
    bool seen[256] = {false};
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        count += !seen[(unsigned char)text.data[i]];
        seen[(unsigned char)text.data[i]] = true;
    }
    return count;
}

enum weakness { SOUND, PLACEHOLDER, SHORT, UNIFORM };

static enum weakness weakness_of(struct ot_span text, size_t shortest)
{
    for (size_t i = 0; i < OT_COUNT(placeholders); i++) {
        if (has_nocase(text, placeholders[i]))
            return PLACEHOLDER;
    }
    if (text.len < shortest)
        return SHORT;
    return count_distinct(text) < DISTINCT_MIN ? UNIFORM : SOUND;
}

const char *ot_weakness_of_secret(struct ot_span secret)
{
    static const char *const texts[] = {
        [PLACEHOLDER] = "the JWT secret looks like a placeholder from documentation",
        [SHORT] = "the JWT secret is shorter than 32 bytes",
        [UNIFORM] = "the JWT secret has hardly any different characters",
    };

    for (size_t i = 0; i < OT_COUNT(public_secrets); i++) {
        if (ot_span_is(secret, public_secrets[i]))
            return "the JWT secret is a default that everybody knows";
    }
    return texts[weakness_of(secret, OT_JWT_SECRET_MIN)];
}

static bool is_signed_with_public_secret(struct ot_span token)
{
    struct ot_jwt *jwt = ot_alloc(1, sizeof(*jwt));
    bool found = false;

    if (ot_jwt_parse(token, jwt) && jwt->algorithm == OT_JWS_HS256) {
        for (size_t i = 0; i < OT_COUNT(public_secrets); i++) {
            struct ot_hmac *hmac = ot_hmac_new(ot_span_of(public_secrets[i]));

            found = found || ot_hmac_verify(hmac, jwt->input, jwt->signature);
            ot_hmac_free(hmac);
        }
    }
    free(jwt);
    return found;
}

const char *ot_weakness_of_service_key(struct ot_span key)
{
    static const char *const texts[] = {
        [PLACEHOLDER] = "the service key looks like a placeholder from documentation",
        [SHORT] = "the service key is shorter than 16 bytes",
        [UNIFORM] = "the service key has hardly any different characters",
    };
    char digest[OT_SHA256_HEX];

    ot_sha256_hex(key, digest);
    for (size_t i = 0; i < OT_COUNT(public_keys); i++) {
        if (strcmp(digest, public_keys[i]) == 0)
            return "the service key is a default that everybody knows";
    }
    if (is_signed_with_public_secret(key))
        return "the service key is signed with a default secret that everybody knows";
    return texts[weakness_of(key, OT_SERVICE_KEY_MIN)];
}
