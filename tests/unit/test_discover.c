#include "tests/unit/unit.h"

#include "build/discover.h"

#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

/*
 * What a folder holds, one item after the other: "a/index.ts" an empty file, "a/b/" a folder, "a/b
 * -> c" a link, "a/b |" a FIFO, "a/b = text" a file with that text.
 */
#define ITEMS_MAX 12

struct scene {
    const char *items[ITEMS_MAX];
    const char *only;     /* comma-separated */
    const char *expected; /* entries, or the error's message with the folder's name as "@" */
};

static void make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
}

static void make_item(const char *root, const char *item)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/%s", root, item);
    struct ot_error err = {0};
    char *mark;

    if ((mark = strstr(path, " -> ")) != NULL) {
        *mark = '\0';
        make_parents(path);
        assert_int_equal(symlink(mark + 4, path), 0);
    } else if ((mark = strstr(path, " |")) != NULL) {
        *mark = '\0';
        make_parents(path);
        assert_int_equal(mkfifo(path, 0644), 0);
    } else {
        mark = strstr(path, " = ");
        if (mark != NULL)
            *mark = '\0';
        make_parents(path);
        if (path[strlen(path) - 1] != '/')
            assert_succeeds(
                unit_write_file(path, ot_span_of(mark != NULL ? mark + 3 : ""), 0644, false, &err),
                err);
    }
}

/* The entries found, joined by blanks, or the message. */
static char *discover(const char *root, const char *only, enum ot_error_kind *kind)
{
    OT_AUTOBUF struct ot_buf out = {0};
    OT_AUTOLIST struct ot_list names = {0};
    struct ot_sources sources;
    struct ot_error err = {0};

    *kind = OT_NONE;
    ot_list_split(&names, only != NULL ? only : "");
    if (ot_discover(root, &names, &sources, &err) < 0) {
        const char *rest = err.message;

        assert_null(sources.items);
        for (const char *at = strstr(rest, root); at != NULL; at = strstr(rest, root)) {
            ot_buf_append(&out, rest, (size_t)(at - rest));
            ot_buf_putc(&out, '@');
            rest = at + strlen(root);
        }
        ot_buf_puts(&out, rest);
        *kind = err.kind;
    } else {
        for (size_t i = 0; i < sources.count; i++) {
            assert_true(strncmp(sources.items[i].entry, sources.items[i].name,
                                strlen(sources.items[i].name)) == 0);
            ot_buf_printf(&out, "%s%s", i > 0 ? " " : "", sources.items[i].entry);
        }
        ot_sources_free(&sources);
    }
    return OT_STEAL(out.data);
}

static void check_scene(const struct scene *scene, enum ot_error_kind expected_kind)
{
    char *root = unit_make_dir();
    OT_AUTOFREE char *found = NULL;
    enum ot_error_kind kind;

    for (size_t i = 0; i < ITEMS_MAX && scene->items[i] != NULL; i++)
        make_item(root, scene->items[i]);
    found = discover(root, scene->only, &kind);
    unit_remove_dir(root);
    assert_string_equal(found, scene->expected);
    assert_int_equal(kind, expected_kind);
}

