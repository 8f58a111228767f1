/* The cache of verified tokens: bounds, order of use, expiry, generations of keys. */
#include "tests/unit/unit.h"

#include "gateway/token_cache.h"

#include <string.h>

static void digest_of(unsigned number, uint8_t digest[OT_SHA256_SIZE])
{
    ot_sha256((struct ot_span){(const char *)&number, sizeof(number)}, digest);
}

static void add(struct ot_token_cache *cache, unsigned number, uint64_t ends_s, const char *lines)
{
    OT_AUTOFREE char *user = ot_asprintf("user %u", number);
    const struct ot_identity identity = {.user = ot_span_of(user), .headers = ot_span_of(lines)};
    uint8_t digest[OT_SHA256_SIZE];
    struct ot_identity out;

    digest_of(number, digest);
    ot_token_cache_add(cache, digest, ends_s, &identity, &out);
    assert_true(ot_span_is(out.user, user));
    assert_true(ot_span_is(out.headers, lines));
    assert_ptr_not_equal(out.user.data, user);
}

static enum ot_auth_verdict find(struct ot_token_cache *cache, unsigned number, uint64_t now_s)
{
    uint8_t digest[OT_SHA256_SIZE];
    struct ot_identity out = {0};
    enum ot_auth_verdict verdict;

    digest_of(number, digest);
    verdict = ot_token_cache_find(cache, digest, now_s, &out);
    if (verdict == OT_AUTH_OK) {
        OT_AUTOFREE char *user = ot_asprintf("user %u", number);

        assert_true(ot_span_is(out.user, user));
    }
    return verdict;
}

static void second_use_is_a_hit(void **state)
{
    struct ot_token_cache *cache = ot_token_cache_new(10);
    uint8_t digest[OT_SHA256_SIZE];
    struct ot_identity out;

    (void)state;
    assert_int_equal(find(cache, 1, 0), OT_AUTH_UNCACHED);
    add(cache, 1, 100, "a: b\r\n");
    assert_int_equal(find(cache, 1, 0), OT_AUTH_OK);
    assert_int_equal(find(cache, 2, 0), OT_AUTH_UNCACHED);
    /* every byte of the digest counts */
    digest_of(1, digest);
    digest[31] ^= 1;
    assert_int_equal(ot_token_cache_find(cache, digest, 0, &out), OT_AUTH_UNCACHED);
    ot_token_cache_free(cache);
}

static void expiry_is_checked_on_each_hit(void **state)
{
    struct ot_token_cache *cache = ot_token_cache_new(10);

    (void)state;
    add(cache, 1, 100, "");
    assert_int_equal(find(cache, 1, 99), OT_AUTH_OK);
    assert_int_equal(find(cache, 1, 100), OT_AUTH_EXPIRED);
    assert_int_equal(find(cache, 1, 99), OT_AUTH_UNCACHED);
    assert_int_equal(ot_token_cache_count(cache), 0);
    assert_int_equal(ot_token_cache_bytes(cache), 0);
    ot_token_cache_free(cache);
}

static void the_one_unused_for_longest_gives_way(void **state)
{
    struct ot_token_cache *cache = ot_token_cache_new(3);

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        add(cache, i, 100, "x");
    assert_int_equal(find(cache, 0, 0), OT_AUTH_OK);
    add(cache, 3, 100, "x");
    assert_int_equal(ot_token_cache_count(cache), 3);
    assert_int_equal(find(cache, 0, 0), OT_AUTH_OK);
    assert_int_equal(find(cache, 1, 0), OT_AUTH_UNCACHED);
    assert_int_equal(find(cache, 2, 0), OT_AUTH_OK);
    assert_int_equal(find(cache, 3, 0), OT_AUTH_OK);
    add(cache, 4, 100, "x");
    assert_int_equal(find(cache, 0, 0), OT_AUTH_UNCACHED);
    ot_token_cache_free(cache);
}

