#include "tests/unit/unit.h"

#include "build/npm_groups.h"

#include <string.h>

static const struct ot_npm_want wants[] = {
    {"_shared", "npm:zod@^3", "zod", "3.9.0"},
    {"a", "npm:react@18", "react", "18.3.1"},
    {"a", "npm:react-dom@^18", "react-dom", "18.3.1"},
    {"b", "npm:react@19", "react", "19.0.0"},
    {"b", "npm:zod@3", "zod", "3.9.0"},
    {"c", "npm:ms@2.0.0", "ms", "2.0.0"},
    {"c", "npm:ms@^2", "ms", "2.10.0"},
    {"c", "npm:react-dom@^18.0", "react-dom", "18.3.1"},
    {"d", "npm:zod@4", "zod", "4.0.0"},
};

static void expect_functions(const struct ot_lock *lock, size_t index, const char *expected)
{
    OT_AUTOBUF struct ot_buf text = {0};

    assert_true(index < lock->group_count);
    for (size_t i = 0; i < lock->groups[index].functions.count; i++)
        ot_buf_printf(&text, "%s%s", i > 0 ? " " : "", lock->groups[index].functions.items[i]);
    assert_string_equal(text.data, expected);
}

static void functions_that_agree_share_a_group(void **state)
{
    OT_AUTOLOCK struct ot_lock lock = {0};
    const struct ot_lock none = {0};

    (void)state;
    ot_npm_group(wants, OT_COUNT(wants), &none, &lock);
    /* d's zod is another one than that of the first two */
    assert_int_equal(lock.group_count, 3);
    expect_functions(&lock, 0, "_shared a c");
    expect_functions(&lock, 1, "b");
    expect_functions(&lock, 2, "d");
}

static void versions_of_one_function_stand_side_by_side(void **state)
{
    OT_AUTOLOCK struct ot_lock lock = {0};
    OT_AUTOBUF struct ot_buf package = {0};
    const struct ot_lock none = {0};

    (void)state;
    ot_npm_group(wants, OT_COUNT(wants), &none, &lock);
    assert_string_equal(ot_pairs_get(&lock.groups[0].specifiers, "npm:ms@^2"), "ms");
    assert_string_equal(ot_pairs_get(&lock.groups[0].specifiers, "npm:ms@2.0.0"), "ms--2.0.0");
    ot_npm_write_package(wants, OT_COUNT(wants), &lock.groups[0], &package);
    assert_string_equal(package.data, "{\n"
                                      "  \"name\": \"onetube-vendor\",\n"
                                      "  \"private\": true,\n"
                                      "  \"dependencies\": {\n"
                                      "    \"ms\": \"2.10.0\",\n"
                                      "    \"ms--2.0.0\": \"npm:ms@2.0.0\",\n"
                                      "    \"react\": \"18.3.1\",\n"
                                      "    \"react-dom\": \"18.3.1\",\n"
                                      "    \"zod\": \"3.9.0\"\n"
                                      "  }\n"
                                      "}\n");
}

static void groups_stay_as_they_were(void **state)
{
    OT_AUTOLOCK struct ot_lock old = {0};
    OT_AUTOLOCK struct ot_lock lock = {0};

    (void)state;
    ot_list_add(&ot_lock_add_group(&old)->functions, "gone");
    ot_list_add(&ot_lock_add_group(&old)->functions, "b");
    ot_list_add(&old.groups[1].functions, "c");
    ot_npm_group(wants, OT_COUNT(wants), &old, &lock);
    assert_int_equal(lock.group_count, 2);
    expect_functions(&lock, 0, "_shared b c");
    expect_functions(&lock, 1, "a d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_that_agree_share_a_group),
        cmocka_unit_test(versions_of_one_function_stand_side_by_side),
        cmocka_unit_test(groups_stay_as_they_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
