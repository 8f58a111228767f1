/* Where a program listens. */
#include "tests/unit/unit.h"

#include "base/listen.h"
#include "base/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static char *dir;

static int make_dir(void **state)
{
    (void)state;
    dir = unit_make_dir();
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unit_remove_dir(dir);
    return 0;
}

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        int kind; /* -1: refused */
        unsigned port;
    } cases[] = {
        {"127.0.0.1:3100", OT_LISTEN_TCP, 3100},
        {"0.0.0.0:0", OT_LISTEN_TCP, 0},
        {"localhost:65535", OT_LISTEN_TCP, 65535},
        {"[::1]:80", OT_LISTEN_TCP, 80},
        {"[::]:80", OT_LISTEN_TCP, 80},
        {"unix:/run/a.sock", OT_LISTEN_UNIX, 0},
        {"unix:a", OT_LISTEN_UNIX, 0},
        {"fd:3", OT_LISTEN_FD, 0},
        {"", -1, 0},
        {"nowhere", -1, 0},
        {"3100", -1, 0},
        {":3100", -1, 0},
        {"*:3100", -1, 0},
        {"example.com:80", -1, 0},
        {"127.0.0.1", -1, 0},
        {"127.0.0.1:", -1, 0},
        {"127.0.0.1:65536", -1, 0},
        {"127.0.0.1:-1", -1, 0},
        {"127.0.0.1:080", -1, 0},
        {"127.0.0.1: 80", -1, 0},
        {"127.1:80", -1, 0},
        {"::1:80", -1, 0},
        {"[::1:80", -1, 0},
        {"[]:80", -1, 0},
        {"[1.2.3.4]:80", -1, 0},
        {"unix:", -1, 0},
        {"fd:", -1, 0},
        {"fd:x", -1, 0},
        {"fd:2", -1, 0},
        {"fd:99999999999", -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_listen listen;
        struct ot_error err = {0};
        int result = ot_listen_parse(&listen, cases[i].text, &err);

        if (result != (cases[i].kind < 0 ? -1 : 0))
            fail_msg("\"%s\": %d %s", cases[i].text, result, err.message);
        if (cases[i].kind < 0) {
            assert_int_equal(err.kind, OT_USAGE);
            continue;
        }
        assert_int_equal(listen.kind, cases[i].kind);
        /* the port stands at the same place for both kinds of address */
        if (listen.kind == OT_LISTEN_TCP)
            assert_int_equal(ntohs(((struct sockaddr_in *)&listen.address)->sin_port),
                             cases[i].port);
    }
}

static void test_too_long_a_path(void **state)
{
    char text[200];
    struct ot_listen listen;
    struct ot_error err = {0};

    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text, "unix:", 5);
    text[5 + 107] = '\0';
    assert_int_equal(ot_listen_parse(&listen, text, &err), 0);
    text[5 + 107] = 'a';
    text[5 + 108] = '\0';
    assert_int_equal(ot_listen_parse(&listen, text, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
}

static void open_at(struct ot_listen *listen, const char *text)
{
    struct ot_error err;

    assert_succeeds(ot_listen_parse(listen, text, &err), err);
    assert_succeeds(ot_listen_open(listen, &err), err);
}

static void assert_not_open(const char *text)
{
    struct ot_listen listen;
    struct ot_error err = {0};

    assert_succeeds(ot_listen_parse(&listen, text, &err), err);
    assert_int_equal(ot_listen_open(&listen, &err), -1);
    assert_int_equal(err.kind, OT_CONFIG);
    assert_non_null(strstr(err.message, text));
    ot_listen_close(&listen);
}

static void test_tcp(void **state)
{
    OT_AUTOLISTEN struct ot_listen listen = OT_LISTEN_INIT;
    OT_AUTOBUF struct ot_buf url = {0};
    OT_AUTOFREE char *taken = NULL;
    unsigned port = 0;

    (void)state;
    open_at(&listen, "127.0.0.1:0");
    ot_listen_describe(&listen, "http", "/functions/v1", &url);
    assert_int_equal(sscanf(url.data, "http://127.0.0.1:%u/functions/v1", &port), 1);
    assert_true(port > 0);
    taken = ot_asprintf("127.0.0.1:%u", port);
    assert_not_open(taken);
}

static void test_unix(void **state)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/s", dir);
    OT_AUTOFREE char *text = ot_asprintf("unix:%s", path);
    struct ot_listen listen, next;
    OT_AUTOBUF struct ot_buf url = {0};
    struct stat info;
    mode_t before = umask(0002);

    (void)state;
    open_at(&listen, text);
    umask(before);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0770);
    ot_listen_describe(&listen, "http", "/x", &url);
    assert_non_null(strstr(url.data, text));
    /* in use: not replaced */
    assert_not_open(text);
    assert_int_equal(stat(path, &info), 0);
    /* left behind by a program that was killed: replaced */
    close(listen.fd);
    listen.fd = -1;
    open_at(&next, text);
    ot_listen_close(&next);
    assert_int_equal(stat(path, &info), -1);
}

