/* What a request's target names; the URL parser of Node.js says what each path must become. */
#include "tests/unit/unit.h"

#include "base/process.h"
#include "gateway/target.h"

#include <string.h>

#define PREFIX "/functions/v1"

static const char kinds[] = {[OT_TARGET_BAD] = 'B',
                             [OT_TARGET_OUTSIDE] = 'O',
                             [OT_TARGET_NO_NAME] = 'N',
                             [OT_TARGET_FUNCTION] = 'F'};

/* "kind name path query" */
static char *parse(const char *raw, const char *prefix)
{
    OT_AUTOBUF struct ot_buf scratch = {0};
    struct ot_target target;

    ot_target_parse(ot_span_of(raw), prefix, &scratch, &target);
    return ot_asprintf("%c %.*s %.*s %.*s", kinds[target.kind], (int)target.name.len,
                       target.name.data, (int)target.path.len, target.path.data,
                       (int)target.query.len, target.query.data);
}

static void names(void **state)
{
    static const struct {
        const char *raw, *expected;
    } cases[] = {
        {PREFIX "/hello", "F hello /hello "},
        {PREFIX "/hello/", "F hello /hello/ "},
        {PREFIX "/hello/a/b?x=1?y", "F hello /hello/a/b ?x=1?y"},
        {PREFIX "/hello?", "F hello /hello ?"},
        {PREFIX "/hello?/../../x", "F hello /hello ?/../../x"},
        {PREFIX "/hello//x", "F hello /hello//x "},
        {PREFIX "/hello%2Fx", "F hello%2Fx /hello%2Fx "},
        {PREFIX "/h%65llo", "F h%65llo /h%65llo "},
        {PREFIX "/h\xc3\xa9", "F h%C3%A9 /h%C3%A9 "},
        {PREFIX "/a\xff^", "F a%FF%5E /a%FF%5E "},
        {PREFIX "/hello/../other", "F other /other "},
        {PREFIX "/hello/%2E%2e/other/.", "F other /other/ "},
        {"/x/../functions/./v1/hello", "F hello /hello "},
        {"/../../functions/v1/hello", "F hello /hello "},
        {PREFIX "/..%2fhello", "F ..%2fhello /..%2fhello "},
        {PREFIX "/.hidden/...", "F .hidden /.hidden/... "},
        {PREFIX "/%2e%2e%2e", "F %2e%2e%2e /%2e%2e%2e "},
        {PREFIX "/hello/x\"{<>`}", "F hello /hello/x%22%7B%3C%3E%60%7D "},
        {PREFIX "/hello?q=\"\\\xc3\xa9", "F hello /hello ?q=\"\\\xc3\xa9"},

        {PREFIX, "N  " PREFIX " "},
        {PREFIX "/", "N  " PREFIX "/ "},
        {PREFIX "?a", "N  " PREFIX " ?a"},
        {PREFIX "//hello", "N  " PREFIX "//hello "},
        {PREFIX "/hello/..", "N  " PREFIX "/ "},
        {PREFIX "/.", "N  " PREFIX "/ "},
        {PREFIX "/./?a", "N  " PREFIX "/ ?a"},

        {"/", "O  / "},
        {"/health?x", "O  /health ?x"},
        {"/functions/v1x/hello", "O  /functions/v1x/hello "},
        {"/functions/v1%2fhello", "O  /functions/v1%2fhello "},
        {"/functions/V1/hello", "O  /functions/V1/hello "},
        {"/functions/v%31/hello", "O  /functions/v%31/hello "},
        {"//functions/v1/hello", "O  //functions/v1/hello "},
        {"/functions//v1/hello", "O  /functions//v1/hello "},
        {PREFIX "/../hello", "O  /functions/hello "},
        {PREFIX "/hello/../../x", "O  /functions/x "},
        {"//evil.example/..//x", "O  ///x "},

        {"", "B   "},
        {"*", "B   "},
        {"functions/v1/hello", "B   "},
        {"http://h" PREFIX "/hello", "B   "},
        {"?x", "B   "},
        {PREFIX "\\hello", "B   "},
        {PREFIX "/hello/..\\x", "B   "},
        {PREFIX "/hello x", "B   "},
        {PREFIX "/hello\tx", "B   "},
        {PREFIX "/hello\n", "B   "},
        {PREFIX "/hello\x7f", "B   "},
        {PREFIX "/hello#x", "B   "},
        {PREFIX "/hello?a#x", "B   "},
        {PREFIX "/hello?a b", "B   "},
        {PREFIX "/hello?a\r", "B   "},
        {PREFIX "/hello?\x7f", "B   "},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *got = parse(cases[i].raw, PREFIX);

        if (strcmp(got, cases[i].expected) != 0)
            fail_msg("%s: %s, expected %s", cases[i].raw, got, cases[i].expected);
    }
}

static void prefixes(void **state)
{
    static const struct {
        const char *raw, *prefix, *expected;
    } cases[] = {
        {"/api/hello", "/api", "F hello /hello "},
        {"/apihello", "/api", "O  /apihello "},
        {"/API/hello", "/api", "O  /API/hello "},
        {"/Api/hello", "/Api", "F hello /hello "},
        {PREFIX "/hello", "/api", "O  " PREFIX "/hello "},
        {"/edge/v2/hello/x", "/edge/v2", "F hello /hello/x "},
        {"/hello", "", "F hello /hello "},
        {"/", "", "N  / "},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *got = parse(cases[i].raw, cases[i].prefix);

        assert_string_equal(got, cases[i].expected);
    }
}

