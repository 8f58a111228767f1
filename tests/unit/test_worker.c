/* Requests through a gateway thread to the real engine and back. */
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

#define OPEN "/functions/v1/open"
#define H "Host: h\r\n"
#define CLOSE "Connection: close\r\n\r\n"

static void expect(const char *request, const char *const *parts)
{
    OT_AUTOFREE char *answer = ask(&gateway, request);

    for (; *parts != NULL; parts++)
        assert_has(answer, *parts);
}

#define EXPECT(request, ...) expect(request, (const char *const[]){__VA_ARGS__, NULL})

static void test_answers(void **state)
{
    (void)state;
    EXPECT("GET " OPEN "/x?a=b HTTP/1.1\r\n" H CLOSE, "HTTP/1.1 200 OK\r\n",
           "\r\ndate: ", "x-1tube-invocation-id: ", "ratelimit-limit: 1000000\r\n",
           "connection: close\r\n", "content-length: 15\r\n", "\r\n\r\nGET /open/x?a=b");
    EXPECT("DELETE " OPEN "/x HTTP/1.1\r\n" H CLOSE, "HTTP/1.1 200 OK\r\n",
           "\r\n\r\nDELETE /open/x");
    EXPECT("GET /functions/v1/none HTTP/1.1\r\n" H CLOSE, "HTTP/1.1 404 Not Found\r\n",
           "{\"error\":\"Function \\\"none\\\" not found\",\"reason\":\"unknown_function\"}");
    EXPECT("GET /functions/v1 HTTP/1.1\r\n" H CLOSE, "404", "\"reason\":\"not_found\"");
    EXPECT("GET /elsewhere HTTP/1.1\r\n" H CLOSE, "404", "\"reason\":\"not_found\"");
    EXPECT("OPTIONS * HTTP/1.1\r\n" H CLOSE, "404", "\"reason\":\"not_found\"");
    EXPECT("GET /functions/v1/closed HTTP/1.1\r\n" H CLOSE, "401", "www-authenticate: Bearer\r\n",
           "\"reason\":\"unauthorized\"");
    EXPECT("GET /functions/v1/closed HTTP/1.1\r\n" H "Authorization: Bearer x.y.z\r\n" CLOSE, "401",
           "\"reason\":\"invalid_token\"");
}

static void test_bodiless(void **state)
{
    OT_AUTOFREE char *head = ask(&gateway, "HEAD " OPEN " HTTP/1.1\r\n" H CLOSE);
    OT_AUTOFREE char *refused = ask(&gateway, "HEAD /functions/v1/none HTTP/1.1\r\n" H CLOSE);
    OT_AUTOFREE char *empty = ask_for(&gateway, "/open/status?n=204");
    OT_AUTOFREE char *same = ask_for(&gateway, "/open/status?n=304");

    (void)state;
    assert_has(head, "HTTP/1.1 200 OK\r\n");
    assert_has(head, "content-length: 10\r\n");
    assert_string_equal(strstr(head, "\r\n\r\n"), "\r\n\r\n");
    assert_has(refused, "content-length: ");
    assert_string_equal(strstr(refused, "\r\n\r\n"), "\r\n\r\n");
    assert_has(empty, "HTTP/1.1 204 No Content\r\n");
    assert_has_not(empty, "content-length");
    assert_has_not(empty, "transfer-encoding");
    assert_has(same, "HTTP/1.1 304 Not Modified\r\n");
    assert_string_equal(strstr(same, "\r\n\r\n"), "\r\n\r\n");
}

