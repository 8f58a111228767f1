#include "tests/unit/unit.h"

#include "package/lines.h"
#include "package/modules.h"
#include "verify/power.h"

#include <string.h>

static void expect_span(struct ot_span span, const char *text)
{
    OT_AUTOFREE char *copy = ot_strndup(span.data != NULL ? span.data : "", span.len);

    assert_string_equal(copy, text);
}

static void splits_bundles(void **state)
{
    OT_AUTOMODULES struct ot_modules modules = {0};

    (void)state;
    ot_modules_of_bundle(OT_SPAN("import { a } from \"../chunks/x.js\";\n"
                                 "\n"
                                 "// hello/index.ts\n"
                                 "var hello;\n"
                                 "// not behind an empty line\n"
                                 "\n"
                                 "//  two blanks\n"
                                 "\n"
                                 "// node_modules/zod/x.js\n"
                                 "var zod;\n"
                                 "\n"
                                 "// last\n"
                                 "var last;\n"
                                 "export {\n"
                                 "  hello\n"
                                 "};\n"),
                         &modules);
    expect_span(modules.head, "import { a } from \"../chunks/x.js\";\n\n");
    assert_int_equal(modules.count, 3);
    expect_span(modules.items[0].name, "hello/index.ts");
    expect_span(modules.items[0].text, "var hello;\n// not behind an empty line\n\n//  two blanks");
    expect_span(modules.items[1].name, "node_modules/zod/x.js");
    expect_span(modules.items[1].text, "var zod;");
    expect_span(modules.items[2].text, "var last;");
    expect_span(modules.tail, "export {\n  hello\n};\n");
}

static void leaves_other_texts(void **state)
{
    OT_AUTOMODULES struct ot_modules modules = {0};

    (void)state;
    ot_modules_of_bundle(OT_SPAN("import{a}from\"x\";var b;export{b as default};\n"), &modules);
    assert_int_equal(modules.count, 0);
    assert_int_equal(modules.head.len, 45);
}

static void reads_maps(void **state)
{
    static const char *const bad[] = {"",
                                      "[]",
                                      "{\"sources\":1}",
                                      "{\"sources\":[\"a\"],\"sourcesContent\":[2]}",
                                      "{\"sources\":[\"a\"],\"sources\":[]}",
                                      "{} x"};
    OT_AUTOMODULES struct ot_modules modules = {0};
    OT_AUTOBUF struct ot_buf inside = {0};
    struct ot_error err = {0};

    (void)state;
    assert_succeeds(ot_modules_of_map(OT_SPAN("{\"version\":3,\"sources\":[\"../../a/b.ts\","
                                              "\"../../../up.ts\",\"onetube:a\",\"gone\"],"
                                              "\"sourcesContent\":[\"one\\n\",\"\",\"two\",null],"
                                              "\"mappings\":\"AAAA\"}"),
                                      &modules, &err),
                    err);
    assert_int_equal(modules.count, 3);
    expect_span(modules.items[0].name, "a/b.ts");
    expect_span(modules.items[0].text, "one\n");
    expect_span(modules.items[1].name, "../up.ts");
    expect_span(modules.items[2].text, "two");
    for (size_t i = 0; i < OT_COUNT(bad); i++) {
        OT_AUTOMODULES struct ot_modules none = {0};

        assert_int_equal(ot_modules_of_map(ot_span_of(bad[i]), &none, &err), -1);
        assert_int_equal(none.count, 0);
    }
    assert_true(ot_modules_inline_map(
        OT_SPAN("x;\n//# sourceMappingURL=data:application/json;base64,e30=\n"), &inside));
    assert_string_equal(inside.data, "{}");
    assert_false(ot_modules_inline_map(OT_SPAN("x;\n//# sourceMappingURL=a.js.map\n"), &inside));
}

