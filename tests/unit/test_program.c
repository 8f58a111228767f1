#include "tests/unit/unit.h"

#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child, which has the runner's streams to lose: 0, or the number of the line that failed. */
static int run_in_child(int (*check)(void))
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(check());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int open_closed_streams(void)
{
    OT_AUTOCLOSE int null = open("/dev/null", O_RDONLY);
    struct stat expected;

    if (null < 3 || fstat(null, &expected) < 0)
        return 1;
    close(0);
    close(1);
    close(2);
    ot_open_standard_streams();
    for (int fd = 0; fd <= 2; fd++) {
        struct stat info;

        if (fstat(fd, &info) < 0 || info.st_rdev != expected.st_rdev)
            return 2;
        if ((fcntl(fd, F_GETFL) & O_ACCMODE) != (fd == 0 ? O_RDONLY : O_WRONLY))
            return 3;
    }
    return 0;
}

static int keep_open_streams(void)
{
    int ends[2];

    if (pipe(ends) < 0 || dup2(ends[1], 1) != 1)
        return 1;
    ot_open_standard_streams();
    return write(1, "x", 1) == 1 && read(ends[0], ends, 1) == 1 ? 0 : 2;
}

static void standard_streams(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(open_closed_streams), 0);
    assert_int_equal(run_in_child(keep_open_streams), 0);
}

static int print_to(const char *path, const char *text, struct ot_error *err)
{
    if (freopen(path, "w", stdout) == NULL)
        return -2;
    fputs(text, stdout);
    return ot_flush_stdout(err);
}

static int print_to_full_disk(void)
{
    struct ot_error err = {0};

    if (print_to("/dev/full", "text", &err) != -1 || err.kind != OT_FAILED)
        return 1;
    if (strcmp(err.message, "standard output: No space left on device") != 0)
        return 2;
    /* the stream remembers an earlier failure though nothing is left to write */
    if (ot_flush_stdout(&err) != -1 || err.kind != OT_FAILED)
        return 3;
    return 0;
}

static int print_to_null(void)
{
    struct ot_error err = {0};

    return print_to("/dev/null", "text", &err) == 0 && err.kind == OT_NONE ? 0 : 1;
}

static void flushing(void **state)
{
    (void)state;
    assert_int_equal(run_in_child(print_to_full_disk), 0);
    assert_int_equal(run_in_child(print_to_null), 0);
}

static void put_program(const char *dir, const char *folder, mode_t mode)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/%s", dir, folder);
    OT_AUTOFREE char *file = ot_asprintf("%s/tool", path);
    struct ot_error err = {0};

    assert_int_equal(mkdir(path, 0755), 0);
    if (mode == 0)
        assert_int_equal(mkdir(file, 0755), 0);
    else
        assert_succeeds(unit_write_file(file, OT_SPAN("#!/bin/sh\n"), mode, true, &err), err);
}

static void programs_on_path(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *before = ot_strdup(getenv("PATH"));
    OT_AUTOFREE char *path =
        ot_asprintf("%s/missing::%s/folder:%s/plain:%s/right:%s/later", dir, dir, dir, dir, dir);
    OT_AUTOFREE char *right = ot_asprintf("%s/right/tool", dir);
    OT_AUTOFREE char *plain = ot_asprintf("%s/plain/tool", dir);
    OT_AUTOFREE char *folder = ot_asprintf("%s/folder/tool", dir);
    OT_AUTOFREE char *found = NULL;

    (void)state;
    put_program(dir, "folder", 0);
    put_program(dir, "plain", 0644);
    put_program(dir, "right", 0755);
    put_program(dir, "later", 0755);
    assert_int_equal(setenv("PATH", path, 1), 0);
    found = ot_find_program("tool", NULL);
    assert_string_equal(found, right);
    assert_null(ot_find_program("other", NULL));
    assert_null(ot_find_program(NULL, NULL));
    assert_true(ot_is_program(right));
    assert_false(ot_is_program(plain));
    assert_int_equal(errno, EACCES);
    assert_false(ot_is_program(folder));
    assert_int_equal(errno, EACCES);
    unsetenv("PATH");
    assert_null(ot_find_program("tool", NULL));
    assert_int_equal(setenv("PATH", before, 1), 0);
    unit_remove_dir(dir);
}

static void programs_beside(void **state)
{
    static const char *const places[] = {"../unit", "../unit/nothing", "../unit/test_program",
                                         "test_process", NULL};
    static const char *const nowhere[] = {"nothing", NULL};
    OT_AUTOFREE char *beside = ot_find_program("sh", places);
    OT_AUTOFREE char *on_path = ot_find_program("sh", nowhere);
    static const char end[] = "/../unit/test_program";

    (void)state;
    assert_non_null(beside);
    assert_true(strlen(beside) > strlen(end));
    assert_string_equal(beside + strlen(beside) - strlen(end), end);
    assert_non_null(on_path);
    assert_string_equal(strrchr(on_path, '/'), "/sh");
    assert_null(ot_find_program(NULL, nowhere));
}

static void closed_once(void **state)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int number = fd;

    (void)state;
    ot_autoclose(&fd);
    assert_int_equal(fd, -1);
    assert_int_equal(fcntl(number, F_GETFD), -1);
    /* whoever gets the number next keeps it */
    assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), number);
    ot_autoclose(&fd);
    assert_true(fcntl(number, F_GETFD) >= 0);
    close(number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_streams), cmocka_unit_test(flushing),
        cmocka_unit_test(programs_on_path), cmocka_unit_test(programs_beside),
        cmocka_unit_test(closed_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
