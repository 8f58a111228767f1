#include "tests/unit/payload_fixture.h"

#include "verify/verification.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Who signs, who is trusted and revoked, how many are needed; lower case: good, upper case: a bad
 * signature. */
static void thresholds(void **state)
{
    static const struct {
        const char *signed_by, *trusted, *revoked;
        unsigned threshold;
        bool allow_unsigned;
        const char *code;
    } cases[] = {
        {"a", "a", "", 1, false, "OK"},
        {"a", "ab", "", 1, false, "OK"},
        {"b", "ab", "", 1, false, "OK"},
        {"ab", "ab", "", 2, false, "OK"},
        {"abc", "abc", "", 3, false, "OK"},
        {"abc", "abc", "", 2, false, "OK"},
        {"abcd", "ad", "", 2, false, "OK"},
        {"a", "a", "", 0, false, "OK"}, /* no threshold below 1 */
        {"", "a", "", 0, false, OT_E_UNTRUSTED},
        {"", "", "", 0, false, OT_E_UNTRUSTED},
        {"", "a", "", 1, false, OT_E_UNTRUSTED},
        {"b", "a", "", 1, false, OT_E_UNTRUSTED},
        {"a", "", "", 1, false, OT_E_UNTRUSTED},
        {"a", "ab", "", 2, false, OT_E_UNTRUSTED},
        {"ac", "ab", "", 2, false, OT_E_UNTRUSTED},
        {"ab", "ab", "", 3, false, OT_E_UNTRUSTED},
        {"abc", "abc", "", 4, false, OT_E_UNTRUSTED},
        {"A", "a", "", 1, false, OT_E_SIGNATURE},
        {"aB", "ab", "", 1, false, OT_E_SIGNATURE}, /* although the threshold is met */
        {"Ab", "ab", "", 1, false, OT_E_SIGNATURE},
        {"aB", "a", "", 1, false, "OK"}, /* unknown keys are ignored, good or bad */
        {"A", "b", "", 1, false, OT_E_UNTRUSTED},
        {"a", "a", "a", 1, false, OT_E_UNTRUSTED},
        {"ab", "ab", "a", 1, false, "OK"},
        {"ab", "ab", "a", 2, false, OT_E_UNTRUSTED},
        {"Ab", "ab", "a", 1, false, "OK"}, /* a revoked key is as unknown */
        {"ab", "ab", "c", 2, false, "OK"},
        {"ab", "ab", "ab", 1, false, OT_E_UNTRUSTED},
        {"", "a", "", 1, true, "OK"},
        {"", "", "", 1, true, "OK"},
        {"", "ab", "", 2, true, "OK"},
        {"b", "a", "", 1, true, OT_E_UNTRUSTED}, /* what carries lines is checked as ever */
        {"a", "a", "a", 1, true, OT_E_UNTRUSTED},
        {"A", "a", "", 1, true, OT_E_SIGNATURE},
        {"a", "ab", "", 2, true, OT_E_UNTRUSTED},
        {"a", "a", "", 1, true, "OK"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        const char *keys[8];
        struct ot_trust trust = trust_in(cases[i].trusted);
        struct ot_trust revoked = trust_in(cases[i].revoked);

        for (f->maker.key_count = 0; cases[i].signed_by[f->maker.key_count] != '\0';
             f->maker.key_count++)
            keys[f->maker.key_count] = cases[i].signed_by + f->maker.key_count;
        f->maker.keys = keys;
        write_payload(f);
        trust.revoked = revoked.keys;
        trust.revoked_count = revoked.key_count;
        trust.threshold = cases[i].threshold;
        trust.allow_unsigned = cases[i].allow_unsigned;
        expect_in(f->file, &trust, cases[i].code, "case", i);
        ot_trust_free(&trust);
    }
}

/* Two different good signatures of one key count once: here the deterministic one and one with
 * another nonce. */
static void one_key_twice(void **state)
{
    const struct fixture *f = *state;
    OT_AUTOBUF struct ot_buf payload = {0};
    OT_AUTOBUF struct ot_buf message = {0};
    struct ot_signature_page page;
    struct maker_key key;
    struct ot_trust trust = trust_in("ab");
    struct ot_error err;
    uint8_t *signature;
    uint8_t hash[64], nonce[64], k[64], product[32];

    maker_payload(&f->maker, &payload);
    assert_succeeds(
        ot_signature_page_parse(&page, (uint8_t *)payload.data + OT_SIGNATURES_OFFSET, &err), err);
    ot_statement_pae((uint8_t *)payload.data + OT_STATEMENT_OFFSET, &message);
    maker_key('a', &key);
    page.items[1] = page.items[0];
    page.count = 2;
    signature = page.items[1].bytes;
    /* RFC 8032, section 5.1.6, with a nonce of our own: R = rB, S = r + H(R, A, M) s */
    crypto_hash_sha512(hash, key.secret, 32);
    hash[0] &= 248;
    hash[31] = (uint8_t)((hash[31] & 127) | 64);
    memset(nonce, 9, sizeof(nonce));
    crypto_core_ed25519_scalar_reduce(nonce, nonce);
    assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(signature, nonce), 0);
    {
        crypto_hash_sha512_state sha;

        crypto_hash_sha512_init(&sha);
        crypto_hash_sha512_update(&sha, signature, 32);
        crypto_hash_sha512_update(&sha, key.public_key.bytes, 32);
        crypto_hash_sha512_update(&sha, (unsigned char *)message.data, message.len);
        crypto_hash_sha512_final(&sha, k);
    }
    crypto_core_ed25519_scalar_reduce(k, k);
    memset(hash + 32, 0, 32);
    crypto_core_ed25519_scalar_reduce(hash, hash);
    crypto_core_ed25519_scalar_mul(product, k, hash);
    crypto_core_ed25519_scalar_add(signature + 32, product, nonce);
    assert_memory_not_equal(signature, page.items[0].bytes, OT_SIGNATURE_SIZE);
    ot_signature_page_write(&page, (uint8_t *)payload.data + OT_SIGNATURES_OFFSET);
    assert_succeeds(unit_write_file(f->file, ot_buf_span(&payload), 0644, false, &err), err);
    expect(f->file, &trust, "OK");
    trust.threshold = 2;
    expect(f->file, &trust, OT_E_UNTRUSTED);
    ot_trust_free(&trust);
}

