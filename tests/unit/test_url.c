#include "tests/unit/unit.h"

#include "build/url.h"

#include <stdlib.h>

static void joins(void **state)
{
    static const struct {
        const char *base, *text;
        const char *expected; /* NULL: none */
    } cases[] = {
        {NULL, "https://a.example/x/mod.ts", "https://a.example/x/mod.ts"},
        {NULL, "HTTPS://A.Example:443/X?Q=1#f", "https://a.example/X?Q=1"},
        {NULL, "https://a.example", "https://a.example/"},
        {NULL, "https://a.example?q", "https://a.example/?q"},
        {NULL, "https://a.example:8443/./a/../b//c/%2E%2e/d/.", "https://a.example:8443/b//d/"},
        {NULL, "https://a.example/../../etc", "https://a.example/etc"},
        {NULL, "http://a.example:80/", "http://a.example/"},
        {NULL, "./x.ts", NULL},
        {"https://a.example/x/mod.ts", "./y.ts", "https://a.example/x/y.ts"},
        {"https://a.example/x/mod.ts?v=1/2", "../y.ts?a=../b", "https://a.example/y.ts?a=../b"},
        {"https://a.example/x/mod.ts?v=1", "?v=2", "https://a.example/x/mod.ts?v=2"},
        {"https://a.example/x/mod.ts", "/v1/y.ts", "https://a.example/v1/y.ts"},
        {"https://a.example/x/mod.ts", "//b.example/y.ts", "https://b.example/y.ts"},
        {"https://a.example/x/", ".", "https://a.example/x/"},
        {"https://a.example/x/y", "..", "https://a.example/"},
        {"https://a.example/x/mod.ts", "zod", NULL},
        {"https://a.example/x/mod.ts", "npm:zod", NULL},
        {"https://a.example/x/mod.ts", "", NULL},
        {"https://a.example/x/mod.ts", "https://b.example/./y", "https://b.example/y"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *joined = ot_url_join(cases[i].base, ot_span_of(cases[i].text));

        if (cases[i].expected == NULL)
            assert_null(joined);
        else
            assert_string_equal(joined, cases[i].expected);
    }
}

static void knows_urls_and_their_paths(void **state)
{
    (void)state;
    assert_true(ot_url_is(OT_SPAN("https://a")));
    assert_true(ot_url_is(OT_SPAN("HTTP://a")));
    assert_false(ot_url_is(OT_SPAN("https://")));
    assert_false(ot_url_is(OT_SPAN("ftp://a")));
    assert_true(ot_span_is(ot_url_path("https://a.example/x/mod.ts?q=/z.js"), "/x/mod.ts"));
    assert_true(ot_span_is(ot_url_path("https://a.example/"), "/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins),
        cmocka_unit_test(knows_urls_and_their_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
