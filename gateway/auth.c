#include "gateway/auth.h"

#include "base/fetch.h"
#include "base/file.h"
#include "base/process.h"
#include "gateway/auth_weak.h"
#include "gateway/identity.h"
#include "gateway/jwks.h"
#include "gateway/jwt.h"
#include "gateway/token_cache.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define REFRESH_PAUSE_MS 10000u
#define KEYS_OLD_MS 600000u
#define FETCH_TIMEOUT_MS 10000u
#define FETCH_REDIRECTS 3u
/* How many keys are tried for one token. */
#define KEYS_TRIED 8u
/* How long a service's identity says that it is valid. */
#define SERVICE_LIFE_S 3600u

#define NEVER UINT64_MAX

struct ot_auth {
    char *jwt_secret, *service_key, *jwks, *issuer, *audience; /* NULL: not given */
    struct ot_hmac *hmac;                                      /* of the secret */
    uint8_t service_digest[OT_SHA256_SIZE];
    bool jwks_is_url;
    struct ot_claim_rules rules;

    pthread_mutex_t keys_lock;           /* held for a few instructions */
    pthread_mutex_t refresh_lock;        /* one refresh at a time */
    struct ot_jwks *keys;                /* NULL: none yet */
    uint8_t keys_digest[OT_SHA256_SIZE]; /* of the document; under refresh_lock */

    /* Changes whenever a token that was good might not be any more. No two objects of a process
     * ever have the same, so that a cache cannot be used with another's. */
    _Atomic uint64_t generation;
    _Atomic uint64_t epoch;
    _Atomic bool wanted; /* a token asked for a key that is not there */
    _Atomic bool refreshing;
    _Atomic uint64_t tried_ms, fetched_ms; /* ends of the last refresh, and of the last good one */
};

static uint64_t next_generation(void)
{
    static _Atomic uint64_t last;

    return atomic_fetch_add(&last, 1) + 1;
}

static char *copy_of(const char *text)
{
    return text != NULL && *text != '\0' ? ot_strdup(text) : NULL;
}

/* -- key set ----------------------------------------------------------------------------------- */

static int load_document(const struct ot_auth *auth, struct ot_buf *out, struct ot_error *err)
{
    const struct ot_fetch_options options = {.url = auth->jwks,
                                             .max_bytes = OT_JWKS_MAX_BYTES,
                                             .timeout_ms = FETCH_TIMEOUT_MS,
                                             .max_redirects = FETCH_REDIRECTS,
                                             .allow_http_loopback = true};
    OT_AUTOFETCH struct ot_fetch_result result = {0};

    if (!auth->jwks_is_url)
        return ot_read_file(auth->jwks, OT_JWKS_MAX_BYTES, out, err);
    if (ot_fetch(&options, &result, err) < 0)
        return -1;
    *out = result.body;
    result.body = (struct ot_buf){0};
    return 0;
}

static void replace_keys(struct ot_auth *auth, struct ot_jwks *keys)
{
    struct ot_jwks *before;

    pthread_mutex_lock(&auth->keys_lock);
    before = auth->keys;
    auth->keys = keys;
    atomic_store(&auth->generation, next_generation());
    pthread_mutex_unlock(&auth->keys_lock);
    ot_jwks_release(before);
}

static int load_keys(struct ot_auth *auth, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    uint8_t digest[OT_SHA256_SIZE];
    struct ot_jwks *keys;

    if (load_document(auth, &text, err) < 0)
        return -1;
    ot_sha256(ot_buf_span(&text), digest);
    if (auth->keys != NULL && memcmp(digest, auth->keys_digest, sizeof(digest)) == 0)
        return 0; /* verified tokens stay so */
    if (ot_jwks_read(ot_buf_span(&text), &keys, err) < 0)
        return ot_error_prefix(err, "key set %s", auth->jwks);
    memcpy(auth->keys_digest, digest, sizeof(digest));
    replace_keys(auth, keys);
    return 0;
}

