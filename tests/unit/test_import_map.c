#include "tests/unit/unit.h"

#include "build/import_map.h"

#include <regex.h>
#include <string.h>

static const char text[] =
    "{ \"imports\": { \"zod\": \"npm:zod@^3\", \"@/\": \"./src/\", \"@/special\": \"../x.ts\","
    " \"std/\": \"https://deno.land/std@0.168.0/\", \"/\": \"./\", \"no\": null, \"bad/\": \"./x\","
    " \"./a.ts\": \"./b.ts\", \"./same/\": \"./same/\", \"$a+\": \"jsr:@a/b@1\", \"c/own\": "
    "\"./c.ts\","
    " \"c\": \"npm:c@1\", \"c/\": \"./c/\", \"\": \"./x\" },"
    " \"scopes\": { \"./sub/\": { \"zod\": \"npm:zod@4\" }, \"./sub/deep/\": { \"zod\": \"./z.ts\" "
    "} }"
    "}";

static void read_map(struct ot_import_map *map)
{
    OT_AUTOTREE struct ot_tree tree = {0};
    struct ot_error err = {0};

    assert_succeeds(ot_tree_json(&tree, OT_SPAN(text), "f", &err), err);
    ot_import_map_add(map, &tree, "/p/f");
}

static void finds(void **state)
{
    static const struct {
        const char *specifier, *importer;
        const char *target; /* NULL: none; "!": forbidden */
    } cases[] = {
        {"zod", "/p/f/a/index.ts", "npm:zod@^3"},
        {"zod/v4", "/p/f/a/index.ts", "npm:/zod@^3/v4"},
        {"zod2", "/p/f/a/index.ts", NULL},
        {"@/x/y.ts", "/p/f/a/index.ts", "/p/f/src/x/y.ts"},
        {"@/special", "/p/f/a/index.ts", "/p/x.ts"},
        {"@/", "/p/f/a/index.ts", "/p/f/src/"},
        {"@/../../etc/passwd", "/p/f/a/index.ts", "!"},
        {"@/x/../y.ts", "/p/f/a/index.ts", "/p/f/src/x/../y.ts"},
        {"std/http/server.ts", "/p/f/a.ts", "https://deno.land/std@0.168.0/http/server.ts"},
        {"/lib/x.ts", "/p/f/a.ts", "/p/f/lib/x.ts"},
        {"no", "/p/f/a.ts", "!"},
        {"bad/x", "/p/f/a.ts", NULL},
        {"./a.ts", "/p/f/index.ts", "/p/f/b.ts"},
        {"../a.ts", "/p/f/x/index.ts", "/p/f/b.ts"},
        {"./a.ts", "/p/f/x/index.ts", NULL},
        {"$a+", "/p/f/a.ts", "jsr:@a/b@1"},
        {"$a+/c", "/p/f/a.ts", "jsr:/@a/b@1/c"},
        {"c", "/p/f/a.ts", "npm:c@1"},
        {"c/own", "/p/f/a.ts", "/p/f/c.ts"},
        {"c/other", "/p/f/a.ts", "/p/f/c/other"},
        {"zod", "/p/f/sub/index.ts", "npm:zod@4"},
        {"zod", "/p/f/sub/deep/index.ts", "/p/f/z.ts"},
        {"std/x", "/p/f/sub/index.ts", "https://deno.land/std@0.168.0/x"},
        {"zod", "/p/f/sub.ts", "npm:zod@^3"},
    };
    OT_CLEANUP(ot_import_map_free) struct ot_import_map map = {0};

    (void)state;
    read_map(&map);
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *target = NULL;
        int found =
            ot_import_map_find(&map, ot_span_of(cases[i].specifier), cases[i].importer, &target);
        const char *shown = found < 0 ? "!" : found == 0 ? NULL : target;

        if ((shown == NULL) != (cases[i].target == NULL) ||
            (shown != NULL && strcmp(shown, cases[i].target) != 0))
            fail_msg("%s from %s: %s", cases[i].specifier, cases[i].importer, shown);
    }
}

/* What a nearer file says wins over what is added later. */
static void first_wins(void **state)
{
    OT_CLEANUP(ot_import_map_free) struct ot_import_map map = {0};
    OT_AUTOFREE char *target = NULL;

    (void)state;
    ot_import_map_put(&map, "zod", "npm:zod@1");
    read_map(&map);
    assert_int_equal(ot_import_map_find(&map, OT_SPAN("zod"), "/p/f/a.ts", &target), 1);
    assert_string_equal(target, "npm:zod@1");
}

static void filter(void **state)
{
    static const struct {
        const char *specifier;
        bool matches;
    } cases[] = {
        {"zod", true},  {"zod/v4", true}, {"zod2", false}, {"std/x", true}, {"std", false},
        {"$a+", true},  {"$a+/b", true},  {"$aa", false},  {"no", true},    {"/x", true},
        {"./x", false}, {"@/x", true},    {"x", false},    {"c/d", true},
    };
    OT_CLEANUP(ot_import_map_free) struct ot_import_map map = {0};
    OT_AUTOBUF struct ot_buf pattern = {0};
    bool relative = false;
    regex_t regex;

    (void)state;
    read_map(&map);
    ot_buf_puts(&pattern, "^nothing$");
    ot_import_map_filter(&map, &pattern, &relative);
    assert_true(relative);
    assert_int_equal(regcomp(&regex, pattern.data, REG_EXTENDED | REG_NOSUB), 0);
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        if ((regexec(&regex, cases[i].specifier, 0, NULL, 0) == 0) != cases[i].matches)
            fail_msg("%s", cases[i].specifier);
    }
    regfree(&regex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),
        cmocka_unit_test(first_wins),
        cmocka_unit_test(filter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
