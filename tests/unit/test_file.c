#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *in_dir(const char *dir, const char *name)
{
    return ot_asprintf("%s/%s", dir, name);
}

static void put(const char *dir, const char *name, const char *text)
{
    OT_AUTOFREE char *path = in_dir(dir, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_content(const char *dir, const char *name, const char *text)
{
    OT_AUTOFREE char *path = in_dir(dir, name);
    OT_AUTOBUF struct ot_buf content = {0};
    struct ot_error err = {0};

    assert_succeeds(ot_read_file(path, 1000, &content, &err), err);
    assert_string_equal(content.data, text);
}

static size_t entry_count(const char *dir)
{
    OT_AUTOLIST struct ot_list names = {0};
    OT_AUTOCLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY);
    struct ot_error err = {0};

    assert_succeeds(ot_list_dir(fd, &names, dir, &err), err);
    return names.count;
}

static void reading_is_bounded(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *file = in_dir(dir, "file");
    OT_AUTOFREE char *fifo = in_dir(dir, "fifo");
    OT_AUTOFREE char *link = in_dir(dir, "link");
    OT_AUTOBUF struct ot_buf out = {0};
    struct ot_error err = {0};
    int fd;

    (void)state;
    put(dir, "file", "12345");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(symlink("file", link), 0);
    assert_succeeds(ot_read_file(file, 5, &out, &err), err);
    assert_int_equal(out.len, 5);
    assert_int_equal(ot_read_file(file, 4, &out, &err), -1);
    assert_non_null(strstr(err.message, "5 bytes, at most 4 are accepted"));
    assert_int_equal(ot_read_file(dir, 4, &out, &err), -1);
    assert_non_null(strstr(err.message, "is a folder, a file is wanted"));
    assert_int_equal(ot_read_file(fifo, 4, &out, &err), -1); /* and does not wait for a writer */
    assert_non_null(strstr(err.message, "is not a regular file"));
    assert_int_equal(ot_open_regular(AT_FDCWD, link, 10, NULL, &err), -1);
    assert_non_null(strstr(err.message, "is a symbolic link"));
    fd = ot_open_regular(AT_FDCWD, file, 10, NULL, &err);
    assert_true(fd >= 0);
    ot_buf_clear(&out);
    assert_int_equal(ot_read_fd(fd, 3, &out, "it", &err), -1);
    assert_string_equal(err.message, "it: more than the 3 bytes that are accepted");
    close(fd);
    unit_remove_dir(dir);
}

static void files_whole_or_not_at_all(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = in_dir(dir, "out");
    OT_AUTOFREE char *folder = in_dir(dir, "folder");
    struct ot_error err = {0};
    struct stat info;

    (void)state;
    assert_succeeds(unit_write_file(path, OT_SPAN("one"), 0640, true, &err), err);
    assert_content(dir, "out", "one");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_int_equal(unit_write_file(path, OT_SPAN("two"), 0640, true, &err), -1);
    assert_non_null(strstr(err.message, "exists already and is not overwritten"));
    assert_content(dir, "out", "one");
    assert_succeeds(unit_write_file(path, OT_SPAN("two"), 0640, false, &err), err);
    assert_content(dir, "out", "two");
    {
        OT_AUTOTEMP struct ot_temp_file temp = OT_TEMP_INIT;

        assert_succeeds(ot_temp_open(&temp, path, 0600, &err), err);
        assert_succeeds(ot_write_all(temp.fd, "three", 5, "x", &err), err);
    } /* not committed */
    assert_content(dir, "out", "two");
    assert_int_equal(entry_count(dir), 1);
    assert_int_equal(mkdir(folder, 0755), 0);
    assert_int_equal(unit_write_file(folder, OT_SPAN("x"), 0600, false, &err), -1);
    assert_non_null(strstr(err.message, "exists and is not a regular file"));
    unit_remove_dir(dir);
}

static void beneath(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *outside = in_dir(dir, "outside");
    OT_AUTOFREE char *root_path = in_dir(dir, "root");
    OT_AUTOFREE char *link = in_dir(dir, "root/link");
    OT_AUTOFREE char *inner = in_dir(dir, "root/inner");
    static const char *const refused[] = {
        "../outside/secret", "link/secret", "inner", "/etc/passwd", "a/../../outside/secret", ""};
    struct ot_error err = {0};
    int root, file;

    (void)state;
    assert_int_equal(mkdir(outside, 0755) | mkdir(root_path, 0755), 0);
    put(outside, "secret", "secret");
    assert_int_equal(symlink("../outside", link), 0);
    root = open(root_path, O_RDONLY | O_DIRECTORY);
    assert_succeeds(ot_write_beneath(root, "a/b/file", OT_SPAN("content"), &err), err);
    assert_content(root_path, "a/b/file", "content");
    assert_int_equal(ot_write_beneath(root, "a/b/file", OT_SPAN("again"), &err), -1);
    assert_int_equal(err.errnum, EEXIST);
    assert_content(root_path, "a/b/file", "content");
    assert_int_equal(symlink("a/b/file", inner), 0);
    for (size_t i = 0; i < OT_COUNT(refused); i++)
        assert_int_equal(ot_open_beneath(root, refused[i], O_RDONLY, 0, &err), -1);
    assert_int_equal(ot_write_beneath(root, "link/x/y", OT_SPAN("x"), &err), -1);
    assert_int_equal(ot_write_beneath(root, "inner", OT_SPAN("x"), &err), -1);
    assert_content(root_path, "a/b/file", "content");
    file = ot_open_beneath(root, "a/b/file", O_RDONLY, 0, &err);
    assert_true(ot_link_beneath(root, "a/c/d/other", file));
    assert_content(root_path, "a/c/d/other", "content");
    assert_true(ot_link_beneath(root, "top", file));
    assert_content(root_path, "top", "content");
    assert_false(ot_link_beneath(root, "top", file));
    assert_false(ot_link_beneath(root, "link/other", file));
    assert_false(ot_link_beneath(root, "../other", file));
    close(file);
    /* what is no path at all is said with its text, made harmless, and an errno */
    assert_int_equal(ot_open_beneath(root, "../a\033", O_RDONLY, 0, &err), -1);
    assert_int_equal(err.errnum, EINVAL);
    assert_string_equal(err.message, "../a?: not a valid relative path");
    assert_int_equal(ot_write_beneath(root, "/a", OT_SPAN("x"), &err), -1);
    assert_int_equal(err.errnum, EINVAL);
    assert_string_equal(err.message, "/a: not a valid relative path");
    assert_int_equal(entry_count(outside), 1);
    close(root);
    unit_remove_dir(dir);
}

static void reading_at_an_offset(void **state)
{
    static const struct {
        uint64_t offset;
        size_t len;
        ssize_t got;
    } cases[] = {{0, 5, 5}, {1, 3, 3}, {4, 1, 1}, {3, 5, 2}, {5, 1, 0}, {1000, 4, 0}, {2, 0, 0}};
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = in_dir(dir, "file");
    struct ot_error err = {0};
    char bytes[8];
    int fd;

    (void)state;
    put(dir, "file", "12345");
    fd = open(path, O_RDONLY);
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        assert_int_equal(ot_read_at(fd, bytes, cases[i].len, cases[i].offset, "it", &err),
                         cases[i].got);
        if (cases[i].got > 0)
            assert_memory_equal(bytes, &"12345"[cases[i].offset], (size_t)cases[i].got);
    }
    close(fd);
    fd = open(dir, O_RDONLY);
    assert_int_equal(ot_read_at(fd, bytes, 1, 0, "it", &err), -1);
    assert_int_equal(err.errnum, EISDIR);
    close(fd);
    unit_remove_dir(dir);
}