int ot_auth_refresh(struct ot_auth *auth, struct ot_error *err)
{
    int done;

    if (auth->jwks == NULL)
        return 0;
    pthread_mutex_lock(&auth->refresh_lock);
    atomic_store(&auth->refreshing, true);
    done = load_keys(auth, err);
    atomic_store(&auth->tried_ms, (uint64_t)ot_now_ms());
    if (done == 0)
        atomic_store(&auth->fetched_ms, atomic_load(&auth->tried_ms));
    atomic_store(&auth->wanted, false);
    atomic_store(&auth->refreshing, false);
    atomic_fetch_add(&auth->epoch, 1);
    pthread_mutex_unlock(&auth->refresh_lock);
    return done;
}

/* Whether at least `ms` have passed since `then`. */
static bool is_past(uint64_t then, uint64_t ms, uint64_t now_ms)
{
    return then == NEVER || (now_ms > then && now_ms - then >= ms);
}

bool ot_auth_wants_refresh(const struct ot_auth *auth, uint64_t now_ms)
{
    return auth->jwks != NULL && !atomic_load(&auth->refreshing) &&
           is_past(atomic_load(&auth->tried_ms), REFRESH_PAUSE_MS, now_ms) &&
           (atomic_load(&auth->wanted) ||
            is_past(atomic_load(&auth->fetched_ms), KEYS_OLD_MS, now_ms));
}

uint64_t ot_auth_epoch(const struct ot_auth *auth)
{
    return atomic_load(&auth->epoch);
}

/* A token's key is not there: what to say of it. */
static enum ot_auth_verdict unknown_key(struct ot_auth *auth)
{
    if (auth->jwks == NULL ||
        (!atomic_load(&auth->refreshing) &&
         !is_past(atomic_load(&auth->tried_ms), REFRESH_PAUSE_MS, (uint64_t)ot_now_ms())))
        return OT_AUTH_INVALID;
    atomic_store(&auth->wanted, true);
    return OT_AUTH_PENDING;
}

/* -- life -------------------------------------------------------------------------------------- */

static int set_up_keys(struct ot_auth *auth, struct ot_error *err)
{
    if (auth->jwks == NULL)
        return 0;
    auth->jwks_is_url = strstr(auth->jwks, "://") != NULL;
    if (auth->jwks_is_url)
        return ot_fetch_check_url(auth->jwks, true, err);
    if (ot_auth_refresh(auth, err) == 0)
        return 0;
    err->kind = OT_CONFIG;
    return -1;
}

int ot_auth_make(const struct ot_auth_options *options, struct ot_auth **out, struct ot_error *err)
{
    struct ot_auth *auth = ot_alloc(1, sizeof(*auth));

    auth->jwt_secret = copy_of(options->jwt_secret);
    auth->service_key = copy_of(options->service_key);
    auth->jwks = copy_of(options->jwks);
    auth->issuer = copy_of(options->issuer);
    auth->audience = copy_of(options->audience);
    auth->rules = (struct ot_claim_rules){
        .issuer = auth->issuer, .audience = auth->audience, .leeway_s = OT_AUTH_LEEWAY_S};
    pthread_mutex_init(&auth->keys_lock, NULL);
    pthread_mutex_init(&auth->refresh_lock, NULL);
    atomic_store(&auth->generation, next_generation());
    atomic_store(&auth->tried_ms, NEVER);
    atomic_store(&auth->fetched_ms, NEVER);
    if (auth->jwt_secret != NULL)
        auth->hmac = ot_hmac_new(ot_span_of(auth->jwt_secret));
    if (auth->service_key != NULL)
        ot_sha256(ot_span_of(auth->service_key), auth->service_digest);
    if (set_up_keys(auth, err) < 0) {
        ot_auth_free(auth);
        return -1;
    }
    *out = auth;
    return 0;
}

