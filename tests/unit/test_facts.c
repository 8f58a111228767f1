/* What a build looked at, and whether it still is so. */
#include "tests/unit/unit.h"

#include "build/facts_collect.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char *dir;
    struct ot_facts facts;
};

static const uint64_t first[] = {1}, second[] = {2}, both[] = {3};

static void begin(struct fixture *fixture)
{
    memset(fixture, 0, sizeof(*fixture));
    fixture->dir = unit_make_dir();
    fixture->facts.functions = 2;
}

static void end(struct fixture *fixture)
{
    ot_facts_free(&fixture->facts);
    unit_remove_dir(fixture->dir);
}

static void put(const struct fixture *fixture, const char *path, const char *text)
{
    OT_AUTOFREE char *full = ot_asprintf("%s/%s", fixture->dir, path);
    struct ot_error err = {0};

    for (char *slash = strchr(full + strlen(fixture->dir) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    assert_succeeds(unit_write_file(full, ot_span_of(text), 0644, false, &err), err);
}

static void add(struct fixture *fixture, enum ot_fact_kind kind, const char *path,
                const uint64_t *users)
{
    OT_AUTOFREE char *full = ot_asprintf("%s/%s", fixture->dir, path);

    ot_facts_add(&fixture->facts, kind, full, users);
}

/* Far enough ahead that nothing here is newer. */
static struct timespec later(void)
{
    struct timespec now = ot_facts_now();

    now.tv_sec += 10;
    return now;
}

static uint64_t changed(const struct fixture *fixture)
{
    uint64_t set[1] = {0};

    ot_facts_check(&fixture->facts, set);
    return set[0];
}

/* Each change, and whom it concerns; what is changed back is as it was. */
static void each_kind_of_change(void **state)
{
    struct fixture fixture;
    OT_AUTOFREE char *link = NULL;
    OT_AUTOFREE char *gone = NULL;

    (void)state;
    begin(&fixture);
    put(&fixture, "a", "text");
    put(&fixture, "folder/x", "");
    link = ot_asprintf("%s/link", fixture.dir);
    gone = ot_asprintf("%s/folder/x", fixture.dir);
    assert_int_equal(symlink("a", link), 0);
    add(&fixture, OT_FACT_CONTENT, "a", first);
    add(&fixture, OT_FACT_CONTENT, "a", second); /* joined */
    add(&fixture, OT_FACT_CONTENT, "missing", first);
    add(&fixture, OT_FACT_ENTRY, "folder/x", second);
    add(&fixture, OT_FACT_ENTRY, "folder/x/beneath/a/file", second);
    add(&fixture, OT_FACT_ENTRY, "nearer", first);
    add(&fixture, OT_FACT_ENTRY, "link", second);
    assert_true(ot_facts_settle(&fixture.facts, NULL, fixture.dir, later()));
    assert_int_equal(fixture.facts.count, 6);
    assert_int_equal(changed(&fixture), 0);

    put(&fixture, "a", "TEXT");
    assert_int_equal(changed(&fixture), both[0]);
    put(&fixture, "a", "text");
    assert_int_equal(changed(&fixture), 0);
    put(&fixture, "missing", "");
    assert_int_equal(changed(&fixture), first[0]);
    OT_AUTOFREE char *missing = ot_asprintf("%s/missing", fixture.dir);
    assert_int_equal(unlink(missing), 0);
    put(&fixture, "folder/x", "content does not matter");
    assert_int_equal(changed(&fixture), 0);
    assert_int_equal(unlink(gone), 0);
    assert_int_equal(changed(&fixture), second[0]);
    assert_int_equal(mkdir(gone, 0755), 0);
    assert_int_equal(changed(&fixture), second[0]);
    assert_int_equal(rmdir(gone), 0);
    put(&fixture, "folder/x", "");
    assert_int_equal(changed(&fixture), 0);
    put(&fixture, "nearer", "");
    assert_int_equal(changed(&fixture), first[0]);
    OT_AUTOFREE char *nearer = ot_asprintf("%s/nearer", fixture.dir);
    assert_int_equal(unlink(nearer), 0);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("folder", link), 0);
    assert_int_equal(changed(&fixture), second[0]);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("a", link), 0);
    assert_int_equal(changed(&fixture), 0);
    end(&fixture);
}

