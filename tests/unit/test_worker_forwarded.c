/* What a function is told of a request that came through a proxy which passes on what clients say.
 */
#include "tests/unit/gateway_fixture.h"

static struct gateway gateway;

static void trust_loopback(struct ot_settings *settings)
{
    struct ot_error err;

    assert_succeeds(ot_ranges_add(&settings->trusted_proxies, OT_SPAN("loopback"), &err), err);
}

static int set_up(void **state)
{
    (void)state;
    gateway_begin(&gateway, NULL);
    return 0;
}

static int set_up_behind_proxy(void **state)
{
    (void)state;
    gateway_begin(&gateway, trust_loopback);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gateway_end(&gateway);
    ot_ranges_free(&gateway.settings.trusted_proxies);
    return 0;
}

/* `what` the function tells: its headers, or its URL. */
static void check(const char *what, const char *field, const char *expected)
{
    OT_AUTOFREE char *request = ot_asprintf("GET /functions/v1/open/%s HTTP/1.1\r\nHost: h\r\n"
                                            "Connection: close\r\n%s\r\n\r\n",
                                            what, field);
    OT_AUTOFREE char *answer = ask(&gateway, request);

    assert_has(answer, expected);
}

static void test_scheme(void **state)
{
    (void)state;
    check("url", "X-Forwarded-Proto: https", "\r\n\r\nhttps://h/open/url");
    check("url", "X-Forwarded-Proto: HTTPS", "\r\n\r\nhttps://h/open/url");
    check("url", "X-Forwarded-Proto: http://evil/closed?", "\r\n\r\nhttp://h/open/url");
    check("url", "X-Forwarded-Proto: https, http", "\r\n\r\nhttp://h/open/url");
    check("url", "X-Forwarded-Proto: file", "\r\n\r\nhttp://h/open/url");
    check("url", "X-Forwarded-Proto:", "\r\n\r\nhttp://h/open/url");
}

static void test_host(void **state)
{
    (void)state;
    check("headers", "X-Forwarded-Host: app.example:8443",
          "[\"x-forwarded-host\",\"app.example:8443\"]");
    check("headers", "X-Forwarded-Host: a/../b", "[\"x-forwarded-host\",\"h\"]");
}

static void test_not_trusted(void **state)
{
    (void)state;
    check("url", "X-Forwarded-Proto: https", "\r\n\r\nhttp://h/open/url");
    check("headers", "X-Forwarded-Host: a", "[\"x-forwarded-host\",\"h\"]");
    check("headers", "X-Forwarded-For: 192.0.2.1", "[\"x-forwarded-for\",\"127.0.0.1\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scheme, set_up_behind_proxy, tear_down),
        cmocka_unit_test_setup_teardown(test_host, set_up_behind_proxy, tear_down),
        cmocka_unit_test_setup_teardown(test_not_trusted, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
