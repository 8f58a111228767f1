/* Token buckets: nothing is lost and nothing is won, whoever asks and whatever the clock does. */
#include "tests/unit/unit.h"

#include "gateway/limiter.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define NOW 1000000ull

static const struct ot_span fn = {"hello", 5};

static struct ot_limit_key user(const struct ot_limiter *limiter, const char *name)
{
    return ot_limit_by_user(limiter, fn, ot_span_of(name));
}

static bool take(struct ot_limiter *limiter, struct ot_limit_key key, uint64_t rpm, uint64_t now)
{
    struct ot_limit limit;

    ot_limiter_check(limiter, key, rpm, now, true, &limit);
    return limit.allowed;
}

/* How many requests pass before one does not. */
static uint64_t burst(struct ot_limiter *limiter, struct ot_limit_key key, uint64_t rpm,
                      uint64_t now)
{
    uint64_t count = 0;

    while (take(limiter, key, rpm, now))
        count++;
    return count;
}

static void takes(void **state)
{
    struct ot_limiter *limiter = ot_limiter_new(16);
    struct ot_limit_key key = user(limiter, "a");
    struct ot_limit limit;

    (void)state;
    ot_limiter_check(limiter, key, 3, NOW, false, &limit);
    assert_true(limit.allowed);
    assert_int_equal(limit.limit, 3);
    assert_int_equal(limit.remaining, 3);
    assert_int_equal(limit.reset_s, 0);
    for (uint64_t i = 1; i <= 3; i++) {
        ot_limiter_check(limiter, key, 3, NOW, true, &limit);
        assert_true(limit.allowed);
        assert_int_equal(limit.remaining, 3 - i);
        assert_int_equal(limit.reset_s, 20 * i);
        assert_int_equal(limit.retry_after_s, 0);
    }
    /* refused requests take nothing, nor does looking */
    for (int i = 0; i < 5; i++) {
        ot_limiter_check(limiter, key, 3, NOW + 500, i % 2 == 0, &limit);
        assert_false(limit.allowed);
        assert_int_equal(limit.remaining, 0);
        assert_int_equal(limit.reset_s, 60);
        assert_int_equal(limit.retry_after_s, 20);
    }
    ot_limiter_check(limiter, key, 3, NOW + 19999, true, &limit);
    assert_false(limit.allowed);
    assert_int_equal(limit.retry_after_s, 1);
    ot_limiter_check(limiter, key, 3, NOW + 20000, true, &limit);
    assert_true(limit.allowed);
    assert_int_equal(limit.remaining, 0);
    assert_int_equal(burst(limiter, key, 3, NOW + 80000), 3);
    ot_limiter_free(limiter);
}

/* 7 a minute, one request each millisecond: in ten minutes 7 at once and then 70. */
static void fractions(void **state)
{
    static const uint64_t rates[] = {1, 7, 11, 59, 61, 997};
    struct ot_limiter *limiter = ot_limiter_new(16);

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rates); i++) {
        struct ot_limit_key key = user(limiter, "a");
        uint64_t start = NOW + i * 100000000;
        uint64_t passed = 0;

        for (uint64_t ms = 0; ms <= 600000; ms++)
            passed += take(limiter, key, rates[i], start + ms);
        assert_int_equal(passed, 11 * rates[i]);
    }
    ot_limiter_free(limiter);
}