static void number_and_bytes_are_bounded(void **state)
{
    struct ot_token_cache *cache = ot_token_cache_new(100);
    OT_AUTOBUF struct ot_buf large = {0};

    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        add(cache, i, 100, "x");
        assert_true(ot_token_cache_count(cache) <= 100);
    }
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(find(cache, i, 0), i >= 9900 ? OT_AUTH_OK : OT_AUTH_UNCACHED);
    while (large.len < 4 * OT_TOKEN_CACHE_MEAN)
        ot_buf_putc(&large, 'x');
    for (unsigned i = 0; i < 200; i++) {
        add(cache, 20000 + i, 100, large.data);
        assert_true(ot_token_cache_bytes(cache) <= 100 * OT_TOKEN_CACHE_MEAN);
    }
    assert_true(ot_token_cache_count(cache) >= 20);
    assert_int_equal(find(cache, 20199, 0), OT_AUTH_OK);
    ot_token_cache_free(cache);
}

static void another_generation_forgets_all(void **state)
{
    struct ot_token_cache *cache = ot_token_cache_new(10);

    (void)state;
    ot_token_cache_adopt(cache, 1);
    for (unsigned i = 0; i < 5; i++)
        add(cache, i, 100, "x");
    ot_token_cache_adopt(cache, 1);
    assert_int_equal(ot_token_cache_count(cache), 5);
    ot_token_cache_adopt(cache, 2);
    assert_int_equal(ot_token_cache_count(cache), 0);
    assert_int_equal(find(cache, 1, 0), OT_AUTH_UNCACHED);
    add(cache, 1, 100, "x");
    assert_int_equal(find(cache, 1, 0), OT_AUTH_OK);
    ot_token_cache_free(cache);
}

static void the_same_token_again_replaces(void **state)
{
    struct ot_token_cache *cache = ot_token_cache_new(2);

    (void)state;
    add(cache, 1, 100, "old");
    add(cache, 1, 200, "newer");
    assert_int_equal(ot_token_cache_count(cache), 1);
    assert_int_equal(ot_token_cache_bytes(cache), strlen("user 1") + strlen("newer"));
    assert_int_equal(find(cache, 1, 150), OT_AUTH_OK);
    ot_token_cache_free(cache);
}

static void room_for_one(void **state)
{
    struct ot_token_cache *cache = ot_token_cache_new(0);

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        add(cache, i, 100, "x");
        assert_int_equal(find(cache, i, 0), OT_AUTH_OK);
        assert_int_equal(ot_token_cache_count(cache), 1);
    }
    ot_token_cache_free(cache);
    ot_token_cache_free(NULL);
}

/* Random use against a plain list in order of use. */
static void like_a_plain_list(void **state)
{
    enum { ROOM = 8, KEYS = 24, STEPS = 20000 };
    struct ot_token_cache *cache = ot_token_cache_new(ROOM);
    unsigned model[ROOM]; /* newest first */
    unsigned count = 0, random = 1;

    (void)state;
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned key, at = 0;

        random = random * 1103515245u + 12345u;
        key = (random >> 16) % KEYS;
        while (at < count && model[at] != key)
            at++;
        assert_int_equal(find(cache, key, 0), at < count ? OT_AUTH_OK : OT_AUTH_UNCACHED);
        if (at == count) {
            add(cache, key, 100, "x");
            at = count < ROOM ? count++ : ROOM - 1;
        }
        memmove(model + 1, model, at * sizeof(*model));
        model[0] = key;
    }
    ot_token_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(second_use_is_a_hit),
        cmocka_unit_test(expiry_is_checked_on_each_hit),
        cmocka_unit_test(the_one_unused_for_longest_gives_way),
        cmocka_unit_test(number_and_bytes_are_bounded),
        cmocka_unit_test(another_generation_forgets_all),
        cmocka_unit_test(the_same_token_again_replaces),
        cmocka_unit_test(room_for_one),
        cmocka_unit_test(like_a_plain_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
