#include "tests/unit/unit.h"

#include "base/json.h"
#include "base/json_write.h"

#include <string.h>

/* Reads any value and the end; what the error says, or NULL. */
static const char *read_any(const char *text, size_t len, unsigned flags)
{
    static struct ot_error err;
    struct ot_json json;
    int result;

    err.message[0] = '\0';
    ot_json_begin(&json, (struct ot_span){text, len}, flags);
    result = ot_json_skip(&json, &err);
    if (result == 0)
        result = ot_json_finish(&json, &err);
    ot_json_end(&json);
    return result < 0 ? err.message : NULL;
}

static void accepted(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "\"\"",
        "0",
        "true",
        " \t\r\n{ \"a\" : [ 1 , 2 ] } \n",
        "{\"a\":{\"b\":[[[[]]]]}}",
        "\"\\ud83d\\ude00\\u00e9\\n\\/\"",
        "18446744073709551615",
        "null",
        "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(texts); i++) {
        const char *error = read_any(texts[i], strlen(texts[i]), 0);

        if (error != NULL)
            fail_msg("%s: %s", texts[i], error);
    }
}

static void refused(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "1:1: a value is expected here"},
        {"{", "1:2: the text ends in the middle"},
        {"{\n\"a\"", "2:4: a colon is expected here"},
        {"{\"a\":1,}", "1:8: nothing follows the comma"},
        {"[1,]", "1:4: nothing follows the comma"},
        {"[,1]", "1:2: a value is expected here"},
        {"[1 2]", "1:4: a comma is expected here"},
        {"{a:1}", "1:2: a key in double quotes is expected here"},
        {"{\"a\":1}}", "1:8: nothing may follow the value"},
        {"1.5", "1:1: a value is expected here"},
        {"1e3", "1:1: a value is expected here"},
        {"-1", "1:1: a value is expected here"},
        {"01", "1:1: a value is expected here"},
        {"18446744073709551616", "1:1: a value is expected here"},
        {"True", "1:1: a value is expected here"},
        {"NaN", "1:1: a value is expected here"},
        {"\"abc", "1:5: this string has no end"},
        {"\"a\nb\"", "1:3: this string has no end"},
        {"\"\\x\"", "1:3: no such escape in a string"},
        {"\"\\u12\"", "1:4: four hexadecimal digits are expected behind \\u"},
        {"\"\\u0000\"", "1:4: \\u0000 is not accepted in a string"},
        {"\"\\ud800\"", "1:8: half of a surrogate pair in a string"},
        {"\"\\udc00x\"", "1:8: half of a surrogate pair in a string"},
        {"\"\\ud800\\u0041\"", "1:8: half of a surrogate pair in a string"},
        {"\"a\xff\"", "1:2: this string is not valid UTF-8"},
        {"// c\n1", "1:1: a value is expected here"},
        {"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", "1:17: nested more than 16 deep"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        const char *error = read_any(cases[i].text, strlen(cases[i].text), 0);

        if (error == NULL || strcmp(error, cases[i].error) != 0)
            fail_msg("%s: \"%s\", expected \"%s\"", cases[i].text, error, cases[i].error);
    }
    assert_non_null(read_any("\"a\0b\"", 5, 0));
    assert_non_null(read_any("1\0", 2, 0));
}

static void comments(void **state)
{
    static const char text[] =
        "// first\n{ /* a */ \"a\" /**/ : 1, // last\n \"b\": [1,], }\n/* end */";

    (void)state;
    assert_null(read_any(text, sizeof(text) - 1, OT_JSON_COMMENTS));
    assert_string_equal(read_any("{ /* ", 5, OT_JSON_COMMENTS), "1:3: this comment has no end");
    assert_string_equal(read_any("{,}", 3, OT_JSON_COMMENTS),
                        "1:2: a key in double quotes is expected here");
}

