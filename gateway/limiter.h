/*
 * Token buckets, shared by all threads, in memory that never grows. A bucket that is full again is
 * no different from one that does not exist and gives its place to the next; where none can, a
 * newcomer shares one overflow bucket with other newcomers, so that spraying keys never resets
 * anybody's bucket.
 */
#pragma once

#include "gateway/address.h"

struct ot_limiter;

/* Room for `buckets` (rounded up to a power of two); seeded with random bytes, so that nobody can
 * choose keys that collide. */
struct ot_limiter *ot_limiter_new(size_t buckets);
void ot_limiter_free(struct ot_limiter *limiter);

/* Who shares a bucket. */
struct ot_limit_key {
    uint64_t hash[2];
};

/*
 * Keys, always per function (`function` is its name, so that they survive a new generation): one
 * for each address (IPv6: for each /64), each user, or one for all callers.
 */
struct ot_limit_key ot_limit_by_address(const struct ot_limiter *limiter, struct ot_span function,
                                        const struct ot_address *address);
struct ot_limit_key ot_limit_by_user(const struct ot_limiter *limiter, struct ot_span function,
                                     struct ot_span user);
struct ot_limit_key ot_limit_by_function(const struct ot_limiter *limiter, struct ot_span function);

struct ot_limit {
    bool allowed;
    uint64_t limit;         /* requests a minute: the bucket's size */
    uint64_t remaining;     /* whole tokens left */
    uint64_t reset_s;       /* seconds until it is full, rounded up */
    uint64_t retry_after_s; /* seconds until the next token, at least 1; 0 when allowed */
};

/*
 * Takes a token (`take`), or only looks. The bucket holds `rpm` (at least 1) tokens and gets them
 * back evenly over a minute, fractions included. `now_ms` is the monotonic clock.
 */
void ot_limiter_check(struct ot_limiter *limiter, struct ot_limit_key key, uint64_t rpm,
                      uint64_t now_ms, bool take, struct ot_limit *out);

/* Appends the RateLimit-Limit, -Remaining and -Reset header lines, and Retry-After when refused. */
void ot_limit_write(const struct ot_limit *limit, struct ot_buf *out);