static void clocks(void **state)
{
    struct ot_limiter *limiter = ot_limiter_new(16);
    struct ot_limit_key key = user(limiter, "a");
    struct ot_limit limit;

    (void)state;
    /* stands still, at zero too */
    assert_int_equal(burst(limiter, key, 60, 0), 60);
    assert_false(take(limiter, key, 60, 0));
    /* a long time idle gives no more than a full bucket */
    assert_int_equal(burst(limiter, key, 60, 365ull * 86400 * 1000), 60);
    /* a thread that is behind */
    ot_limiter_check(limiter, key, 60, 365ull * 86400 * 1000 - 50, true, &limit);
    assert_false(limit.allowed);
    assert_int_equal(limit.remaining, 0);
    assert_int_equal(limit.reset_s, 61);
    assert_int_equal(limit.retry_after_s, 2);
    /* jumps to its end, and back */
    assert_int_equal(burst(limiter, key, 60, UINT64_MAX), 60);
    assert_false(take(limiter, key, 60, UINT64_MAX));
    assert_false(take(limiter, key, 60, NOW));
    /* the largest rate */
    assert_true(take(limiter, user(limiter, "b"), UINT64_MAX, NOW));
    ot_limiter_check(limiter, user(limiter, "c"), 1000000, NOW, true, &limit);
    assert_int_equal(limit.remaining, 999999);
    assert_int_equal(limit.reset_s, 1);
    assert_int_equal(burst(limiter, user(limiter, "d"), 700001, NOW), 700001);
    ot_limiter_free(limiter);
}

static void keys(void **state)
{
    static const char *const addresses[] = {"192.0.2.1", "192.0.2.2", "2001:db8::1",
                                            "2001:db8:0:1::1", "::"};
    struct ot_limiter *limiter = ot_limiter_new(1024);
    struct ot_limit_key all[16];
    struct ot_address address;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < OT_COUNT(addresses); i++) {
        assert_true(ot_address_parse(ot_span_of(addresses[i]), &address));
        all[count++] = ot_limit_by_address(limiter, fn, &address);
    }
    all[count++] = ot_limit_by_address(limiter, OT_SPAN("hell"), &address);
    all[count++] = ot_limit_by_user(limiter, fn, OT_SPAN("::"));
    all[count++] = ot_limit_by_user(limiter, fn, OT_SPAN(""));
    all[count++] = ot_limit_by_user(limiter, OT_SPAN("other"), OT_SPAN(""));
    all[count++] = ot_limit_by_function(limiter, fn);
    all[count++] = ot_limit_by_function(limiter, OT_SPAN("other"));
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(&all[i], &all[k], sizeof(all[i]));
    }
    /* one subscriber's network of IPv6 is one client */
    assert_true(ot_address_parse(OT_SPAN("2001:db8::ffff:ffff:ffff:ffff"), &address));
    all[count] = ot_limit_by_address(limiter, fn, &address);
    assert_memory_equal(&all[count], &all[2], sizeof(all[0]));
    ot_limiter_free(limiter);
}

/* Nobody outside can tell where a key goes. */
static void seeds(void **state)
{
    struct ot_limiter *one = ot_limiter_new(16);
    struct ot_limiter *other = ot_limiter_new(16);
    struct ot_limit_key a = user(one, "a");
    struct ot_limit_key b = user(other, "a");

    (void)state;
    assert_memory_not_equal(&a, &b, sizeof(a));
    ot_limiter_free(one);
    ot_limiter_free(other);
}

static size_t resident_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    size_t kib = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        sscanf(line, "VmRSS: %zu", &kib);
    fclose(file);
    return kib;
}

/* One client has used its bucket up, another half of it; then a million others come at once. */
static void sprayed(void **state)
{
    struct ot_limiter *limiter = ot_limiter_new(4096);
    struct ot_limit_key empty = user(limiter, "empty");
    struct ot_limit_key half = user(limiter, "half");
    struct ot_limit limit;
    uint64_t refused = 0;
    size_t before = 0;

    (void)state;
    assert_int_equal(burst(limiter, empty, 60, NOW), 60);
    for (int i = 0; i < 30; i++)
        assert_true(take(limiter, half, 60, NOW));
    for (unsigned i = 0; i < 1000000; i++) {
        struct ot_limit_key key = {{0}};
        struct ot_address address = {{0x20, 0x01}};

        memcpy(address.bytes + 4, &i, sizeof(i));
        key = ot_limit_by_address(limiter, fn, &address);
        refused += !take(limiter, key, 60, NOW);
        if (i == 100000)
            before = resident_kib();
    }
    assert_true(resident_kib() <= before + 256);
    assert_true(refused >
                900000); /* what does not fit passes only as long as overflow buckets do */
    ot_limiter_check(limiter, empty, 60, NOW, true, &limit);
    assert_false(limit.allowed);
    ot_limiter_check(limiter, half, 60, NOW, true, &limit);
    assert_true(limit.allowed);
    assert_int_equal(limit.remaining, 29);
    /* a second later each overflow bucket has a token again, for whoever comes first */
    assert_true(take(limiter, user(limiter, "newcomer"), 60, NOW + 1000));
    /* two minutes later nothing is left of it */
    assert_int_equal(burst(limiter, user(limiter, "newcomer"), 60, NOW + 120000), 60);
    ot_limiter_free(limiter);
}

