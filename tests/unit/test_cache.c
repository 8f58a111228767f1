/* The store: what is taken from it, and what is not. */
#include "tests/unit/unit.h"

#include "build/cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char name[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
static const char other[] = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

struct fixture {
    char *dir;
    struct ot_cache *cache;
};

static void begin(struct fixture *fixture)
{
    OT_AUTOFREE char *state = NULL;

    fixture->dir = unit_make_dir();
    state = ot_asprintf("%s/state", fixture->dir);
    setenv("XDG_STATE_HOME", state, 1);
    fixture->cache = ot_cache_open(fixture->dir);
    assert_non_null(fixture->cache);
}

static void end(struct fixture *fixture)
{
    ot_cache_close(fixture->cache);
    unit_remove_dir(fixture->dir);
}

static char *path_of(const struct fixture *fixture, const char *rest)
{
    return ot_asprintf("%s/.onetube/cache/%s", fixture->dir, rest);
}

static bool has(const struct fixture *fixture, const char *rest)
{
    OT_AUTOFREE char *path = path_of(fixture, rest);

    return access(path, F_OK) == 0;
}

static void records(void **state)
{
    struct fixture fixture;
    struct timespec used;
    OT_AUTOBUF struct ot_buf out = {0};
    OT_AUTOFREE char *from = NULL;
    OT_AUTOFREE char *to = NULL;

    (void)state;
    begin(&fixture);
    assert_false(ot_cache_last_used(fixture.dir, &used));
    assert_int_equal(used.tv_sec, 0);
    assert_false(ot_cache_get(fixture.cache, name, &out));
    assert_true(ot_cache_put(fixture.cache, name, OT_SPAN("a record")));
    assert_true(ot_cache_last_used(fixture.dir, &used));
    assert_true(used.tv_sec > 0);
    assert_true(ot_cache_get(fixture.cache, name, &out));
    assert_true(ot_span_is(ot_buf_span(&out), "a record"));
    /* replaced */
    ot_buf_clear(&out);
    assert_true(ot_cache_put(fixture.cache, name, OT_SPAN("")));
    assert_true(ot_cache_get(fixture.cache, name, &out));
    assert_int_equal(out.len, 0);
    /* one does not stand for another */
    from = ot_asprintf("%s/.onetube/cache/records/%s", fixture.dir, name);
    to = ot_asprintf("%s/.onetube/cache/records/%s", fixture.dir, other);
    assert_int_equal(rename(from, to), 0);
    assert_false(ot_cache_get(fixture.cache, other, &out));
    assert_true(has(&fixture, ".gitignore"));
    assert_true(has(&fixture, "CACHEDIR.TAG"));
    end(&fixture);
}

static void another_key(void **state)
{
    struct fixture fixture;
    OT_AUTOBUF struct ot_buf out = {0};
    OT_AUTOFREE char *elsewhere = NULL;

    (void)state;
    begin(&fixture);
    assert_true(ot_cache_put(fixture.cache, name, OT_SPAN("a record")));
    ot_cache_close(fixture.cache);
    elsewhere = ot_asprintf("%s/elsewhere", fixture.dir);
    setenv("XDG_STATE_HOME", elsewhere, 1);
    fixture.cache = ot_cache_open(fixture.dir);
    assert_non_null(fixture.cache);
    assert_false(ot_cache_get(fixture.cache, name, &out));
    end(&fixture);
}

static void no_place_for_a_key(void **state)
{
    static const char *const places[] = {"", "relative", "/nonexistent/deeper"};
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    unsetenv("HOME");
    for (size_t i = 0; i < OT_COUNT(places); i++) {
        setenv("XDG_STATE_HOME", places[i], 1);
        assert_null(ot_cache_open(fixture.dir));
    }
    setenv("XDG_STATE_HOME", "relative", 1);
    setenv("HOME", fixture.dir, 1);
    ot_cache_close(fixture.cache);
    fixture.cache = ot_cache_open(fixture.dir);
    assert_non_null(fixture.cache);
    /* a home that is not there is not made */
    setenv("HOME", "/nonexistent", 1);
    assert_null(ot_cache_open(fixture.dir));
    assert_int_equal(access("/nonexistent", F_OK), -1);
    end(&fixture);
}