/* What the function sees of the client's fields, and the client of the function's. */
static void test_fields(void **state)
{
    OT_AUTOFREE char *seen = ask(
        &gateway, "GET " OPEN "/headers HTTP/1.1\r\nHost: shop.example:81\r\n"
                  "Connection: close, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
                  "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: e\r\n"
                  "X-Real-IP: 1.2.3.4\r\nX-1tube-Auth-User: root\r\nx-1TUBE-invocation-id: mine\r\n"
                  "Proxy-Connection: x\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"
                  "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
                  "Cookie: a=b\r\nX-Empty:\r\n\r\n");
    OT_AUTOFREE char *answer = ask_for(&gateway, "/open/fields");

    (void)state;
    assert_has(seen, "[\"host\",\"shop.example:81\"]");
    assert_has(seen, "[\"x-forwarded-for\",\"127.0.0.1\"]");
    assert_has(seen, "[\"x-forwarded-host\",\"shop.example:81\"]");
    assert_has(seen, "[\"cookie\",\"a=b\"]");
    assert_has(seen, "[\"x-empty\",\"\"]");
    assert_has(seen, "[\"traceparent\",\"00-0af7651916cd43dd8448eb211c80319c-");
    assert_has(seen, "[\"x-1tube-invocation-id\",\"0");
    assert_has_not(seen, "b7ad6b7169203331");
    assert_has_not(seen, "\"mine\"");
    assert_has_not(seen, "root");
    assert_has_not(seen, "\"x-mine\"");
    assert_has_not(seen, "1.2.3.4");
    assert_has_not(seen, "\"keep-alive\"");
    assert_has_not(seen, "trailers");
    assert_has_not(seen, "h2c");
    assert_has(answer, "Date: mine\r\n");
    assert_has(answer, "Set-Cookie: a=b\r\n");
    assert_has_not(answer, "Id: mine");
}

static void test_pipelined(void **state)
{
    OT_AUTOFREE char *answers =
        ask(&gateway, "GET " OPEN "/1 HTTP/1.1\r\n" H "\r\n"
                      "POST " OPEN "/length HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello"
                      "POST " OPEN "/echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
                      "3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n"
                      "POST /functions/v1/none HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello"
                      "GET " OPEN "/4 HTTP/1.1\r\n" H CLOSE "GET " OPEN "/5 HTTP/1.1\r\n" H CLOSE);
    const char *at = answers;
    static const char *const order[] = {"\r\n\r\nGET /open/1HTTP/1.1 200",
                                        "\r\n\r\n5HTTP/1.1 200",
                                        "transfer-encoding: chunked\r\n\r\n",
                                        "abc",
                                        "\r\n0\r\n\r\n",
                                        "HTTP/1.1 404",
                                        "unknown_function",
                                        "HTTP/1.1 200",
                                        "connection: close",
                                        "GET /open/4"};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(order); i++) {
        at = strstr(at, order[i]);
        if (at == NULL)
            fail_msg("%s is missing in %s", order[i], answers);
    }
    assert_has_not(answers, "/open/5");
}

