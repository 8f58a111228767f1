/*
 * A bucket is kept as the time at which it is full again (the generic cell rate algorithm, ITU-T
 * I.371): a token taken moves it on by the time that one token needs to come back, and the bucket
 * is empty when it is a whole minute away. Nothing has to run for a bucket to fill, nothing is
 * rounded while it does, and the time is a bucket's whole state, whatever its rate.
 */
#include "gateway/limiter.h"

#include "base/random.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000000ull /* nanoseconds */
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define RPM_MAX 1000000000u /* a token comes back in 60 ns */
#define WAYS 7u             /* buckets in a set */
#define SHARDS 256u
#define FUNCTION_MAX 64u /* longer than any function's name */

struct bucket {
    uint64_t tag;     /* the part of its key that did not choose the set */
    uint64_t full_at; /* in nanoseconds */
};

/* Where a key may be: 128 bytes, two cache lines. */
struct set {
    struct bucket buckets[WAYS];
    struct bucket overflow; /* its tag is unused */
};

/* Locks lie on cache lines of their own. */
union shard {
    pthread_mutex_t lock;
    char line[64];
};

struct ot_limiter {
    uint8_t seed[crypto_shorthash_siphashx24_KEYBYTES];
    size_t mask; /* sets - 1 */
    struct set *sets;
    union shard shards[SHARDS];
};

struct ot_limiter *ot_limiter_new(size_t buckets)
{
    struct ot_limiter *limiter = ot_alloc(1, sizeof(*limiter));
    size_t sets = 1;

    while (sets * WAYS < buckets)
        sets *= 2;
    ot_random(limiter->seed, sizeof(limiter->seed));
    limiter->mask = sets - 1;
    limiter->sets = ot_alloc(sets, sizeof(*limiter->sets));
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&limiter->shards[i].lock, NULL);
    return limiter;
}

void ot_limiter_free(struct ot_limiter *limiter)
{
    if (limiter == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&limiter->shards[i].lock);
    free(limiter->sets);
    free(limiter);
}

/* -- keys -------------------------------------------------------------------------------------- */

static struct ot_limit_key hash(const struct ot_limiter *limiter, const void *data, size_t len)
{
    struct ot_limit_key key;

    crypto_shorthash_siphashx24((unsigned char *)key.hash, data, len, limiter->seed);
    return key;
}

_Static_assert(sizeof(struct ot_limit_key) == crypto_shorthash_siphashx24_BYTES, "one hash");

/* `who` has 16 bytes; `kind` keeps the kinds of keys apart. */
static struct ot_limit_key make_key(const struct ot_limiter *limiter, char kind, const void *who,
                                    struct ot_span function)
{
    char text[1 + 16 + FUNCTION_MAX];
    size_t len = function.len < FUNCTION_MAX ? function.len : FUNCTION_MAX;

    text[0] = kind;
    memcpy(text + 1, who, 16);
    memcpy(text + 17, function.data, len);
    return hash(limiter, text, 17 + len);
}

struct ot_limit_key ot_limit_by_address(const struct ot_limiter *limiter, struct ot_span function,
                                        const struct ot_address *address)
{
    struct ot_address network = ot_address_network(address);

    return make_key(limiter, 'a', network.bytes, function);
}

struct ot_limit_key ot_limit_by_user(const struct ot_limiter *limiter, struct ot_span function,
                                     struct ot_span user)
{
    struct ot_limit_key who = hash(limiter, user.data, user.len);

    return make_key(limiter, 'u', who.hash, function);
}

struct ot_limit_key ot_limit_by_function(const struct ot_limiter *limiter, struct ot_span function)
{
    static const char nobody[16];

    return make_key(limiter, 'f', nobody, function);
}

/* -- buckets ----------------------------------------------------------------------------------- */

/* The key's own bucket, or one that is full and so nobody's, or the overflow bucket. */
static struct bucket *find(struct set *set, uint64_t tag, uint64_t now)
{
    struct bucket *found = &set->overflow;

    for (size_t i = 0; i < WAYS; i++) {
        struct bucket *bucket = &set->buckets[i];

        if (bucket->tag == tag)
            return bucket;
        if (bucket->full_at <= now)
            found = bucket;
    }
    return found;
}

static uint64_t divide_up(uint64_t value, uint64_t by)
{
    return value / by + (value % by != 0);
}

void ot_limiter_check(struct ot_limiter *limiter, struct ot_limit_key key, uint64_t rpm,
                      uint64_t now_ms, bool take, struct ot_limit *out)
{
    size_t index = key.hash[0] & limiter->mask;
    struct set *set = &limiter->sets[index];
    pthread_mutex_t *lock = &limiter->shards[index % SHARDS].lock;
    uint64_t now = now_ms < UINT64_MAX / MS / 2 ? now_ms * MS : UINT64_MAX / 2;
    uint64_t token, whole, missing;
    struct bucket *bucket;

    rpm = rpm < RPM_MAX ? rpm : RPM_MAX;
    token = MINUTE / rpm;
    whole = token * rpm;
    pthread_mutex_lock(lock);
    bucket = find(set, key.hash[1], now);
    missing = bucket->full_at > now ? bucket->full_at - now : 0;
    out->allowed = missing + token <= whole;
    if (take && out->allowed) {
        missing += token;
        bucket->full_at = now + missing;
        if (bucket != &set->overflow)
            bucket->tag = key.hash[1];
    }
    pthread_mutex_unlock(lock);
    out->limit = rpm;
    out->remaining = missing < whole ? (whole - missing) / token : 0;
    out->reset_s = divide_up(missing, SECOND);
    out->retry_after_s = out->allowed ? 0 : divide_up(missing + token - whole, SECOND);
}

/* -- header lines ------------------------------------------------------------------------------ */

static void put(struct ot_buf *out, const char *name, uint64_t value)
{
    ot_buf_puts(out, name);
    ot_buf_uint(out, value);
    ot_buf_append(out, "\r\n", 2);
}

void ot_limit_write(const struct ot_limit *limit, struct ot_buf *out)
{
    put(out, "ratelimit-limit: ", limit->limit);
    put(out, "ratelimit-remaining: ", limit->remaining);
    put(out, "ratelimit-reset: ", limit->reset_s);
    if (!limit->allowed)
        put(out, "retry-after: ", limit->retry_after_s);
}