static void put_blob(const struct fixture *fixture, const char *text, char digest[OT_SHA256_HEX])
{
    ot_sha256_hex(ot_span_of(text), digest);
    assert_true(ot_cache_put_blob(fixture->cache, digest, ot_span_of(text)));
}

static void blobs(void **state)
{
    struct fixture fixture;
    char digest[OT_SHA256_HEX];
    OT_AUTOBUF struct ot_buf out = {0};
    OT_AUTOFREE char *path = NULL;
    struct ot_error err = {0};

    (void)state;
    begin(&fixture);
    put_blob(&fixture, "an output", digest);
    assert_true(ot_cache_get_blob(fixture.cache, digest, 9, &out));
    assert_true(ot_span_is(ot_buf_span(&out), "an output"));
    ot_buf_clear(&out);
    path = ot_asprintf("%s/.onetube/cache/blobs/%s", fixture.dir, digest);
    assert_succeeds(unit_write_file(path, OT_SPAN("An output"), 0600, false, &err), err);
    assert_false(ot_cache_get_blob(fixture.cache, digest, 9, &out));
    /* what is wrong is gone, so that it can be there again */
    assert_int_equal(access(path, F_OK), -1);
    ot_buf_clear(&out);
    put_blob(&fixture, "an output", digest);
    assert_false(ot_cache_get_blob(fixture.cache, digest, 8, &out));
    end(&fixture);
}

/* A file's time of use, in seconds. */
static void set_used(const struct fixture *fixture, const char *folder, const char *file,
                     time_t when)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/.onetube/cache/%s/%s", fixture->dir, folder, file);
    const struct timespec times[2] = {{when, 0}, {when, 0}};

    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void trim(void **state)
{
    struct fixture fixture;
    char digests[3][OT_SHA256_HEX];
    OT_AUTOBUF struct ot_buf out = {0};
    OT_AUTOFREE char *temp = NULL;
    struct ot_error err = {0};

    (void)state;
    begin(&fixture);
    put_blob(&fixture, "0123456789", digests[0]);
    put_blob(&fixture, "abcdefghij", digests[1]);
    put_blob(&fixture, "ABCDEFGHIJ", digests[2]);
    for (size_t i = 0; i < 3; i++)
        set_used(&fixture, "blobs", digests[i], (time_t)(1000 + i));
    temp = path_of(&fixture, "blobs/new-0011223344556677");
    assert_succeeds(unit_write_file(temp, OT_SPAN("left behind"), 0600, false, &err), err);
    ot_cache_trim(fixture.cache, 30);
    assert_true(ot_cache_get_blob(fixture.cache, digests[0], 10, &out));
    assert_int_equal(access(temp, F_OK), 0); /* somebody may be writing it */
    set_used(&fixture, "blobs", "new-0011223344556677", 1000);
    /* the first was just used: the second is the oldest */
    ot_cache_trim(fixture.cache, 25);
    assert_int_equal(access(temp, F_OK), -1);
    ot_buf_clear(&out);
    assert_true(ot_cache_get_blob(fixture.cache, digests[0], 10, &out));
    ot_buf_clear(&out);
    assert_false(ot_cache_get_blob(fixture.cache, digests[1], 10, &out));
    ot_buf_clear(&out);
    assert_true(ot_cache_get_blob(fixture.cache, digests[2], 10, &out));
    ot_cache_trim(fixture.cache, 0);
    ot_buf_clear(&out);
    assert_false(ot_cache_get_blob(fixture.cache, digests[2], 10, &out));
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records),
        cmocka_unit_test(another_key),
        cmocka_unit_test(no_place_for_a_key),
        cmocka_unit_test(blobs),
        cmocka_unit_test(trim),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