static void finds(void **state)
{
    static const struct scene scenes[] = {
        {{"hello/index.ts"}, NULL, "hello/index.ts"},
        {{"a/index.ts", "b/index.tsx", "c/index.mts", "d/index.js", "e/index.jsx", "f/index.mjs"},
         NULL,
         "a/index.ts b/index.tsx c/index.mts d/index.js e/index.jsx f/index.mjs"},
        /* bytewise, whatever was written first */
        {{"b/index.ts", "a_/index.ts", "a-b/index.ts", "a/index.ts", "Z/index.ts", "a1/index.ts"},
         NULL,
         "Z/index.ts a/index.ts a-b/index.ts a1/index.ts a_/index.ts b/index.ts"},
        {{"a/index.ts", "_shared/index.ts", "my_shared/index.ts", ".git/index.ts", "_b/index.ts",
          "node_modules/index.ts"},
         NULL,
         "a/index.ts"},
        {{"a/index.ts", "index.ts", "b/main.ts", "c/", "my docs/x", "d/index.cjs", "e/Index.ts"},
         NULL,
         "a/index.ts"},
        {{"a/index.ts", "b/c/index.ts"}, NULL, "a/index.ts"},
        {{"_real/index.ts", "a -> _real", "b/index.ts -> ../_real/index.ts", "c -> nowhere", "d |"},
         NULL,
         "a/index.ts b/index.ts"},
        {{"a/index.ts", "b/index.ts", "c/index.ts"}, "c,a,c", "a/index.ts c/index.ts"},
        /* what was not asked for is not looked into */
        {{"a/index.ts", "b/index.ts", "b/index.js", "A/index.ts", "1/index.ts", "c/1tube.json = x"},
         "a",
         "a/index.ts"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(scenes); i++)
        check_scene(&scenes[i], OT_NONE);
}

#define ENTRIES "index.ts, index.tsx, index.mts, index.js, index.jsx or index.mjs"
#define NAME_RULE                                                                                  \
    "is not a function name (a letter, then at most 62 letters, digits, \"-\" and \"_\")"

static void refuses(void **state)
{
    static const struct scene scenes[] = {
        {{NULL}, NULL, "@: holds no function (each is a folder with " ENTRIES ")"},
        {{"_shared/index.ts"}, NULL, "@: holds no function (each is a folder with " ENTRIES ")"},
        {{"a/index.ts", "a/index.js"},
         NULL,
         "@/a: has two entries, index.ts and index.js (remove one)"},
        {{"1a/index.ts"}, NULL, "@/1a: " NAME_RULE},
        {{"a.b/index.ts"}, NULL, "@/a.b: " NAME_RULE},
        {{"a b/index.ts"}, NULL, "@/a b: " NAME_RULE},
        {{"a\033[31m/index.ts"}, NULL, "@/a?[31m: " NAME_RULE},
        {{"a/index.ts", "h\xc3\xa9/index.ts"}, NULL, "@/h??: " NAME_RULE},
        {{"pay/index.ts", "other/index.ts", "Pay/index.ts"},
         NULL,
         "@: the functions Pay and pay differ only in case"},
        {{"aZ/index.ts", "Az/index.ts"}, NULL, "@: the functions Az and aZ differ only in case"},
        {{"aB/index.ts", "ab_/index.ts", "AB/index.js", "b/index.ts"},
         NULL,
         "@: the functions AB and aB differ only in case"},
        {{"a/index.ts/"}, NULL, "@/a/index.ts: is not a regular file"},
        {{"a/index.js |"}, NULL, "@/a/index.js: is not a regular file"},
        {{"a/index.ts -> b"}, NULL, "@/a/index.ts: No such file or directory"},
        {{"a -> a", "b/index.ts"}, NULL, "@/a: Too many levels of symbolic links"},
        /* 1tube.json */
        {{"a/1tube.json = {}", "b/index.ts"},
         NULL,
         "@/a: has a 1tube.json but no entry (" ENTRIES ")"},
        {{"a/index.ts", "a/1tube.json = {\n \"rpmm\": 1}"},
         NULL,
         "@/a/1tube.json:2:2: unknown key \"rpmm\" (did you mean \"rpm\"?)"},
        {{"a/index.ts", "a/1tube.json = "},
         NULL,
         "@/a/1tube.json:1:1: an object { ... } is expected"},
        {{"a/index.ts", "a/1tube.json/"}, NULL, "@/a: 1tube.json: is a folder, a file is wanted"},
        {{"a/index.ts", "a/1tube.json |"}, NULL, "@/a: 1tube.json: is not a regular file"},
        {{"a/index.ts", "a/1tube.json -> x"},
         NULL,
         "@/a: 1tube.json: is a symbolic link, which is not followed here"},
    };
    static const struct scene wrong_only[] = {
        {{"hello/index.ts", "pay/index.ts"},
         "helo",
         "@: no function \"helo\" (did you mean \"hello\"?)"},
        {{"hello/index.ts", "pay/index.ts"}, "pay,stream", "@: no function \"stream\""},
        {{"a/index.ts", "_shared/index.ts"}, "_shared", "@: no function \"_shared\""},
        {{"a/index.ts", "bcdef/"}, "bcdef", "@: no function \"bcdef\""},
        {{"a/index.ts"}, "\033[31m", "@: no function \"?[31m\""},
        {{"a/index.ts"}, "../../etc/passwd", "@: no function \"../../etc/passwd\""},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(scenes); i++)
        check_scene(&scenes[i], OT_FAILED);
    for (size_t i = 0; i < OT_COUNT(wrong_only); i++)
        check_scene(&wrong_only[i], OT_USAGE);
}

static void reads_config(void **state)
{
    char *root = unit_make_dir();
    OT_AUTOFREE char *slashes = ot_asprintf("%s//", root);
    struct ot_sources sources;
    struct ot_error err = {0};

    (void)state;
    make_item(root, "a/index.ts");
    make_item(root, "a/1tube.json = {\"rpm\": 7, \"permissions\": {\"env\": [\"B\", \"A\"]}}");
    make_item(root, "b/index.ts");
    assert_succeeds(ot_discover(slashes, NULL, &sources, &err), err);
    assert_int_equal(sources.count, 2);
    assert_string_equal(sources.items[0].name, "a");
    assert_int_equal(sources.items[0].config.rpm, 7);
    assert_int_equal(sources.items[0].config.env.list.count, 2);
    assert_string_equal(sources.items[0].config.env.list.items[0], "A");
    assert_int_equal(sources.items[1].config.rpm, OT_CONFIG_UNSET);
    assert_false(sources.items[1].config.env.given);
    ot_sources_free(&sources);
    assert_null(sources.items);
    unit_remove_dir(root);
}

static void bounds_config(void **state)
{
    char *root = unit_make_dir();
    OT_AUTOFREE char *path = ot_asprintf("%s/a/1tube.json", root);
    OT_AUTOFREE char *found = NULL;
    enum ot_error_kind kind;

    (void)state;
    make_item(root, "a/index.ts");
    make_item(root, "a/1tube.json = {}");
    /* blanks up to the limit are fine, one byte more is not */
    for (unsigned more = 0; more < 2; more++) {
        OT_AUTOBUF struct ot_buf text = {0};
        struct ot_error err = {0};

        ot_buf_puts(&text, "{}");
        while (text.len < OT_CONFIG_MAX + more)
            ot_buf_putc(&text, ' ');
        assert_succeeds(unit_write_file(path, ot_buf_span(&text), 0644, false, &err), err);
        free(found);
        found = discover(root, NULL, &kind);
        assert_int_equal(kind, more > 0 ? OT_FAILED : OT_NONE);
    }
    assert_non_null(strstr(found, "1tube.json"));
    unit_remove_dir(root);
}

static void bad_folder(void **state)
{
    char *root = unit_make_dir();
    OT_AUTOFREE char *missing = ot_asprintf("%s/nothing", root);
    OT_AUTOFREE char *file = ot_asprintf("%s/file", root);
    OT_AUTOFREE char *no_folder = NULL;
    OT_AUTOFREE char *no_file = NULL;
    enum ot_error_kind kind;

    (void)state;
    make_item(root, "file");
    no_folder = discover(missing, NULL, &kind);
    assert_string_equal(no_folder, "@: No such file or directory");
    assert_int_equal(kind, OT_FAILED);
    no_file = discover(file, NULL, &kind);
    assert_string_equal(no_file, "@: Not a directory");
    unit_remove_dir(root);
}

/* Functions of one cell do not differ about its processes. */
static void shares_cells(void **state)
{
    static const struct {
        const char *a, *b, *expected;
    } cases[] = {
        {"{\"cell\": \"g\", \"ttl\": 5}", "{\"cell\": \"g\"}", "a/index.ts b/index.ts"},
        {"{\"cell\": \"g\", \"ttl\": 5}", "{\"cell\": \"g\", \"ttl\": 5}", "a/index.ts b/index.ts"},
        {"{\"cell\": \"g\", \"ttl\": 5}", "{\"cell\": \"h\", \"ttl\": 6}", "a/index.ts b/index.ts"},
        {"{\"cell\": \"g\", \"rpm\": 5}", "{\"cell\": \"g\", \"rpm\": 6}", "a/index.ts b/index.ts"},
        {"{\"cell\": \"g\", \"ttl\": 5}", "{\"cell\": \"g\", \"ttl\": 0}",
         "@: a and b share the cell g, but their ttl differs (5 and 0)"},
        {"{\"recycle\": {\"maxRequests\": 5}}",
         "{\"cell\": \"a\", \"recycle\": {\"maxRequests\": 6}}",
         "@: a and b share the cell a, but their recycle.maxRequests differs (5 and 6)"},
        {"{\"replicas\": 2, \"min_replicas\": 3}", "{}",
         "@: a keeps more processes (min_replicas 3) than it may have (replicas 2)"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        char *root = unit_make_dir();
        OT_AUTOFREE char *a = ot_asprintf("a/1tube.json = %s", cases[i].a);
        OT_AUTOFREE char *b = ot_asprintf("b/1tube.json = %s", cases[i].b);
        OT_AUTOFREE char *found = NULL;
        enum ot_error_kind kind;

        make_item(root, "a/index.ts");
        make_item(root, "b/index.ts");
        make_item(root, a);
        make_item(root, b);
        found = discover(root, NULL, &kind);
        assert_string_equal(found, cases[i].expected);
        unit_remove_dir(root);
    }
}

/* Where nothing may be read: not as root, who may read everything. */
static void unreadable(void **state)
{
    char *root = unit_make_dir();
    OT_AUTOFREE char *path = ot_asprintf("%s/a/1tube.json", root);
    OT_AUTOFREE char *found = NULL;
    enum ot_error_kind kind;

    (void)state;
    make_item(root, "a/index.ts");
    make_item(root, "a/1tube.json = {}");
    assert_int_equal(chmod(path, 0), 0);
    if (geteuid() != 0) {
        found = discover(root, NULL, &kind);
        assert_string_equal(found, "@/a: 1tube.json: Permission denied");
        assert_int_equal(kind, OT_FAILED);
    }
    unit_remove_dir(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),        cmocka_unit_test(refuses),
        cmocka_unit_test(reads_config), cmocka_unit_test(bounds_config),
        cmocka_unit_test(bad_folder),   cmocka_unit_test(unreadable),
        cmocka_unit_test(shares_cells),
    };

    setlocale(LC_ALL, "");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