/* Makes openat2 fail with ENOSYS, as on an old kernel, and runs the test again in a child. */
static void beneath_without_openat2(void **state)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {OT_COUNT(code), code};
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0 ||
            syscall(SYS_openat2, 0, 0, 0, 0) != -1 || errno != ENOSYS)
            _exit(99);
        beneath(state);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static const char *const ours[] = {"manifest.json", "functions", NULL};

static void write_dist(const char *path, const char *text, bool commit)
{
    OT_AUTOTEMPDIR struct ot_temp_dir temp = OT_TEMP_DIR_INIT;
    struct ot_error err = {0};
    int fd;

    assert_succeeds(ot_temp_dir_open(&temp, path, &err), err);
    fd = ot_open_beneath(temp.fd, "manifest.json", O_WRONLY | O_CREAT, 0644, &err);
    assert_true(fd >= 0);
    assert_succeeds(ot_write_all(fd, text, strlen(text), "x", &err), err);
    close(fd);
    if (commit)
        assert_succeeds(ot_temp_dir_commit(&temp, ours, &err), err);
}

static void folders_whole_or_not_at_all(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = in_dir(dir, "dist");

    (void)state;
    write_dist(path, "one", true);
    put(path, "functions", "an old file");
    assert_content(path, "manifest.json", "one");
    write_dist(path, "lost", false);
    assert_content(path, "manifest.json", "one");
    write_dist(path, "two", true);
    assert_content(path, "manifest.json", "two");
    assert_int_equal(entry_count(path), 1);
    assert_int_equal(entry_count(dir), 1);
    unit_remove_dir(dir);
}

