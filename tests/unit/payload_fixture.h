/* A small release in a folder of its own, as payload and as dist, and what its verdict must be. */
#pragma once

#include "tests/unit/payload_maker.h"
#include "tests/unit/unit.h"

#include "verify/refusal.h"

/* One small release in its folder; each test makes its own. */
struct fixture {
    char *dir, *dist, *file;
    struct maker maker;
    struct maker_file functions[2], files[2];
};

static const char *const key_a[] = {"a"};

static inline int setup(void **state)
{
    struct fixture *f = ot_alloc(1, sizeof(*f));

    f->dir = unit_make_dir();
    f->dist = ot_asprintf("%s/dist", f->dir);
    f->file = ot_asprintf("%s/fw.1tube", f->dir);
    assert_int_equal(mkdir(f->dist, 0755), 0);
    f->functions[0] = (struct maker_file){"echo", OT_SPAN("export default 1;\n")};
    f->functions[1] = (struct maker_file){"hello", OT_SPAN("export default 2;\n")};
    f->files[0] = (struct maker_file){"files/echo/a.txt", OT_SPAN("text")};
    f->files[1] = (struct maker_file){"files/empty", OT_SPAN("")};
    f->maker = (struct maker){.functions = f->functions,
                              .function_count = 2,
                              .files = f->files,
                              .file_count = 2,
                              .sequence = 7,
                              .keys = key_a,
                              .key_count = 1};
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    unit_remove_dir(f->dir);
    free(f->dist);
    free(f->file);
    free(f);
    return 0;
}

static inline void write_payload(const struct fixture *f)
{
    OT_AUTOBUF struct ot_buf payload = {0};
    struct ot_error err;

    maker_payload(&f->maker, &payload);
    assert_succeeds(unit_write_file(f->file, ot_buf_span(&payload), 0644, false, &err), err);
}

/* Verifies and compares the code ("OK": accepted, "": not a refusal but a failure). */
static inline void expect_in(const char *path, const struct ot_trust *trust, const char *code,
                             const char *where, size_t number)
{
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    struct ot_error err = {0};
    const char *got = "OK";

    if (ot_payload_open(path, trust, 0, NULL, &payload, &err) < 0) {
        got = err.code != NULL ? err.code : "";
        assert_null(payload);
        assert_int_equal(err.kind, err.code != NULL ? OT_REFUSED : OT_FAILED);
        if (strncmp(err.message, path, strlen(path)) != 0)
            fail_msg("does not name the path: %s", err.message);
    }
    if (strcmp(got, code) != 0)
        fail_msg("%s %zu: got %s, expected %s: %s", where, number, got, code, err.message);
}

static inline void expect(const char *path, const struct ot_trust *trust, const char *code)
{
    expect_in(path, trust, code, path, 0);
}

static inline struct ot_trust trust_in(const char *letters)
{
    struct ot_trust trust;

    ot_trust_init(&trust);
    maker_trust(&trust, letters);
    return trust;
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
