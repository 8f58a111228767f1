/* What sources are seen to ask import.meta.resolve for. */
#include "tests/unit/unit.h"

#include "build/edit.h"
#include "build/resolves.h"

#include <string.h>

static void check_found(const char *text, const char *expected)
{
    struct ot_tokens tokens;
    OT_CLEANUP(ot_resolves_free) struct ot_resolves resolves = {0};
    OT_AUTOBUF struct ot_buf found = {0};

    ot_lex(ot_span_of(text), &tokens);
    ot_resolves_find(&tokens, &resolves);
    ot_tokens_free(&tokens);
    ot_buf_puts(&found, "");
    for (size_t i = 0; i < resolves.count; i++)
        ot_buf_printf(&found, "%s%s%s %u:%u", i > 0 ? ", " : "",
                      resolves.items[i].guarded ? "try " : "", resolves.items[i].specifier,
                      resolves.items[i].line, resolves.items[i].column);
    if (strcmp(found.data, expected) != 0)
        fail_msg("%s\nfound    %s\nexpected %s", text, found.data, expected);
}

static void finds_the_names_of_modules(void **state)
{
    static const struct {
        const char *text, *found;
    } cases[] = {
        {"import.meta.resolve('npm:zip@1')", "npm:zip@1 1:21"},
        {"a;\r\nb(import.meta.resolve(`@me/zip/x.wasm`))", "@me/zip/x.wasm 2:23"},
        {"import.meta.resolve('jsr:@std/csv', x)", "jsr:@std/csv 1:21"},
        {"import.meta.resolve('zip'); import.meta.resolve('zip'); import.meta.resolve('fs')",
         "zip 1:21, fs 1:77"},
        /* the same everywhere */
        {"import.meta.resolve('./x'); import.meta.resolve('../x'); import.meta.resolve('/x')", ""},
        {"import.meta.resolve('https://a.example/x'); import.meta.resolve('node:fs')", ""},
        /* not known */
        {"import.meta.resolve(zip); import.meta.resolve('a' + b); import.meta.resolve(`a${b}`)",
         ""},
        {"import.meta.resolve('a\\x20'); import.meta.resolve(''); import.meta.resolve('a'", ""},
        {"x.import.meta.resolve('zip'); meta.resolve('zip'); import.meta.url('zip')", ""},
        /* a try */
        {"try { f(import.meta.resolve('zip')) } catch {}", "try zip 1:29"},
        {"try { import.meta.resolve('zip') } catch { import.meta.resolve('zip') }", "zip 1:64"},
        {"try {} finally { import.meta.resolve('zip') }", "zip 1:38"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++)
        check_found(cases[i].text, cases[i].found);
}

static void bounds_what_it_finds(void **state)
{
    OT_AUTOBUF struct ot_buf text = {0};
    OT_CLEANUP(ot_resolves_free) struct ot_resolves resolves = {0};
    struct ot_tokens tokens;

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        ot_buf_printf(&text, "(import.meta.resolve('p%u'),", i);
    ot_lex(ot_buf_span(&text), &tokens);
    ot_resolves_find(&tokens, &resolves);
    ot_tokens_free(&tokens);
    assert_int_equal(resolves.count, 256);
}

static void becomes_what_it_means(void **state)
{
    struct ot_resolve known[] = {
        {.specifier = (char[]){"zip"}, .virtual_path = (char[]){"_package/zip/1.0.0/a b.js"}},
        {.specifier = (char[]){"fs"}, .url = (char[]){"node:fs"}},
        {.specifier = (char[]){"gone"}, .error = (char[]){"not \"there\""}},
    };
    const struct ot_resolves resolves = {known, OT_COUNT(known)};
    const struct ot_edit edit = {.virtual_path = "a/index.ts", .resolves = &resolves};
    OT_CLEANUP(ot_edit_result_free) struct ot_edit_result result = {0};
    OT_AUTOBUF struct ot_buf out = {0};

    (void)state;
    assert_true(ot_edit(OT_SPAN("f(import.meta.resolve('zip'))"), &edit, &out, &result));
    assert_non_null(strstr(out.data, "resolve(s){const r=({__proto__:null,"
                                     "\"zip\":\"file:///bundle/files/_package/zip/1.0.0/a%20b.js\","
                                     "\"fs\":\"node:fs\",\"gone\":[\"not \\\"there\\\"\"]})"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_names_of_modules),
        cmocka_unit_test(bounds_what_it_finds),
        cmocka_unit_test(becomes_what_it_means),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
