/* What an engine writes, in lines and in measure; and the socket that nobody else can reach. */
#include "tests/unit/unit.h"

#include "base/process.h"
#include "gateway/cell_output.h"
#include "gateway/cell_socket.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char *logged(struct ot_log *log, int fd)
{
    struct ot_buf text = {0};
    struct ot_error err;

    ot_log_free(log);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_succeeds(ot_read_fd(fd, 1u << 20, &text, "log", &err), err);
    close(fd);
    return text.data != NULL ? text.data : ot_strdup("");
}

static void test_lines(void **state)
{
    static const struct {
        bool is_error;
        const char *text;
    } pieces[] = {
        {false, "one\ntw"}, {true, "bad"},   {false, "o\n"}, {false, ""},
        {false, "three"},   {false, "\n\n"}, {true, "!\n"},  {false, "unended"},
    };
    static const char *const lines[] = {"[c] log: one\n", "[c] log: two\n", "[c] log: three\n",
                                        "[c] error: bad!\n", "[c] log: unended\n"};
    int fd = memfd_create("log", MFD_CLOEXEC);
    struct ot_log *log = ot_log_new(fd, OT_LOG_TEXT);
    struct ot_output output = {.log = log, .name = "c"};
    OT_AUTOFREE char *text = NULL;
    const char *at;

    (void)state;
    for (size_t i = 0; i < OT_COUNT(pieces); i++)
        ot_output_take(&output, pieces[i].is_error, ot_span_of(pieces[i].text));
    ot_output_end(&output);
    at = text = logged(log, fd);
    for (size_t i = 0; i < OT_COUNT(lines); i++) {
        at = strstr(at, lines[i]);
        if (at == NULL)
            fail_msg("no \"%s\" at its place in: %s", lines[i], text);
    }
}

/* Of a line without end only the beginning is kept, and what follows it is a line again. */
static void test_long_lines(void **state)
{
    int fd = memfd_create("log", MFD_CLOEXEC);
    struct ot_log *log = ot_log_new(fd, OT_LOG_TEXT);
    struct ot_output output = {.log = log, .name = "c"};
    OT_AUTOFREE char *text = NULL;
    char piece[1000];

    (void)state;
    memset(piece, 'x', sizeof(piece));
    for (int i = 0; i < 10000; i++) {
        ot_output_take(&output, false, (struct ot_span){piece, sizeof(piece)});
        assert_true(output.out.line.len <= OT_OUTPUT_LINE_MAX);
    }
    ot_output_take(&output, false, OT_SPAN("y\nnext\n"));
    ot_output_end(&output);
    text = logged(log, fd);
    assert_non_null(strstr(text, "[c] log: xxx"));
    assert_non_null(strstr(text, "[c] log: next\n"));
    assert_null(strchr(text, 'y'));
    assert_true(strlen(text) < 2 * OT_OUTPUT_LINE_MAX);
}

/* Who writes too much in a window waits for the next one. */
static void test_pause(void **state)
{
    int fd = memfd_create("log", MFD_CLOEXEC);
    struct ot_log *log = ot_log_new(fd, OT_LOG_OFF);
    struct ot_output output = {.log = log, .name = "c"};
    char lines[1000];
    int64_t before = ot_now_ms();
    size_t taken = 0;

    (void)state;
    memset(lines, '\n', sizeof(lines));
    for (; ot_output_pause(&output) == 0; taken += sizeof(lines))
        ot_output_take(&output, taken % 2 != 0, (struct ot_span){lines, sizeof(lines)});
    assert_in_range(taken, OT_OUTPUT_WINDOW_BYTES / (OT_OUTPUT_LINE_COST + 1),
                    OT_OUTPUT_WINDOW_BYTES);
    assert_in_range(ot_output_pause(&output), before + OT_OUTPUT_WINDOW_MS,
                    ot_now_ms() + OT_OUTPUT_WINDOW_MS);
    while (ot_now_ms() < ot_output_pause(&output))
        usleep(10000);
    ot_output_take(&output, false, OT_SPAN("next\n"));
    assert_int_equal(ot_output_pause(&output), 0);
    ot_output_end(&output);
    ot_log_free(log);
    close(fd);
}

static int connect_to(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(to.sun_path, path, strlen(path) + 1);
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    close(fd);
    return -1;
}

