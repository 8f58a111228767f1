/* How many connections each address may have. */
#include "tests/unit/unit.h"

#include "gateway/connections.h"

static struct ot_address address(const char *text)
{
    struct ot_address address;

    assert_true(ot_address_parse(ot_span_of(text), &address));
    return address;
}

static bool enter(struct ot_connections *connections, const char *text, bool is_exempt)
{
    struct ot_address from = address(text);

    return ot_connections_enter(connections, &from, is_exempt);
}

static void leave(struct ot_connections *connections, const char *text, bool is_exempt)
{
    struct ot_address from = address(text);

    ot_connections_leave(connections, &from, is_exempt);
}

static void test_per_address(void **state)
{
    struct ot_connections *connections = ot_connections_new(100, 2);

    (void)state;
    assert_true(enter(connections, "192.0.2.1", false));
    assert_true(enter(connections, "192.0.2.1", false));
    assert_false(enter(connections, "192.0.2.1", false));
    assert_false(enter(connections, "::ffff:192.0.2.1", false));
    assert_true(enter(connections, "192.0.2.2", false));
    assert_true(enter(connections, "192.0.2.1", true));
    leave(connections, "192.0.2.1", true);
    leave(connections, "192.0.2.1", false);
    assert_true(enter(connections, "192.0.2.1", false));
    assert_int_equal(ot_connections_open(connections), 3);
    ot_connections_free(connections);
}

/* One subscriber has 2^64 addresses of IPv6. */
static void test_ipv6(void **state)
{
    struct ot_connections *connections = ot_connections_new(100, 2);

    (void)state;
    assert_true(enter(connections, "2001:db8:0:1::1", false));
    assert_true(enter(connections, "2001:db8:0:1:ffff::2", false));
    assert_false(enter(connections, "2001:db8:0:1::3", false));
    assert_true(enter(connections, "2001:db8:0:2::1", false));
    leave(connections, "2001:db8:0:1::1", false);
    assert_true(enter(connections, "2001:db8:0:1::3", false));
    ot_connections_free(connections);
}

static void test_in_all(void **state)
{
    struct ot_connections *connections = ot_connections_new(2, 0);

    (void)state;
    assert_true(enter(connections, "192.0.2.1", false));
    assert_true(enter(connections, "192.0.2.1", false));
    assert_false(enter(connections, "192.0.2.2", true));
    leave(connections, "192.0.2.1", false);
    assert_true(enter(connections, "192.0.2.2", true));
    ot_connections_free(connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_per_address),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_in_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
