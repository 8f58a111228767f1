/*
 * Who is calling: bearer tokens (RFC 6750) that are JSON Web Tokens (RFC 7519), or the service key.
 * An algorithm is bound to its key: HS256 to the secret, RS256, ES256 and EdDSA to a key of the key
 * set (RFC 7517) that says so.
 */
#pragma once

#include "gateway/http.h"

struct ot_auth_options {
    const char *jwt_secret;  /* NULL or "": no HS256 */
    const char *service_key; /* NULL or "": none */
    const char *jwks;        /* a file or an https URL (http for loopback); NULL or "": none */
    const char *issuer;      /* `iss` must be it; NULL or "": not checked */
    const char *audience;    /* must be `aud` or in it; NULL or "": not checked */
};

/* Clock difference that is forgiven for `exp`, `nbf` and `iat`, in seconds. */
#define OT_AUTH_LEEWAY_S 30
/* A longer token is refused unread. */
#define OT_TOKEN_MAX 8192u

/* Keys and rules. Shared by all threads; its key set may be replaced at any time, in one step. */
struct ot_auth;

/*
 * Loads a key set from a file now; one from a URL is fetched by ot_auth_refresh. OT_CONFIG for a
 * file that is no key set, or has no key that can be used; OT_USAGE for a URL that is none.
 */
OT_MUST_USE int ot_auth_make(const struct ot_auth_options *options, struct ot_auth **out,
                             struct ot_error *err);
void ot_auth_free(struct ot_auth *auth);

/* Whether anybody could be authenticated. */
bool ot_auth_is_usable(const struct ot_auth *auth);
/* Whether the secret or the service key is one that is printed in public documentation (the
 * defaults of local Supabase), looks like a placeholder, or is too short (a secret: 32 bytes).
 * `*why` is a static text for people, "the JWT secret is shorter than 32 bytes". */
bool ot_auth_is_weak(const struct ot_auth *auth, const char **why);

/*
 * Reads the key set again: from its file, or with ot_fetch from its URL (at most 1 MiB, 10 s, 3
 * redirects). Blocks, so it is called in a thread of its own. On failure (also: a document without
 * a key that can be used) the old keys stay. OT_FAILED; OT_TOOL when onetube-fetch is missing.
 */
OT_MUST_USE int ot_auth_refresh(struct ot_auth *auth, struct ot_error *err);
/* Whether now is the time for ot_auth_refresh: a token asked for a key that is not there, or the
 * keys are older than 10 minutes, and no refresh is under way or ended less than 10 s ago. `now_ms`
 * is ot_now_ms. False without a key set. */
bool ot_auth_wants_refresh(const struct ot_auth *auth, uint64_t now_ms);
/* Grows by one with every refresh, also with one that failed. */
uint64_t ot_auth_epoch(const struct ot_auth *auth);

/* Verified tokens of one thread; bounded; the one that was not used for longest gives way. */
struct ot_token_cache;
struct ot_token_cache *ot_token_cache_new(size_t tokens);
void ot_token_cache_free(struct ot_token_cache *cache);

/* Belongs to the cache and is valid until its next use. */
struct ot_identity {
    struct ot_span user; /* `sub`; empty for a service */
    bool is_service;     /* the service key, or the claim role "service_role" */
    /*
     * The header lines that tell the function: x-1tube-auth-user, -email, -token, -payload, values
     * percent-encoded as encodeURIComponent does, each line ended by CRLF.
     */
    struct ot_span headers;
};

enum ot_auth_verdict {
    OT_AUTH_NONE,     /* no bearer token at all */
    OT_AUTH_OK,       /* `out` is filled */
    OT_AUTH_UNCACHED, /* not in the cache, and `may_verify` was false */
    OT_AUTH_PENDING,  /* its key is not known yet and a refresh, which is wanted now, could bring it
                       */
    OT_AUTH_EXPIRED,  /* a valid token whose time is over */
    OT_AUTH_INVALID,  /* any other reason */
};

/*
 * Checks the value of an Authorization field; one of another scheme than Bearer is OT_AUTH_NONE.
 * `may_verify`: a token that is not in the cache is verified (tens of microseconds); else only
 * looked up. `now_s`: seconds since 1970. The service key is compared in constant time. Never
 * blocks.
 */
enum ot_auth_verdict ot_auth_check(struct ot_auth *auth, struct ot_token_cache *cache,
                                   struct ot_span authorization, bool may_verify, uint64_t now_s,
                                   struct ot_identity *out);