static void free_secret(char *secret)
{
    if (secret != NULL)
        OPENSSL_cleanse(secret, strlen(secret));
    free(secret);
}

void ot_auth_free(struct ot_auth *auth)
{
    if (auth == NULL)
        return;
    ot_jwks_release(auth->keys);
    ot_hmac_free(auth->hmac);
    pthread_mutex_destroy(&auth->keys_lock);
    pthread_mutex_destroy(&auth->refresh_lock);
    free_secret(auth->jwt_secret);
    free_secret(auth->service_key);
    free(auth->jwks);
    free(auth->issuer);
    free(auth->audience);
    free(auth);
}

bool ot_auth_is_usable(const struct ot_auth *auth)
{
    return auth->jwt_secret != NULL || auth->service_key != NULL || auth->jwks != NULL;
}

bool ot_auth_is_weak(const struct ot_auth *auth, const char **why)
{
    const char *found =
        auth->jwt_secret != NULL ? ot_weakness_of_secret(ot_span_of(auth->jwt_secret)) : NULL;

    if (found == NULL && auth->service_key != NULL)
        found = ot_weakness_of_service_key(ot_span_of(auth->service_key));
    if (found != NULL)
        *why = found;
    return found != NULL;
}

/* -- checking ---------------------------------------------------------------------------------- */

/* RFC 6750 section 2.1. False: another scheme, or nothing behind it. */
static bool bearer_of(struct ot_span authorization, struct ot_span *token)
{
    static const char scheme[] = "bearer ";
    size_t len = sizeof(scheme) - 1;

    authorization = ot_span_trim(authorization);
    if (authorization.len <= len || strncasecmp(authorization.data, scheme, len) != 0)
        return false;
    *token = ot_span_trim((struct ot_span){authorization.data + len, authorization.len - len});
    return true;
}

static enum ot_auth_verdict admit_service(struct ot_token_cache *cache, struct ot_span token,
                                          uint64_t now_s, struct ot_identity *out)
{
    struct ot_buf *lines = ot_token_cache_scratch(cache);
    char payload[96];

    snprintf(payload, sizeof(payload), "{\"role\":\"service_role\",\"exp\":%llu}",
             (unsigned long long)(now_s + SERVICE_LIFE_S));
    if (!ot_identity_write(OT_SPAN(""), OT_SPAN(""), token, ot_span_of(payload), lines))
        return OT_AUTH_INVALID;
    *out = (struct ot_identity){
        .user = OT_SPAN(""), .is_service = true, .headers = ot_buf_span(lines)};
    return OT_AUTH_OK;
}

/* The keys as they are now, and their generation. NULL: none yet. */
static struct ot_jwks *hold_keys(struct ot_auth *auth, uint64_t *generation)
{
    struct ot_jwks *keys;

    pthread_mutex_lock(&auth->keys_lock);
    keys = auth->keys != NULL ? ot_jwks_hold(auth->keys) : NULL;
    *generation = atomic_load(&auth->generation);
    pthread_mutex_unlock(&auth->keys_lock);
    return keys;
}

static bool is_named(const struct ot_jwk *key, const struct ot_jwt *jwt)
{
    return !jwt->has_kid || (key->kid != NULL && ot_span_is(jwt->kid, key->kid));
}

/* OT_AUTH_OK: its signature is good. OT_AUTH_PENDING: there is no such key. */
static enum ot_auth_verdict verify_with_set(const struct ot_jwks *keys, const struct ot_jwt *jwt)
{
    bool known = false;
    size_t tried = 0;

    for (size_t i = 0; keys != NULL && i < keys->count && tried < KEYS_TRIED; i++) {
        const struct ot_jwk *key = &keys->keys[i];

        if (!is_named(key, jwt))
            continue;
        known = known || jwt->has_kid;
        if (key->algorithm != jwt->algorithm)
            continue;
        known = true;
        tried++;
        if (ot_jws_verify(key->algorithm, key->key, jwt->input, jwt->signature))
            return OT_AUTH_OK;
    }
    return known ? OT_AUTH_INVALID : OT_AUTH_PENDING;
}