/* One whose backlog is full refuses as well, but somebody is there. */
static void test_busy_is_not_stale(void **state)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/busy", dir);
    OT_AUTOFREE char *text = ot_asprintf("unix:%s", path);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    OT_AUTOCLOSE int owner = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int clients[8];

    (void)state;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(bind(owner, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(owner, 0), 0);
    for (size_t i = 0; i < OT_COUNT(clients); i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (connect(clients[i], (struct sockaddr *)&address, sizeof(address)) < 0)
            assert_int_equal(errno, EAGAIN);
    }
    assert_not_open(text);
    for (size_t i = 0; i < OT_COUNT(clients); i++)
        close(clients[i]);
}

static void test_what_is_no_stale_socket_stays(void **state)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/file", dir);
    OT_AUTOFREE char *text = ot_asprintf("unix:%s", path);
    OT_AUTOFREE char *link_path = ot_asprintf("%s/link", dir);
    OT_AUTOFREE char *link_text = ot_asprintf("unix:%s", link_path);
    OT_AUTOFREE char *missing = ot_asprintf("unix:%s/no/such", dir);
    struct ot_error err;
    struct stat info;

    (void)state;
    assert_succeeds(unit_write_file(path, OT_SPAN("data"), 0644, false, &err), err);
    assert_int_equal(symlink(path, link_path), 0);
    assert_not_open(text);
    assert_not_open(link_text);
    assert_not_open(missing);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 4);
    assert_int_equal(lstat(link_path, &info), 0);
}

/* At the end only our own socket's file is removed, not one that came in its place. */
static void test_close_removes_only_its_own(void **state)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/mine", dir);
    OT_AUTOFREE char *text = ot_asprintf("unix:%s", path);
    struct ot_listen first, second;
    struct stat info;

    (void)state;
    open_at(&first, text);
    assert_int_equal(unlink(path), 0);
    open_at(&second, text);
    ot_listen_close(&first);
    assert_int_equal(stat(path, &info), 0);
    ot_listen_close(&second);
    assert_int_equal(stat(path, &info), -1);
}

static void test_inherited(void **state)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    OT_AUTOCLOSE int plain = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    OT_AUTOCLOSE int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    OT_AUTOCLOSE int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    OT_AUTOCLOSE int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    OT_AUTOFREE char *plain_text = ot_asprintf("fd:%d", plain);
    OT_AUTOFREE char *datagrams_text = ot_asprintf("fd:%d", datagrams);
    OT_AUTOFREE char *file_text = ot_asprintf("fd:%d", file);
    OT_AUTOFREE char *good_text = ot_asprintf("fd:%d", listening);
    struct ot_listen good;

    (void)state;
    assert_int_equal(bind(listening, (struct sockaddr *)&any, sizeof(any)), 0);
    assert_int_equal(listen(listening, 1), 0);
    open_at(&good, good_text);
    assert_int_equal(good.fd, listening);
    assert_not_open("fd:1000");
    /* these close what they were given */
    assert_not_open(plain_text);
    assert_not_open(datagrams_text);
    assert_not_open(file_text);
    plain = datagrams = file = -1;
}

/* What waits is closed, and its client told; what belongs to somebody else is left waiting. */
static void test_refuse(void **state)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/r", dir);
    OT_AUTOFREE char *text = ot_asprintf("unix:%s", path);
    OT_AUTOCLOSE int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct ot_listen listen;
    struct stat info;
    char byte;

    (void)state;
    open_at(&listen, text);
    assert_int_equal(connect(client, (struct sockaddr *)&listen.address, listen.address_size), 0);
    ot_listen_refuse(&listen);
    assert_int_equal(read(client, &byte, 1), 0);
    assert_int_equal(stat(path, &info), -1);
    ot_listen_close(&listen);
}

static void set_inherited(const char *pid, const char *count)
{
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", count, 1);
}

/* As sd_listen_fds(3) says: only for the process that is named, and only once. */
static void test_of_the_manager(void **state)
{
    OT_AUTOLIST struct ot_list list = {0};
    struct ot_error err = {0};
    char pid[16];
    int fds[2];

    (void)state;
    snprintf(pid, sizeof(pid), "%d", getpid());
    assert_succeeds(ot_inherited_sockets(&list, &err), err);
    set_inherited("1", "1");
    assert_succeeds(ot_inherited_sockets(&list, &err), err);
    assert_int_equal(list.count, 0);
    set_inherited(pid, "129");
    assert_int_equal(ot_inherited_sockets(&list, &err), -1);
    assert_int_equal(err.kind, OT_CONFIG);
    assert_int_equal(pipe(fds), 0);
    assert_true(dup2(fds[0], 3) == 3);
    set_inherited(pid, "1");
    assert_succeeds(ot_inherited_sockets(&list, &err), err);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0], "fd:3");
    assert_true((fcntl(3, F_GETFD) & FD_CLOEXEC) != 0);
    assert_null(getenv("LISTEN_FDS"));
    close(fds[0]);
    close(fds[1]);
    close(3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_too_long_a_path),
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_unix),
        cmocka_unit_test(test_busy_is_not_stale),
        cmocka_unit_test(test_what_is_no_stale_socket_stays),
        cmocka_unit_test(test_close_removes_only_its_own),
        cmocka_unit_test(test_inherited),
        cmocka_unit_test(test_refuse),
        cmocka_unit_test(test_of_the_manager),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
