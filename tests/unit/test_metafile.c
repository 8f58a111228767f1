#include "tests/unit/unit.h"

#include "build/metafile.h"

#include <string.h>

static const char first_run[] =
    "{\"inputs\":{"
    "\"onetube:a\":{\"imports\":[{\"path\":\"onetube-shim:shim.js\"},{\"path\":\"a/index.ts\"}]},"
    "\"onetube-shim:shim.js\":{\"imports\":[{\"path\":\"cloudflare:workers\",\"external\":true}]},"
    "\"a/index.ts\":{\"imports\":[{\"path\":\"_shared/x.ts\"},{\"path\":\"../node_modules/z/"
    "i.js\"},"
    "{\"path\":\"node:fs\",\"external\":true}]},"
    "\"_shared/x.ts\":{\"imports\":[{\"path\":\"a/index.ts\"}]},"
    "\"../node_modules/z/i.js\":{\"imports\":[{\"path\":\"hidden.ts\"}]},"
    "\"hidden.ts\":{\"imports\":[]}},"
    "\"outputs\":{"
    "\"dist/functions/a.js\":{\"imports\":[{\"path\":\"dist/chunks/2.js\"},{\"path\":\"node:fs\","
    "\"external\":true}]},"
    "\"dist/chunks/1.js\":{\"imports\":[{\"path\":\"dist/chunks/2.js\"}]},"
    "\"dist/chunks/2.js\":{\"imports\":[{\"path\":\"dist/chunks/1.js\"},{\"path\":\"dist/files/"
    "x.wasm\",\"kind\":\"dynamic-import\"}]},"
    "\"dist/files/x.wasm\":{\"imports\":[]}}}";

static const char second_run[] =
    "{\"inputs\":{\"b/index.ts\":{\"imports\":[{\"path\":\"https://x.y/\",\"external\":true}]}},"
    "\"outputs\":{\"dist/functions/b.js\":{\"imports\":["
    /* what is required while it runs may be absent */
    "{\"path\":\"optional\",\"kind\":\"require-call\",\"external\":true},"
    "{\"path\":\"https://x.y/\",\"kind\":\"import-statement\",\"external\":"
    "true}]},\"dist/files/x.wasm\":{\"imports\":[]}}}";

static void expect(const struct ot_list *list, const char *expected)
{
    OT_AUTOBUF struct ot_buf joined = {0};

    ot_buf_puts(&joined, "");
    for (size_t i = 0; i < list->count; i++)
        ot_buf_printf(&joined, "%s%s", i > 0 ? " " : "", list->items[i]);
    assert_string_equal(joined.data, expected);
}

static void add(struct ot_metafile *metafile, const char *json)
{
    struct ot_error err = {0};

    assert_succeeds(ot_metafile_add(metafile, ot_span_of(json), "dist/", &err), err);
}

static void who_reaches_what(void **state)
{
    OT_AUTOMETAFILE struct ot_metafile metafile = {0};
    OT_AUTOLIST struct ot_list reachable = {0};
    OT_AUTOLIST struct ot_list none = {0};
    OT_AUTOLIST struct ot_list local = {0};

    (void)state;
    add(&metafile, first_run);
    add(&metafile, second_run);
    ot_metafile_finish(&metafile);
    assert_int_equal(metafile.outputs.count, 5);
    ot_metafile_reachable(&metafile, "functions/a.js", &reachable);
    expect(&reachable, "chunks/1.js chunks/2.js files/x.wasm");
    ot_metafile_reachable(&metafile, "functions/b.js", &none);
    ot_metafile_reachable(&metafile, "functions/c.js", &none);
    expect(&none, "");
    /* neither what is installed nor what only that imports */
    ot_metafile_local(&metafile, "onetube:a", &local);
    expect(&local, "_shared/x.ts a/index.ts");
}

static void strays(void **state)
{
    OT_AUTOMETAFILE struct ot_metafile metafile = {0};
    const char *specifier, *importer;

    (void)state;
    add(&metafile, first_run);
    ot_metafile_finish(&metafile);
    assert_false(ot_metafile_stray(&metafile, &specifier, &importer));
    add(&metafile, second_run);
    ot_metafile_finish(&metafile);
    assert_true(ot_metafile_stray(&metafile, &specifier, &importer));
    assert_string_equal(specifier, "https://x.y/");
    assert_string_equal(importer, "b/index.ts");
}

static void unexpected(void **state)
{
    static const char *const cases[] = {
        "",
        "[]",
        "{\"inputs\":{}}",
        "{\"inputs\":{},\"outputs\":[]}",
        "{\"inputs\":{\"a\":1},\"outputs\":{}}",
        "{\"inputs\":{\"a\":{}},\"outputs\":{}}",
        "{\"inputs\":{\"a\":{\"imports\":[1]}},\"outputs\":{}}",
        "{\"inputs\":{\"a\":{\"imports\":[{\"path\":1}]}},\"outputs\":{}}",
        "{\"inputs\":{},\"outputs\":{\"elsewhere/a.js\":{\"imports\":[]}}}",
        "{\"inputs\":{},\"outputs\":{\"dist/a.js\":{\"imports\":[{\"path\":\"../b.js\"}]}}}",
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOMETAFILE struct ot_metafile metafile = {0};
        struct ot_error err = {0};

        if (ot_metafile_add(&metafile, ot_span_of(cases[i]), "dist/", &err) == 0)
            fail_msg("accepted: %s", cases[i]);
        assert_int_equal(err.kind, OT_TOOL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_reaches_what),
        cmocka_unit_test(strays),
        cmocka_unit_test(unexpected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
