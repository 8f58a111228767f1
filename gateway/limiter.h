/*
 * Token buckets, shared by all threads, in memory that never grows. A bucket that is full again is
 * no different from one that does not exist and gives its place to the next; where none can, a
 * newcomer shares an overflow bucket with the other newcomers there, so that spraying keys never
 * resets anybody's bucket.
 */
#pragma once

#include "gateway/address.h"

struct ot_limiter;

/*
 * Room for at least `buckets`, and for about twice as many at most (18 bytes each, resident once
 * used). Seeded with random bytes, so that nobody can choose keys that collide.
 */
struct ot_limiter *ot_limiter_new(size_t buckets);
void ot_limiter_free(struct ot_limiter *limiter);

/* Who shares a bucket: a keyed hash, 128 bits of it. */
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
 * Takes a token (`take`), or only looks. The bucket holds `rpm` (at least 1; from 10^9 it is
 * capped) tokens and gets them back evenly over a minute, fractions included. `now_ms` is the
 * monotonic clock; it may stand still, and differ a little between threads. A request that is
 * refused takes nothing.
 */
void ot_limiter_check(struct ot_limiter *limiter, struct ot_limit_key key, uint64_t rpm,
                      uint64_t now_ms, bool take, struct ot_limit *out);

/*
 * Appends the header lines RateLimit-Limit, -Remaining and -Reset
 * (draft-ietf-httpapi-ratelimit-headers-06), and Retry-After (RFC 9110 section 10.2.3) when
 * refused.
 */
void ot_limit_write(const struct ot_limit *limit, struct ot_buf *out);
