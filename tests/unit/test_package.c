/* Packaging and signing: the bytes are those of an independent writer, what is not as its manifest
 * says is never signed, and a file is replaced whole or not at all. */
#include "tests/unit/payload_maker.h"
#include "tests/unit/sign_one.h"
#include "tests/unit/unit.h"

#include "package/package.h"

#include <unistd.h>

#define PROBE "export default {};\n"

static const struct maker_file functions[] = {{"hello", {PROBE, sizeof(PROBE) - 1}},
                                              {"other", {"x", 1}}};
static const struct maker_file files[] = {{"files/hello/empty", {"", 0}},
                                          {"files/hello/note.txt", {"note", 4}}};
static const char *const signer_a[] = {"a"};
static const struct maker made = {.functions = functions,
                                  .function_count = OT_COUNT(functions),
                                  .files = files,
                                  .file_count = OT_COUNT(files),
                                  .sequence = 7,
                                  .keys = signer_a,
                                  .key_count = 1};

struct fixture {
    char *dir;
    char *dist;
    char *out;
};

/* The same key as maker_key makes of a letter. */
static struct ot_secret_key *secret(char letter)
{
    struct ot_error err = {0};
    struct ot_secret_key *key;
    uint8_t seed[32];
    char hex[65];

    memset(seed, letter, sizeof(seed));
    ot_hex(hex, seed, sizeof(seed));
    assert_succeeds(ot_secret_key_load(hex, &key, &err), err);
    return key;
}

static int setup(void **state)
{
    struct fixture *fixture = ot_alloc(1, sizeof(*fixture));

    fixture->dir = unit_make_dir();
    fixture->dist = ot_asprintf("%s/dist", fixture->dir);
    fixture->out = ot_asprintf("%s/fw.1tube", fixture->dir);
    if (mkdir(fixture->dist, 0755) < 0)
        return -1;
    maker_dist(&made, fixture->dist, false);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    free(fixture->dist);
    free(fixture->out);
    unit_remove_dir(fixture->dir);
    free(fixture);
    return 0;
}

static void read_back(const char *path, struct ot_buf *out)
{
    struct ot_error err = {0};

    assert_succeeds(ot_read_file(path, 64u << 20, out, &err), err);
}

/* Only the files that are named may be in the folder: no temporary was left. */
static void assert_only(const char *dir, const char *first, const char *second)
{
    OT_AUTOLIST struct ot_list names = {0};
    OT_AUTOCLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY);
    struct ot_error err = {0};

    assert_succeeds(ot_list_dir(fd, &names, dir, &err), err);
    for (size_t i = 0; i < names.count; i++) {
        if (strcmp(names.items[i], first) != 0 &&
            (second == NULL || strcmp(names.items[i], second) != 0))
            fail_msg("%s was left", names.items[i]);
    }
}

static int package(const struct fixture *fixture, const struct ot_signer *signers, size_t count,
                   struct ot_error *err)
{
    const struct ot_package_options options = {.in = fixture->dist,
                                               .out = fixture->out,
                                               .name = "made",
                                               .version = "1",
                                               .sequence = 7,
                                               .signers = signers,
                                               .signer_count = count};
    struct ot_package_report report;
    int done = ot_package(&options, &report, err);

    if (done == 0) {
        OT_AUTOBUF struct ot_buf bytes = {0};
        char release[OT_SHA256_HEX];

        read_back(fixture->out, &bytes);
        assert_int_equal(report.bytes, bytes.len);
        assert_int_equal(report.function_count, OT_COUNT(functions));
        assert_int_equal(report.member_count, OT_COUNT(functions) + OT_COUNT(files));
        assert_int_equal(report.signers.count, count);
        ot_sha256_hex((struct ot_span){bytes.data + 4096, bytes.len - 4096}, release);
        assert_string_equal(report.release_sha256, release);
    }
    ot_package_report_free(&report);
    return done;
}

static void assert_bytes(const struct fixture *fixture, const struct maker *maker)
{
    OT_AUTOBUF struct ot_buf expected = {0};
    OT_AUTOBUF struct ot_buf found = {0};

    maker_payload(maker, &expected);
    read_back(fixture->out, &found);
    assert_int_equal(found.len, expected.len);
    assert_memory_equal(found.data, expected.data, expected.len);
}