static void folders_of_others_stay(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = in_dir(dir, "precious");
    struct ot_error err = {0};

    (void)state;
    assert_int_equal(mkdir(path, 0755), 0);
    put(path, "thesis.txt", "years of work");
    {
        OT_AUTOTEMPDIR struct ot_temp_dir temp = OT_TEMP_DIR_INIT;

        assert_succeeds(ot_temp_dir_open(&temp, path, &err), err);
        assert_int_equal(ot_temp_dir_commit(&temp, ours, &err), -1);
        assert_non_null(strstr(err.message, "holds thesis.txt, which is not ours"));
    }
    assert_content(path, "thesis.txt", "years of work");
    /* a file of the right name does not make it ours */
    put(path, "manifest.json", "{}");
    {
        OT_AUTOTEMPDIR struct ot_temp_dir temp = OT_TEMP_DIR_INIT;

        assert_succeeds(ot_temp_dir_open(&temp, path, &err), err);
        assert_int_equal(ot_temp_dir_commit(&temp, ours, &err), -1);
    }
    assert_content(path, "thesis.txt", "years of work");
    assert_int_equal(entry_count(dir), 1);
    unit_remove_dir(dir);
}

/* What a killed run left is removed by the next one, what a running one holds is not. */
static void abandoned_temporaries(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = in_dir(dir, "dist");
    OT_AUTOTEMPDIR struct ot_temp_dir running = OT_TEMP_DIR_INIT;
    struct ot_error err = {0};
    pid_t pid = fork();
    int status;

    (void)state;
    if (pid == 0) {
        struct ot_temp_dir killed = OT_TEMP_DIR_INIT;

        if (ot_temp_dir_open(&killed, path, &err) < 0)
            _exit(99);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(entry_count(dir), 1);
    assert_succeeds(ot_temp_dir_open(&running, path, &err), err);
    assert_int_equal(entry_count(dir), 1);
    write_dist(path, "two", true);
    assert_int_equal(entry_count(dir), 2);
    ot_temp_dir_discard(&running);
    assert_int_equal(entry_count(dir), 1);
    unit_remove_dir(dir);
}

static void abandoned_files(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = in_dir(dir, "fw.1tube");
    OT_AUTOFREE char *other = in_dir(dir, "other.1tube");
    OT_AUTOTEMP struct ot_temp_file running = OT_TEMP_INIT;
    struct ot_error err = {0};
    pid_t pid = fork();
    int status;

    (void)state;
    if (pid == 0) {
        struct ot_temp_file killed = OT_TEMP_INIT;

        if (ot_temp_open(&killed, path, 0644, &err) < 0 ||
            ot_write_all(killed.fd, "half", 4, path, &err) < 0)
            _exit(99);
        _exit(kill(getpid(), SIGKILL));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(entry_count(dir), 1);
    /* another target leaves it alone, the same removes it */
    assert_succeeds(unit_write_file(other, OT_SPAN("other"), 0644, true, &err), err);
    assert_int_equal(entry_count(dir), 2);
    assert_succeeds(ot_temp_open(&running, path, 0644, &err), err);
    assert_int_equal(entry_count(dir), 2);
    /* what a running one holds stays */
    assert_succeeds(unit_write_file(path, OT_SPAN("two"), 0644, true, &err), err);
    assert_int_equal(entry_count(dir), 3);
    assert_succeeds(ot_write_all(running.fd, "one", 3, path, &err), err);
    assert_succeeds(ot_temp_commit(&running, false, &err), err);
    assert_content(dir, "fw.1tube", "one");
    assert_int_equal(entry_count(dir), 2);
    unit_remove_dir(dir);
}

/* Between making a temporary and locking it, another run may remove it. */
static void many_at_once(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = in_dir(dir, "out");
    pid_t pids[4];

    (void)state;
    for (size_t i = 0; i < OT_COUNT(pids); i++) {
        struct ot_error err = {0};
        int done = 0;

        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        for (int round = 0; round < 300 && done == 0; round++) {
            OT_AUTOTEMP struct ot_temp_file temp = OT_TEMP_INIT;

            done = ot_temp_open(&temp, path, 0644, &err);
            if (done == 0 && faccessat(temp.dir_fd, temp.name, F_OK, 0) < 0)
                done = -1;
        }
        _exit(done == 0 ? 0 : 1);
    }
    for (size_t i = 0; i < OT_COUNT(pids); i++) {
        int status;

        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(entry_count(dir), 0);
    unit_remove_dir(dir);
}

/* Where others may rename, a folder of ours may have been given a temporary's name. */
static void nothing_is_cleaned_among_strangers(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = in_dir(dir, "dist");
    OT_AUTOFREE char *posing = in_dir(dir, ".dist.onetube-0123456789abcdef");

    (void)state;
    assert_int_equal(mkdir(posing, 0700), 0);
    put(posing, "file", "kept");
    assert_int_equal(chmod(dir, 0777), 0);
    write_dist(path, "one", true);
    assert_content(posing, "file", "kept");
    assert_int_equal(chmod(dir, 01777), 0);
    write_dist(path, "two", true);
    assert_int_equal(entry_count(dir), 1);
    unit_remove_dir(dir);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    struct ot_error err = {0};
    OT_AUTOCLOSE int full = open("/dev/full", O_WRONLY);

    (void)state;
    assert_true(full >= 0);
    assert_int_equal(ot_write_all(full, "x", 1, "out.1tube", &err), -1);
    assert_int_equal(err.errnum, ENOSPC);
    assert_string_equal(err.message, "out.1tube: No space left on device");
}

static void removing_never_follows_links(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *keep = in_dir(dir, "keep");
    OT_AUTOFREE char *gone = in_dir(dir, "gone");
    OT_AUTOFREE char *link = in_dir(dir, "gone/link");
    OT_AUTOCLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY);
    struct ot_error err = {0};

    (void)state;
    assert_int_equal(mkdir(keep, 0755) | mkdir(gone, 0755) | symlink("../keep", link), 0);
    put(keep, "file", "here");
    assert_succeeds(ot_remove_tree(fd, "gone", &err), err);
    assert_succeeds(ot_remove_tree(fd, "gone", &err), err);
    assert_content(keep, "file", "here");
    assert_int_equal(entry_count(dir), 1);
    unit_remove_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_is_bounded),
        cmocka_unit_test(files_whole_or_not_at_all),
        cmocka_unit_test(reading_at_an_offset),
        cmocka_unit_test(beneath),
        cmocka_unit_test(beneath_without_openat2),
        cmocka_unit_test(folders_whole_or_not_at_all),
        cmocka_unit_test(folders_of_others_stay),
        cmocka_unit_test(abandoned_temporaries),
        cmocka_unit_test(abandoned_files),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(nothing_is_cleaned_among_strangers),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(removing_never_follows_links),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
