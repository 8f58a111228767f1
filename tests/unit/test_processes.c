/* The table of `onetube ps`. */
#include "tests/unit/unit.h"

#include "cli/processes.h"

#include <string.h>

#define GATEWAY                                                                                    \
    "{\"type\":\"ps\",\"gateway\":{\"pid\":7,\"state\":\"serving\",\"release\":\"shop 1.4.0\","    \
    "\"generation\":2,\"ageMs\":90000,\"requests\":3,\"errors\":1,\"connections\":0,"              \
    "\"residentBytes\":6000000,\"new\":[{}]},\"cells\":["

static char *table(const char *line, bool all)
{
    OT_AUTOPS struct ot_ps ps = {0};
    struct ot_error err = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    assert_succeeds(ot_ps_parse(ot_span_of(line), &ps, &err), err);
    ot_ps_print(out, &ps, all);
    fclose(out);
    return text;
}

static void test_columns_are_aligned(void **state)
{
    OT_AUTOFREE char *text =
        table(GATEWAY "{\"cell\":\"a-long-name\",\"state\":\"ready\",\"pid\":123456,\"requests\":"
                      "1000000,\"errors\":0,\"cpuMs\":1230,\"residentBytes\":49926144,"
                      "\"ageMs\":7200000,\"starts\":2,\"lastExit\":\"crashed\"},"
                      "{\"cell\":\"b\",\"state\":\"backoff\",\"pid\":null,\"starts\":1,"
                      "\"lastExit\":\"start-failed\"},"
                      "{\"cell\":\"c\",\"state\":\"idle\",\"pid\":null,\"lastExit\":\"none\"}]}",
              false);

    (void)state;
    assert_string_equal(
        text, "gateway 7: serving, generation 2, shop 1.4.0, up 1m, 3 requests, 1 errors, 0 "
              "connections, 6.0 MB\n\n"
              "CELL            PID  STATE    REQUESTS  ERRORS    CPU   MEMORY  AGE  LAST EXIT\n"
              "a-long-name  123456  ready     1000000       0  1.23s  49.9 MB   2h  crashed\n"
              "b                 -  backoff         0       0      -        -    -  start-failed\n"
              "\n1 more have not been called yet (--all shows them)\n");
}

static void test_control_characters_are_shown_harmless(void **state)
{
    OT_AUTOFREE char *text = table(
        GATEWAY "{\"cell\":\"\\u001b[2J\\n\",\"state\":\"\\u0007\",\"lastExit\":\"\\u009b\"}]}",
        true);

    (void)state;
    assert_non_null(strstr(text, "?[2J?"));
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\a'));
}

static void test_pool(void **state)
{
    OT_AUTOFREE char *text = table(
        "{\"gateway\":{\"pid\":7,\"state\":\"serving\",\"release\":\"\"},\"pool\":{\"hits\":3,"
        "\"misses\":1,\"queued\":2,\"starts\":4,\"evictions\":1,\"more\":[],\"startTimes\":["
        "{\"atMostMs\":10,\"count\":1},{\"atMostMs\":50,\"count\":2},{\"atMostMs\":null,"
        "\"count\":1}]},\"cells\":[]}",
        false);

    (void)state;
    assert_non_null(strstr(text, "\npool: 75.0% of 4 requests found an engine at once, 2 wait; "
                                 "4 starts (half within 50 ms), 1 evictions\n\nCELL"));
}

static void test_ages(void **state)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {
        {0, "0s"},       {59999, "59s"},    {60000, "1m"},    {3599999, "59m"},
        {3600000, "1h"}, {86399999, "23h"}, {86400000, "1d"}, {UINT64_MAX, "213503982334d"}};
    char out[24];

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        ot_ps_age(rows[i].ms, out);
        assert_string_equal(out, rows[i].text);
    }
}

static void test_answers_that_lack_something(void **state)
{
    static const char *const lines[] = {"{}", GATEWAY "{}]}", GATEWAY "]", "{\"gateway\":{}}",
                                        GATEWAY "{\"cell\":1}]}"};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(lines); i++) {
        OT_AUTOPS struct ot_ps ps = {0};
        struct ot_error err = {0};

        assert_int_equal(ot_ps_parse(ot_span_of(lines[i]), &ps, &err), -1);
        assert_int_equal(err.kind, OT_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_aligned),
        cmocka_unit_test(test_control_characters_are_shown_harmless),
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_ages),
        cmocka_unit_test(test_answers_that_lack_something),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