static void any_number(void **state)
{
    static const char *const good[] = {"0",        "-0",           "10",   "-1",   "1.5",
                                       "0.000001", "1e3",          "1E-3", "1e+3", "-1.5e0",
                                       "[1.5]",    "{\"a\":-2e9}", "1e999"};
    static const char *const bad[] = {"",     "-",   "01",  "-01", "1.",       ".5",
                                      "1.e3", "1e",  "1e+", "+1",  "1.5.5",    "1e5.5",
                                      "0x1",  "NaN", "1-",  "--1", "Infinity", "1e--1"};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(good); i++) {
        const char *error = read_any(good[i], strlen(good[i]), OT_JSON_NUMBERS);

        if (error != NULL)
            fail_msg("%s: %s", good[i], error);
    }
    for (size_t i = 0; i < OT_COUNT(bad); i++) {
        if (read_any(bad[i], strlen(bad[i]), OT_JSON_NUMBERS) == NULL)
            fail_msg("%s was accepted", bad[i]);
    }
}

static void unique_keys(void **state)
{
    static const char *const good[] = {
        "{\"a\":1,\"b\":{\"a\":1,\"b\":2},\"c\":[{\"a\":1},{\"a\":2}],\"A\":0,\"aa\":1,\"\":2}",
    };
    static const char *const bad[] = {
        "{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":{\"c\":[]},\"a\":1}",  "{\"a\":1,\"\\u0061\":2}",
        "{\"\":1,\"\":2}",   "[{\"x\":{\"a\":0,\"b\":1,\"b\":2}}]",
    };
    OT_AUTOBUF struct ot_buf many = {0};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(good); i++) {
        const char *error = read_any(good[i], strlen(good[i]), OT_JSON_UNIQUE);

        if (error != NULL)
            fail_msg("%s: %s", good[i], error);
    }
    for (size_t i = 0; i < OT_COUNT(bad); i++) {
        const char *error = read_any(bad[i], strlen(bad[i]), OT_JSON_UNIQUE);

        if (error == NULL || strstr(error, "is there twice") == NULL)
            fail_msg("%s: %s", bad[i], error != NULL ? error : "accepted");
        assert_null(read_any(bad[i], strlen(bad[i]), 0));
    }
    for (unsigned keys = OT_JSON_KEYS_MAX; keys <= OT_JSON_KEYS_MAX + 1; keys++) {
        ot_buf_clear(&many);
        for (unsigned i = 0; i < keys; i++)
            ot_buf_printf(&many, "%s\"%u\":0", i > 0 ? "," : "{", i);
        ot_buf_putc(&many, '}');
        assert_int_equal(read_any(many.data, many.len, OT_JSON_UNIQUE) == NULL,
                         keys == OT_JSON_KEYS_MAX);
    }
}

static void values(void **state)
{
    static const char text[] =
        "{\"s\":\"x\\u00e9\\\"\",\"n\":42,\"b\":false,\"f\":0.25,\"l\":[\"p\"]}";
    struct ot_error err = {0};
    struct ot_span span;
    struct ot_json json;
    uint64_t number;
    bool yes = true;

    (void)state;
    ot_json_begin(&json, OT_SPAN(text), 0);
    assert_succeeds(ot_json_object(&json, &err), err);
    assert_succeeds(ot_json_expect_key(&json, "s", &err), err);
    assert_succeeds(ot_json_string(&json, &span, &err), err);
    assert_true(ot_span_is(span, "x\xc3\xa9\""));
    assert_succeeds(ot_json_expect_key(&json, "n", &err), err);
    assert_succeeds(ot_json_uint(&json, 42, &number, &err), err);
    assert_int_equal(number, 42);
    assert_succeeds(ot_json_expect_key(&json, "b", &err), err);
    assert_succeeds(ot_json_bool(&json, &yes, &err), err);
    assert_false(yes);
    assert_succeeds(ot_json_expect_key(&json, "f", &err), err);
    assert_succeeds(ot_json_thousandths(&json, 1, &number, &err), err);
    assert_int_equal(number, 250);
    assert_succeeds(ot_json_expect_key(&json, "l", &err), err);
    assert_succeeds(ot_json_array(&json, &err), err);
    assert_int_equal(ot_json_item(&json, &err), 1);
    assert_succeeds(ot_json_string(&json, &span, &err), err);
    assert_int_equal(ot_json_item(&json, &err), 0);
    assert_succeeds(ot_json_expect_end(&json, &err), err);
    assert_succeeds(ot_json_finish(&json, &err), err);
    ot_json_end(&json);
}

