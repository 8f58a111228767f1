/* The file of functions that were called lately: what is read, what is refused, and that it is
 * replaced whole. */
#include "tests/unit/unit.h"

#include "gateway/recent.h"

#include <sys/stat.h>

static void read_and_written(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = ot_asprintf("%s/recent", dir);
    OT_AUTOLIST struct ot_list names = {0}, again = {0}, none = {0};
    struct ot_error err = {0};
    struct stat info;

    (void)state;
    assert_succeeds(ot_recent_read(path, &none, &err), err);
    assert_int_equal(none.count, 0);
    assert_succeeds(ot_recent_parse(OT_SPAN("pay\nhello\n"), &names, &err), err);
    assert_int_equal(names.count, 2);
    for (int i = 0; i < 2; i++) /* also over one that is there */
        assert_succeeds(ot_recent_write(path, &names, &err), err);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_succeeds(ot_recent_read(path, &again, &err), err);
    assert_int_equal(again.count, 2);
    assert_string_equal(again.items[0], "pay");
    assert_string_equal(again.items[1], "hello");
    unit_remove_dir(dir);
}

static void what_is_no_file(void **state)
{
    OT_AUTOLIST struct ot_list names = {0};
    struct ot_error err;

    (void)state;
    assert_int_equal(ot_recent_read("/", &names, &err), -1);
    assert_int_equal(ot_recent_read("/dev/zero", &names, &err), -1);
    assert_int_equal(ot_recent_write("/nowhere/at/all", &names, &err), -1);
}

static void refused(void **state)
{
    static const char *const texts[] = {"hello",  "\n",    "a\n\n", "a\na\n", "a\nb\na\n",
                                        "../x\n", "a b\n", "1a\n",  "a\r\n",  "\xc3\xa4\n"};
    struct ot_error err;

    (void)state;
    for (size_t i = 0; i < OT_COUNT(texts); i++) {
        OT_AUTOLIST struct ot_list names = {0};

        err = (struct ot_error){0};
        if (ot_recent_parse(ot_span_of(texts[i]), &names, &err) == 0)
            fail_msg("accepted: %s", texts[i]);
        assert_int_equal(err.kind, OT_FAILED);
        assert_int_equal(names.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_and_written),
        cmocka_unit_test(refused),
        cmocka_unit_test(what_is_no_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
