/* Bodies that nobody reads: none of them is ever taken for a request, nor a request for one. */
#include "tests/unit/gateway_fixture.h"

static struct gateway gateway;

static int set_up(void **state)
{
    (void)state;
    gateway_begin(&gateway, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gateway_end(&gateway);
    return 0;
}

#define INNER "GET /functions/v1/open/inner HTTP/1.1\r\nHost: h\r\n\r\n"
#define NEXT "GET /functions/v1/open/next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
/* What we answer ourselves without refusing it. */
#define PREFLIGHT                                                                                  \
    "OPTIONS /functions/v1/closed HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\n"            \
    "Access-Control-Request-Method: POST\r\n"
#define EARLY "POST /functions/v1/open/early HTTP/1.1\r\nHost: h\r\n"
#define UNKNOWN "POST /functions/v1/unknown HTTP/1.1\r\nHost: h\r\n"

/* `at_once` comes with the head, `later` behind the answer's head, and then the next request. */
static void check(const char *head, const char *at_once, const char *later)
{
    OT_AUTOFREE char *first = ot_asprintf("%s%s", head, at_once);
    OT_AUTOFREE char *second = ot_asprintf("%s" NEXT, later);
    OT_AUTOCLOSE int fd = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};

    client_send(fd, first);
    client_read(fd, "\r\n\r\n", &answer);
    client_send(fd, second);
    client_read(fd, NULL, &answer);
    assert_has(answer.data, "GET /open/next");
    assert_has_not(answer.data, "GET /open/inner");
    assert_has_not(answer.data, "bad_request");
}

static void test_length(void **state)
{
    static const char *const heads[] = {PREFLIGHT, EARLY, UNKNOWN};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(heads); i++) {
        OT_AUTOFREE char *head =
            ot_asprintf("%sContent-Length: %zu\r\n\r\n", heads[i], strlen(INNER));

        check(head, INNER, "");
    }
}

static void test_length_in_parts(void **state)
{
    OT_AUTOFREE char *head =
        ot_asprintf(PREFLIGHT "Content-Length: %zu\r\n\r\n", 2 * strlen(INNER));

    (void)state;
    check(head, INNER, INNER);
}

static void test_chunks(void **state)
{
    OT_AUTOFREE char *chunk = ot_asprintf("%zx\r\n" INNER "\r\n", strlen(INNER));
    OT_AUTOFREE char *body = ot_asprintf("%s0\r\n\r\n", chunk);
    OT_AUTOFREE char *half = ot_asprintf("%s%zx\r\nGET ", chunk, strlen(INNER));
    OT_AUTOFREE char *rest = ot_asprintf("%s\r\n0\r\n\r\n", INNER + 4);

    (void)state;
    check(PREFLIGHT "Transfer-Encoding: chunked\r\n\r\n", body, "");
    check(PREFLIGHT "Transfer-Encoding: chunked\r\n\r\n", half, rest);
    check(EARLY "Transfer-Encoding: chunked\r\n\r\n", body, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {TEST(test_length), TEST(test_length_in_parts),
                                       TEST(test_chunks)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
