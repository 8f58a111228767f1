/*
 * Exactly one sequence of bytes is valid: every single-bit flip, every truncation and 1 to 4,096
 * appended bytes of a small payload are refused, each with the one code that its place implies.
 */
#include "tests/unit/payload_maker.h"
#include "tests/unit/unit.h"

#include "verify/refusal.h"
#include "verify/verification.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 2u

struct fixture {
    struct ot_buf payload;
    struct ot_trust trust;
    const char **codes; /* what a changed byte must give; NULL: any refusal */
    size_t signatures_end;
};

static void set_codes(struct fixture *f, size_t from, size_t to, const char *code)
{
    for (size_t i = from; i < to; i++)
        f->codes[i] = code;
}

/* Which code belongs to which byte, from the layout. */
static void map_codes(struct fixture *f, const struct ot_manifest *manifest, size_t manifest_size)
{
    f->codes = ot_alloc(f->payload.len, sizeof(*f->codes));
    set_codes(f, 0, f->payload.len, OT_E_LAYOUT);
    f->signatures_end = OT_SIGNATURES_OFFSET + OT_SIGNATURE_LINE;
    set_codes(f, OT_SIGNATURES_OFFSET, f->signatures_end, NULL);
    set_codes(f, OT_STATEMENT_OFFSET, OT_STATEMENT_OFFSET + OT_PAGE_SIZE, OT_E_SIGNATURE);
    set_codes(f, OT_MANIFEST_OFFSET, OT_MANIFEST_OFFSET + manifest_size, OT_E_MANIFEST);
    for (size_t i = 0; i < manifest->member_count; i++) {
        const struct ot_member *member = &manifest->members[i];

        set_codes(f, member->offset, member->offset + member->size, OT_E_HASH);
    }
}

static int verify_fd(const struct fixture *f, int fd, struct ot_payload **payload,
                     struct ot_error *err)
{
    struct ot_source source;

    if (ot_source_from_fd(&source, fd, err) < 0)
        return -1;
    return ot_payload_verify(&source, &f->trust, 1, NULL, payload, err);
}

static int memory_file(const struct fixture *f)
{
    int fd = memfd_create("payload", MFD_CLOEXEC);
    struct ot_error err;

    assert_true(fd >= 0);
    assert_succeeds(ot_write_all(fd, f->payload.data, f->payload.len, "memfd", &err), err);
    return fd;
}

static int setup(void **state)
{
    static const char *const keys[] = {"a"};
    const struct maker_file functions[] = {{"echo", OT_SPAN("export default 1;\n")},
                                           {"hello", OT_SPAN("export default 2;\n")}};
    const struct maker_file files[] = {
        {"files/echo/a-long-folder-name-that-is-needed/to-have-a-path-of-more-than/"
         "one-hundred-bytes/"
         "in-a-header/data.txt",
         OT_SPAN("text")},
        {"files/empty", OT_SPAN("")},
    };
    const struct maker maker = {.functions = functions,
                                .function_count = OT_COUNT(functions),
                                .files = files,
                                .file_count = OT_COUNT(files),
                                .sequence = 1,
                                .keys = keys,
                                .key_count = OT_COUNT(keys)};
    struct fixture *f = ot_alloc(1, sizeof(*f));
    struct ot_payload *payload = NULL;
    struct ot_error err;
    int fd;

    maker_payload(&maker, &f->payload);
    ot_trust_init(&f->trust);
    maker_trust(&f->trust, "a");
    fd = memory_file(f);
    assert_succeeds(verify_fd(f, fd, &payload, &err), err);
    map_codes(f, ot_payload_manifest(payload), ot_payload_manifest_text(payload).len);
    ot_payload_free(payload);
    close(fd);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    ot_buf_free(&f->payload);
    ot_trust_free(&f->trust);
    free(f->codes);
    free(f);
    return 0;
}

