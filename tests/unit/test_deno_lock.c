#include "tests/unit/unit.h"

#include "build/deno_lock.h"

#include <string.h>

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static int add(struct ot_deno_lock *lock, const char *text, struct ot_error *err)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = ot_asprintf("%s/deno.lock", dir);
    int result;

    assert_succeeds(unit_write_file(path, ot_span_of(text), 0644, false, err), *err);
    result = ot_deno_lock_add(lock, path, "deno.lock", err);
    unit_remove_dir(dir);
    return result;
}

static void reads_every_version(void **state)
{
    static const struct {
        const char *text;
    } cases[] = {
        {"{\"version\":\"5\",\"specifiers\":{\"npm:@s/a@^1\":\"1.2.3_react@18.2.0\","
         "\"npm:my_b@2\":\"2.0.0\",\"jsr:@std/path@^1\":\"1.0.8\"},"
         "\"npm\":{\"@s/a@1.2.3_react@18.2.0\":{\"integrity\":\"sha512-a\"}},"
         "\"remote\":{\"https://a.example/x.ts\":\"" HASH "\"}}"},
        {"{\"version\":\"3\",\"packages\":{\"specifiers\":{\"npm:@s/a@^1\":\"npm:@s/a@1.2.3\","
         "\"npm:my_b@2\":\"npm:my_b@2.0.0\",\"jsr:@std/path@^1\":\"jsr:@std/path@1.0.8\"},"
         "\"npm\":{\"@s/a@1.2.3\":{\"integrity\":\"sha512-a\"}}},"
         "\"remote\":{\"https://a.example/x.ts\":\"" HASH "\"}}"},
        {"{\"version\":\"2\",\"npm\":{\"specifiers\":{\"@s/a@^1\":\"@s/a@1.2.3_react@18.2.0\","
         "\"my_b@2\":\"my_b@2.0.0\"},\"packages\":{\"@s/a@1.2.3\":{\"integrity\":\"sha512-a\"}}},"
         "\"remote\":{\"https://a.example/x.ts\":\"" HASH "\"}}"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_CLEANUP(ot_deno_lock_free) struct ot_deno_lock lock = {0};
        const char *path_version;
        struct ot_error err = {0};

        assert_succeeds(add(&lock, cases[i].text, &err), err);
        assert_string_equal(ot_pairs_get(&lock.versions, "npm:@s/a@^1"), "1.2.3");
        assert_string_equal(ot_pairs_get(&lock.versions, "npm:my_b@2"), "2.0.0");
        assert_string_equal(ot_pairs_get(&lock.integrity, "@s/a@1.2.3"), "sha512-a");
        assert_string_equal(ot_pairs_get(&lock.modules, "https://a.example/x.ts"), HASH);
        path_version = ot_pairs_get(&lock.versions, "npm:@jsr/std__path@^1");
        if (i < 2 && (path_version == NULL || strncmp(path_version, "1.0.8", 5) != 0))
            fail_msg("%s", cases[i].text);
    }
}

static void refuses_other_files(void **state)
{
    static const char *const wrong[] = {"{}", "{\"version\":\"6\"}", "{\"version\":3}", "[]"};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(wrong); i++) {
        OT_CLEANUP(ot_deno_lock_free) struct ot_deno_lock lock = {0};
        struct ot_error err = {0};

        assert_int_equal(add(&lock, wrong[i], &err), -1);
        assert_string_equal(err.message, "deno.lock: not a deno.lock of version 2 to 5");
    }
    {
        OT_CLEANUP(ot_deno_lock_free) struct ot_deno_lock lock = {0};
        struct ot_error err = {0};

        assert_int_equal(ot_deno_lock_add(&lock, "/nowhere/deno.lock", "deno.lock", &err), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_version),
        cmocka_unit_test(refuses_other_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