/* Errors of the protocol are answered once; nothing behind them is looked at. */
static void test_refused_heads(void **state)
{
    static const struct {
        const char *request, *status;
    } cases[] = {
        {"GET " OPEN " HTTP/1.1\n" H "\r\n", "400 Bad Request"},
        {"GET " OPEN " HTTP/1.1\r\n\r\n", "400 Bad Request"},
        {"GET " OPEN " HTTP/3.0\r\n" H "\r\n", "505 HTTP Version Not Supported"},
        {"BREW " OPEN " HTTP/1.1\r\n" H "\r\n", "501 Not Implemented"},
        {"CONNECT h:1 HTTP/1.1\r\n" H "\r\n", "405 Method Not Allowed"},
        {"GET " OPEN " HTTP/1.1\r\n" H "Expect: x\r\n\r\n", "417 Expectation Failed"},
        {"GET /functions/v1/open#x HTTP/1.1\r\n" H "\r\n", "400 Bad Request"},
        {"POST " OPEN "/echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nx\r\n",
         "400 Bad Request"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *request =
            ot_asprintf("%sGET " OPEN "/smuggled HTTP/1.1\r\n" H CLOSE, cases[i].request);
        OT_AUTOFREE char *answer = ask(&gateway, request);

        if (strncmp(answer, "HTTP/1.1 ", 9) != 0 ||
            strncmp(answer + 9, cases[i].status, strlen(cases[i].status)) != 0)
            fail_msg("case %zu: %s", i, answer);
        assert_has(answer, "connection: close\r\n");
        assert_null(strstr(answer + 9, "HTTP/1.1"));
        assert_has_not(answer, "smuggled");
    }
}

static void test_http10(void **state)
{
    OT_AUTOFREE char *plain =
        ask(&gateway, "GET " OPEN " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    OT_AUTOCLOSE int fd = client_open(&gateway);
    OT_AUTOBUF struct ot_buf streamed = {0};

    (void)state;
    assert_has(plain, "connection: close\r\n");
    assert_has(plain, "GET /open");
    client_send(fd, "GET " OPEN "/two HTTP/1.0\r\n" H "\r\n");
    client_read(fd, "first", &streamed);
    free(ask_for(&gateway, "/open/release"));
    client_read(fd, NULL, &streamed);
    assert_has_not(streamed.data, "chunked");
    assert_string_equal(strstr(streamed.data, "\r\n\r\n"), "\r\n\r\nfirstlast");
}

static void test_streams_answers(void **state)
{
    OT_AUTOCLOSE int fd = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};

    (void)state;
    client_send(fd, "GET " OPEN "/two HTTP/1.1\r\n" H CLOSE);
    client_read(fd, "5\r\nfirst\r\n", &answer);
    assert_has_not(answer.data, "last");
    free(ask_for(&gateway, "/open/release"));
    client_read(fd, NULL, &answer);
    assert_has(answer.data, "first\r\n4\r\nlast\r\n0\r\n\r\n");
}

/* The answer comes down while the request's body still goes up. */
static void test_streams_both_ways(void **state)
{
    OT_AUTOCLOSE int fd = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};

    (void)state;
    client_send(fd, "POST " OPEN "/echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" CLOSE);
    client_send(fd, "5\r\nhel");
    client_send(fd, "lo\r\n");
    client_read(fd, "lo\r\n", &answer);
    client_send(fd, "5\r\nworld\r\n0\r\n\r\n");
    client_read(fd, NULL, &answer);
    assert_has(answer.data, "\r\n0\r\n\r\n");
    assert_has(answer.data, "world");
}

static void test_large_bodies(void **state)
{
    OT_AUTOBUF struct ot_buf body = {0};
    OT_AUTOBUF struct ot_buf answer = {0};
    OT_AUTOCLOSE int fd = client_open(&gateway);
    const char *got;

    (void)state;
    client_send(fd, "POST " OPEN "/length HTTP/1.1\r\n" H "Content-Length: 1048576\r\n\r\n");
    memset(ot_buf_reserve(&body, 1 << 20), 'x', 1 << 20);
    assert_int_equal(send(fd, body.data, 1 << 20, MSG_NOSIGNAL), 1 << 20);
    client_read(fd, "\r\n\r\n1048576", &answer);
    ot_buf_clear(&answer);
    client_send(fd, "POST " OPEN "/echo HTTP/1.1\r\n" H "Content-Length: 100000\r\n" CLOSE);
    assert_int_equal(send(fd, body.data, 100000, MSG_NOSIGNAL), 100000);
    client_read(fd, NULL, &answer);
    got = strstr(answer.data, "\r\n\r\n");
    assert_non_null(got);
    assert_int_equal(answer.len - (size_t)(got + 4 - answer.data), 100000);
    assert_memory_equal(got + 4, body.data, 100000);
}

