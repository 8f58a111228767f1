/* Settings files of other tools, in both languages. */
#include "tests/unit/unit.h"

#include "build/tree.h"

#include <string.h>

/* The tree as compact text: {key:value} [a,b] "string" true 12 null */
static void describe(const struct ot_tree *tree, struct ot_buf *out)
{
    switch (tree->type) {
    case OT_TREE_NULL:
        ot_buf_puts(out, "null");
        break;
    case OT_TREE_STRING:
        ot_buf_printf(out, "\"%s\"", tree->text);
        break;
    case OT_TREE_NUMBER:
        ot_buf_puts(out, tree->text);
        break;
    case OT_TREE_BOOL:
        ot_buf_puts(out, tree->truth ? "true" : "false");
        break;
    case OT_TREE_OBJECT:
    case OT_TREE_ARRAY:
        ot_buf_putc(out, tree->type == OT_TREE_OBJECT ? '{' : '[');
        for (size_t i = 0; i < tree->count; i++) {
            if (i > 0)
                ot_buf_putc(out, ',');
            if (tree->type == OT_TREE_OBJECT)
                ot_buf_printf(out, "%s:", tree->items[i].key);
            describe(&tree->items[i], out);
        }
        ot_buf_putc(out, tree->type == OT_TREE_OBJECT ? '}' : ']');
        break;
    }
}

struct sample {
    const char *text, *expected; /* the tree, or the message */
};

static void check(const struct sample *sample, bool toml)
{
    OT_AUTOTREE struct ot_tree tree = {0};
    OT_AUTOBUF struct ot_buf found = {0};
    struct ot_error err = {0};
    struct ot_span text = ot_span_of(sample->text);
    int result = toml ? ot_tree_toml(&tree, text, "f", &err) : ot_tree_json(&tree, text, "f", &err);

    if (result < 0)
        ot_buf_puts(&found, err.message);
    else
        describe(&tree, &found);
    assert_string_equal(found.data, sample->expected);
}

static void toml(void **state)
{
    static const struct sample samples[] = {
        {"", "{}"},
        {"# only a comment", "{}"},
        {"a = 1\nb = \"x\" # c\r\n\nc = true", "{a:1,b:\"x\",c:true}"},
        {"[functions.hello-world]\nverify_jwt = false\nentrypoint = './x.ts'",
         "{functions:{hello-world:{verify_jwt:false,entrypoint:\"./x.ts\"}}}"},
        {"[a]\n[a.b]\nx=1\n[c]\n[a.d]\ny=2", "{a:{b:{x:1},d:{y:2}},c:{}}"},
        {"a.b.\"c d\" = 1\na.e = 2", "{a:{b:{c d:1},e:2}}"},
        {"x = [1, 2, # two\n  \"c\",\n]\ny = []", "{x:[1,2,\"c\"],y:[]}"},
        {"x = { a = 1, b.c = \"d\" }\ny = {}", "{x:{a:1,b:{c:\"d\"}},y:{}}"},
        {"[[rules]]\ntype = \"Text\"\nglobs = [\"**/*.sql\"]\n[[rules]]\ntype = \"Data\"",
         "{rules:[{type:\"Text\",globs:[\"**/*.sql\"]},{type:\"Data\"}]}"},
        {"[[a]]\n[a.b]\nx=1\n[[a]]\n[a.b]\nx=2", "{a:[{b:{x:1}},{b:{x:2}}]}"},
        {"s = \"\\t\\u00e9\\U0001F600\\\"\"", "{s:\"\t\xc3\xa9\xf0\x9f\x98\x80\"\"}"},
        {"s = 'C:\\x'", "{s:\"C:\\x\"}"},
        {"s = \"\"\"\na\n  b \\\n   c\"\"\"", "{s:\"a\n  b c\"}"},
        {"s = '''\na'b''''", "{s:\"a'b'\"}"},
        {"d = 1979-05-27 07:32:00Z\nf = -1.5e3\nn = +inf",
         "{d:1979-05-27 07:32:00Z,f:-1.5e3,n:+inf}"},
        {"\xef\xbb\xbf"
         "a = 1",
         "{a:1}"},
        {"a = 1\na = 2", "f:2:1: this key is given twice"},
        {"[a]\n[a]", "f:2:2: this table is given twice"},
        {"a = 1\n[a]", "f:2:2: this table is given twice"},
        {"a = 1\n[a.b]", "f:2:2: a part of this key has another value already"},
        {"a = []\n[[a]]", "f:2:3: this table is given twice"},
        {"a = \"x", "f:1:5: this string has no end"},
        {"a = \"\\q\"", "f:1:7: no such escape in a string"},
        {"a = \"\\ud800\"", "f:1:8: there is no such character"},
        {"a = \"\xff\"", "f:1:5: this string is not valid UTF-8"},
        {"a = hello", "f:1:5: a value is expected here"},
        {"a = 1 b = 2", "f:1:7: the line must end here"},
        {"a", "f:1:2: = is expected here"},
        {"= 1", "f:1:1: a key is expected here"},
        {"[a", "f:1:3: the table's name must end here"},
        {"a = [1 2]", "f:1:8: a comma or ] is expected here"},
        {"a = {b = 1", "f:1:11: a comma or } is expected here"},
        {"a = [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "f:1:21: nested more than 16 deep"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(samples); i++)
        check(&samples[i], true);
}

static void json(void **state)
{
    static const struct sample samples[] = {
        {"{ // c\n \"a\": [1.5e3, \"b\", null,], /* x */ \"c\": { \"d\": false }, }",
         "{a:[1.5e3,\"b\",null],c:{d:false}}"},
        {"{\"a\": 1, \"a\": {\"b\": 2}}", "{a:{b:2}}"},
        {"\xef\xbb\xbf[]", "[]"},
        {"{\"a\": }", "f:1:7: a value is expected here"},
        {"{\"a\": yes}", "f:1:7: a value is expected here"},
        {"", "f:1:1: a value is expected here"},
        {"{} x", "f:1:4: nothing may follow the value"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(samples); i++)
        check(&samples[i], false);
}

static void places(void **state)
{
    OT_AUTOTREE struct ot_tree tree = {0};
    struct ot_error err = {0};
    const struct ot_tree *value;

    (void)state;
    assert_succeeds(
        ot_tree_toml(&tree, OT_SPAN("\n[functions.x]\n  static_files = [\n \"a\"]"), "f", &err),
        err);
    value = ot_tree_get(ot_tree_get(ot_tree_get(&tree, "functions"), "x"), "static_files");
    assert_int_equal(value->line, 3);
    assert_int_equal(value->column, 3);
    assert_int_equal(value->items[0].line, 4);
    assert_int_equal(value->items[0].column, 2);
    assert_null(ot_tree_text(ot_tree_get(value, "x")));
    ot_tree_free(&tree);
    assert_succeeds(ot_tree_json(&tree, OT_SPAN("{\n  \"a\": [\n\"b\"]}"), "f", &err), err);
    value = ot_tree_get(&tree, "a");
    assert_int_equal(value->line, 2);
    assert_int_equal(value->column, 3);
    assert_int_equal(value->items[0].line, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(toml),
        cmocka_unit_test(json),
        cmocka_unit_test(places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