static void test_same_bytes(void **state)
{
    const struct fixture *fixture = *state;
    const struct ot_signer signer = {.key = secret('a')};
    struct ot_error err = {0};

    assert_succeeds(package(fixture, &signer, 1, &err), err);
    assert_bytes(fixture, &made);
    /* over an existing one, which a reader still has open */
    {
        OT_AUTOCLOSE int open_file = open(fixture->out, O_RDONLY);
        struct stat before;
        struct stat after;

        assert_succeeds(package(fixture, &signer, 1, &err), err);
        assert_int_equal(fstat(open_file, &before), 0);
        assert_int_equal(stat(fixture->out, &after), 0);
        assert_int_not_equal(before.st_ino, after.st_ino);
        assert_int_equal(before.st_size, after.st_size);
        assert_int_equal(after.st_mode & 0777, 0644);
    }
    assert_only(fixture->dir, "dist", "fw.1tube");
    ot_secret_key_free((struct ot_secret_key *)(uintptr_t)signer.key);
}

static void test_several_signatures(void **state)
{
    static const char *const three[] = {"a", "b", "c"};
    const struct fixture *fixture = *state;
    struct ot_secret_key *keys[] = {secret('c'), secret('a'), secret('b')};
    const struct ot_signer signers[] = {{.key = keys[0]}, {.key = keys[1]}, {.key = keys[2]}};
    OT_AUTOLIST struct ot_list added = {0};
    struct maker expected = made;
    struct ot_error err = {0};

    expected.keys = three;
    expected.key_count = 3;
    assert_succeeds(package(fixture, signers, 3, &err), err);
    assert_bytes(fixture, &expected);
    /* one after the other gives the same file */
    assert_succeeds(package(fixture, signers, 1, &err), err);
    assert_succeeds(sign_one(fixture->out, signers + 1, &added, &err), err);
    assert_succeeds(sign_one(fixture->out, signers + 2, &added, &err), err);
    assert_int_equal(added.count, 2);
    assert_bytes(fixture, &expected);
    /* a key signs once */
    assert_int_equal(sign_one(fixture->out, signers, &added, &err), -1);
    assert_int_equal(err.kind, OT_FAILED);
    assert_non_null(strstr(err.message, "already"));
    assert_int_equal(package(fixture, (struct ot_signer[]){signers[0], signers[0]}, 2, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
    assert_bytes(fixture, &expected);
    for (size_t i = 0; i < OT_COUNT(keys); i++)
        ot_secret_key_free(keys[i]);
}

static void test_unsigned_then_attached(void **state)
{
    const struct fixture *fixture = *state;
    OT_AUTOBUF struct ot_buf message = {0};
    OT_AUTOLIST struct ot_list added = {0};
    struct ot_preview preview;
    struct maker expected = made;
    struct maker_key key;
    uint8_t signature[OT_SIGNATURE_SIZE];
    struct ot_signer signer = {.signature = signature};
    struct ot_error err = {0};

    expected.key_count = 0;
    assert_succeeds(package(fixture, NULL, 0, &err), err);
    assert_bytes(fixture, &expected);
    maker_key('a', &key);
    assert_succeeds(ot_preview_open(fixture->out, &preview, &err), err);
    ot_statement_pae(preview.statement_page, &message);
    ot_preview_free(&preview);
    crypto_sign_detached(signature, NULL, (unsigned char *)message.data, message.len, key.secret);
    /* a signature that does not verify is not attached when its key is known */
    signature[0] ^= 1;
    signer.key_id = key.public_key.id;
    signer.public_key = &key.public_key;
    assert_int_equal(sign_one(fixture->out, &signer, &added, &err), -1);
    assert_int_equal(err.kind, OT_FAILED);
    assert_bytes(fixture, &expected);
    signature[0] ^= 1;
    signer.key_id = "0123";
    assert_int_equal(sign_one(fixture->out, &signer, &added, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
    signer.key_id = "0000000000000000000000000000000000000000000000000000000000000000";
    assert_int_equal(sign_one(fixture->out, &signer, &added, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
    signer.key_id = key.public_key.id;
    assert_succeeds(sign_one(fixture->out, &signer, &added, &err), err);
    assert_bytes(fixture, &made);
    assert_only(fixture->dir, "dist", "fw.1tube");
}

static void test_signing_program(void **state)
{
    static const struct {
        const char *command;
        enum ot_error_kind kind;
        const char *says;
    } rows[] = {
        {"cat > /dev/null; exit 3", OT_TOOL, "exited with code 3"},
        {"cat > /dev/null; echo no token >&2; exit 1", OT_TOOL, "no token"},
        {"head -c 63 /dev/zero", OT_TOOL, "63 bytes"},
        {"head -c 64 /dev/zero", OT_TOOL, "does not verify"},
        {"head -c 1000000 /dev/zero", OT_TOOL, "more than"},
        {"no-such-program-at-all", OT_TOOL, "127"},
        {"true", OT_TOOL, "0 bytes"},
    };
    const struct fixture *fixture = *state;
    struct maker_key key;
    struct ot_signer signer;
    struct ot_error err = {0};

    maker_key('a', &key);
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        signer = (struct ot_signer){.command = rows[i].command, .public_key = &key.public_key};
        assert_int_equal(package(fixture, &signer, 1, &err), -1);
        if (err.kind != rows[i].kind || strstr(err.message, rows[i].says) == NULL)
            fail_msg("%s: %s", rows[i].command, err.message);
        assert_only(fixture->dir, "dist", NULL);
    }
    signer = (struct ot_signer){.command = "true"};
    assert_int_equal(package(fixture, &signer, 1, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
}

/* What changes the dist, and the refusal that it must get. */
struct damage {
    const char *shell; /* in the dist */
    enum ot_error_kind kind;
    const char *code;
    const char *says;
};

static void test_damaged_dist(void **state)
{
    static const struct damage rows[] = {
        {"printf y > functions/other.js", OT_REFUSED, OT_E_HASH, "functions/other.js"},
        {"printf xx > functions/other.js", OT_REFUSED, OT_E_LAYOUT, "functions/other.js"},
        {"printf z > files/hello/empty", OT_REFUSED, OT_E_LAYOUT, "files/hello/empty"},
        {"rm functions/hello.js", OT_REFUSED, OT_E_LAYOUT, "functions/hello.js"},
        {"rm -r files", OT_REFUSED, OT_E_LAYOUT, "files/hello/empty"},
        {"echo > functions/more.js", OT_REFUSED, OT_E_LAYOUT, "functions/more.js"},
        {"echo > .gitignore", OT_REFUSED, OT_E_LAYOUT, ".gitignore"},
        {"mkdir chunks", OT_REFUSED, OT_E_LAYOUT, "chunks"},
        {"mv functions ../away && ln -s ../away functions", OT_REFUSED, OT_E_LAYOUT, "functions"},
        {"mv functions/hello.js ../x && ln -s ../../x functions/hello.js", OT_REFUSED, OT_E_LAYOUT,
         "functions/hello.js"},
        {"rm functions/hello.js && mkfifo functions/hello.js", OT_REFUSED, OT_E_LAYOUT,
         "functions/hello.js"},
        {"rm functions/hello.js && mkdir functions/hello.js", OT_REFUSED, OT_E_LAYOUT,
         "functions/hello.js"},
        {"rm manifest.json", OT_FAILED, NULL, "holds no manifest.json"},
        {"rm manifest.json && mkdir manifest.json", OT_FAILED, NULL, "manifest.json"},
        {"echo >> manifest.json; echo x >> manifest.json", OT_REFUSED, OT_E_MANIFEST, "manifest"},
    };
    const struct fixture *fixture = *state;
    const struct ot_signer signer = {.key = secret('a')};

    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        OT_AUTOFREE char *command = ot_asprintf("cd '%s' && %s", fixture->dist, rows[i].shell);
        struct ot_error err = {0};

        assert_int_equal(system(command), 0);
        if (package(fixture, &signer, 1, &err) == 0)
            fail_msg("%s: packaged", rows[i].shell);
        if (err.kind != rows[i].kind || strstr(err.message, rows[i].says) == NULL ||
            (rows[i].code != NULL && strcmp(err.code, rows[i].code) != 0))
            fail_msg("%s: %s %s", rows[i].shell, err.code, err.message);
        assert_int_equal(access(fixture->out, F_OK), -1);
        free(command);
        command = ot_asprintf("cd '%s' && rm -rf * && mkdir dist", fixture->dir);
        assert_int_equal(system(command), 0);
        maker_dist(&made, fixture->dist, false);
    }
    ot_secret_key_free((struct ot_secret_key *)(uintptr_t)signer.key);
}

static void test_options(void **state)
{
    const struct fixture *fixture = *state;
    OT_AUTOFREE char *inside = ot_asprintf("%s/functions/fw.1tube", fixture->dist);
    OT_AUTOFREE char *missing = ot_asprintf("%s/none/fw.1tube", fixture->dir);
    OT_AUTOFREE char *member = ot_asprintf("%s/functions/hello.js", fixture->dist);
    OT_AUTOFREE char *long_name = ot_alloc(1, 130);
    const struct {
        struct ot_package_options options;
        enum ot_error_kind kind;
        const char *says;
    } rows[] = {
        {{.in = fixture->dist, .out = inside}, OT_USAGE, "lies inside"},
        {{.in = fixture->dist, .out = fixture->dist}, OT_FAILED, "not a regular file"},
        {{.in = fixture->dist, .out = missing}, OT_FAILED, "none"},
        {{.in = missing, .out = fixture->out}, OT_FAILED, "none"},
        {{.in = member, .out = fixture->out}, OT_FAILED, "a dist is wanted"},
        {{.in = fixture->dist, .out = fixture->out, .name = ""}, OT_USAGE, "name"},
        {{.in = fixture->dist, .out = fixture->out, .name = long_name}, OT_USAGE, "name"},
        {{.in = fixture->dist, .out = fixture->out, .version = "1\"2"}, OT_USAGE, "version"},
        {{.in = fixture->dist, .out = fixture->out, .version = "\xc3\xa9"}, OT_USAGE, "version"},
        {{.in = fixture->dist, .out = fixture->out, .sequence = OT_SEQUENCE_MAX + 1},
         OT_USAGE,
         "sequence"},
        {{.in = fixture->dist,
          .out = fixture->out,
          .has_not_after = true,
          .not_after = OT_SEQUENCE_MAX + 1},
         OT_USAGE,
         "expiry"},
    };

    memset(long_name, 'n', 129);
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        struct ot_package_report report;
        struct ot_error err = {0};

        assert_int_equal(ot_package(&rows[i].options, &report, &err), -1);
        if (err.kind != rows[i].kind || strstr(err.message, rows[i].says) == NULL)
            fail_msg("row %zu: %s", i, err.message);
        ot_package_report_free(&report);
        assert_only(fixture->dir, "dist", NULL);
    }
}

static void test_defaults(void **state)
{
    const struct fixture *fixture = *state;
    const struct ot_package_options options = {
        .in = fixture->dist, .out = fixture->out, .has_not_after = true, .not_after = 5};
    struct ot_package_report report;
    struct ot_error err = {0};

    assert_succeeds(ot_package(&options, &report, &err), err);
    assert_string_equal(report.statement.name, "onetube");
    assert_int_equal(strlen(report.statement.version), 16);
    assert_memory_equal(report.statement.version, report.manifest_sha256, 16);
    assert_int_equal(report.statement.sequence, 0);
    assert_true(report.statement.has_not_after);
    assert_int_equal(report.statement.not_after, 5);
    ot_package_report_free(&report);
}

/* Every byte behind the signature page is checked before it is signed again. */
static void test_sign_checks(void **state)
{
    const struct fixture *fixture = *state;
    const struct ot_signer signer = {.key = secret('b')};
    OT_AUTOBUF struct ot_buf good = {0};
    OT_AUTOLIST struct ot_list added = {0};
    struct ot_error err = {0};

    maker_payload(&made, &good);
    for (size_t at = 0; at < good.len; at += at < 4700 || at > 8704 ? 37 : 11) {
        OT_AUTOBUF struct ot_buf found = {0};

        /* a line of another key is not looked into, but must have its form */
        if (at >= 512 + 23 && at < 512 + 177)
            continue;
        good.data[at] ^= 0x20;
        assert_succeeds(unit_write_file(fixture->out, ot_buf_span(&good), 0640, false, &err), err);
        if (sign_one(fixture->out, &signer, &added, &err) == 0)
            fail_msg("byte %zu: signed", at);
        assert_int_equal(err.kind, OT_REFUSED);
        read_back(fixture->out, &found);
        assert_memory_equal(found.data, good.data, good.len);
        good.data[at] ^= 0x20;
    }
    for (size_t cut = 1; cut < good.len; cut += 511) {
        struct ot_span shorter = {good.data, good.len - cut};

        assert_succeeds(unit_write_file(fixture->out, shorter, 0640, false, &err), err);
        assert_int_equal(sign_one(fixture->out, &signer, &added, &err), -1);
        assert_int_equal(err.kind, OT_REFUSED);
    }
    for (size_t more = 1; more <= 1024; more += 511) {
        OT_AUTOBUF struct ot_buf longer = {0};

        ot_buf_append(&longer, good.data, good.len);
        memset(ot_buf_reserve(&longer, more), 0, more);
        longer.len += more;
        assert_succeeds(unit_write_file(fixture->out, ot_buf_span(&longer), 0640, false, &err),
                        err);
        assert_int_equal(sign_one(fixture->out, &signer, &added, &err), -1);
        assert_int_equal(err.kind, OT_REFUSED);
        assert_string_equal(err.code, OT_E_LAYOUT);
    }
    assert_succeeds(unit_write_file(fixture->out, ot_buf_span(&good), 0640, false, &err), err);
    assert_succeeds(sign_one(fixture->out, &signer, &added, &err), err);
    {
        struct stat info;

        assert_int_equal(stat(fixture->out, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0640);
    }
    assert_int_equal(added.count, 1);
    assert_int_equal(sign_one(fixture->dist, &signer, &added, &err), -1);
    assert_int_equal(err.kind, OT_FAILED);
    ot_secret_key_free((struct ot_secret_key *)(uintptr_t)signer.key);
}

/* A signer who was told which release to sign signs no other one. */
static void test_sign_this_release(void **state)
{
    const struct fixture *fixture = *state;
    const struct ot_signer signer = {.key = secret('b')};
    struct ot_sign_options options = {.path = fixture->out, .signers = &signer, .signer_count = 1};
    OT_AUTOBUF struct ot_buf payload = {0};
    char release[OT_SHA256_HEX];
    struct ot_sign_report report;
    struct ot_error err = {0};

    maker_payload(&made, &payload);
    assert_succeeds(unit_write_file(fixture->out, ot_buf_span(&payload), 0644, false, &err), err);
    ot_sha256_hex((struct ot_span){payload.data + 4096, payload.len - 4096}, release);
    options.expect_release = release;
    release[63] = release[63] == '0' ? '1' : '0';
    assert_int_equal(ot_sign_payload(&options, &report, &err), -1);
    assert_int_equal(err.kind, OT_REFUSED);
    assert_string_equal(err.code, OT_E_HASH);
    assert_non_null(strstr(err.message, release));
    assert_int_equal(report.added.count, 0);
    ot_sign_report_free(&report);
    assert_bytes(fixture, &made);
    assert_only(fixture->dir, "dist", "fw.1tube");
    ot_sha256_hex((struct ot_span){payload.data + 4096, payload.len - 4096}, release);
    assert_succeeds(ot_sign_payload(&options, &report, &err), err);
    assert_string_equal(report.release_sha256, release);
    assert_int_equal(report.added.count, 1);
    ot_sign_report_free(&report);
    ot_secret_key_free((struct ot_secret_key *)(uintptr_t)signer.key);
}

static void test_page_full(void **state)
{
    const struct fixture *fixture = *state;
    struct ot_secret_key *keys[OT_SIGNATURES_MAX + 1];
    struct ot_signer signers[OT_SIGNATURES_MAX + 1];
    OT_AUTOLIST struct ot_list added = {0};
    struct ot_error err = {0};

    for (size_t i = 0; i < OT_COUNT(keys); i++) {
        keys[i] = secret((char)('A' + i));
        signers[i] = (struct ot_signer){.key = keys[i]};
    }
    assert_int_equal(package(fixture, signers, OT_COUNT(keys), &err), -1);
    assert_succeeds(package(fixture, signers, OT_SIGNATURES_MAX, &err), err);
    assert_int_equal(sign_one(fixture->out, signers + OT_SIGNATURES_MAX, &added, &err), -1);
    assert_int_equal(err.kind, OT_FAILED);
    assert_non_null(strstr(err.message, "at most 20"));
    for (size_t i = 0; i < OT_COUNT(keys); i++)
        ot_secret_key_free(keys[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_several_signatures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sign_this_release, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unsigned_then_attached, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signing_program, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_dist, setup, teardown),
        cmocka_unit_test_setup_teardown(test_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sign_checks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_page_full, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