static void what_is_newer_than_the_build_is_not_kept(void **state)
{
    struct fixture fixture;
    struct timespec start;
    struct ot_facts known = {.functions = 2};

    (void)state;
    begin(&fixture);
    start = ot_facts_now();
    put(&fixture, "a", "text");
    add(&fixture, OT_FACT_CONTENT, "a", first);
    assert_false(ot_facts_settle(&fixture.facts, NULL, fixture.dir, start));
    assert_true(ot_facts_settle(&fixture.facts, NULL, fixture.dir, later()));
    /* what was checked before needs no look; it stays what it was then */
    known.functions = 2;
    ot_facts_put(&known, OT_FACT_CONTENT, fixture.facts.items[0].path, OT_SPAN("as it was"), first);
    assert_true(ot_facts_settle(&fixture.facts, &known, fixture.dir, start));
    assert_string_equal(fixture.facts.items[0].state, "as it was");
    assert_int_equal(changed(&fixture), first[0]);
    ot_facts_free(&known);
    fixture.facts.unknown = true;
    assert_false(ot_facts_settle(&fixture.facts, NULL, fixture.dir, later()));
    end(&fixture);
}

static bool has(const struct fixture *fixture, const char *path)
{
    for (size_t i = 0; i < fixture->facts.count; i++) {
        if (strncmp(fixture->facts.items[i].path, fixture->dir, strlen(fixture->dir)) == 0 &&
            strcmp(fixture->facts.items[i].path + strlen(fixture->dir), path) == 0)
            return true;
    }
    return false;
}

static void where_a_resolver_looks(void **state)
{
    static const char *const places[] = {
        "/f/util",           "/f/util.tsx",      "/f/util.ts",       "/f/util.js",
        "/f/util.mjs",       "/f/util.cjs",      "/f/util.json",     "/f/util/package.json",
        "/f/util/index.tsx", "/f/util/index.ts", "/f/util/index.js", "/f",
        "/f/old.js",         "/f/old.ts",        "/f/old.tsx",       "/f/new.mts"};
    static const char *const packages[] = {"/a/b/node_modules", "/a/b/node_modules/@x/y",
                                           "/a/node_modules", "/a/node_modules/@x/y"};
    struct fixture fixture;
    OT_AUTOFREE char *folder = NULL;
    OT_AUTOFREE char *found = NULL;

    (void)state;
    begin(&fixture);
    for (size_t i = 0; i < 3; i++) {
        OT_AUTOFREE char *path =
            ot_asprintf("%s/f/%s", fixture.dir, (const char *[]){"util", "old.js", "new.mjs"}[i]);

        ot_facts_add_path(&fixture.facts, path, first);
    }
    folder = ot_asprintf("%s/a/b", fixture.dir);
    found = ot_asprintf("%s/a/node_modules/@x/y/index.js", fixture.dir);
    ot_facts_add_package(&fixture.facts, folder, OT_SPAN("@x/y"), found, first);
    for (size_t i = 0; i < OT_COUNT(places); i++) {
        if (!has(&fixture, places[i]))
            fail_msg("%s", places[i]);
    }
    for (size_t i = 0; i < OT_COUNT(packages); i++) {
        if (!has(&fixture, packages[i]))
            fail_msg("%s", packages[i]);
    }
    /* not beyond where it was found */
    assert_false(has(&fixture, "/node_modules"));
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_change),
        cmocka_unit_test(what_is_newer_than_the_build_is_not_kept),
        cmocka_unit_test(where_a_resolver_looks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