/*
 * Forty keys take all that they get, each second, so that every bucket is in use all the time. A
 * newcomer is served from what the overflow bucket has got back; the next one is not.
 */
static void newcomer(void **state)
{
    struct ot_limiter *limiter = ot_limiter_new(7); /* one set, where all keys meet */
    char name[32];

    (void)state;
    for (uint64_t second = 0; second < 10; second++) {
        uint64_t now = NOW + second * 1000;

        if (second > 0) {
            snprintf(name, sizeof(name), "newcomer %u", (unsigned)second);
            assert_true(take(limiter, user(limiter, name), 60, now));
            snprintf(name, sizeof(name), "next %u", (unsigned)second);
            assert_false(take(limiter, user(limiter, name), 60, now));
        }
        for (unsigned i = 0; i < 40; i++) {
            snprintf(name, sizeof(name), "spray %u", i);
            burst(limiter, user(limiter, name), 60, now);
        }
    }
    ot_limiter_free(limiter);
}

static void header_lines(void **state)
{
    static const struct ot_limit allowed = {true, 60, 59, 1, 0};
    static const struct ot_limit refused = {false, 60, 0, 60, 7};
    OT_AUTOBUF struct ot_buf out = {0};

    (void)state;
    ot_limit_write(&allowed, &out);
    assert_string_equal(out.data, "ratelimit-limit: 60\r\nratelimit-remaining: 59\r\n"
                                  "ratelimit-reset: 1\r\n");
    ot_buf_clear(&out);
    ot_limit_write(&refused, &out);
    assert_string_equal(out.data, "ratelimit-limit: 60\r\nratelimit-remaining: 0\r\n"
                                  "ratelimit-reset: 60\r\nretry-after: 7\r\n");
}

/* -- threads ----------------------------------------------------------------------------------- */

#define THREADS 4
#define ROUNDS 50000u
#define KEYS 50u

static struct ot_limiter *shared;
static _Atomic uint64_t passed[KEYS];

static void *ask(void *argument)
{
    unsigned seed = *(unsigned *)argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned which = (i * 7 + seed) % KEYS;
        char name[16];

        snprintf(name, sizeof(name), "%u", which);
        if (take(shared, user(shared, name), 100, NOW))
            atomic_fetch_add(&passed[which], 1);
    }
    return NULL;
}

/* Each bucket gives what it holds, to all threads together. */
static void threads(void **state)
{
    pthread_t ids[THREADS];
    unsigned seeds_of[THREADS];

    (void)state;
    shared = ot_limiter_new(4096);
    for (unsigned i = 0; i < THREADS; i++) {
        seeds_of[i] = i;
        assert_int_equal(pthread_create(&ids[i], NULL, ask, &seeds_of[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    for (unsigned i = 0; i < KEYS; i++)
        assert_int_equal(atomic_load(&passed[i]), 100);
    ot_limiter_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes),    cmocka_unit_test(fractions),    cmocka_unit_test(clocks),
        cmocka_unit_test(keys),     cmocka_unit_test(seeds),        cmocka_unit_test(sprayed),
        cmocka_unit_test(newcomer), cmocka_unit_test(header_lines), cmocka_unit_test(threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
