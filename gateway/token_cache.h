/*
 * The inside of struct ot_token_cache (gateway/auth.h): identities of verified tokens, found by the
 * SHA-256 of the token, so that none is kept here in a form that could be used. Belongs to one
 * thread. At most as many entries as were asked for, and OT_TOKEN_CACHE_MEAN bytes of
 * identities for each: the one that was not used for longest gives way.
 */
#pragma once

#include "base/digest.h"
#include "gateway/auth.h"

#define OT_TOKEN_CACHE_MEAN 4096u

/* Forgets everything unless it was filled under the same `generation` of keys. */
void ot_token_cache_adopt(struct ot_token_cache *cache, uint64_t generation);

/*
 * OT_AUTH_OK: it is there, `out` is filled. OT_AUTH_EXPIRED: it was, and is over (`ends_s` was
 * reached) and forgotten. OT_AUTH_UNCACHED.
 */
enum ot_auth_verdict ot_token_cache_find(struct ot_token_cache *cache,
                                         const uint8_t digest[OT_SHA256_SIZE], uint64_t now_s,
                                         struct ot_identity *out);

/* Keeps a copy of `identity` until `ends_s` and fills `out` with it. */
void ot_token_cache_add(struct ot_token_cache *cache, const uint8_t digest[OT_SHA256_SIZE],
                        uint64_t ends_s, const struct ot_identity *identity,
                        struct ot_identity *out);

/* A buffer for an identity that is not kept; valid until the cache's next use. */
struct ot_buf *ot_token_cache_scratch(struct ot_token_cache *cache);

size_t ot_token_cache_count(const struct ot_token_cache *cache);
size_t ot_token_cache_bytes(const struct ot_token_cache *cache);