static void rollback_and_expiry(void **state)
{
    struct fixture *f = *state;
    struct ot_trust trust = trust_in("a");

    f->maker.not_after = 2000000000;
    write_payload(f);
    trust.min_sequence = 7;
    trust.now = 2000000000;
    expect(f->file, &trust, "OK");
    trust.now = 2000000001;
    expect(f->file, &trust, OT_E_EXPIRED);
    trust.now = UINT64_MAX;
    expect(f->file, &trust, OT_E_EXPIRED);
    trust.min_sequence = 8; /* checked before the expiry */
    expect(f->file, &trust, OT_E_ROLLBACK);
    trust.now = 0;
    trust.min_sequence = 6;
    expect(f->file, &trust, "OK");
    trust.engine_date = "2026-01-01";
    expect(f->file, &trust, "OK");
    trust.engine_date = "2025-12-31";
    trust.min_sequence = 8; /* behind the engine */
    expect(f->file, &trust, OT_E_ENGINE);
    ot_trust_free(&trust);
}

static void size_limits(void **state)
{
    const struct fixture *f = *state;
    struct ot_trust trust = trust_in("a");
    struct stat info;

    write_payload(f);
    maker_dist(&f->maker, f->dist, true);
    assert_int_equal(stat(f->file, &info), 0);
    trust.max_size = (uint64_t)info.st_size;
    expect(f->file, &trust, "OK");
    expect(f->dist, &trust, "OK");
    trust.max_size--;
    expect(f->file, &trust, OT_E_LAYOUT);
    expect(f->dist, &trust, OT_E_LAYOUT);
    trust.max_size = 0;
    /* sparse: nothing of it is read beyond the first pages */
    assert_int_equal(truncate(f->file, (off_t)OT_PAYLOAD_MAX), 0);
    expect(f->file, &trust, OT_E_LAYOUT);
    assert_int_equal(truncate(f->file, (off_t)OT_PAYLOAD_MAX + 512), 0);
    expect(f->file, &trust, OT_E_LAYOUT);
    assert_int_equal(truncate(f->file, (off_t)1 << 40), 0);
    expect(f->file, &trust, OT_E_LAYOUT);
    ot_trust_free(&trust);
}