static void test_body_limit(void **state)
{
    OT_AUTOCLOSE int fd = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};
    OT_AUTOBUF struct ot_buf chunk = {0};
    unsigned long before = wait_for_seen(&gateway, "runs", 0);

    (void)state;
    EXPECT("POST " OPEN "/length HTTP/1.1\r\n" H "Content-Length: 1048577\r\n\r\n",
           "413 Content Too Large", "connection: close\r\n",
           "{\"error\":\"Request body too large\",\"reason\":\"body_too_large\","
           "\"maxBytes\":1048576}");
    assert_int_equal(wait_for_seen(&gateway, "runs", 0), before);
    client_send(fd, "POST " OPEN "/length HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
    memset(ot_buf_reserve(&chunk, 65536), 'x', 65536);
    for (unsigned i = 0; i < 17; i++) {
        client_send(fd, "10000\r\n");
        assert_int_equal(send(fd, chunk.data, 65536, MSG_NOSIGNAL), 65536);
        client_send(fd, "\r\n");
    }
    client_read(fd, NULL, &answer);
    assert_has(answer.data, "413 Content Too Large");
}

static void test_continue(void **state)
{
    OT_AUTOCLOSE int fd = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};

    (void)state;
    client_send(fd, "POST " OPEN "/length HTTP/1.1\r\n" H
                    "Expect: 100-continue\r\nContent-Length: 5\r\n" CLOSE);
    client_read(fd, "HTTP/1.1 100 Continue\r\n\r\n", &answer);
    assert_int_equal(answer.len, 25);
    client_send(fd, "hello");
    client_read(fd, NULL, &answer);
    assert_has(answer.data, "\r\n\r\n5");
    /* refused before: nobody asks for the body, and it is no request either */
    EXPECT("POST /functions/v1/closed HTTP/1.1\r\n" H
           "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
           "HTTP/1.1 401", "connection: close\r\n");
}

/* A body that the function does not read is no request, and the answer comes whole. */
static void test_early_answer(void **state)
{
    OT_AUTOCLOSE int fd = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};

    (void)state;
    client_send(fd, "POST " OPEN "/early HTTP/1.1\r\n" H "Content-Length: 30\r\n\r\n");
    client_read(fd, "\r\n\r\nearly", &answer);
    client_send(fd, "GET /functions/v1/open/x HTTP/");
    client_send(fd, "GET " OPEN "/next HTTP/1.1\r\n" H CLOSE);
    client_read(fd, NULL, &answer);
    assert_has(answer.data, "GET /open/next");
}

static void test_half_close(void **state)
{
    OT_AUTOCLOSE int fd = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};

    (void)state;
    client_send(fd, "GET " OPEN "/two HTTP/1.1\r\n" H "\r\n");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    client_read(fd, "first", &answer);
    free(ask_for(&gateway, "/open/release"));
    client_read(fd, NULL, &answer);
    assert_has(answer.data, "last\r\n0\r\n\r\n");
    /* within a body it is the request that is broken */
    close(fd);
    fd = client_open(&gateway);
    ot_buf_clear(&answer);
    client_send(fd, "POST " OPEN "/length HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhel");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    client_read(fd, NULL, &answer);
    assert_has(answer.data, "400 Bad Request");
    assert_has(answer.data, "body_incomplete");
}

static void reset(int fd)
{
    const struct linger now = {1, 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(fd);
}

static void test_client_abort(void **state)
{
    unsigned long signals = wait_for_seen(&gateway, "signals", 0);
    unsigned long cancels = wait_for_seen(&gateway, "cancels", 0);
    unsigned long runs = wait_for_seen(&gateway, "runs", 0);
    OT_AUTOBUF struct ot_buf answer = {0};
    int fd = client_open(&gateway);

    (void)state;
    client_send(fd, "GET " OPEN "/hang HTTP/1.1\r\n" H "\r\n");
    wait_for_seen(&gateway, "runs", runs + 1);
    reset(fd);
    wait_for_seen(&gateway, "signals", signals + 1);
    /* a stream: closing is enough, since what is sent then is refused */
    fd = client_open(&gateway);
    client_send(fd, "GET " OPEN "/drip HTTP/1.1\r\n" H "\r\n");
    client_read(fd, "x", &answer);
    close(fd);
    wait_for_seen(&gateway, "cancels", cancels + 1);
}

/* Who does not read stops who makes: neither side is held in memory. */
static void test_back_pressure_down(void **state)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    unsigned long made = 0, before = 1;
    OT_AUTOBUF struct ot_buf answer = {0};
    int fd = client_open(&gateway);

    (void)state;
    client_send(fd, "GET " OPEN "/endless HTTP/1.1\r\n" H "\r\n");
    client_read(fd, "\r\n\r\n", &answer);
    while (made != before) {
        before = made;
        nanosleep(&pause, NULL);
        made = wait_for_seen(&gateway, "made", 1);
    }
    assert_true(made < 32u << 20);
    reset(fd);
    wait_for_seen(&gateway, "cancels", 1);
}

