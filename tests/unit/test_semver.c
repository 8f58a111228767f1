#include "tests/unit/unit.h"

#include "build/semver.h"

#define IN OT_RANGE_MATCHES
#define MINOR OT_RANGE_OTHER_MINOR
#define MAJOR OT_RANGE_OTHER_MAJOR

static void ranges(void **state)
{
    static const struct {
        const char *range, *version;
        enum ot_range_match expected;
    } cases[] = {
        {"", "1.2.3", IN},
        {"*", "1.2.3", IN},
        {"latest", "1.2.3", IN},
        {"1", "1.9.0", IN},
        {"1", "2.0.0", MAJOR},
        {"1.2", "1.2.9", IN},
        {"1.2", "1.3.0", MINOR},
        {"1.x", "1.3.0", IN},
        {"1.2.3", "1.2.3", IN},
        {"v1.2.3", "1.2.3", IN},
        {"=1.2.3", "1.2.3", IN},
        {"1.2.3", "1.2.4", MINOR},
        {"1.2.3", "2.2.3", MAJOR},
        {"^1.2.3", "1.9.0", IN},
        {"^1.2.3", "1.2.2", MINOR},
        {"^1.2.3", "2.0.0", MAJOR},
        {"^1.2.3", "2.0.0-rc.1", MAJOR},
        {"^0.2.3", "0.2.9", IN},
        {"^0.2.3", "0.2.1", MINOR},
        {"^0.2.3", "0.3.0", MAJOR},
        {"^0.0.3", "0.0.4", MINOR},
        {"^0", "0.9.1", IN},
        {"~1.2.3", "1.2.9", IN},
        {"~1.2.3", "1.3.0", MINOR},
        {"~1", "1.9.0", IN},
        {">=1 <3", "2.5.0", IN},
        {">=1 <3", "3.0.0", MAJOR},
        {">= 1.0.0 < 3", "2.5.0", IN},
        {">1.2.3", "1.2.3", MINOR},
        {">1", "1.9.0", MAJOR},
        {">1", "2.0.0", IN},
        {"<=2", "2.9.9", IN},
        {"<=2.1.0", "2.1.0", IN},
        {"<2", "1.9.9", IN},
        {"<2", "2.0.0", MAJOR},
        {"1.2.0 - 2.3", "2.3.9", IN},
        {"1.2.0 - 2.3", "2.4.0", MINOR},
        {"^1 || ^3", "3.1.0", IN},
        {"^1 || ^3", "2.1.0", MAJOR},
        {"1.0.0-beta.2", "1.0.0-beta.10", MINOR},
        {"^1.0.0-beta.2", "1.0.0-beta.10", IN},
        {"^1.0.0-beta.2", "1.0.0-alpha", MINOR},
        {"^1.0.0-beta", "1.0.0", IN},
        {"1.2.3+build", "1.2.3", IN},
        {"1.2.3", "workspace", IN},
        {"1.2.3.4", "1.2.3", IN},
        {"99999999999999999999", "1.2.3", IN},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        enum ot_range_match found =
            ot_range_check(ot_span_of(cases[i].range), ot_span_of(cases[i].version));

        if (found != cases[i].expected)
            fail_msg("%s in %s: %d", cases[i].version, cases[i].range, found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranges)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