static void names_packages(void **state)
{
    (void)state;
    expect_span(ot_module_package(OT_SPAN("node_modules/zod/x.js")), "zod");
    expect_span(ot_module_package(OT_SPAN("node_modules/@s/p/x.js")), "@s/p");
    expect_span(ot_module_package(OT_SPAN("../node_modules/a/node_modules/b/x.js")), "b");
    expect_span(ot_module_package(OT_SPAN("my_node_modules/a/x.js")), "");
    expect_span(ot_module_package(OT_SPAN("a/index.ts")), "");
}

/* -- lines ------------------------------------------------------------------------------------- */

static void expect_lines(const char *before, const char *after, size_t context, const char *wanted)
{
    OT_AUTOLINES struct ot_lines lines = {0};
    OT_AUTOBUF struct ot_buf text = {0};

    ot_lines_diff(ot_span_of(before), ot_span_of(after), context, 100, &lines);
    ot_buf_puts(&text, "");
    for (size_t i = 0; i < lines.count; i++) {
        ot_buf_putc(&text, lines.items[i].mark);
        ot_buf_append(&text, lines.items[i].text.data, lines.items[i].text.len);
    }
    assert_string_equal(text.data, wanted);
}

static void compares_lines(void **state)
{
    (void)state;
    expect_lines("a\nb\nc\n", "a\nb\nc\n", 1, "");
    expect_lines("a\nb\nc\n", "a\nx\nc\n", 1, " a-b+x c");
    expect_lines("a\nb\nc\n", "a\nc\n", 0, "-b");
    expect_lines("", "a\nb", 1, "+a+b");
    expect_lines("a\n", "", 1, "-a");
    expect_lines("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\nx\n4\n5\n6\n7\ny\n", 1, " 2-3+x 4 7-8+y");
    expect_lines("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", 0, "-a-b+b-b+c");
    expect_lines("a\r\n", "a\n", 0, "-a\r+a");
}

static void bounds_lines(void **state)
{
    OT_AUTOBUF struct ot_buf before = {0};
    OT_AUTOBUF struct ot_buf after = {0};
    OT_AUTOLINES struct ot_lines lines = {0};

    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        ot_buf_printf(&before, "a%u\n", i);
        ot_buf_printf(&after, i % 2 == 0 ? "a%u\n" : "b%u\n", i);
    }
    ot_lines_diff(ot_buf_span(&before), ot_buf_span(&after), 2, 10, &lines);
    assert_int_equal(lines.count, 10);
    assert_true(lines.cut);
    assert_true(lines.added >= 1500 && lines.added == lines.removed);
}

/* -- power ------------------------------------------------------------------------------------- */

static struct ot_manifest *manifest_of(const char *env, const char *config)
{
    OT_AUTOFREE char *text = ot_asprintf(
        "{\"schema\":1,\"builder\":{\"onetube\":\"0.1.0\",\"esbuild\":\"0.28.2\",\"options\":{"
        "\"minify\":false,\"sourcemap\":\"none\",\"target\":\"es2024\",\"splitting\":true}},"
        "\"engine\":{\"name\":\"workerd\",\"compatibilityDate\":\"2026-01-01\","
        "\"compatibilityFlags\":[]},\"env\":[%s],\"functions\":[{\"name\":\"pay\","
        "\"bundleFile\":\"functions/pay.js\",\"bundleBytes\":0,\"bundleSha256\":"
        "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"config\":%s}],"
        "\"files\":[]}",
        env, config);
    struct ot_manifest *manifest = NULL;
    struct ot_error err = {0};

    assert_succeeds(ot_manifest_parse(ot_span_of(text), &manifest, &err), err);
    return manifest;
}

