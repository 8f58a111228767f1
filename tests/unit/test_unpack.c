/* Unpacking what was verified: the same files as in the dist, only into a new or empty folder,
 * nothing left after a failure. */
#include "tests/unit/payload_maker.h"
#include "tests/unit/unit.h"

#include "package/package.h"

#include <unistd.h>

static const struct maker_file functions[] = {{"hello", {"export default 1;\n", 18}}};
static const struct maker_file files[] = {
    {"chunks/hello-ABC.js", {"export {};\n", 11}},
    {"files/hello/a/b/c/d/deep.bin", {"\0\1\2", 3}},
    {"files/hello/empty", {"", 0}},
};
static const char *const signer_a[] = {"a"};
static const struct maker made = {.functions = functions,
                                  .function_count = OT_COUNT(functions),
                                  .files = files,
                                  .file_count = OT_COUNT(files),
                                  .sequence = 1,
                                  .keys = signer_a,
                                  .key_count = 1};

struct fixture {
    char *dir;
    char *payload_path;
    char *expected; /* the dist */
    char *target;
    struct ot_payload *payload;
};

static struct ot_payload *open_payload(const char *path, bool allow_unsigned)
{
    struct ot_payload *payload = NULL;
    struct ot_trust trust;
    struct ot_error err = {0};

    ot_trust_init(&trust);
    maker_trust(&trust, "a");
    trust.allow_unsigned = allow_unsigned;
    assert_succeeds(ot_payload_open(path, &trust, 1, NULL, &payload, &err), err);
    ot_trust_free(&trust);
    return payload;
}

static int setup(void **state)
{
    struct fixture *fixture = ot_alloc(1, sizeof(*fixture));
    OT_AUTOBUF struct ot_buf bytes = {0};
    struct ot_error err = {0};

    fixture->dir = unit_make_dir();
    fixture->payload_path = ot_asprintf("%s/fw.1tube", fixture->dir);
    fixture->expected = ot_asprintf("%s/expected", fixture->dir);
    fixture->target = ot_asprintf("%s/target", fixture->dir);
    if (mkdir(fixture->expected, 0755) < 0)
        return -1;
    maker_dist(&made, fixture->expected, true);
    maker_payload(&made, &bytes);
    assert_succeeds(unit_write_file(fixture->payload_path, ot_buf_span(&bytes), 0644, false, &err),
                    err);
    fixture->payload = open_payload(fixture->payload_path, false);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    ot_payload_free(fixture->payload);
    free(fixture->payload_path);
    free(fixture->expected);
    free(fixture->target);
    unit_remove_dir(fixture->dir);
    free(fixture);
    return 0;
}

static bool same_trees(const char *one, const char *two)
{
    OT_AUTOFREE char *command = ot_asprintf("diff -r '%s' '%s' > /dev/null", one, two);

    return system(command) == 0;
}

static size_t entries(const char *path)
{
    OT_AUTOLIST struct ot_list names = {0};
    OT_AUTOCLOSE int fd = open(path, O_RDONLY | O_DIRECTORY);
    struct ot_error err = {0};

    assert_succeeds(ot_list_dir(fd, &names, path, &err), err);
    return names.count;
}

static void test_new_folder(void **state)
{
    const struct fixture *fixture = *state;
    struct ot_error err = {0};
    struct ot_payload *again;

    assert_succeeds(ot_unpack(fixture->payload, fixture->target, &err), err);
    assert_true(same_trees(fixture->expected, fixture->target));
    /* what was unpacked verifies as a dist, signatures and all */
    again = open_payload(fixture->target, false);
    assert_int_equal(ot_payload_signers(again)->count, 1);
    ot_payload_free(again);
    assert_int_equal(entries(fixture->dir), 3);
}

static void test_empty_folder(void **state)
{
    const struct fixture *fixture = *state;
    struct ot_error err = {0};

    assert_int_equal(mkdir(fixture->target, 0755), 0);
    assert_succeeds(ot_unpack(fixture->payload, fixture->target, &err), err);
    assert_true(same_trees(fixture->expected, fixture->target));
}

static void test_refused_targets(void **state)
{
    static const struct {
        const char *shell;
        const char *says;
    } rows[] = {
        {"mkdir target && echo > target/mine", "is not empty"},
        {"mkdir target && echo > target/manifest.json", "is not empty"},
        {"echo mine > target", "not a folder"},
        {"mkdir elsewhere && ln -s elsewhere target", "not a folder"},
        {"ln -s nowhere target", "not a folder"},
    };
    const struct fixture *fixture = *state;

    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        OT_AUTOFREE char *command = ot_asprintf("cd '%s' && %s", fixture->dir, rows[i].shell);
        OT_AUTOFREE char *clean = ot_asprintf("cd '%s' && rm -rf target elsewhere", fixture->dir);
        struct ot_error err = {0};
        size_t before;

        assert_int_equal(system(command), 0);
        before = entries(fixture->dir);
        if (ot_unpack(fixture->payload, fixture->target, &err) == 0)
            fail_msg("%s: unpacked", rows[i].shell);
        assert_int_equal(err.kind, OT_FAILED);
        if (strstr(err.message, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].shell, err.message);
        assert_int_equal(entries(fixture->dir), before);
        assert_int_equal(system(clean), 0);
    }
}

/* A dist without signatures and statement is unpacked without them. */
static void test_unsigned_dist(void **state)
{
    const struct fixture *fixture = *state;
    OT_AUTOFREE char *plain = ot_asprintf("%s/plain", fixture->dir);
    struct ot_payload *payload;
    struct ot_error err = {0};

    assert_int_equal(mkdir(plain, 0755), 0);
    maker_dist(&made, plain, false);
    payload = open_payload(plain, true);
    assert_succeeds(ot_unpack(payload, fixture->target, &err), err);
    ot_payload_free(payload);
    assert_true(same_trees(plain, fixture->target));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_targets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unsigned_dist, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