static void expectations(void **state)
{
    struct ot_error err = {0};
    struct ot_json json;

    (void)state;
    ot_json_begin(&json, OT_SPAN("{\"b\":1}"), 0);
    assert_succeeds(ot_json_object(&json, &err), err);
    assert_int_equal(ot_json_expect_key(&json, "a", &err), -1);
    assert_string_equal(err.message, "1:2: the key \"a\" is expected here, not \"b\"");
    ot_json_end(&json);
    ot_json_begin(&json, OT_SPAN("{}"), 0);
    assert_succeeds(ot_json_object(&json, &err), err);
    assert_int_equal(ot_json_expect_key(&json, "a", &err), -1);
    assert_string_equal(err.message, "1:2: the key \"a\" is missing");
    ot_json_end(&json);
    ot_json_begin(&json, OT_SPAN("{\"x\":1}"), 0);
    assert_succeeds(ot_json_object(&json, &err), err);
    assert_int_equal(ot_json_expect_end(&json, &err), -1);
    assert_string_equal(err.message, "1:2: unknown key \"x\"");
    ot_json_end(&json);
}

static void thousandths(void **state)
{
    static const struct {
        const char *text;
        int value; /* -1: refused */
    } cases[] = {
        {"0", 0},      {"1", 1000}, {"0.5", 500},   {"0.125", 125}, {"1.0", 1000},
        {"1.001", -1}, {"2", -1},   {"0.1234", -1}, {"0.", -1},     {".5", -1},
        {"-0", -1},    {"1e0", -1}, {"00.5", -1},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_error err = {0};
        struct ot_json json;
        uint64_t value = 0;
        int result;

        ot_json_begin(&json, ot_span_of(cases[i].text), 0);
        result = ot_json_thousandths(&json, 1, &value, &err);
        if ((result < 0 ? -1 : (int)value) != cases[i].value)
            fail_msg("%s", cases[i].text);
        ot_json_end(&json);
    }
}

static void writes(void **state)
{
    OT_AUTOBUF struct ot_buf out = {0};
    struct ot_json_writer writer;

    (void)state;
    ot_jw_begin(&writer, &out, false);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "s", "a\"\\\n\x01\xc3\xa9");
    ot_jw_array(&writer, "empty");
    ot_jw_array_end(&writer);
    ot_jw_array(&writer, "list");
    ot_jw_uint(&writer, NULL, 1);
    ot_jw_object(&writer, NULL);
    ot_jw_object_end(&writer);
    ot_jw_array_end(&writer);
    ot_jw_bool(&writer, "yes", true);
    ot_jw_null(&writer, "none");
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
    assert_string_equal(out.data, "{\n  \"s\": \"a\\\"\\\\\\n\\u0001\xc3\xa9\",\n  \"empty\": [],\n"
                                  "  \"list\": [\n    1,\n    {}\n  ],\n  \"yes\": true,\n"
                                  "  \"none\": null\n}\n");
    assert_null(read_any(out.data, out.len, 0));
    ot_buf_clear(&out);
    ot_jw_begin(&writer, &out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_uint(&writer, "a", 1);
    ot_jw_uint(&writer, "b", 2);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
    assert_string_equal(out.data, "{\"a\":1,\"b\":2}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted), cmocka_unit_test(refused),      cmocka_unit_test(comments),
        cmocka_unit_test(values),   cmocka_unit_test(expectations), cmocka_unit_test(thousandths),
        cmocka_unit_test(writes),   cmocka_unit_test(any_number),   cmocka_unit_test(unique_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
