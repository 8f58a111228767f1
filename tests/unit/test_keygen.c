/* Key pairs: byte for byte what OpenSSL writes, both files or none, nothing overwritten. */
#include "tests/unit/unit.h"

#include "base/process.h"
#include "package/secret_key.h"

#include <string.h>
#include <unistd.h>

static void read_text(const char *path, struct ot_buf *out)
{
    struct ot_error err = {0};

    assert_succeeds(ot_read_file(path, 4096, out, &err), err);
}

static unsigned mode_of(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

/* What `openssl pkey -in path [-pubout]` writes. */
static void openssl_pkey(const char *path, bool public_half, struct ot_buf *out)
{
    const char *const argv[] = {"openssl", "pkey", "-in", path, public_half ? "-pubout" : NULL,
                                NULL};
    struct ot_process_options options = {.argv = argv, .envp = (const char *const *)environ};
    OT_AUTORESULT struct ot_process_result result = {0};
    struct ot_error err = {0};

    assert_succeeds(ot_process_run(&options, OT_SPAN(""), 65536, 60000, &result, &err), err);
    assert_int_equal(result.status, 0);
    ot_buf_append(out, result.out.data, result.out.len);
}

static void test_as_openssl(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *name = ot_asprintf("%s/release", dir);
    OT_AUTOFREE char *key_path = ot_asprintf("%s.key.pem", name);
    OT_AUTOFREE char *public_path = ot_asprintf("%s.pub.pem", name);
    OT_AUTOBUF struct ot_buf key_text = {0};
    OT_AUTOBUF struct ot_buf public_text = {0};
    OT_AUTOBUF struct ot_buf converted = {0};
    OT_AUTOBUF struct ot_buf converted_public = {0};
    struct ot_public_key made;
    struct ot_public_key read;
    struct ot_error err = {0};

    (void)state;
    umask(0077);
    assert_succeeds(ot_keygen(name, &made, &err), err);
    assert_int_equal(mode_of(key_path), 0600);
    assert_int_equal(mode_of(public_path), 0644);
    read_text(key_path, &key_text);
    read_text(public_path, &public_text);
    openssl_pkey(key_path, false, &converted);
    openssl_pkey(key_path, true, &converted_public);
    assert_string_equal(key_text.data, converted.data);
    assert_string_equal(public_text.data, converted_public.data);
    assert_succeeds(ot_public_key_load(&read, public_path, &err), err);
    assert_string_equal(read.id, made.id);
    unit_remove_dir(dir);
}

static void test_two_differ(void **state)
{
    struct ot_error err = {0};
    struct ot_secret_key *one;
    struct ot_secret_key *two;

    (void)state;
    assert_succeeds(ot_secret_key_generate(&one, &err), err);
    assert_succeeds(ot_secret_key_generate(&two, &err), err);
    assert_string_not_equal(ot_secret_key_public(one)->id, ot_secret_key_public(two)->id);
    ot_secret_key_free(one);
    ot_secret_key_free(two);
}

/* Either file that exists already stops it, is left alone, and the other one is not made. */
static void test_never_overwrites(void **state)
{
    static const char *const suffixes[][2] = {{"key.pem", "pub.pem"}, {"pub.pem", "key.pem"}};
    char *dir = unit_make_dir();
    OT_AUTOFREE char *name = ot_asprintf("%s/pair", dir);
    struct ot_public_key key;

    (void)state;
    for (size_t i = 0; i < OT_COUNT(suffixes); i++) {
        OT_AUTOFREE char *existing = ot_asprintf("%s.%s", name, suffixes[i][0]);
        OT_AUTOFREE char *other = ot_asprintf("%s.%s", name, suffixes[i][1]);
        OT_AUTOBUF struct ot_buf text = {0};
        struct ot_error err = {0};

        assert_succeeds(unit_write_file(existing, OT_SPAN("mine"), 0600, true, &err), err);
        assert_int_equal(ot_keygen(name, &key, &err), -1);
        assert_int_equal(err.kind, OT_FAILED);
        assert_non_null(strstr(err.message, "not overwritten"));
        assert_non_null(strstr(err.message, existing));
        read_text(existing, &text);
        assert_string_equal(text.data, "mine");
        assert_int_equal(access(other, F_OK), -1);
        unlink(existing);
    }
    unit_remove_dir(dir);
}

static void test_bad_names(void **state)
{
    static const struct {
        const char *name;
        enum ot_error_kind kind;
    } rows[] = {{"", OT_USAGE}, {"/tmp/", OT_USAGE}, {"/nonexistent-folder/pair", OT_FAILED}};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        struct ot_public_key key;
        struct ot_error err = {0};

        assert_int_equal(ot_keygen(rows[i].name, &key, &err), -1);
        assert_int_equal(err.kind, rows[i].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_openssl),
        cmocka_unit_test(test_two_differ),
        cmocka_unit_test(test_never_overwrites),
        cmocka_unit_test(test_bad_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
