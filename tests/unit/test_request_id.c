/* Identifiers of requests: UUIDs of version 7, and the trace context of W3C. */
#include "tests/unit/unit.h"

#include "gateway/request_id.h"

#include <string.h>

#define NOW 1795219200123ull /* 2026-11-21 */

static bool is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789abcdef") >= len;
}

static void layout(void **state)
{
    struct ot_ids ids = {0};
    char id[OT_REQUEST_ID + 1] = "";

    (void)state;
    for (int i = 0; i < 1000; i++) {
        ot_request_id(&ids, NOW, id);
        assert_int_equal(strlen(id), OT_REQUEST_ID);
        assert_true(is_hex(id, 8) && is_hex(id + 9, 4) && is_hex(id + 14, 4) &&
                    is_hex(id + 19, 4) && is_hex(id + 24, 12));
        assert_true(id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-');
        assert_memory_equal(id, "01a1fb67-187b-7", 15); /* NOW in hexadecimal */
        assert_non_null(strchr("89ab", id[19]));
    }
    /* the largest time, 48 bits */
    ot_request_id(&ids, 0xffffffffffffull, id);
    assert_memory_equal(id, "ffffffff-ffff-7", 15);
}

/* Whatever the clock does, and also when more of them come in a millisecond than the counter holds.
 */
static void ascending(void **state)
{
    static const int64_t steps[] = {0, 0, 1, 0, 0, 3, -1, -5000, 0, 0, 10000, 0};
    struct ot_ids ids = {0};
    char last[OT_REQUEST_ID + 1] = "";
    char id[OT_REQUEST_ID + 1] = "";
    uint64_t now = NOW;

    (void)state;
    for (size_t i = 0; i < OT_COUNT(steps); i++) {
        now += (uint64_t)steps[i];
        for (int k = 0; k < 5000; k++) {
            ot_request_id(&ids, now, id);
            if (strcmp(last, id) >= 0)
                fail_msg("%s is not above %s", id, last);
            memcpy(last, id, sizeof(last));
        }
    }
    /* 60,000 of them have moved the time on by no more than the counter needs */
    assert_true(ids.last_ms < now + 60000 / 2048);
}

static void not_repeated(void **state)
{
    struct ot_ids a = {0};
    struct ot_ids b = {0};
    char one[OT_REQUEST_ID], other[OT_REQUEST_ID];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        ot_request_id(&a, NOW, one);
        ot_request_id(&b, NOW, other);
        assert_memory_not_equal(one + 19, other + 19, 17);
    }
}

#define TRACE "12345678901234567890123456789012"
#define PARENT "1234567890123456"

/* The cases of the specification's own test suite (w3c/trace-context, test/test.py), and more. */
static void traceparents(void **state)
{
    static const struct {
        const char *given;
        const char *flags; /* when it is kept */
    } cases[] = {
        {"00-" TRACE "-" PARENT "-01", "01"},
        {"00-" TRACE "-" PARENT "-00", "00"},
        {"00-" TRACE "-" PARENT "-02", "02"},
        {"00-" TRACE "-" PARENT "-ff", "03"},
        {"00-" TRACE "-" PARENT "-04", "00"},
        {"cc-" TRACE "-" PARENT "-01", "01"},
        {"cc-" TRACE "-" PARENT "-01-what-the-future-will-be-like", "01"},
        {"01-" TRACE "-" PARENT "-09-", "01"},
        {"00-0000000000000000000000000000000a-a000000000000000-01", "01"},

        {"", NULL},
        {"00-" TRACE "-" PARENT "-01.", NULL},
        {"00-" TRACE "-" PARENT "-01-what-the-future-will-be-like", NULL},
        {"cc-" TRACE "-" PARENT "-01.what-the-future-will-be-like", NULL},
        {"ff-" TRACE "-" PARENT "-01", NULL},
        {"ff-" TRACE "-" PARENT "-01-x", NULL},
        {".0-" TRACE "-" PARENT "-01", NULL},
        {"0.-" TRACE "-" PARENT "-01", NULL},
        {"000-" TRACE "-" PARENT "-01", NULL},
        {"0000-" TRACE "-" PARENT "-01", NULL},
        {"0-" TRACE "-" PARENT "-01", NULL},
        {"00-00000000000000000000000000000000-" PARENT "-01", NULL},
        {"00-.2345678901234567890123456789012-" PARENT "-01", NULL},
        {"00-1234567890123456789012345678901.-" PARENT "-01", NULL},
        {"00-" TRACE "3-" PARENT "-01", NULL},
        {"00-1234567890123456789012345678901-" PARENT "-01", NULL},
        {"00-" TRACE "-0000000000000000-01", NULL},
        {"00-" TRACE "-.234567890123456-01", NULL},
        {"00-" TRACE "-123456789012345.-01", NULL},
        {"00-" TRACE "-" PARENT "7-01", NULL},
        {"00-" TRACE "-123456789012345-01", NULL},
        {"00-" TRACE "-" PARENT "-.0", NULL},
        {"00-" TRACE "-" PARENT "-0.", NULL},
        {"00-" TRACE "-" PARENT "-001", NULL},
        {"00-" TRACE "-" PARENT "-1", NULL},
        {"00-" TRACE "-" PARENT "-", NULL},
        {"00-1234567890123456789012345678901A-" PARENT "-01", NULL},
        {"00-" TRACE "-123456789012345F-01", NULL},
        {"0A-" TRACE "-" PARENT "-01", NULL},
        {"00_" TRACE "-" PARENT "-01", NULL},
        {"00-" TRACE "_" PARENT "-01", NULL},
        {"00-" TRACE "-" PARENT "_01", NULL},
    };
    struct ot_ids ids = {0};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        char out[OT_TRACEPARENT + 1] = "";
        struct ot_span given = ot_span_of(cases[i].given);
        bool kept = ot_traceparent(&ids, given, out);

        if (kept != (cases[i].flags != NULL))
            fail_msg("%s: %s", given.data, kept ? "kept" : "replaced");
        assert_int_equal(strlen(out), OT_TRACEPARENT);
        assert_memory_equal(out, "00-", 3);
        assert_true(is_hex(out + 3, 32) && out[35] == '-' && is_hex(out + 36, 16) &&
                    out[52] == '-');
        assert_string_equal(out + 53, kept ? cases[i].flags : "00");
        assert_true(strncmp(out + 36, "0000000000000000", 16) != 0);
        if (kept) {
            assert_memory_equal(out + 3, given.data + 3, 32);
            assert_memory_not_equal(out + 36, given.data + 36, 16);
        } else {
            assert_memory_not_equal(out + 3, TRACE, 32);
            assert_true(strncmp(out + 3, "0000000000000000", 16) != 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout),
        cmocka_unit_test(ascending),
        cmocka_unit_test(not_repeated),
        cmocka_unit_test(traceparents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
