/* The gateway's log: its lines, and that it never waits for its reader. */
#include "tests/unit/unit.h"

#include "gateway/log_line.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID "01930000-0000-7000-8000-000000000001"
#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define AT_MS 1795248470123ull /* 2026-11-21T08:07:50.123Z */

static const struct ot_log_request sample = {
    .time_ms = AT_MS,
    .id = ID,
    .trace = {TRACE, sizeof(TRACE) - 1},
    .method = {"POST", 4},
    .path = {"/functions/v1/echo", 18},
    .function = {"echo", 4},
    .status = 429,
    .duration_us = 12045,
    .bytes_in = 7,
    .bytes_out = 18446744073709551615ull,
    .client = {"192.0.2.1", 9},
    .user = {"0123456789abcdef", 16},
    .reason = "rate_limited",
};

static void assert_line(struct ot_buf *line, const char *expected)
{
    assert_string_equal(line->data, expected);
    ot_buf_clear(line);
}

static void test_request(void **state)
{
    OT_AUTOBUF struct ot_buf line = {0};
    struct ot_log_request least = {.time_ms = AT_MS, .id = ID, .method = {"GET", 3}};

    (void)state;
    ot_log_line_request(OT_LOG_TEXT, &sample, &line);
    assert_line(&line, "2026-11-21T08:07:50.123Z POST /functions/v1/echo 429 12.045ms in=7 "
                       "out=18446744073709551615 client=192.0.2.1 user=01234567 id=" ID
                       " reason=rate_limited\n");
    ot_log_line_request(OT_LOG_JSON, &sample, &line);
    assert_line(&line,
                "{\"type\":\"request\",\"time\":\"2026-11-21T08:07:50.123Z\",\"id\":\"" ID
                "\",\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\"method\":\"POST\",\"path\":"
                "\"/functions/v1/echo\",\"function\":\"echo\",\"status\":429,\"durationUs\":12045,"
                "\"bytesIn\":7,\"bytesOut\":18446744073709551615,\"client\":\"192.0.2.1\",\"user\":"
                "\"01234567\",\"reason\":\"rate_limited\"}\n");
    ot_log_line_request(OT_LOG_JSON, &least, &line);
    assert_line(&line, "{\"type\":\"request\",\"time\":\"2026-11-21T08:07:50.123Z\",\"id\":\"" ID
                       "\",\"method\":\"GET\",\"path\":\"\",\"status\":0,\"durationUs\":0,"
                       "\"bytesIn\":0,\"bytesOut\":0,\"client\":\"\"}\n");
}

/* No path makes a second line, a second word or an escape sequence of itself. */
static void test_hostile_words(void **state)
{
    OT_AUTOBUF struct ot_buf line = {0};
    struct ot_log_request request = sample;
    char longer[300];

    (void)state;
    request.path = OT_SPAN("/a\n2026 GET /b\t200\x1b[31m\xff\xc3\xa9\"\\");
    ot_log_line_request(OT_LOG_TEXT, &request, &line);
    assert_non_null(strstr(line.data, " /a?2026?GET?/b?200?[31m?\xc3\xa9\"\\ 429 "));
    assert_ptr_equal(strchr(line.data, '\n'), line.data + line.len - 1);
    ot_buf_clear(&line);
    ot_log_line_request(OT_LOG_JSON, &request, &line);
    assert_non_null(strstr(line.data, "\"path\":\"/a\\n2026 GET /b\\t200?[31m?\xc3\xa9\\\"\\\\\""));
    assert_ptr_equal(strchr(line.data, '\n'), line.data + line.len - 1);
    ot_buf_clear(&line);
    memset(longer, 'x', sizeof(longer));
    request.path = (struct ot_span){longer, sizeof(longer)};
    ot_log_line_request(OT_LOG_TEXT, &request, &line);
    assert_int_equal(strspn(strchr(line.data, 'x'), "x"), 256);
}

