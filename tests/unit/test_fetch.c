/* What onetube-fetch brings, as the rest of the program sees it; which URLs are fetched at all. */
#include "tests/unit/unit.h"

#include "base/fetch.h"
#include "tests/unit/http_answers.h"

#include <string.h>

static int fetch(const char *url, size_t max, struct ot_fetch_result *result, struct ot_error *err)
{
    const struct ot_fetch_options options = {.url = url,
                                             .max_bytes = max,
                                             .timeout_ms = 20000,
                                             .max_redirects = 1,
                                             .allow_http_loopback = true};

    return ot_fetch(&options, result, err);
}

static void body_type_and_url(void **state)
{
    struct http_answers *server = *state;
    OT_AUTOFETCH struct ot_fetch_result result = {0};
    struct ot_error err = {0};

    http_answers_set(server, "200 OK", (struct ot_span){"a\0b", 3});
    assert_succeeds(fetch(server->url, 3, &result, &err), err);
    assert_int_equal(result.body.len, 3);
    assert_memory_equal(result.body.data, "a\0b", 3);
    assert_string_equal(result.url, server->url);
    assert_string_equal(result.content_type, "text/x-test");
    assert_null(result.etag);
}

static void failures_say_what_and_where(void **state)
{
    struct http_answers *server = *state;
    OT_AUTOFETCH struct ot_fetch_result result = {0};
    struct ot_error err = {0};

    http_answers_set(server, "404 Not Found", OT_SPAN("nothing here"));
    assert_int_equal(fetch(server->url, 100, &result, &err), -1);
    assert_int_equal(err.kind, OT_FAILED);
    assert_non_null(strstr(err.message, server->url));
    assert_non_null(strstr(err.message, "status 404"));
    assert_ptr_equal(strstr(err.message, "http://127"), err.message);

    http_answers_set(server, "200 OK", OT_SPAN("four"));
    assert_int_equal(fetch(server->url, 3, &result, &err), -1);
    assert_int_equal(err.kind, OT_FAILED);
    assert_non_null(strstr(err.message, "larger than 3 bytes"));
    assert_null(result.body.data);

    assert_int_equal(fetch("http://192.0.2.1/", 3, &result, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
}

static void bad_header_field(void **state)
{
    struct http_answers *server = *state;
    OT_AUTOFETCH struct ot_fetch_result result = {0};
    OT_AUTOLIST struct ot_list headers = {0};
    struct ot_fetch_options options = {.url = server->url,
                                       .max_bytes = 10,
                                       .timeout_ms = 20000,
                                       .allow_http_loopback = true,
                                       .headers = &headers};
    unsigned before = server->requests;
    struct ot_error err = {0};

    ot_list_add(&headers, "no colon");
    assert_int_equal(ot_fetch(&options, &result, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
    assert_non_null(strstr(err.message, "--header"));
    assert_int_equal(server->requests, before);
}

static void urls(void **state)
{
    static const struct {
        const char *url;
        bool plain, loopback; /* accepted without and with http for loopback */
    } cases[] = {
        {"https://example.com", true, true},
        {"https://example.com/a?b#c", true, true},
        {"HTTPS://EXAMPLE.com:8443/", true, true},
        {"https://[2001:db8::1]:443/", true, true},
        {"https://example.com?x@y", true, true},
        {"http://localhost/", false, true},
        {"http://LOCALHOST:80/", false, true},
        {"http://127.0.0.1:80/", false, true},
        {"http://127.255.0.1", false, true},
        {"http://[::1]:8080/", false, true},
        {"http://[::1", false, false},
        {"http://example.com/", false, false},
        {"http://127.0.0.1.example.com/", false, false},
        {"http://127.0.0.256/", false, false},
        {"http://127.0.0.01/", false, false},
        {"http://127.0.1/", false, false},
        {"http://127.0.0.1.1/", false, false},
        {"http://localhost@example.com/", false, false},
        {"http://[::2]/", false, false},
        {"https://user@example.com/", false, false},
        {"https://", false, false},
        {"https:///path", false, false},
        {"https://?query", false, false},
        {"https://:80/", false, false},
        {"https://example.com:/", false, false},
        {"https://example.com:0/", false, false},
        {"https://example.com:65536/", false, false},
        {"https://exam%70le.com/", false, false},
        {"https://example.com\\@evil/", false, false},
        {"https://example.com/a b", false, false},
        {"https://example.com/\n", false, false},
        {"https://ex\xc3\xa4mple.com/", false, false},
        {"file:///etc/passwd", false, false},
        {"jwks.json", false, false},
        {"", false, false},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_error err = {0};

        if ((ot_fetch_check_url(cases[i].url, false, &err) == 0) != cases[i].plain ||
            (ot_fetch_check_url(cases[i].url, true, &err) == 0) != cases[i].loopback)
            fail_msg("%s: %s", cases[i].url, err.message);
        assert_true(cases[i].loopback || err.kind == OT_USAGE);
    }
}

static void password_is_not_shown(void **state)
{
    struct ot_error err = {0};

    (void)state;
    assert_int_equal(ot_fetch_check_url("https://me:hunter2@example.com/", false, &err), -1);
    assert_null(strstr(err.message, "hunter2"));
}

static void long_url(void **state)
{
    OT_AUTOBUF struct ot_buf url = {0};
    struct ot_error err = {0};

    (void)state;
    ot_buf_puts(&url, "https://example.com/");
    while (url.len < OT_FETCH_URL_MAX)
        ot_buf_putc(&url, 'x');
    assert_succeeds(ot_fetch_check_url(url.data, false, &err), err);
    ot_buf_putc(&url, 'x');
    assert_int_equal(ot_fetch_check_url(url.data, false, &err), -1);
}

static int start(void **state)
{
    static struct http_answers server;

    http_answers_start(&server);
    *state = &server;
    return 0;
}

static int stop(void **state)
{
    http_answers_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_type_and_url), cmocka_unit_test(failures_say_what_and_where),
        cmocka_unit_test(bad_header_field),  cmocka_unit_test(urls),
        cmocka_unit_test(long_url),          cmocka_unit_test(password_is_not_shown),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