static void compares_power(void **state)
{
    static const struct {
        const char *before, *after, *what, *old, *new;
        enum ot_direction direction;
    } cases[] = {
        {"{\"public\":false}", "{\"public\":true}", "public", "closed", "public", OT_POWER_MORE},
        {"{\"public\":true}", "{}", "public", "public", "closed", OT_POWER_LESS},
        {"{}", "{\"context\":\"isolate\"}", "context", "request", "isolate", OT_POWER_OTHER},
        {"{\"timeoutMs\":5}", "{\"timeoutMs\":6}", "timeoutMs", "5", "6", OT_POWER_MORE},
        {"{}", "{\"timeoutMs\":6}", "timeoutMs", NULL, "6", OT_POWER_OTHER},
        {"{\"rpm\":5}", "{\"rpm\":0}", "rpm", "5", "0", OT_POWER_MORE},
        {"{\"rpm\":0}", "{\"rpm\":9}", "rpm", "0", "9", OT_POWER_LESS},
        {"{\"rpm\":10}", "{\"rpm\":9}", "rpm", "10", "9", OT_POWER_LESS},
        {"{\"memoryMB\":9}", "{\"memoryMB\":8}", "memoryMB", "9", "8", OT_POWER_LESS},
        {"{\"cpuMs\":8}", "{\"cpuMs\":9}", "cpuMs", "8", "9", OT_POWER_MORE},
        {"{\"recycle\":{\"cooldownMs\":1}}", "{\"recycle\":{\"cooldownMs\":2}}",
         "recycle.cooldownMs", "1", "2", OT_POWER_OTHER},
        {"{\"rateLimitBy\":\"ip\"}", "{}", "rateLimitBy", "ip", NULL, OT_POWER_OTHER},
        {"{}", "{\"preflight\":\"function\"}", "preflight", NULL, "function", OT_POWER_OTHER},
        {"{}", "{\"cell\":\"shared\"}", "cell", NULL, "shared", OT_POWER_OTHER},
        {"{\"permissions\":{\"net\":[\"a\"]}}", "{\"permissions\":{\"net\":[\"a\",\"b\"]}}",
         "permissions.net", NULL, "b", OT_POWER_MORE},
        {"{\"permissions\":{\"env\":[\"A\"]}}", "{\"permissions\":{\"env\":[]}}", "permissions.env",
         "A", NULL, OT_POWER_LESS},
        {"{\"permissions\":{\"env\":[]}}", "{}", "permissions.env", "a list", "no list",
         OT_POWER_MORE},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_manifest *before = manifest_of("", cases[i].before);
        struct ot_manifest *after = manifest_of("", cases[i].after);
        OT_AUTOPOWER struct ot_power power = {0};

        ot_power_compare(before, after, &power);
        assert_int_equal(power.count, 1);
        assert_string_equal(power.items[0].function, "pay");
        assert_string_equal(power.items[0].what, cases[i].what);
        assert_int_equal(power.items[0].before == NULL, cases[i].old == NULL);
        assert_int_equal(power.items[0].after == NULL, cases[i].new == NULL);
        if (cases[i].old != NULL)
            assert_string_equal(power.items[0].before, cases[i].old);
        if (cases[i].new != NULL)
            assert_string_equal(power.items[0].after, cases[i].new);
        assert_int_equal(power.items[0].direction, cases[i].direction);
        ot_manifest_free(before);
        ot_manifest_free(after);
    }
}

static void compares_env(void **state)
{
    struct ot_manifest *before = manifest_of("\"A\",\"B\"", "{}");
    struct ot_manifest *after = manifest_of("\"B\",\"C\"", "{}");
    OT_AUTOPOWER struct ot_power power = {0};

    (void)state;
    ot_power_compare(before, after, &power);
    assert_int_equal(power.count, 2);
    assert_null(power.items[0].function);
    assert_string_equal(power.items[0].before, "A");
    assert_int_equal(power.items[0].direction, OT_POWER_LESS);
    assert_string_equal(power.items[1].after, "C");
    assert_int_equal(power.items[1].direction, OT_POWER_MORE);
    ot_manifest_free(before);
    ot_manifest_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_bundles), cmocka_unit_test(leaves_other_texts),
        cmocka_unit_test(reads_maps),     cmocka_unit_test(names_packages),
        cmocka_unit_test(compares_lines), cmocka_unit_test(bounds_lines),
        cmocka_unit_test(compares_power), cmocka_unit_test(compares_env),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
