#include "tests/unit/unit.h"

#include "build/package_files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void put(const char *dir, const char *path, const char *text)
{
    OT_AUTOFREE char *full = ot_asprintf("%s/%s", dir, path);
    struct ot_error err = {0};

    for (char *slash = strchr(full + strlen(dir) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    assert_succeeds(unit_write_file(full, ot_span_of(text), 0644, false, &err), err);
}

static void lists_every_file_of_the_package_itself(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *link = ot_asprintf("%s/link.js", dir);
    OT_AUTOBUF struct ot_buf index = {0};
    char digest[OT_SHA256_HEX];
    struct ot_span found;
    struct ot_error err = {0};

    (void)state;
    put(dir, "package.json", "{}");
    put(dir, "a b.js", "1");
    put(dir, "a/b.js", "2");
    put(dir, "a.js", "3");
    put(dir, "tests/node_modules/x.js", "4");
    put(dir, "node_modules/other/index.js", "5");
    put(dir, "tab\t.js", "6");
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_succeeds(ot_package_index(dir, &index, &err), err);
    ot_sha256_hex(OT_SPAN("2"), digest);
    found = ot_package_index_find(ot_buf_span(&index), OT_SPAN("a/b.js"));
    assert_true(ot_span_is(found, digest));
    {
        static const char *const there[] = {"a b.js", "a.js", "a/b.js", "package.json",
                                            "tests/node_modules/x.js"};
        static const char *const missing[] = {
            "", "a", "b.js", "z", "node_modules/other/index.js", "link.js", "tab\t.js"};
        size_t lines = 0;

        for (size_t i = 0; i < OT_COUNT(there); i++)
            assert_non_null(ot_package_index_find(ot_buf_span(&index), ot_span_of(there[i])).data);
        for (size_t i = 0; i < OT_COUNT(missing); i++)
            assert_null(ot_package_index_find(ot_buf_span(&index), ot_span_of(missing[i])).data);
        for (size_t i = 0; i < index.len; i++)
            lines += index.data[i] == '\n';
        assert_int_equal(lines, OT_COUNT(there));
    }
    unit_remove_dir(dir);
}

static void finds_nothing_in_what_is_no_index(void **state)
{
    static const char *const wrong[] = {"", "\n", "\n\n\n", "x", "no digest here  a\n"};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(wrong); i++)
        assert_null(ot_package_index_find(ot_span_of(wrong[i]), OT_SPAN("a")).data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_every_file_of_the_package_itself),
        cmocka_unit_test(finds_nothing_in_what_is_no_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
