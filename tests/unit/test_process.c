#include "tests/unit/unit.h"

#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int run_shell(const char *script, struct ot_span input, size_t max, unsigned timeout_ms,
                     struct ot_process_result *result, struct ot_error *err)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    const char *envp[] = {"PATH=/usr/bin:/bin", "ONLY=this", NULL};
    struct ot_process_options options = {.argv = argv, .envp = envp, .own_group = true};

    return ot_process_run(&options, input, max, timeout_ms, result, err);
}

static void input_and_outputs(void **state)
{
    OT_AUTORESULT struct ot_process_result result = {0};
    OT_AUTOBUF struct ot_buf big = {0};
    struct ot_error err = {0};

    (void)state;
    /* far more than a pipe holds, in both directions at once */
    memset(ot_buf_reserve(&big, 1u << 20), 'x', 1u << 20);
    big.len = 1u << 20;
    assert_succeeds(
        run_shell("cat; echo done >&2; exit 3", ot_buf_span(&big), 2u << 20, 20000, &result, &err),
        err);
    assert_int_equal(WEXITSTATUS(result.status), 3);
    assert_int_equal(result.out.len, big.len);
    assert_memory_equal(result.out.data, big.data, big.len);
    assert_string_equal(result.errors.data, "done\n");
}

static void input_not_read(void **state)
{
    OT_AUTORESULT struct ot_process_result result = {0};
    OT_AUTOBUF struct ot_buf big = {0};
    struct ot_error err = {0};

    (void)state;
    memset(ot_buf_reserve(&big, 1u << 20), 'x', 1u << 20);
    big.len = 1u << 20;
    assert_succeeds(run_shell("exit 0", ot_buf_span(&big), 100, 20000, &result, &err), err);
    assert_int_equal(result.status, 0);
}

static void only_the_given_environment(void **state)
{
    OT_AUTORESULT struct ot_process_result result = {0};
    struct ot_error err = {0};

    (void)state;
    setenv("LEAK", "secret", 1);
    assert_succeeds(run_shell("echo \"$ONLY/$LEAK\"", OT_SPAN(""), 100, 20000, &result, &err), err);
    assert_string_equal(result.out.data, "this/\n");
}

static void only_the_given_descriptors(void **state)
{
    OT_AUTORESULT struct ot_process_result result = {0};
    struct ot_error err = {0};
    OT_AUTOCLOSE int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC on purpose */

    (void)state;
    assert_true(leak > 2);
    assert_succeeds(run_shell("for fd in /proc/self/fd/*; do readlink \"$fd\"; done", OT_SPAN(""),
                              10000, 20000, &result, &err),
                    err);
    assert_null(strstr(result.out.data, "/dev/null"));
}

static void descriptors_in_place(void **state)
{
    const char *argv[] = {"/bin/sh", "-c", "read a <&4; read b <&3; echo \"$a$b\" >&5", NULL};
    struct ot_error err = {0};
    int in3[2], in4[2], out[2];
    struct ot_fd_map map[3];
    struct ot_process_options options = {.argv = argv, .fds = map, .fd_count = 3};
    char text[16] = "";
    pid_t pid;
    int status;

    (void)state;
    assert_int_equal(pipe(in3) | pipe(in4) | pipe(out), 0);
    assert_int_equal(write(in3[1], "three\n", 6) + write(in4[1], "four\n", 5), 11);
    /* crossed on purpose: the parent's numbers are low and stand where the child's go */
    map[0] = (struct ot_fd_map){in4[0], 4};
    map[1] = (struct ot_fd_map){in3[0], 3};
    map[2] = (struct ot_fd_map){out[1], 5};
    assert_succeeds(ot_process_start(&options, &pid, &err), err);
    assert_succeeds(ot_process_wait(pid, &status, &err), err);
    assert_int_equal(read(out[0], text, sizeof(text) - 1), 10);
    assert_string_equal(text, "fourthree\n");
    for (int i = 0; i < 2; i++) {
        close(in3[i]);
        close(in4[i]);
        close(out[i]);
    }
}

static void not_found(void **state)
{
    const char *argv[] = {"/nonexistent/program", NULL};
    struct ot_process_options options = {.argv = argv};
    struct ot_error err = {0};
    pid_t pid;

    (void)state;
    assert_int_equal(ot_process_start(&options, &pid, &err), -1);
    assert_int_equal(err.kind, OT_TOOL);
    assert_int_equal(err.errnum, ENOENT);
    assert_string_equal(err.message, "cannot run /nonexistent/program: No such file or directory");
    argv[0] = "no-such-program-anywhere";
    assert_int_equal(ot_process_start(&options, &pid, &err), -1);
    assert_int_equal(err.kind, OT_TOOL);
    assert_string_equal(err.message,
                        "cannot run no-such-program-anywhere: No such file or directory");
}

static void too_much_and_too_long(void **state)
{
    OT_AUTORESULT struct ot_process_result result = {0};
    struct ot_error err = {0};

    (void)state;
    assert_int_equal(run_shell("yes", OT_SPAN(""), 1000, 20000, &result, &err), -1);
    assert_int_equal(err.kind, OT_TOOL);
    assert_string_equal(err.message, "/bin/sh: wrote more than 1000 bytes");
    ot_process_result_free(&result);
    assert_int_equal(run_shell("sleep 30", OT_SPAN(""), 1000, 100, &result, &err), -1);
    assert_string_equal(err.message, "/bin/sh: did not end in time");
}

/* A child that closes its outputs is waited for no longer than one that keeps them. */
static void outputs_closed_early(void **state)
{
    OT_AUTORESULT struct ot_process_result result = {0};
    struct ot_error err = {0};
    int64_t start = ot_now_ms();

    (void)state;
    assert_int_equal(run_shell("exec >&- 2>&-; sleep 20", OT_SPAN(""), 1000, 200, &result, &err),
                     -1);
    assert_int_equal(err.kind, OT_TOOL);
    assert_string_equal(err.message, "/bin/sh: did not end in time");
    assert_true(WIFSIGNALED(result.status));
    assert_true(ot_now_ms() - start >= 200);
    assert_true(ot_now_ms() - start < 10000);
    assert_succeeds(
        run_shell("exec >&- 2>&-; sleep 0.1; exit 3", OT_SPAN(""), 1000, 20000, &result, &err),
        err);
    assert_int_equal(WEXITSTATUS(result.status), 3);
}

static void status_texts(void **state)
{
    OT_AUTORESULT struct ot_process_result result = {0};
    struct ot_error err = {0};
    char text[64];

    (void)state;
    assert_succeeds(run_shell("kill -9 $$", OT_SPAN(""), 100, 20000, &result, &err), err);
    ot_process_status_text(result.status, text, sizeof(text));
    assert_string_equal(text, "was killed by signal 9 (Killed)");
    ot_process_status_text(3 << 8, text, sizeof(text));
    assert_string_equal(text, "exited with code 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(input_and_outputs),
        cmocka_unit_test(input_not_read),
        cmocka_unit_test(only_the_given_environment),
        cmocka_unit_test(only_the_given_descriptors),
        cmocka_unit_test(descriptors_in_place),
        cmocka_unit_test(not_found),
        cmocka_unit_test(too_much_and_too_long),
        cmocka_unit_test(outputs_closed_early),
        cmocka_unit_test(status_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