static void unlimited_body(struct ot_settings *settings)
{
    settings->body_max = 0;
}

static void test_back_pressure_up(void **state)
{
    OT_AUTOBUF struct ot_buf chunk = {0};
    const struct timeval patience = {.tv_usec = 500000};
    size_t sent = 0;
    ssize_t put;
    int fd;

    (void)state;
    gateway_end(&gateway);
    gateway_begin(&gateway, unlimited_body);
    fd = client_open(&gateway);
    memset(ot_buf_reserve(&chunk, 65536), 'x', 65536);
    client_send(fd, "POST " OPEN "/ignore HTTP/1.1\r\n" H "Content-Length: 1000000000\r\n\r\n");
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    while (sent < 100u << 20 && (put = send(fd, chunk.data, 65536, MSG_NOSIGNAL)) > 0)
        sent += (size_t)put;
    assert_true(sent < 32u << 20);
    free(ask_for(&gateway, "/open/release"));
    reset(fd);
}

#define UPGRADE                                                                                    \
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"                   \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static void test_websocket(void **state)
{
    /* "hi", masked with zeros (RFC 6455 section 5.2), and a close frame */
    static const char frame[] = "\x81\x82\0\0\0\0hi", end[] = "\x88\x82\0\0\0\0\x03\xe8";
    OT_AUTOCLOSE int fd = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};
    const struct ot_thread_counters *counters = ot_worker_counters(gateway.worker);

    (void)state;
    client_send(fd, "GET " OPEN "/ws HTTP/1.1\r\n" H UPGRADE);
    client_read(fd, "\r\n\r\n", &answer);
    assert_has(answer.data, "HTTP/1.1 101 Switching Protocols\r\n");
    assert_has(answer.data, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    assert_has(answer.data, "upgrade: websocket\r\n");
    assert_has_not(answer.data, "content-length");
    assert_int_equal(ot_count_read(&counters->websockets_open), 1);
    ot_buf_clear(&answer);
    assert_int_equal(send(fd, frame, 8, MSG_NOSIGNAL), 8);
    client_read(fd, "\x81\x02hi", &answer);
    ot_buf_clear(&answer);
    assert_int_equal(send(fd, end, 8, MSG_NOSIGNAL), 8);
    client_read(fd, NULL, &answer);
    EXPECT("GET /functions/v1/closed/ws HTTP/1.1\r\n" H "Connection: close\r\n" UPGRADE,
           "HTTP/1.1 401");
    /* a client that is gone ends it, too */
    close(fd);
    fd = client_open(&gateway);
    ot_buf_clear(&answer);
    client_send(fd, "GET " OPEN "/ws HTTP/1.1\r\n" H UPGRADE);
    client_read(fd, "\r\n\r\n", &answer);
    close(fd);
    fd = -1;
    wait_for_seen(&gateway, "closes", 2);
}

static void test_deadline(void **state)
{
    (void)state;
    EXPECT("GET /functions/v1/short/hang HTTP/1.1\r\n" H CLOSE, "504 Gateway Timeout",
           "{\"error\":\"Function execution timed out\",\"reason\":\"function_timeout\"}");
    EXPECT("GET /functions/v1/short HTTP/1.1\r\n" H CLOSE, "200 OK");
}