static void test_console(void **state)
{
    static const struct {
        const char *line, *expected;
        bool is_error;
    } rows[] = {
        {"plain", "[cell-1] log: plain\n", false},
        {"plain\n", "[cell-1] error: plain\n", true},
        {"", "[cell-1] log: \n", false},
        {"__1TUBE_LOG__{\"id\":\"" ID
         "\",\"level\":\"warn\",\"msg\":\"low \\u00e9\",\"ts\":12,\"fn\":\"pay\"}",
         "[pay] warn: id=" ID " low \xc3\xa9\n", false},
        {"__1TUBE_LOG__{\"id\":null,\"level\":\"info\",\"msg\":\"early\",\"ts\":1,\"fn\":\"pay\"}",
         "[pay] info: early\n", false},
        {"__1TUBE_LOG__{\"msg\":7,\"fn\":\"pay\"}",
         "[cell-1] log: __1TUBE_LOG__{\"msg\":7,\"fn\":\"pay\"}\n", false},
        /* what a function could print to look like something else */
        {"__1TUBE_LOG__{\"msg\":\"a\\n2026-11-21T08:07:50.123Z GET / 200\",\"fn\":\"pay\"}",
         "[pay] log: a\n    2026-11-21T08:07:50.123Z GET / 200\n", false},
        {"__1TUBE_LOG__{\"id\":\"short\",\"level\":\"root\",\"msg\":\"m\",\"fn\":\"a b\"}",
         "[cell-1] log: m\n", false},
        {"__1TUBE_LOG__{\"msg\":\"m\"} trailing",
         "[cell-1] log: __1TUBE_LOG__{\"msg\":\"m\"} trailing\n", false},
        {"__1TUBE_LOG__{\"level\":\"info\"}", "[cell-1] log: __1TUBE_LOG__{\"level\":\"info\"}\n",
         false},
        {"__1TUBE_LOG__", "[cell-1] log: __1TUBE_LOG__\n", false},
        {"\x1b]0;title\x07", "[cell-1] log: ?]0;title?\n", false},
        {"__1TUBE_LOG__{\"id\":\"" ID "\",\"msg\":\"m\",\"fn\":\"pay\"}",
         "[cell-1] error: __1TUBE_LOG__{\"id\":\"" ID "\",\"msg\":\"m\",\"fn\":\"pay\"}\n", true},
    };
    OT_AUTOBUF struct ot_buf line = {0};
    OT_AUTOFREE char *longer = ot_alloc(1, 20000);

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        ot_log_line_console(OT_LOG_TEXT, AT_MS, "cell-1", rows[i].is_error,
                            ot_span_of(rows[i].line), &line);
        assert_memory_equal(line.data, "2026-11-21T08:07:50.123Z ", 25);
        assert_string_equal(line.data + 25, rows[i].expected);
        ot_buf_clear(&line);
    }
    ot_log_line_console(OT_LOG_JSON, AT_MS, "cell-1", false, ot_span_of(rows[3].line), &line);
    assert_line(&line, "{\"type\":\"console\",\"time\":\"2026-11-21T08:07:50.123Z\",\"id\":\"" ID
                       "\",\"cell\":\"cell-1\",\"function\":\"pay\",\"level\":\"warn\","
                       "\"message\":\"low \xc3\xa9\"}\n");
    memset(longer, 'y', 20000);
    ot_log_line_console(OT_LOG_TEXT, AT_MS, "c", false, (struct ot_span){longer, 20000}, &line);
    assert_int_equal(strspn(strchr(line.data, 'y'), "y"), 16384);
}

static void test_message(void **state)
{
    OT_AUTOBUF struct ot_buf line = {0};

    (void)state;
    ot_log_line_message(OT_LOG_TEXT, AT_MS, OT_LEVEL_INFO, "ready", &line);
    assert_line(&line, "onetube: serve: ready\n");
    ot_log_line_message(OT_LOG_OFF, AT_MS, OT_LEVEL_WARNING, "odd\x1b", &line);
    assert_line(&line, "onetube: serve: warning: odd?\n");
    ot_log_line_message(OT_LOG_JSON, AT_MS, OT_LEVEL_ERROR, "bad", &line);
    assert_line(&line, "{\"type\":\"message\",\"time\":\"2026-11-21T08:07:50.123Z\",\"level\":"
                       "\"error\",\"message\":\"bad\"}\n");
}

/* All that is in the pipe now. */
static void read_all(int fd, struct ot_buf *out)
{
    ssize_t got;

    fcntl(fd, F_SETFL, O_NONBLOCK);
    while ((got = read(fd, ot_buf_reserve(out, 65536), 65536)) > 0)
        out->len += (size_t)got;
    ot_buf_putc(out, '\0');
    out->len--;
}

static void open_log(int fds[2], enum ot_log_format format, struct ot_log **log)
{
    assert_int_equal(pipe(fds), 0);
    *log = ot_log_new(fds[1], format);
}