static enum ot_auth_verdict verify_signature(struct ot_auth *auth, const struct ot_jwt *jwt)
{
    enum ot_auth_verdict verdict;
    struct ot_jwks *keys;
    uint64_t generation;

    if (jwt->algorithm == OT_JWS_HS256)
        return auth->hmac != NULL && ot_hmac_verify(auth->hmac, jwt->input, jwt->signature)
                   ? OT_AUTH_OK
                   : OT_AUTH_INVALID;
    do {
        keys = hold_keys(auth, &generation);
        verdict = verify_with_set(keys, jwt);
        ot_jwks_release(keys);
        /* again if the keys were replaced meanwhile: a refresh that is over helps nobody any more
         */
    } while (verdict == OT_AUTH_PENDING && atomic_load(&auth->generation) != generation);
    return verdict == OT_AUTH_PENDING ? unknown_key(auth) : verdict;
}

static enum ot_auth_verdict verify(struct ot_auth *auth, struct ot_token_cache *cache,
                                   struct ot_span token, const uint8_t digest[OT_SHA256_SIZE],
                                   uint64_t now_s, struct ot_identity *out)
{
    OT_AUTOCLAIMS struct ot_claims claims = {0};
    enum ot_auth_verdict verdict;
    struct ot_identity identity;
    struct ot_buf *lines;
    struct ot_jwt jwt;

    if (!ot_jwt_parse(token, &jwt))
        return OT_AUTH_INVALID;
    verdict = verify_signature(auth, &jwt);
    if (verdict != OT_AUTH_OK)
        return verdict;
    switch (ot_claims_read(jwt.payload, &auth->rules, now_s, &claims)) {
    case OT_CLAIMS_GOOD:
        break;
    case OT_CLAIMS_EXPIRED:
        return OT_AUTH_EXPIRED;
    case OT_CLAIMS_BAD:
        return OT_AUTH_INVALID;
    }
    lines = ot_token_cache_scratch(cache);
    if (!ot_identity_write(ot_buf_span(&claims.subject), ot_buf_span(&claims.email), token,
                           jwt.payload, lines))
        return OT_AUTH_INVALID;
    identity = (struct ot_identity){.user = ot_buf_span(&claims.subject),
                                    .is_service = claims.is_service,
                                    .headers = ot_buf_span(lines)};
    /* if the keys were replaced meanwhile, the next look into the cache forgets it */
    ot_token_cache_add(cache, digest, claims.expires_s + auth->rules.leeway_s, &identity, out);
    return OT_AUTH_OK;
}

enum ot_auth_verdict ot_auth_check(struct ot_auth *auth, struct ot_token_cache *cache,
                                   struct ot_span authorization, bool may_verify, uint64_t now_s,
                                   struct ot_identity *out)
{
    uint8_t digest[OT_SHA256_SIZE];
    enum ot_auth_verdict verdict;
    struct ot_span token;

    if (!bearer_of(authorization, &token))
        return OT_AUTH_NONE;
    if (token.len > OT_TOKEN_MAX)
        return OT_AUTH_INVALID;
    ot_token_cache_adopt(cache, atomic_load(&auth->generation));
    /* digests are compared, so that neither the key's bytes nor its length show in the time */
    ot_sha256(token, digest);
    if (auth->service_key != NULL &&
        CRYPTO_memcmp(digest, auth->service_digest, sizeof(digest)) == 0)
        return admit_service(cache, token, now_s, out);
    verdict = ot_token_cache_find(cache, digest, now_s, out);
    if (verdict != OT_AUTH_UNCACHED || !may_verify)
        return verdict;
    return verify(auth, cache, token, digest, now_s, out);
}