static void test_crash(void **state)
{
    struct ot_cell_report report;
    struct ot_served_function *function = ot_generation_find(gateway.generation, OT_SPAN("open"));
    unsigned long runs = wait_for_seen(&gateway, "runs", 0);
    OT_AUTOCLOSE int fd = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};

    (void)state;
    client_send(fd, "GET " OPEN "/hang HTTP/1.1\r\n" H CLOSE);
    wait_for_seen(&gateway, "runs", runs + 1);
    ot_cell_report(ot_pool_cell(function->pool, 0), &report);
    assert_int_equal(kill(report.pid, SIGKILL), 0);
    client_read(fd, NULL, &answer);
    assert_has(answer.data, "502 Bad Gateway");
    assert_has(answer.data, "function_crashed");
    EXPECT("GET " OPEN "/after HTTP/1.1\r\n" H CLOSE, "200 OK");
}

static void test_reuses_connections(void **state)
{
    const struct ot_thread_counters *counters = ot_worker_counters(gateway.worker);

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        free(ask_for(&gateway, "/open"));
    assert_int_equal(ot_count_read(&counters->upstream_opened), 1);
    assert_int_equal(ot_count_read(&counters->upstream_reused), 9);
}

static void impatient(struct ot_settings *settings)
{
    settings->header_ms = 100;
    settings->body_idle_ms = 100;
    settings->keepalive_ms = 100;
    settings->stream_idle_ms = 100;
    settings->websocket_idle_ms = 100;
}

static void test_timers(void **state)
{
    OT_AUTOFREE char *nothing = NULL, *stream = NULL, *socket = NULL;

    (void)state;
    gateway_end(&gateway);
    gateway_begin(&gateway, impatient);
    EXPECT("GET " OPEN " HTTP/1.1\r\nHost:", "408 Request Timeout", "header_timeout",
           "connection: close\r\n");
    EXPECT("POST " OPEN "/length HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhel",
           "408 Request Timeout",
           "{\"error\":\"Request body read timed out\",\"reason\":\"body_timeout\"}");
    nothing = ask(&gateway, "");
    assert_string_equal(nothing, "");
    EXPECT("GET " OPEN " HTTP/1.1\r\n" H "\r\n", "200 OK"); /* and closed when idle */
    stream = ask_for(&gateway, "/open/two");
    assert_has(stream, "first");
    assert_has_not(stream, "\r\n0\r\n");
    socket = ask(&gateway, "GET " OPEN "/ws HTTP/1.1\r\n" H UPGRADE);
    assert_has(socket, "101 Switching");
}

static void few_connections(struct ot_settings *settings)
{
    settings->connections_max = 3;
    settings->connections_per_address = 2;
}

static void test_too_many_connections(void **state)
{
    OT_AUTOBUF struct ot_buf answer = {0};
    int fds[2];

    (void)state;
    gateway_end(&gateway);
    gateway_begin(&gateway, few_connections);
    for (unsigned i = 0; i < 2; i++) {
        fds[i] = client_open(&gateway);
        ot_buf_clear(&answer);
        client_send(fds[i], "GET " OPEN "/x HTTP/1.1\r\n" H "\r\n");
        client_read(fds[i], "GET /open/x", &answer);
    }
    EXPECT("GET " OPEN " HTTP/1.1\r\n" H CLOSE, "503 Service Unavailable", "too_many_connections",
           "connection: close\r\n");
    close(fds[0]);
    while (ot_connections_open(gateway.connections) > 1)
        sched_yield();
    EXPECT("GET " OPEN " HTTP/1.1\r\n" H CLOSE, "200 OK");
    close(fds[1]);
}

