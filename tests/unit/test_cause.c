/* What two texts of a module tell of the cause. */
#include "tests/unit/unit.h"

#include "package/cause_parts.h"
#include "package/diff_side.h"

#include <string.h>

static void reads_changes(void **state)
{
    static const struct {
        const char *before, *after;
        enum ot_reading reading;
    } cases[] = {
        {"a\r\nb", "a\nb", OT_READ_LINE_ENDINGS},
        {"x = \"a\\r\\nb\"", "x = \"a\\nb\"", OT_READ_LINE_ENDINGS},
        {"foo2(bar)", "foo(bar3)", OT_READ_NUMBERS},
        {"f(1)", "f(2)", OT_READ_CODE},
        {"f(a1b)", "f(a2b)", OT_READ_CODE},
        {"x = \"/home/bob/shop\"", "x = \"/home/ann/shop/a\"", OT_READ_PATH},
        {"x = \"/home/ann/shop\"", "y = \"/home/ann/shop\"", OT_READ_CODE},
        {"React.createElement(\"b\")", "import_jsx_runtime.jsx(\"b\")", OT_READ_SETTING},
        {"a", "__publicField(this, \"a\")", OT_READ_SETTING},
        {"a", "b", OT_READ_CODE},
        {"", "b", OT_READ_CODE},
    };
    char *items[] = {(char *)(uintptr_t) "/home/ann/shop"};
    const struct ot_list roots = {.items = items, .count = 1};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        const char *what = NULL;
        enum ot_reading reading =
            ot_read_change(ot_span_of(cases[i].before), ot_span_of(cases[i].after), &roots, &what);

        if (reading != cases[i].reading)
            fail_msg("%s, %s: %d", cases[i].before, cases[i].after, (int)reading);
        assert_int_equal(what != NULL, reading == OT_READ_SETTING);
    }
}

static void reads_other_imports(void **state)
{
    const struct ot_span money = OT_SPAN("_shared/money.ts"), up = OT_SPAN("_shared/up.ts");

    (void)state;
    assert_true(ot_read_other_import(OT_SPAN("init_money(); f(a2);"), OT_SPAN("init_up(); f(a);"),
                                     money, up));
    assert_false(ot_read_other_import(OT_SPAN("init_money(); f(a);"), OT_SPAN("init_up(); g(a);"),
                                      money, up));
}

static void names_stems(void **state)
{
    static const struct {
        const char *name, *stem;
    } cases[] = {{"pay/index.ts", "pay"},         {"pay/main.ts", "main"},
                 {"index.ts", "index"},           {"a/b-c/index.test.ts", "b_c"},
                 {"a/my-file.min.js", "my_file"}, {"/index.ts", ""},
                 {"a/.hidden", "_hidden"}};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOBUF struct ot_buf stem = {0};

        ot_buf_puts(&stem, "");
        ot_module_stem(ot_span_of(cases[i].name), &stem);
        assert_string_equal(stem.data, cases[i].stem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_changes),
        cmocka_unit_test(reads_other_imports),
        cmocka_unit_test(names_stems),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
