#include "tests/unit/unit.h"

#include "build/scan.h"

#include <time.h>

/* Text that makes a careless scanner quadratic or deep; a minute would not do for that. */
static void hostile(void **state)
{
    static const char *const units[] = {
        "(",
        "`${",
        "{",
        "<a>",
        "<a ",
        "<a b={",
        "/[",
        "'",
        "\\",
        "/*",
        "serve(x, {",
        "serve<",
        "serve(a, ",
        "a?.",
        "import {",
        "export {",
        "module.exports",
        "Deno.serve(",
        "Deno.serve(x, { a: ",
        "import { serve as a } from 'x'\n",
        "=> ",
        "}",
        "<a/>",
        "await ",
        "\xe2\x80\xa8",
        "import './a'\n",
        "export default h\n",
        "<a extends ",
        "as a.",
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(units); i++) {
        OT_AUTOBUF struct ot_buf text = {0};
        struct ot_scan scan;
        clock_t start = clock();

        ot_buf_puts(&text, "import { serve } from './h'\n");
        while (text.len < 400000)
            ot_buf_puts(&text, units[i]);
        ot_scan(ot_buf_span(&text), &scan);
        ot_scan_free(&scan);
        if (clock() - start > 5 * CLOCKS_PER_SEC)
            fail_msg("%s: slow", units[i]);
    }
}

static void any_bytes(void **state)
{
    static const char text[] = "Deno.serve(h)\0\xff\xfe\x01\x80 import './\0'\n export default h";
    struct ot_scan scan;

    (void)state;
    ot_scan((struct ot_span){NULL, 0}, &scan);
    assert_int_equal(scan.count, 0);
    assert_false(scan.imports_package);
    ot_scan_free(&scan);
    for (size_t len = 0; len < sizeof(text); len++) {
        ot_scan((struct ot_span){text, len}, &scan);
        assert_int_equal(scan.relative.count, 0);
        ot_scan_free(&scan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile),
        cmocka_unit_test(any_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