/* No NUL ends it, and what is not rewritten is not copied. */
static void spans(void **state)
{
    static const char raw[] = PREFIX "/hello\0x";
    OT_AUTOBUF struct ot_buf scratch = {0};
    struct ot_target target;

    (void)state;
    ot_target_parse((struct ot_span){raw, sizeof(raw) - 1}, PREFIX, &scratch, &target);
    assert_int_equal(target.kind, OT_TARGET_BAD);
    ot_target_parse((struct ot_span){raw, strlen(raw)}, PREFIX, &scratch, &target);
    assert_int_equal(target.kind, OT_TARGET_FUNCTION);
    assert_ptr_equal(target.path.data, raw + strlen(PREFIX));
    assert_null(scratch.data);
    ot_target_parse(OT_SPAN(PREFIX "/./x/y"), PREFIX, &scratch, &target);
    ot_target_parse(OT_SPAN(PREFIX "/./z"), PREFIX, &scratch, &target);
    assert_true(ot_span_is(target.path, "/z"));
}

/* -- against another parser -------------------------------------------------------------------- */

/* Without `^`, which the standard encodes but Node.js 20 does not yet. */
static const char *const pieces[] = {
    "/",        "/",
    "/",        "//",
    ".",        "..",
    "/.",       "/..",
    "%2e",      "%2E",
    "/%2e",     "%",
    "%2",       "%2f",
    "/%2E%2e/", "/.%2e/",
    "a",        "b",
    "hello",    "%00",
    "\xc3\xa9", "\xe2\x82\xac",
    "\"",       "<",
    ">",        "`",
    "{",        "}",
    "|",        "'",
    ";",        ":",
    "@",        "[",
    "]",        "~",
    "!",        "$",
    "&",        "functions",
    "v1",       "e",
    "2",        "+",
};

static const char *const listed[] = {
    "/",
    "//",
    "///",
    "/.",
    "/..",
    "/./",
    "/../",
    "/./.",
    "/../..",
    "/a/.",
    "/a/..",
    "/a/./b",
    "/a/../b",
    "/a//../b",
    "/a/b/../../..",
    "//..//x",
    "/.../x",
    "/a/%2e",
    "/a/%2E%2e/b",
    "/a/.%2E",
    "/a/%2e.",
    "/a/%2e%2e%2e",
    "/a/%2",
    "/a/%",
    "/a/%2e%",
    "/%2e%2f..",
    "/.a/..b/c.",
    "/a/b%2f../c",
    "/C:/../x",
    "/C|/..",
    "/@h/x",
    "/:80/x",
    "/a;b=c/../d",
    "/\xc3\xa9/..",
    "/\xf0\x9f\x98\x80",
    "/a\"b",
    "/<>`{}|~[]'",
    "/functions/v1/hello/%2E%2E/%2e/other",
};

static uint32_t next(uint32_t *random)
{
    *random = *random * 1664525u + 1013904223u;
    return *random >> 8;
}

#define RANDOM_PATHS 20000

/* An encoded dot in front of each path, which makes no difference, keeps the parser of Node.js 20
 * from its shortcut for plain paths, which overlooks "/.a/.." (ada-url/ada issue 935). */
static void as_node_parses(void **state)
{
    static const char *const argv[] = {
        "node", "-e",
        "const lines = require('fs').readFileSync(0, 'utf8').split('\\n').slice(0, -1);"
        "console.log(lines.map((line) => new URL('http://h/%2e' + line).pathname).join('\\n'));",
        NULL};
    struct ot_process_options options = {.argv = argv};
    OT_AUTOBUF struct ot_buf input = {0};
    OT_AUTOBUF struct ot_buf scratch = {0};
    OT_AUTORESULT struct ot_process_result result = {0};
    struct ot_error err = {0};
    struct ot_target target;
    uint32_t random = 20261121;
    char *in, *out;

    (void)state;
    for (size_t i = 0; i < OT_COUNT(listed); i++)
        ot_buf_printf(&input, "%s\n", listed[i]);
    for (size_t i = 0; i < RANDOM_PATHS; i++) {
        ot_buf_putc(&input, '/');
        for (uint32_t left = next(&random) % 12; left > 0; left--)
            ot_buf_puts(&input, pieces[next(&random) % OT_COUNT(pieces)]);
        ot_buf_putc(&input, '\n');
    }
    assert_succeeds(ot_process_run(&options, ot_buf_span(&input), 64u << 20, 60000, &result, &err),
                    err);
    assert_int_equal(result.status, 0);
    in = input.data;
    out = result.out.data;
    for (size_t i = 0; i < OT_COUNT(listed) + RANDOM_PATHS; i++) {
        struct ot_span raw = {in, strcspn(in, "\n")};
        struct ot_span expected = {out, strcspn(out, "\n")};

        ot_target_parse(raw, "/no/such/prefix", &scratch, &target);
        if (!ot_span_equal(target.path, expected))
            fail_msg("%.*s: %.*s, expected %.*s", (int)raw.len, raw.data, (int)target.path.len,
                     target.path.data, (int)expected.len, expected.data);
        in += raw.len + 1;
        out += expected.len + 1;
    }
    assert_int_equal(*out, '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(spans),
        cmocka_unit_test(as_node_parses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
