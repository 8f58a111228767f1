#include "tests/unit/unit.h"

#include "base/instant.h"
#include "base/text.h"

#include <string.h>

struct text_case {
    const char *text;
    bool valid;
};

static void check_cases(const struct text_case *cases, size_t count, bool (*check)(struct ot_span))
{
    for (size_t i = 0; i < count; i++) {
        if (check(ot_span_of(cases[i].text)) != cases[i].valid)
            fail_msg("\"%s\" should be %s", cases[i].text, cases[i].valid ? "valid" : "refused");
    }
}

static void names(void **state)
{
    static const struct text_case cases[] = {
        {"hello", true},
        {"A2", true},
        {"echo-1", true},
        {"auth_me", true},
        {"", false},
        {"1bad", false},
        {"-a", false},
        {"_a", false},
        {"has space", false},
        {"has/slash", false},
        {"a.b", false},
        {"a\"", false},
        {"a\\", false},
        {"\xc3\xa9", false},
        {"a23456789012345678901234567890123456789012345678901234567890123", true},
        {"a234567890123456789012345678901234567890123456789012345678901234", false},
    };

    (void)state;
    check_cases(cases, OT_COUNT(cases), ot_is_name);
    assert_false(ot_is_name((struct ot_span){"a\0b", 3}));
}

static void env_names(void **state)
{
    static const struct text_case cases[] = {
        {"A", true},   {"_x9", true},  {"lower", true}, {"", false},
        {"9A", false}, {"A-B", false}, {"A=B", false},  {"A B", false},
    };

    (void)state;
    check_cases(cases, OT_COUNT(cases), ot_is_env_name);
}

static void flag_words(void **state)
{
    static const struct text_case cases[] = {
        {"nodejs_compat", true}, {"a1", true},  {"", false},    {"Bad-Flag-Name", false},
        {"_a", false},           {"1a", false}, {"a-b", false},
    };

    (void)state;
    check_cases(cases, OT_COUNT(cases), ot_is_flag_word);
}

static void relative_paths(void **state)
{
    static const struct text_case cases[] = {
        {"a", true},     {"functions/fn.js", true},
        {"a/b/c", true}, {"..a", true},
        {"a..", true},   {"...", true},
        {"-", true},     {"", false},
        {"/a", false},   {"a/", false},
        {"a//b", false}, {".", false},
        {"..", false},   {"./x", false},
        {"../x", false}, {"a/../b", false},
        {"a/..", false}, {"a/.", false},
        {"a\\b", false}, {"a b", false},
        {"a\"", false},  {"c:x", false},
        {"a\nb", false}, {"\xc3\xa9", false},
    };
    char longest[OT_PATH_MAX + 2];

    (void)state;
    check_cases(cases, OT_COUNT(cases), ot_is_relative_path);
    memset(longest, 'x', sizeof(longest));
    assert_true(ot_is_relative_path((struct ot_span){longest, OT_PATH_MAX}));
    assert_false(ot_is_relative_path((struct ot_span){longest, OT_PATH_MAX + 1}));
    assert_false(ot_is_relative_path((struct ot_span){"a\0", 2}));
}

static void dates(void **state)
{
    static const struct text_case cases[] = {
        {"2025-09-15", true},   {"2024-02-29", true},  {"2000-02-29", true},  {"1900-02-29", false},
        {"2025-02-29", false},  {"2025-13-01", false}, {"2025-00-01", false}, {"2025-01-00", false},
        {"2025-04-31", false},  {"2025-4-01", false},  {"yesterday", false},  {"2025/09/15", false},
        {"2025-09-15 ", false},
    };

    (void)state;
    check_cases(cases, OT_COUNT(cases), ot_is_date);
}