static void test_drain(void **state)
{
    OT_AUTOCLOSE int busy = client_open(&gateway);
    OT_AUTOCLOSE int idle = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};
    OT_AUTOBUF struct ot_buf other = {0};

    (void)state;
    client_send(idle, "GET " OPEN "/x HTTP/1.1\r\n" H "\r\n");
    client_read(idle, "GET /open/x", &other);
    client_send(busy, "GET " OPEN "/two HTTP/1.1\r\n" H "\r\n");
    client_read(busy, "first", &answer);
    ot_worker_stop(gateway.worker, HANG_S * 1000);
    client_read(idle, NULL, &other); /* closed at once */
    ot_buf_clear(&other);
    /* the engine's other connections live on */
    {
        uint64_t retry;
        char body[64];
        struct ot_served_function *function =
            ot_generation_find(gateway.generation, OT_SPAN("open"));

        assert_int_equal(
            ot_cell_want(ot_pool_cell(function->pool, 0), (uint64_t)ot_now_ms(), &retry),
            OT_CELL_CONNECT);
        assert_int_equal(http_get(ot_cell_path(ot_pool_cell(function->pool, 0)), "/open/release",
                                  body, sizeof(body), NULL),
                         200);
    }
    client_read(busy, NULL, &answer);
    assert_has(answer.data, "last\r\n0\r\n\r\n");
    assert_true(ot_worker_join(gateway.worker));
    ot_worker_free(gateway.worker);
    gateway.worker = NULL;
}

static void test_drain_has_an_end(void **state)
{
    OT_AUTOCLOSE int busy = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};

    (void)state;
    client_send(busy, "GET " OPEN "/two HTTP/1.1\r\n" H "\r\n");
    client_read(busy, "first", &answer);
    assert_false(gateway_stop(&gateway, 50));
    client_read(busy, NULL, &answer);
    assert_has_not(answer.data, "\r\n0\r\n");
}

struct adoption {
    sem_t done;
    struct ot_generation *next;
};

static void make_next(void *context, void *argument)
{
    struct adoption *adoption = argument;

    (void)context;
    adoption->next = gateway_generation(&gateway, gateway_payload(gateway.world.dir));
    sem_post(&adoption->done);
}

/* A request that is under way stays with its generation; the next one gets the new one. */
static void test_adopt(void **state)
{
    struct adoption adoption = {.next = NULL};
    OT_AUTOCLOSE int fd = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};
    const struct timespec pause = {.tv_nsec = 1000000};

    (void)state;
    client_send(fd, "POST " OPEN "/length HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n");
    wait_for_seen(&gateway, "runs", 1);
    sem_init(&adoption.done, 0, 0);
    ot_mailbox_post(&gateway.world.control, make_next, &adoption);
    sem_wait(&adoption.done);
    ot_worker_adopt(gateway.worker, adoption.next);
    ot_generation_release(gateway.generation);
    gateway.generation = adoption.next;
    while (wait_for_seen(&gateway, "runs", 0) != 0)
        nanosleep(&pause, NULL);
    assert_int_equal(ot_generations_alive(), 2);
    client_send(fd, "hello");
    client_read(fd, "\r\n\r\n5", &answer);
    while (ot_generations_alive() > 1)
        nanosleep(&pause, NULL);
    ot_buf_clear(&answer);
    client_send(fd, "GET " OPEN "/next HTTP/1.1\r\n" H CLOSE);
    client_read(fd, NULL, &answer);
    assert_has(answer.data, "GET /open/next");
    sem_destroy(&adoption.done);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_answers),
        TEST(test_bodiless),
        TEST(test_fields),
        TEST(test_pipelined),
        TEST(test_refused_heads),
        TEST(test_http10),
        TEST(test_streams_answers),
        TEST(test_streams_both_ways),
        TEST(test_large_bodies),
        TEST(test_body_limit),
        TEST(test_continue),
        TEST(test_early_answer),
        TEST(test_half_close),
        TEST(test_client_abort),
        TEST(test_back_pressure_down),
        TEST(test_back_pressure_up),
        TEST(test_websocket),
        TEST(test_deadline),
        TEST(test_crash),
        TEST(test_reuses_connections),
        TEST(test_timers),
        TEST(test_too_many_connections),
        TEST(test_drain),
        TEST(test_drain_has_an_end),
        TEST(test_adopt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