/* 0 when it was refused with this code (NULL: one of those for signatures). */
static int check_refused(const struct fixture *f, int fd, const char *code, const char *what,
                         size_t at)
{
    struct ot_payload *payload = NULL;
    struct ot_error err = {0};

    if (verify_fd(f, fd, &payload, &err) == 0) {
        ot_payload_free(payload);
        print_error("%s %zu: accepted\n", what, at);
        return 1;
    }
    if (err.kind == OT_REFUSED && code != NULL && strcmp(err.code, code) == 0)
        return 0;
    if (err.kind == OT_REFUSED && code == NULL &&
        (strcmp(err.code, OT_E_LAYOUT) == 0 || strcmp(err.code, OT_E_SIGNATURE) == 0 ||
         strcmp(err.code, OT_E_UNTRUSTED) == 0))
        return 0;
    print_error("%s %zu: expected %s, got %s: %s\n", what, at, code != NULL ? code : "any",
                err.code != NULL ? err.code : "none", err.message);
    return 1;
}

/* Each process takes its own bytes. */
static int flip_share(const struct fixture *f, size_t share)
{
    int fd = memory_file(f);
    int bad = 0;

    for (size_t at = share; at < f->payload.len && bad < 10; at += PROCESSES) {
        for (unsigned bit = 0; bit < 8; bit++) {
            char changed = (char)(f->payload.data[at] ^ (1 << bit));

            if (pwrite(fd, &changed, 1, (off_t)at) != 1)
                return 1;
            bad += check_refused(f, fd, f->codes[at], "bit flip in byte", at);
        }
        if (pwrite(fd, f->payload.data + at, 1, (off_t)at) != 1)
            return 1;
    }
    close(fd);
    return bad;
}

static void bit_flips(void **state)
{
    const struct fixture *f = *state;
    pid_t children[PROCESSES];

    for (size_t i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            _exit(flip_share(f, i) == 0 ? 0 : 1);
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        int status;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
}

static void truncations(void **state)
{
    const struct fixture *f = *state;
    int fd = memory_file(f);
    int bad = 0;

    for (size_t size = f->payload.len; size-- > 0;) {
        assert_int_equal(ftruncate(fd, (off_t)size), 0);
        bad += check_refused(f, fd, OT_E_LAYOUT, "truncated to", size);
    }
    close(fd);
    assert_int_equal(bad, 0);
}

static void appended(void **state)
{
    const struct fixture *f = *state;
    int bad = 0;

    for (int letter = 0; letter <= 'x'; letter += 'x') {
        int fd = memory_file(f);
        char c = (char)letter;

        for (size_t more = 1; more <= 4096; more++) {
            assert_int_equal(pwrite(fd, &c, 1, (off_t)(f->payload.len + more - 1)), 1);
            bad += check_refused(f, fd, OT_E_LAYOUT, "appended", more);
        }
        close(fd);
    }
    assert_int_equal(bad, 0);
}

/* `size` bytes at `offset` of the memory file become `data`; then the whole must be refused. */
static void expect_refusal(const struct fixture *f, int fd, size_t offset, const char *data,
                           size_t size)
{
    struct ot_payload *payload = NULL;
    struct ot_error err;

    assert_int_equal(pwrite(fd, data, size, (off_t)offset), size);
    assert_int_equal(verify_fd(f, fd, &payload, &err), -1);
    assert_int_equal(err.kind, OT_REFUSED);
    assert_int_equal(ftruncate(fd, (off_t)f->payload.len), 0);
    assert_int_equal(pwrite(fd, f->payload.data, f->payload.len, 0), f->payload.len);
}

/* Each block twice, each block missing, each two neighbours exchanged. */
static void blocks(void **state)
{
    const struct fixture *f = *state;
    OT_AUTOCLOSE int fd = memory_file(f);

    for (size_t at = 0; at < f->payload.len; at += OT_BLOCK) {
        const char *block = f->payload.data + at;
        size_t behind = f->payload.len - at - OT_BLOCK;
        char exchanged[2 * OT_BLOCK];

        expect_refusal(f, fd, at + OT_BLOCK, block, OT_BLOCK + behind);
        assert_int_equal(ftruncate(fd, (off_t)(f->payload.len - OT_BLOCK)), 0);
        expect_refusal(f, fd, at, block + OT_BLOCK, behind);
        if (behind == 0 || memcmp(block, block + OT_BLOCK, OT_BLOCK) == 0)
            continue;
        memcpy(exchanged, block + OT_BLOCK, OT_BLOCK);
        memcpy(exchanged + OT_BLOCK, block, OT_BLOCK);
        expect_refusal(f, fd, at, exchanged, sizeof(exchanged));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bit_flips),
        cmocka_unit_test(truncations),
        cmocka_unit_test(appended),
        cmocka_unit_test(blocks),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