static void test_lines_arrive(void **state)
{
    OT_AUTOBUF struct ot_buf read = {0};
    struct ot_log *log;
    int fds[2];

    (void)state;
    open_log(fds, OT_LOG_TEXT, &log);
    assert_false(ot_log_pending(log));
    ot_log_request(log, &sample);
    ot_log_console(log, "cell", true, OT_SPAN("said"));
    assert_true(ot_log_pending(log));
    ot_log_flush(log);
    assert_false(ot_log_pending(log));
    read_all(fds[0], &read);
    assert_int_equal(read.len, strlen(read.data));
    assert_non_null(strstr(read.data, "reason=rate_limited\n2"));
    assert_non_null(strstr(read.data, "[cell] error: said\n"));
    ot_log_request(log, &sample);
    ot_log_free(log);
    ot_buf_clear(&read);
    read_all(fds[0], &read);
    assert_non_null(strstr(read.data, "POST"));
    close(fds[0]);
    close(fds[1]);
    open_log(fds, OT_LOG_OFF, &log);
    ot_log_request(log, &sample);
    assert_false(ot_log_pending(log));
    ot_log_console(log, "cell", true, OT_SPAN("said"));
    assert_true(ot_log_pending(log));
    ot_log_free(log);
    close(fds[0]);
    close(fds[1]);
}

/* A pipe that nobody empties: the call returns, memory is bounded, whole lines are lost. */
static void test_slow_reader(void **state)
{
    OT_AUTOBUF struct ot_buf read = {0};
    struct ot_log *log;
    size_t lines = 0, sent = 30000;
    int fds[2];

    (void)state;
    open_log(fds, OT_LOG_TEXT, &log);
    for (size_t i = 0; i < sent; i++)
        ot_log_request(log, &sample);
    ot_log_flush(log);
    assert_true(ot_log_dropped(log) > 0);
    assert_true((fcntl(fds[1], F_GETFL) & O_NONBLOCK) == 0); /* the caller's stays as it is */
    while (ot_log_pending(log)) {
        read_all(fds[0], &read);
        ot_log_flush(log);
    }
    read_all(fds[0], &read);
    for (size_t i = 0; i < read.len; i++)
        lines += read.data[i] == '\n';
    assert_int_equal(lines + ot_log_dropped(log), sent);
    for (char *line = read.data; *line != '\0'; line = strchr(line, '\n') + 1)
        assert_memory_equal(line, "2026-11-21T", 11);
    ot_log_free(log);
    close(fds[0]);
    close(fds[1]);
}

/* What one log has written in part is ended before another writes. */
static void test_lines_never_mix(void **state)
{
    OT_AUTOBUF struct ot_buf read = {0};
    OT_AUTOFREE char *longer = ot_alloc(1, 10001);
    struct ot_log *logs[2];
    int fds[2];

    (void)state;
    memset(longer, 'z', 10000);
    open_log(fds, OT_LOG_TEXT, &logs[0]);
    logs[1] = ot_log_new(fds[1], OT_LOG_TEXT);
    assert_true(fcntl(fds[1], F_SETPIPE_SZ, 4096) == 4096);
    ot_log_console(logs[0], "first", false, ot_span_of(longer));
    ot_log_flush(logs[0]);
    assert_true(ot_log_pending(logs[0]));
    read_all(fds[0], &read);
    ot_log_console(logs[1], "second", false, OT_SPAN("short"));
    ot_log_flush(logs[1]);
    assert_true(ot_log_pending(logs[1]));
    while (ot_log_pending(logs[0]) || ot_log_pending(logs[1])) {
        ot_log_flush(logs[0]);
        ot_log_flush(logs[1]);
        read_all(fds[0], &read);
    }
    assert_non_null(strstr(read.data, "z\n2"));
    assert_non_null(strstr(read.data, "[second] log: short\n"));
    ot_log_free(logs[0]);
    ot_log_free(logs[1]);
    close(fds[0]);
    close(fds[1]);
}

static void test_no_reader(void **state)
{
    struct ot_log *log;
    int fds[2];

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    open_log(fds, OT_LOG_TEXT, &log);
    close(fds[0]);
    ot_log_request(log, &sample);
    ot_log_request(log, &sample);
    ot_log_flush(log);
    assert_false(ot_log_pending(log));
    assert_int_equal(ot_log_dropped(log), 2);
    ot_log_free(log);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),         cmocka_unit_test(test_hostile_words),
        cmocka_unit_test(test_console),         cmocka_unit_test(test_message),
        cmocka_unit_test(test_lines_arrive),    cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_lines_never_mix), cmocka_unit_test(test_no_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