static void not_a_payload(void **state)
{
    const struct fixture *f = *state;
    OT_AUTOFREE char *linked = ot_asprintf("%s/link", f->dir);
    OT_AUTOFREE char *linked_dist = ot_asprintf("%s/dist-link", f->dir);
    OT_AUTOFREE char *pipe = ot_asprintf("%s/pipe", f->dir);
    OT_AUTOFREE char *missing = ot_asprintf("%s/none", f->dir);
    struct ot_trust trust = trust_in("a");

    write_payload(f);
    maker_dist(&f->maker, f->dist, true);
    assert_int_equal(symlink("fw.1tube", linked), 0);
    assert_int_equal(symlink("dist", linked_dist), 0);
    assert_int_equal(mkfifo(pipe, 0644), 0);
    expect(f->file, &trust, "OK");
    expect(linked, &trust, OT_E_LAYOUT);
    expect(linked_dist, &trust, OT_E_LAYOUT);
    expect(pipe, &trust, OT_E_LAYOUT);
    expect("/dev/null", &trust, OT_E_LAYOUT);
    expect(missing, &trust, "");
    expect(f->dir, &trust, OT_E_UNTRUSTED); /* a folder, but no dist */
    ot_trust_free(&trust);
}

/* With several faulty members, whichever thread is first, the first path is reported. */
static void first_fault(void **state)
{
    enum { COUNT = 40 };
    struct fixture *f = *state;
    struct maker_file functions[COUNT];
    OT_AUTOBUF struct ot_buf payload = {0};
    struct ot_trust trust = trust_in("a");
    struct ot_payload *opened = NULL;
    struct ot_error err;
    char names[COUNT][8];
    char *data = ot_alloc(COUNT, 100000);

    for (size_t i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "f%02zu", i);
        /* the first are the smallest, so the last are taken first */
        functions[i] = (struct maker_file){names[i], {data, 50000 + 1000 * i}};
    }
    f->maker.functions = functions;
    f->maker.function_count = COUNT;
    f->maker.file_count = 0;
    maker_payload(&f->maker, &payload);
    for (size_t i = 5; i < COUNT; i++) {
        char *found = memmem(payload.data + 20000, payload.len - 20000, names[i], 3);
        size_t at = (size_t)(found - payload.data);

        assert_non_null(found);
        payload.data[at - strlen("functions/") + OT_BLOCK + 7] ^= 1;
    }
    assert_succeeds(unit_write_file(f->file, ot_buf_span(&payload), 0644, false, &err), err);
    for (unsigned threads = 0; threads < 20; threads++) {
        OT_AUTOFREE char *expected = ot_asprintf("%s: functions/f05.js: SHA-256 is ", f->file);

        assert_int_equal(ot_payload_open(f->file, &trust, threads % 9, NULL, &opened, &err), -1);
        assert_string_equal(err.code, OT_E_HASH);
        if (strncmp(err.message, expected, strlen(expected)) != 0)
            fail_msg("%s", err.message);
    }
    free(data);
    ot_trust_free(&trust);
}

struct told {
    unsigned count;
    char details[OT_CHECK_COUNT][64];
};

static void note(void *context, enum ot_check check, const char *detail)
{
    struct told *told = context;

    assert_int_equal(check, told->count);
    snprintf(told->details[told->count++], sizeof(told->details[0]), "%s: %s", ot_check_name(check),
             detail);
}

