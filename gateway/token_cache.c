#include "gateway/token_cache.h"

#include <stdlib.h>
#include <string.h>

/* Entries are named by their index + 1; 0 is none. */
typedef uint32_t entry_id;

struct entry {
    uint8_t digest[OT_SHA256_SIZE];
    uint64_t ends_s;
    char *bytes; /* the user, and behind it the header lines */
    uint32_t user_len, headers_len;
    bool is_service;
    entry_id next_in_bucket; /* of the free ones: the next free one */
    entry_id newer, older;
};

struct ot_token_cache {
    struct entry *entries;
    entry_id *buckets;
    size_t capacity, bucket_mask;
    size_t used; /* entries that were ever in use */
    entry_id free, newest, oldest;
    size_t count, bytes;
    uint64_t generation;
    struct ot_buf scratch;
};

struct ot_token_cache *ot_token_cache_new(size_t tokens)
{
    struct ot_token_cache *cache = ot_alloc(1, sizeof(*cache));
    size_t buckets = 16;

    cache->capacity = tokens == 0 ? 1 : tokens > UINT32_MAX / 4 ? UINT32_MAX / 4 : tokens;
    while (buckets < 2 * cache->capacity)
        buckets *= 2;
    cache->bucket_mask = buckets - 1;
    cache->entries = ot_alloc(cache->capacity, sizeof(*cache->entries));
    cache->buckets = ot_alloc(buckets, sizeof(*cache->buckets));
    return cache;
}

static struct entry *entry_of(struct ot_token_cache *cache, entry_id id)
{
    return &cache->entries[id - 1];
}

/* A digest is as good as random already. */
static entry_id *bucket_of(struct ot_token_cache *cache, const uint8_t digest[OT_SHA256_SIZE])
{
    size_t hash;

    memcpy(&hash, digest, sizeof(hash));
    return &cache->buckets[hash & cache->bucket_mask];
}

static void unlink_use(struct ot_token_cache *cache, const struct entry *entry)
{
    if (entry->newer != 0)
        entry_of(cache, entry->newer)->older = entry->older;
    else
        cache->newest = entry->older;
    if (entry->older != 0)
        entry_of(cache, entry->older)->newer = entry->newer;
    else
        cache->oldest = entry->newer;
}

static void link_newest(struct ot_token_cache *cache, entry_id id)
{
    struct entry *entry = entry_of(cache, id);

    entry->newer = 0;
    entry->older = cache->newest;
    if (cache->newest != 0)
        entry_of(cache, cache->newest)->newer = id;
    else
        cache->oldest = id;
    cache->newest = id;
}

static void forget(struct ot_token_cache *cache, entry_id id)
{
    struct entry *entry = entry_of(cache, id);
    entry_id *link = bucket_of(cache, entry->digest);

    while (*link != id)
        link = &entry_of(cache, *link)->next_in_bucket;
    *link = entry->next_in_bucket;
    unlink_use(cache, entry);
    cache->bytes -= entry->user_len + entry->headers_len;
    cache->count--;
    free(entry->bytes);
    entry->bytes = NULL;
    entry->next_in_bucket = cache->free;
    cache->free = id;
}

void ot_token_cache_adopt(struct ot_token_cache *cache, uint64_t generation)
{
    if (cache->generation == generation)
        return;
    while (cache->oldest != 0)
        forget(cache, cache->oldest);
    cache->generation = generation;
}

static void fill(const struct entry *entry, struct ot_identity *out)
{
    out->user = (struct ot_span){entry->bytes, entry->user_len};
    out->headers = (struct ot_span){entry->bytes + entry->user_len, entry->headers_len};
    out->is_service = entry->is_service;
}

static entry_id find(struct ot_token_cache *cache, const uint8_t digest[OT_SHA256_SIZE])
{
    entry_id id = *bucket_of(cache, digest);

    while (id != 0 && memcmp(entry_of(cache, id)->digest, digest, OT_SHA256_SIZE) != 0)
        id = entry_of(cache, id)->next_in_bucket;
    return id;
}

enum ot_auth_verdict ot_token_cache_find(struct ot_token_cache *cache,
                                         const uint8_t digest[OT_SHA256_SIZE], uint64_t now_s,
                                         struct ot_identity *out)
{
    entry_id id = find(cache, digest);

    if (id == 0)
        return OT_AUTH_UNCACHED;
    if (now_s >= entry_of(cache, id)->ends_s) {
        forget(cache, id);
        return OT_AUTH_EXPIRED;
    }
    if (cache->newest != id) {
        unlink_use(cache, entry_of(cache, id));
        link_newest(cache, id);
    }
    fill(entry_of(cache, id), out);
    return OT_AUTH_OK;
}

static entry_id take_free(struct ot_token_cache *cache)
{
    entry_id id = cache->free;

    if (id == 0)
        return (entry_id)++cache->used;
    cache->free = entry_of(cache, id)->next_in_bucket;
    return id;
}

void ot_token_cache_add(struct ot_token_cache *cache, const uint8_t digest[OT_SHA256_SIZE],
                        uint64_t ends_s, const struct ot_identity *identity,
                        struct ot_identity *out)
{
    size_t size = identity->user.len + identity->headers.len;
    entry_id *bucket = bucket_of(cache, digest);
    entry_id id = find(cache, digest);
    struct entry *entry;

    if (id != 0)
        forget(cache, id);
    while (cache->oldest != 0 && (cache->count == cache->capacity ||
                                  cache->bytes + size > cache->capacity * OT_TOKEN_CACHE_MEAN))
        forget(cache, cache->oldest);
    id = take_free(cache);
    entry = entry_of(cache, id);
    *entry = (struct entry){.ends_s = ends_s,
                            .bytes = ot_alloc(size, 1),
                            .user_len = (uint32_t)identity->user.len,
                            .headers_len = (uint32_t)identity->headers.len,
                            .is_service = identity->is_service,
                            .next_in_bucket = *bucket};
    memcpy(entry->digest, digest, OT_SHA256_SIZE);
    if (identity->user.len > 0)
        memcpy(entry->bytes, identity->user.data, identity->user.len);
    memcpy(entry->bytes + identity->user.len, identity->headers.data, identity->headers.len);
    *bucket = id;
    link_newest(cache, id);
    cache->count++;
    cache->bytes += size;
    fill(entry, out);
}

struct ot_buf *ot_token_cache_scratch(struct ot_token_cache *cache)
{
    ot_buf_clear(&cache->scratch);
    return &cache->scratch;
}

size_t ot_token_cache_count(const struct ot_token_cache *cache)
{
    return cache->count;
}

size_t ot_token_cache_bytes(const struct ot_token_cache *cache)
{
    return cache->bytes;
}

void ot_token_cache_free(struct ot_token_cache *cache)
{
    if (cache == NULL)
        return;
    while (cache->oldest != 0)
        forget(cache, cache->oldest);
    free(cache->entries);
    free(cache->buckets);
    ot_buf_free(&cache->scratch);
    free(cache);
}
