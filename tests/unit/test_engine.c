/* The engine as a process: what it says, why it did not start, and how it is watched, with
 * stand-ins for it. */
#include "tests/unit/unsigned_dist.h"

#include "engine/control.h"
#include "engine/failure.h"
#include "engine/process.h"
#include "tests/unit/payload_maker.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *dir;
static struct ot_payload *payload;

static int set_up(void **state)
{
    const struct maker_file function = {"hello", {"export default 1;", 17}};
    const struct maker maker = {.functions = &function, .function_count = 1};

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    dir = unit_make_dir();
    maker_dist(&maker, dir, false);
    payload = unit_open_unsigned(dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ot_payload_free(payload);
    unit_remove_dir(dir);
    return 0;
}

static void test_control_lines(void **state)
{
    static const struct {
        const char *line;
        int result;
        bool listening;
        const char *socket;
        unsigned port;
    } cases[] = {
        {"{\"event\":\"listen\",\"socket\":\"http\",\"port\":9501}", 0, true, "http", 9501},
        {"{\"event\":\"listen\",\"socket\":\"http\",\"port\":0}", 0, true, "http", 0},
        {"{\"port\":1,\"socket\":\"x\",\"event\":\"listen\"}", 0, true, "x", 1},
        {"{\"event\":\"stop\",\"why\":{\"a\":[1,null]}}", 0, false, "", 0},
        {"{}", 0, false, "", 0},
        {"", -1, false, "", 0},
        {"[]", -1, false, "", 0},
        {"{\"event\":\"listen\"", -1, false, "", 0},
        {"{\"event\":1}", -1, false, "", 0},
        {"{\"port\":65536}", -1, false, "", 0},
        {"{\"port\":-1}", -1, false, "", 0},
        {"{\"event\":\"listen\"} x", -1, false, "", 0},
        {"{\"socket\":\"0123456789012345678901234567890123456789012345678901234567890123\"}", -1,
         false, "", 0},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_control_event event;
        struct ot_error err = {0};
        int result = ot_control_parse(ot_span_of(cases[i].line), &event, &err);

        if (result != cases[i].result)
            fail_msg("%s: %d %s", cases[i].line, result, err.message);
        if (result < 0) {
            assert_int_equal(err.kind, OT_TOOL);
            continue;
        }
        assert_int_equal(event.listening, cases[i].listening);
        assert_string_equal(event.socket, cases[i].socket);
        assert_int_equal(event.port, cases[i].port);
    }
}

static void test_failures(void **state)
{
    static const struct {
        const char *output;
        int kind;
        const char *has, *has_not;
    } cases[] = {
        {"service fn:a: This Worker requires compatibility date \"2030-01-01\", but the newest "
         "date "
         "supported by this server binary is \"2026-11-24\".\nservice fn:a: Can't set "
         "compatibility "
         "date in the future: \"2030-01-01\". Today's date (UTC) is \"2026-11-21\".\n",
         OT_CONFIG, "date 2030-01-01, but the engine ENGINE knows dates up to 2026-11-24",
         "service"},
        {"service fn:a: Can't set compatibility date in the future: \"2026-11-20\". Today's date "
         "(UTC) "
         "is \"1970-01-01\".\n",
         OT_CONFIG, "this machine's clock says 1970-01-01", "service"},
        {"service fn:a: No such compatibility flag: nonsense\n", OT_CONFIG, "flag \"nonsense\"",
         "service"},
        {"service fn:pay: Uncaught SyntaxError: Unexpected number\n  at functions/pay.js:1:33\n",
         OT_TOOL, "exited with code 1 at start; it said:\n  function pay: Uncaught SyntaxError",
         "service"},
        {"\033[31mred\a\n", OT_TOOL, "?[31mred?", "\033"},
        {"\xc2\x9b"
         "31mred caf\xc3\xa9 \x9b\n",
         OT_TOOL, "?31mred caf\xc3\xa9 ?", "\x9b"},
        {"", OT_TOOL, "said nothing", "it said"},
        {"\n\n\n", OT_TOOL, "said nothing", "it said"},
        /* a date that is none came from somewhere else */
        {"requires compatibility date \"soon\", but the newest date supported by this server "
         "binary "
         "is \"",
         OT_TOOL, "soon", "knows dates"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_error err = {0};

        assert_int_equal(
            ot_engine_failure("ENGINE", "exited with code 1", ot_span_of(cases[i].output), &err),
            -1);
        assert_int_equal(err.kind, cases[i].kind);
        if (strstr(err.message, cases[i].has) == NULL ||
            strstr(err.message, cases[i].has_not) != NULL)
            fail_msg("case %zu: %s", i, err.message);
    }
}

static void test_only_the_last_lines(void **state)
{
    OT_AUTOBUF struct ot_buf output = {0};
    struct ot_error err = {0};

    (void)state;
    for (int i = 0; i < 100; i++)
        ot_buf_printf(&output, "line %d.\n", i);
    ot_engine_failure("ENGINE", "ended", ot_buf_span(&output), &err);
    assert_null(strstr(err.message, "line 79."));
    assert_non_null(strstr(err.message, "line 80."));
    assert_non_null(strstr(err.message, "line 99."));
    ot_buf_clear(&output);
    for (int i = 0; i < 20000; i++)
        ot_buf_putc(&output, 'x');
    ot_buf_puts(&output, "END");
    ot_engine_failure("ENGINE", "ended", ot_buf_span(&output), &err);
    assert_non_null(strstr(err.message, "xEND"));
}

/* A shell script in the engine's place, and where its log goes. */
struct run {
    struct ot_engine_program program;
    int log[2];
    struct ot_engine_config *config;
    struct ot_engine *engine;
};

static void start(struct run *run, const char *script, uint64_t timeout_ms)
{
    const struct ot_engine_plan plan = {.route_prefix = ""};
    OT_AUTOFREE char *text = ot_asprintf("#!/bin/sh\n%s\n", script);
    OT_AUTOFREE char *path = ot_asprintf("%s/engine", dir);
    struct ot_engine_options options;
    struct ot_error err;

    assert_succeeds(unit_write_file(path, ot_span_of(text), 0755, false, &err), err);
    assert_succeeds(ot_engine_program_open(&run->program, path, &err), err);
    /* what was opened is started, whatever stands there now */
    assert_int_equal(unlink(path), 0);
    assert_succeeds(unit_write_file(path, OT_SPAN("#!/bin/false\n"), 0755, false, &err), err);
    assert_int_equal(pipe2(run->log, O_CLOEXEC), 0);
    assert_succeeds(ot_engine_config_make(payload, &plan, &run->config, &err), err);
    options = (struct ot_engine_options){.program = &run->program,
                                         .config = run->config,
                                         .listen_fd = run->log[0], /* any descriptor will do */
                                         .stdout_fd = run->log[1],
                                         .stderr_fd = run->log[1],
                                         .start_timeout_ms = timeout_ms};
    run->engine = NULL;
    assert_succeeds(ot_engine_start(&options, &run->engine, &err), err);
}

/* Until it reaches the state, or fails. */
static int run_until(struct run *run, enum ot_engine_state state, struct ot_error *err)
{
    while (ot_engine_state(run->engine) < state) {
        struct pollfd fds[OT_ENGINE_FDS];
        size_t count = ot_engine_poll(run->engine, fds);

        assert_true(poll(fds, count, ot_engine_timeout(run->engine)) >= 0);
        if (ot_engine_handle(run->engine, fds, err) < 0)
            return -1;
    }
    return 0;
}

/* Releases all; returns what was logged, to be freed. */
static char *finish(struct run *run)
{
    struct ot_buf log = {0};
    struct ot_error err;

    ot_engine_free(run->engine);
    ot_engine_config_free(run->config);
    ot_engine_program_close(&run->program);
    close(run->log[1]);
    assert_succeeds(ot_read_fd(run->log[0], 1u << 20, &log, "log", &err), err);
    close(run->log[0]);
    return log.len > 0 ? log.data : (ot_buf_free(&log), ot_strdup(""));
}

#define LISTENING "echo '{\"event\":\"listen\",\"socket\":\"http\",\"port\":1}' >&4\n"

static void test_ready_then_ended(void **state)
{
    OT_AUTOFREE char *log = NULL;
    struct ot_error err = {0};
    struct run run;

    (void)state;
    /* a script has one descriptor more, itself */
    start(&run,
          "n=$(wc -c)\necho \"early $n\" >&2\n" LISTENING
          "echo \"env: $(env | grep -v '^\\(PWD\\|SHLVL\\|_\\)=' | wc -l)\"\n"
          "echo \"cwd: $(pwd)\"\nprintf 'fds: '\n"
          "for fd in 0 1 2 3 4 5 6 7 8 9 11 12 13 14 15 16; do [ $0 != /dev/fd/$fd ] && "
          "[ -e /proc/$$/fd/$fd ] && printf \"$fd \"; done\necho\n"
          "grep NoNewPrivs /proc/self/status\necho \"$@\"\necho late >&2\nexit 7",
          20000);
    assert_succeeds(run_until(&run, OT_ENGINE_READY, &err), err);
    assert_succeeds(run_until(&run, OT_ENGINE_ENDED, &err), err);
    assert_int_equal(WEXITSTATUS(ot_engine_status(run.engine)), 7);
    {
        OT_AUTOFREE char *early =
            ot_asprintf("early %llu\n", (unsigned long long)ot_engine_config_size(run.config));

        log = finish(&run);
        assert_non_null(strstr(log, early));
    }
    assert_non_null(strstr(log, "env: 0\n"));
    assert_non_null(strstr(log, "cwd: /\n"));
    assert_non_null(strstr(log, "fds: 0 1 2 3 4 \n"));
    assert_non_null(strstr(log, "NoNewPrivs:\t1\n"));
    assert_non_null(strstr(log, "serve --binary - --socket-fd=http=3 --control-fd=4\n"));
    assert_non_null(strstr(log, "late\n"));
}

/* Scripts that do not become ready, and what is said of each. */
static void test_not_ready(void **state)
{
    static const struct {
        const char *script;
        uint64_t timeout_ms;
        const char *says;
    } cases[] = {
        {"cat >/dev/null\necho 'no teapot' >&2\nexit 3", 20000,
         "exited with code 3 at start; it said:\n  no teapot"},
        {"exit 5", 20000, "exited with code 5"},
        {"kill -9 $$", 20000, "killed by signal 9"},
        {"cat >/dev/null\nexec sleep 20", 300, "was not ready within 300 ms"},
        {"exec sleep 20", 300, "was not ready within 300 ms"},
        {"cat >/dev/null\nexec 4>&-\nexec sleep 20", 300, "was not ready within 300 ms"},
        {"cat >/dev/null\necho nonsense >&4\nexec sleep 20", 20000, "control message"},
        {"cat >/dev/null\nhead -c 5000 /dev/zero >&4\nexec sleep 20", 20000, "longer than"},
        {"cat >/dev/null\necho '{\"event\":\"listen\",\"socket\":\"other\",\"port\":1}' >&4\nexec "
         "sleep 20",
         500, "was not ready"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *log = NULL;
        struct ot_error err = {0};
        struct run run;
        int result;

        start(&run, cases[i].script, cases[i].timeout_ms);
        result = run_until(&run, OT_ENGINE_READY, &err);
        if (result == 0 || err.kind != OT_TOOL || strstr(err.message, cases[i].says) == NULL)
            fail_msg("case %zu: %d %s", i, result, err.message);
        assert_int_equal(ot_engine_state(run.engine), OT_ENGINE_ENDED);
        log = finish(&run);
        assert_string_equal(log, ""); /* what is in the error is not in the log as well */
    }
}

/* A log that nobody reads stops neither the engine nor us for ever, and a long start loses nothing
 * of it. */
static void test_long_log(void **state)
{
    OT_AUTOFREE char *log = NULL;
    struct ot_error err = {0};
    struct run run;
    size_t count = 0;

    (void)state;
    start(&run,
          "cat >/dev/null\ni=0\nwhile [ $i -lt 3000 ]; do echo \"line $i\" >&2; i=$((i+1)); "
          "done\n" LISTENING "exec sleep 20",
          20000);
    assert_succeeds(run_until(&run, OT_ENGINE_READY, &err), err);
    ot_engine_kill(run.engine);
    assert_succeeds(run_until(&run, OT_ENGINE_ENDED, &err), err);
    log = finish(&run);
    for (const char *at = log; (at = strstr(at, "line ")) != NULL; at++)
        count++;
    assert_int_equal(count, 3000);
}

static void test_find(void **state)
{
    OT_AUTOFREE char *plain = ot_asprintf("%s/plain", dir);
    OT_AUTOFREE char *missing = ot_asprintf("%s/missing", dir);
    OT_AUTOFREE char *program = ot_asprintf("%s/workerd", dir);
    OT_AUTOPROGRAM struct ot_engine_program found = OT_ENGINE_PROGRAM_INIT;
    const char *const bad[] = {plain, missing, dir};
    struct ot_error err = {0};

    (void)state;
    assert_succeeds(unit_write_file(plain, OT_SPAN("x"), 0644, false, &err), err);
    assert_succeeds(unit_write_file(program, OT_SPAN("#!/bin/sh\n"), 0755, false, &err), err);
    for (size_t i = 0; i < OT_COUNT(bad); i++) {
        assert_int_equal(ot_engine_program_open(&found, bad[i], &err), -1);
        assert_int_equal(err.kind, OT_TOOL);
        assert_non_null(strstr(err.message, bad[i]));
        assert_non_null(strstr(err.message, "npm install workerd@"));
    }
    assert_succeeds(ot_engine_program_open(&found, program, &err), err);
    assert_int_equal(found.name[0], '/');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_lines),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_only_the_last_lines),
        cmocka_unit_test(test_ready_then_ended),
        cmocka_unit_test(test_not_ready),
        cmocka_unit_test(test_long_log),
        cmocka_unit_test(test_find),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