static void observed(void **state)
{
    static const char *const expected[OT_CHECK_COUNT] = {
        [OT_CHECK_SIGNATURES] = "signatures: 1 of 2 keys, threshold 1",
        [OT_CHECK_STATEMENT] = "statement: made 1, sequence 7",
        [OT_CHECK_ENGINE] = "engine: workerd, compatibility date 2026-01-01",
        [OT_CHECK_SEQUENCE] = "sequence: 7, floor 0",
        [OT_CHECK_EXPIRY] = "expiry: none",
        [OT_CHECK_POLICY] = "policy: none, keys alone",
        [OT_CHECK_HASHES] = "hashes: 4 of 4 members",
    };
    const struct fixture *f = *state;
    struct told told = {0};
    const struct ot_check_observer observer = {note, &told};
    struct ot_trust trust = trust_in("ab");
    struct ot_payload *payload = NULL;
    struct ot_error err;

    write_payload(f);
    assert_succeeds(ot_payload_open(f->file, &trust, 1, &observer, &payload, &err), err);
    ot_payload_free(payload);
    payload = NULL;
    assert_int_equal(told.count, OT_CHECK_COUNT);
    for (size_t i = 0; i < OT_CHECK_COUNT; i++) {
        if (expected[i] != NULL)
            assert_string_equal(told.details[i], expected[i]);
    }
    /* only what was passed is told */
    told.count = 0;
    trust.min_sequence = 8;
    assert_int_equal(ot_payload_open(f->file, &trust, 1, &observer, &payload, &err), -1);
    assert_int_equal(told.count, OT_CHECK_SEQUENCE);
    ot_trust_free(&trust);
}

static void try_network(void *context, enum ot_check check, const char *detail)
{
    static char *const nothing[] = {NULL};
    unsigned *refused = context;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)check;
    (void)detail;
    *refused += fd < 0 && errno == EACCES;
    *refused += socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 && errno == EACCES;
    *refused += execve("/bin/true", nothing, nothing) < 0 && errno == EACCES;
    *refused += syscall(SYS_io_uring_setup, 1, NULL) < 0 && errno == EACCES;
}

/* Whatever a payload might make the verifier do: it has no network and starts no program. */
static void no_network(void **state)
{
    const struct fixture *f = *state;
    struct ot_payload *payload = NULL;
    struct ot_trust trust = trust_in("a");
    unsigned refused = 0;
    const struct ot_check_observer observer = {try_network, &refused};
    struct ot_error err;
    int fd;

    write_payload(f);
    assert_succeeds(ot_payload_open(f->file, &trust, 0, &observer, &payload, &err), err);
    ot_payload_free(payload);
    assert_int_equal(refused, 4 * OT_CHECK_COUNT);
    /* and the caller has it still */
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    close(fd);
    ot_trust_free(&trust);
}

/* The file is changed after it was verified: what was verified stays. */
static void private_memory(void **state)
{
    const struct fixture *f = *state;
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    OT_AUTOBUF struct ot_buf before = {0};
    struct ot_trust trust = trust_in("a");
    struct ot_error err;

    write_payload(f);
    assert_succeeds(ot_payload_open(f->file, &trust, 0, NULL, &payload, &err), err);
    maker_payload(&f->maker, &before);
    assert_int_equal(truncate(f->file, 0), 0);
    assert_true(ot_span_equal(ot_payload_image(payload), ot_buf_span(&before)));
    ot_trust_free(&trust);
}

/* The file is cut between fstat and reading. */
static void shrinks(void **state)
{
    const struct fixture *f = *state;
    OT_AUTOBUF struct ot_buf payload = {0};
    struct ot_trust trust = trust_in("a");
    struct ot_payload *opened = NULL;
    struct ot_error err;

    maker_payload(&f->maker, &payload);
    for (size_t size = 0; size < payload.len; size += 100) {
        OT_AUTOCLOSE int fd = memfd_create("payload", MFD_CLOEXEC);
        struct ot_source source;

        assert_succeeds(ot_write_all(fd, payload.data, payload.len, "memfd", &err), err);
        assert_succeeds(ot_source_from_fd(&source, fd, &err), err);
        assert_int_equal(ftruncate(fd, (off_t)size), 0);
        assert_int_equal(ot_payload_verify(&source, &trust, 1, NULL, &opened, &err), -1);
        assert_string_equal(err.code, OT_E_LAYOUT);
    }
    ot_trust_free(&trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(no_network),     test(thresholds),    test(one_key_twice), test(rollback_and_expiry),
        test(size_limits),    test(not_a_payload), test(first_fault),   test(observed),
        test(private_memory), test(shrinks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
