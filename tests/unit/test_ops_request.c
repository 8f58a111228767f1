/* Lines of the control socket: what each command may say, and what is refused. */
#include "tests/unit/unit.h"

#include "gateway/ops_request.h"

static void accepts(const char *line, struct ot_ops_request *out)
{
    struct ot_error err = {0};

    assert_succeeds(ot_ops_request_parse(ot_span_of(line), out, &err), err);
}

static void test_accepted(void **state)
{
    struct ot_ops_request request;

    (void)state;
    accepts("{\"command\":\"ps\"}\r", &request);
    assert_int_equal(request.command, OT_OPS_PS);
    accepts("{\"last\":0,\"command\":\"events\"}", &request);
    assert_int_equal(request.command, OT_OPS_EVENTS);
    assert_int_equal(request.last, 0);
    assert_false(request.follow);
    accepts("{\"command\":\"events\",\"follow\":true}", &request);
    assert_true(request.follow);
    assert_true(request.last == UINT64_MAX);
    accepts("{\"command\":\"drain\"}", &request);
    assert_int_equal(request.command, OT_OPS_DRAIN);
    assert_false(request.undo);
    accepts("{\"command\":\"drain\",\"undo\":true}", &request);
    assert_true(request.undo);
    accepts("{\"command\":\"restart\"}", &request);
    assert_int_equal(request.command, OT_OPS_RESTART);
    assert_string_equal(request.name, "");
    accepts("{\"name\":\"hello\",\"command\":\"restart\"}", &request);
    assert_string_equal(request.name, "hello");
    accepts("{\"command\":\"stop\"}", &request);
    assert_int_equal(request.command, OT_OPS_STOP);
    assert_true(request.grace_ms == OT_OPS_NO_GRACE);
    accepts("{\"command\":\"stop\",\"graceMs\":0}", &request);
    assert_int_equal(request.grace_ms, 0);
}

static void test_refused(void **state)
{
    static const char *const lines[] = {
        "",
        "ps",
        "[]",
        "{}",
        "{\"command\":\"reboot\"}",
        "{\"command\":1}",
        "{\"command\":\"ps\"",
        "{\"command\":\"ps\"}{\"command\":\"ps\"}",
        "{\"command\":\"ps\",\"command\":\"ps\"}",
        "{\"command\":\"ps\",\"more\":true}",
        "{\"command\":\"ps\",\"undo\":true}",
        "{\"undo\":true,\"command\":\"stop\"}",
        "{\"command\":\"drain\",\"undo\":1}",
        "{\"command\":\"events\",\"last\":-1}",
        "{\"command\":\"events\",\"last\":4294967296}",
        "{\"command\":\"stop\",\"graceMs\":2147483648}",
        "{\"command\":\"stop\",\"graceMs\":1.5}",
        "{\"command\":\"stop\",\"name\":\"hello\"}",
        "{\"command\":\"restart\",\"name\":\"\"}",
        "{\"command\":\"restart\",\"name\":\"hello\\u0000\"}",
        "{\"command\":\"restart\",\"name\":1}",
        "{\"command\":\"restart\",\"name\":"
        "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(lines); i++) {
        struct ot_ops_request request;
        struct ot_error err = {0};

        if (ot_ops_request_parse(ot_span_of(lines[i]), &request, &err) == 0)
            fail_msg("accepted: %s", lines[i]);
        assert_int_equal(err.kind, OT_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