static void utf8(void **state)
{
    static const struct text_case cases[] = {
        {"", true},
        {"plain ascii text, longer than a word", true},
        {"\xc3\xa9", true},
        {"eight888\xe2\x82\xac", true},
        {"\xf0\x9f\x98\x80", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\xff", false},
        {"\x80", false},
        {"\xc0\x80", false},
        {"\xc1\xbf", false},
        {"\xe0\x80\x80", false},
        {"\xed\xa0\x80", false}, /* a surrogate */
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xe2\x82", false},
        {"1234567\xe2\x82", false},
        {"12345678\xff", false},
    };

    (void)state;
    check_cases(cases, OT_COUNT(cases), ot_is_utf8);
    assert_false(ot_is_utf8((struct ot_span){"12345678\0", 9}));
    assert_false(ot_is_utf8((struct ot_span){"123\0"
                                             "5678",
                                             8}));
}

static void numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool valid;
        uint64_t value;
    } cases[] = {
        {"0", 0, true, 0},
        {"7", 10, true, 7},
        {"10", 10, true, 10},
        {"11", 10, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999", UINT64_MAX, false, 0},
        {"", 10, false, 0},
        {"01", 10, false, 0},
        {"+1", 10, false, 0},
        {"-1", 10, false, 0},
        {" 1", 10, false, 0},
        {"1 ", 10, false, 0},
        {"1e2", 1000, false, 0},
        {"0x1", 10, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        uint64_t value = 12345;

        assert_int_equal(ot_parse_uint(ot_span_of(cases[i].text), cases[i].max, &value),
                         cases[i].valid);
        assert_int_equal(value, cases[i].valid ? cases[i].value : 12345);
    }
}

static void times(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        uint64_t seconds;
    } rows[] = {
        {"0", true, 0},
        {"1893456000", true, 1893456000},
        {"9007199254740991", true, 9007199254740991},
        {"9007199254740992", false, 0},
        {"1970-01-01T00:00:00Z", true, 0},
        {"2030-01-01T00:00:00Z", true, 1893456000},
        {"2024-02-29T23:59:59Z", true, 1709251199},
        {"2023-02-29T00:00:00Z", false, 0},
        {"2030-01-01", false, 0},
        {"2030-01-01T00:00:00", false, 0},
        {"2030-01-01T00:00:00+00:00", false, 0},
        {"2030-01-01T24:00:00Z", false, 0},
        {"2030-01-01T00:60:00Z", false, 0},
        {"2030-01-01T00:00:60Z", false, 0},
        {"2030-01-01t00:00:00Z", false, 0},
        {"1969-12-31T23:59:59Z", false, 0},
        {"-1", false, 0},
        {"", false, 0},
        {"tomorrow", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        uint64_t seconds = 1;

        if (ot_parse_time(rows[i].text, &seconds) != rows[i].valid)
            fail_msg("\"%s\"", rows[i].text);
        if (rows[i].valid)
            assert_int_equal(seconds, rows[i].seconds);
    }
}

static void hexadecimal(void **state)
{
    uint8_t bytes[3];
    char text[7];

    (void)state;
    ot_hex(text, "\x00\xab\xff", 3);
    assert_string_equal(text, "00abff");
    assert_true(ot_unhex(bytes, 3, OT_SPAN("00aBfF")));
    assert_memory_equal(bytes, "\x00\xab\xff", 3);
    assert_false(ot_unhex(bytes, 3, OT_SPAN("00abf")));
    assert_false(ot_unhex(bytes, 3, OT_SPAN("00abfg")));
    assert_true(
        ot_is_sha256(OT_SPAN("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")));
    assert_false(
        ot_is_sha256(OT_SPAN("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef")));
    assert_false(
        ot_is_sha256(OT_SPAN("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde")));
}

static void nearest(void **state)
{
    static const char *const words[] = {"build", "package", "verify", "sign", "rpm", NULL};

    (void)state;
    assert_string_equal(ot_nearest_word("biuld", words), "build");
    assert_string_equal(ot_nearest_word("verfy", words), "verify");
    assert_string_equal(ot_nearest_word("rmp", words), "rpm");
    assert_string_equal(ot_nearest_word("apckaeg", words), "package");
    assert_string_equal(ot_nearest_word("pack", words), "package");
    assert_null(ot_nearest_word("xyzzy", words));
    assert_null(ot_nearest_word("", words));
}

static void printable(void **state)
{
    char out[8];

    (void)state;
    ot_printable(out, sizeof(out), OT_SPAN("a\x1b[1m\n"));
    assert_string_equal(out, "a?[1m?");
    ot_printable(out, sizeof(out), OT_SPAN("longer than it"));
    assert_string_equal(out, "longer ");
}

static void readable(void **state)
{
    const struct {
        struct ot_span text;
        const char *shown;
    } rows[] = {
        {OT_SPAN("plain\ttext\n"), "plain\ttext\n"},
        {OT_SPAN("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
         "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {OT_SPAN("\x1b[31mred\x1b[0m\r\a\x7f"), "?[31mred?[0m???"},
        {OT_SPAN("a\0b"), "a?b"},
        {OT_SPAN("\xc2\x9b"
                 "31m\xc2\x80\xc2\x9f\xc2\xa0"),
         "?31m??\xc2\xa0"},
        {OT_SPAN("\x9b"
                 "31m"),
         "?31m"},
        {OT_SPAN("\xff\xc0\x9b\xed\xa0\x80"), "??????"},
        {OT_SPAN("cut \xe2\x82"), "cut ??"},
        {OT_SPAN("next \xe2\x82\n"), "next ??\n"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        OT_AUTOBUF struct ot_buf out = {0};

        ot_buf_puts(&out, "> ");
        ot_buf_readable(&out, rows[i].text);
        assert_string_equal(out.data + 2, rows[i].shown);
        assert_int_equal(out.len, strlen(rows[i].shown) + 2);
    }
}

static void ends_of_spans(void **state)
{
    static const struct {
        const char *text, *trimmed;
    } blanks[] = {{"", ""},       {" ", ""},           {" \t\r\n", ""},
                  {"a", "a"},     {" a b\r\n", "a b"}, {"\v a", "\v a"},
                  {"a\f ", "a\f"}};
    struct ot_span none = {NULL, 0};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(blanks); i++)
        assert_true(ot_span_is(ot_span_trim(ot_span_of(blanks[i].text)), blanks[i].trimmed));
    /* a NUL is no blank */
    assert_int_equal(ot_span_trim((struct ot_span){" \0 ", 3}).len, 1);
    assert_int_equal(ot_span_trim(none).len, 0);
    assert_true(ot_span_starts(OT_SPAN("abc"), "ab") && ot_span_ends(OT_SPAN("abc"), "bc"));
    assert_true(ot_span_starts(OT_SPAN("abc"), "abc") && ot_span_ends(OT_SPAN("abc"), "abc"));
    assert_true(ot_span_starts(none, "") && ot_span_ends(none, ""));
    assert_false(ot_span_starts(OT_SPAN("abc"), "b") || ot_span_ends(OT_SPAN("abc"), "b"));
    assert_false(ot_span_starts(OT_SPAN("bc"), "abc") || ot_span_ends(OT_SPAN("ab"), "abc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),          cmocka_unit_test(env_names),
        cmocka_unit_test(flag_words),     cmocka_unit_test(dates),
        cmocka_unit_test(relative_paths), cmocka_unit_test(utf8),
        cmocka_unit_test(numbers),        cmocka_unit_test(hexadecimal),
        cmocka_unit_test(nearest),        cmocka_unit_test(printable),
        cmocka_unit_test(readable),       cmocka_unit_test(times),
        cmocka_unit_test(ends_of_spans),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