static size_t files_in(const char *dir)
{
    OT_AUTOLIST struct ot_list names = {0};
    OT_AUTOCLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct ot_error err;

    assert_succeeds(ot_list_dir(fd, &names, dir, &err), err);
    return names.count;
}

static void restore_place(const char *saved)
{
    if (saved != NULL)
        setenv("TMPDIR", saved, 1);
    else
        unsetenv("TMPDIR");
}

static void make_old(const char *dir)
{
    const struct timespec times[2] = {{1, 0}, {1, 0}};

    assert_int_equal(utimensat(AT_FDCWD, dir, times, 0), 0);
}

/* What a killed gateway left goes: an empty folder, or one with a socket of nobody's. */
static void test_sweep(void **state)
{
    static const char *const names[] = {"onetube-cell-empty0", "onetube-cell-dead00",
                                        "onetube-cell-fresh0", "onetube-cell-alive0",
                                        "onetube-cell-full00", "others"};
    char *dir = unit_make_dir();
    const char *const before = getenv("TMPDIR");
    OT_AUTOFREE char *saved = before != NULL ? ot_strdup(before) : NULL;
    int listeners[OT_COUNT(names)];

    (void)state;
    setenv("TMPDIR", dir, 1);
    for (size_t i = 0; i < OT_COUNT(names); i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        OT_AUTOFREE char *path = ot_asprintf("%s/%s", dir, names[i]);

        assert_int_equal(mkdir(path, 0700), 0);
        listeners[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", path,
                 i == 4 ? "else" : "socket");
        if (i == 1 || i == 3 || i == 4)
            assert_int_equal(bind(listeners[i], (const struct sockaddr *)&address, sizeof(address)),
                             0);
        if (i == 3)
            assert_int_equal(listen(listeners[i], 1), 0);
        if (i != 2)
            make_old(path);
    }
    ot_cell_socket_sweep();
    assert_int_equal(files_in(dir), OT_COUNT(names) - 2);
    for (size_t i = 0; i < OT_COUNT(names); i++) {
        OT_AUTOFREE char *path = ot_asprintf("%s/%s", dir, names[i]);

        assert_int_equal(access(path, F_OK), i < 2 ? -1 : 0);
        close(listeners[i]);
    }
    restore_place(saved);
    unit_remove_dir(dir);
}

/* Nothing of it can be seen, and it can be connected to. */
static void test_socket(void **state)
{
    char *dir = unit_make_dir();
    const char *const before = getenv("TMPDIR");
    OT_AUTOFREE char *saved = before != NULL ? ot_strdup(before) : NULL;
    struct ot_cell_socket at;
    struct ot_error err;
    char byte;

    (void)state;
    setenv("TMPDIR", dir, 1);
    for (int with_proc = 0; with_proc < 2; with_proc++) {
        int client, refused;

        assert_succeeds(ot_cell_socket_open(&at, with_proc ? OT_PROC_FDS : "/nonexistent", &err),
                        err);
        assert_int_equal(files_in(dir), with_proc ? 0 : 1);
        if (!with_proc) {
            struct stat info;

            assert_int_equal(stat(at.dir, &info), 0);
            assert_int_equal(info.st_mode & 07777, 0700);
        }
        client = connect_to(at.path);
        assert_true(client >= 0);
        refused = connect_to(at.path);
        assert_true(refused >= 0);
        close(accept4(at.listen_fd, NULL, NULL, SOCK_CLOEXEC));
        ot_cell_socket_refuse(&at);
        assert_int_equal(read(client, &byte, 1), 0);
        assert_int_equal(read(refused, &byte, 1), 0);
        assert_int_equal(accept4(at.listen_fd, NULL, NULL, SOCK_CLOEXEC), -1);
        close(client);
        close(refused);
        ot_cell_socket_close(&at);
        assert_int_equal(connect_to(at.path), -1);
        assert_int_equal(files_in(dir), 0);
    }
    /* one that cannot be written to, or is too deep for a socket, is not the only place */
    setenv("TMPDIR", "/proc", 1);
    assert_succeeds(ot_cell_socket_open(&at, OT_PROC_FDS, &err), err);
    ot_cell_socket_close(&at);
    restore_place(saved);
    unit_remove_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),  cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_pause),  cmocka_unit_test(test_sweep),
        cmocka_unit_test(test_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
