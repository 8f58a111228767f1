/* Changes of files and folders are noticed, once, and nothing else is. */
#include "tests/unit/unit.h"

#include "base/file.h"
#include "gateway/watcher.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *dir;
static unsigned changes;
static uv_loop_t loop;

static int make_dir(void **state)
{
    (void)state;
    dir = unit_make_dir();
    changes = 0;
    assert_int_equal(chdir(dir), 0);
    return uv_loop_init(&loop);
}

static int remove_dir(void **state)
{
    (void)state;
    uv_run(&loop, UV_RUN_DEFAULT); /* what was closed */
    assert_int_equal(uv_loop_close(&loop), 0);
    unit_remove_dir(dir);
    return 0;
}

static void on_change(void *context)
{
    (void)context;
    changes++;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void stop(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* Lets the loop run until nothing can come any more of what was done. */
static unsigned settle(void)
{
    uv_timer_t timer;
    unsigned before = changes;

    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, stop, 150, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    return changes - before;
}

static struct ot_watcher *watch(const char *path)
{
    OT_AUTOLIST struct ot_list paths = {0};
    struct ot_watcher *watcher;
    struct ot_error err = {0};

    ot_list_add(&paths, path);
    assert_succeeds(ot_watcher_open(&loop, &paths, 10, on_change, NULL, &watcher, &err), err);
    return watcher;
}

static void test_file(void **state)
{
    struct ot_watcher *watcher;

    (void)state;
    write_text("fw", "one");
    watcher = watch("fw");
    assert_int_equal(settle(), 0);
    write_text("beside", "x");
    write_text("fw2", "x");
    assert_int_equal(settle(), 0);
    /* replaced, the way it should be */
    assert_int_equal(rename("fw2", "fw"), 0);
    assert_int_equal(settle(), 1);
    /* written in place, removed, there again */
    write_text("fw", "three");
    assert_int_equal(settle(), 1);
    assert_int_equal(unlink("fw"), 0);
    assert_int_equal(settle(), 1);
    write_text("fw", "four");
    assert_int_equal(settle(), 1);
    /* read, and touched without a change of what it is */
    assert_int_equal(chmod("fw", 0644), 0);
    assert_int_equal(settle(), 0);
    ot_watcher_close(watcher);
}

static void test_tree(void **state)
{
    struct ot_watcher *watcher;

    (void)state;
    assert_int_equal(mkdir("f", 0755), 0);
    assert_int_equal(mkdir("f/a", 0755), 0);
    assert_int_equal(mkdir("f/node_modules", 0755), 0);
    assert_int_equal(mkdir("f/.git", 0755), 0);
    write_text("f/a/index.ts", "one");
    watcher = watch("f/");
    write_text("f/node_modules/x", "x");
    write_text("f/.git/x", "x");
    write_text("f/.swap", "x");
    assert_int_equal(settle(), 0);
    /* many at once are one */
    write_text("f/a/index.ts", "two!");
    write_text("f/a/other.ts", "two");
    assert_int_equal(settle(), 1);
    /* a new folder is watched from then on */
    assert_int_equal(mkdir("f/b", 0755), 0);
    assert_int_equal(settle(), 1);
    write_text("f/b/index.ts", "x");
    assert_int_equal(settle(), 1);
    assert_int_equal(mkdir("f/b/deep", 0755), 0);
    write_text("f/b/deep/x.ts", "x");
    assert_int_equal(settle(), 1);
    write_text("f/b/deep/x.ts", "xyz");
    assert_int_equal(settle(), 1);
    /* the whole folder is exchanged */
    assert_int_equal(rename("f", "old"), 0);
    assert_int_equal(settle(), 1);
    assert_int_equal(mkdir("f", 0755), 0);
    write_text("f/index.ts", "x");
    assert_true(settle() >= 1);
    write_text("f/index.ts", "xyz");
    assert_int_equal(settle(), 1);
    ot_watcher_close(watcher);
}

/* A link below is noticed, and not followed. */
static void test_links(void **state)
{
    struct ot_watcher *watcher;

    (void)state;
    assert_int_equal(mkdir("f", 0755), 0);
    assert_int_equal(symlink("..", "f/up"), 0);
    watcher = watch("f");
    write_text("outside", "x");
    assert_int_equal(settle(), 0);
    assert_int_equal(unlink("f/up"), 0);
    assert_int_equal(settle(), 1);
    ot_watcher_close(watcher);
}

static void test_too_many(void **state)
{
    OT_AUTOLIST struct ot_list paths = {0};
    struct ot_watcher *watcher;
    struct ot_error err = {0};

    (void)state;
    assert_int_equal(mkdir("f", 0755), 0);
    for (int i = 0; i < 4100; i++) {
        char path[32];

        snprintf(path, sizeof(path), "f/%d", i);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    ot_list_add(&paths, "f");
    assert_int_equal(ot_watcher_open(&loop, &paths, 10, on_change, NULL, &watcher, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_tree, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_links, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_too_many, make_dir, remove_dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
