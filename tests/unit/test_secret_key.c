/* Private keys: every accepted spelling gives the same key, everything else an error that says why
 * and quotes nothing. */
#include "tests/unit/unit.h"

#include "package/secret_key.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* RFC 8032, section 7.1, TEST 1: seed, public key, signature of the empty message. */
#define SEED_HEX "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define SEED_BASE64 "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
#define BODY "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"
#define PEM "-----BEGIN PRIVATE KEY-----\n" BODY "\n-----END PRIVATE KEY-----\n"

static const uint8_t public_bytes[OT_PUBLIC_KEY_SIZE] = {
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};

static void accepts(const char *text)
{
    struct ot_error err = {0};
    struct ot_secret_key *key;

    assert_succeeds(ot_secret_key_parse(ot_span_of(text), &key, &err), err);
    assert_memory_equal(ot_secret_key_public(key)->bytes, public_bytes, sizeof(public_bytes));
    ot_secret_key_free(key);
}

static void test_accepted(void **state)
{
    (void)state;
    accepts(SEED_HEX);
    accepts(" \n" SEED_HEX "\r\n");
    accepts("9D61B19DEFFD5A60BA844AF492EC2CC44449C5697B326919703BAC031CAE7F60");
    accepts(SEED_BASE64);
    accepts(SEED_BASE64 "\n");
    accepts(PEM);
    accepts("\n" PEM "\n\n");
    accepts("-----BEGIN PRIVATE KEY-----\r\n" BODY "\r\n-----END PRIVATE KEY-----");
}

static void test_refused(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        {"", "is empty"},
        {" \n", "is empty"},
        {"hello", "not a private key"},
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f6", "not a private key"},
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f6z", "not a private key"},
        {SEED_HEX "00", "not a private key"},
        {"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2B=", "not a private key"},
        /* bytes above 0x7f that libsodium takes for "/" */
        {"nWGxne\xff"
         "9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=",
         "not a private key"},
        {"-----BEGIN PRIVATE KEY-----\n"
         "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v\x80VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
         "-----END PRIVATE KEY-----\n",
         "not one block"},
        {"-----BEGIN PUBLIC "
         "KEY-----\nMCowBQYDK2VwAyEAPWeN1eFlWsxxUCKSDGgGEpxgIKD3XdRljCTciFWXf0g=\n"
         "-----END PUBLIC KEY-----\n",
         "this is a public key"},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIG\n-----END ENCRYPTED PRIVATE KEY-----\n",
         "is encrypted"},
        {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3\n-----END OPENSSH PRIVATE KEY-----\n", "OpenSSH"},
        {"-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\n", "RSA"},
        {"-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\n", "EC key"},
        {"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n", "certificate"},
        {"-----BEGIN SOMETHING-----\nMII\n-----END SOMETHING-----\n", "not of the type"},
        /* X25519 and EC as PKCS#8 */
        {"-----BEGIN PRIVATE KEY-----\n"
         "MC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
         "-----END PRIVATE KEY-----\n",
         "X25519"},
        {"-----BEGIN PRIVATE KEY-----\n"
         "MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCBXeV2dwfuQt5rmtsiE\n"
         "V1Qkbk4kaYeqDkGh4rMHS4hyYw==\n-----END PRIVATE KEY-----\n",
         "an EC key"},
        /* Ed25519, but one byte of seed too few */
        {"-----BEGIN PRIVATE "
         "KEY-----\nMC0CAQAwBQYDK2VwBCEEH51hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn8=\n"
         "-----END PRIVATE KEY-----\n",
         "another length"},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no PKCS#8 key"},
        {"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "no PKCS#8 key"},
        {"-----BEGIN PRIVATE KEY-----\n" BODY "\n", "does not end"},
        {"-----BEGIN PRIVATE KEY-----\n" BODY "\n-----END PUBLIC KEY-----\n", "does not end"},
        {"-----BEGIN PRIVATE KEY-----", "does not end"},
        {"-----BEGIN PRIVATE KEY", "does not end"},
        {"-----BEGIN -", "not of the type"},
        {"-----BEGIN", "not a private key"},
        {"-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n", "not one block"},
        {PEM PEM, "not one block"},
        {"-----BEGIN PRIVATE KEY-____\n" BODY "\n-----END PRIVATE KEY-----\n", "not one block"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        struct ot_error err = {0};
        struct ot_secret_key *key = NULL;

        if (ot_secret_key_parse(ot_span_of(rows[i].text), &key, &err) == 0)
            fail_msg("row %zu was accepted", i);
        assert_int_equal(err.kind, OT_USAGE);
        if (strstr(err.message, rows[i].says) == NULL)
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, err.message, rows[i].says);
        assert_null(strstr(err.message, "9d61"));
        assert_null(strstr(err.message, "nWGx"));
    }
}

static void test_known_signature(void **state)
{
    static const uint8_t expected[OT_SIGNATURE_SIZE] = {
        0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72, 0x90, 0x86, 0xe2, 0xcc, 0x80,
        0x6e, 0x82, 0x8a, 0x84, 0x87, 0x7f, 0x1e, 0xb8, 0xe5, 0xd9, 0x74, 0xd8, 0x73,
        0xe0, 0x65, 0x22, 0x49, 0x01, 0x55, 0x5f, 0xb8, 0x82, 0x15, 0x90, 0xa3, 0x3b,
        0xac, 0xc6, 0x1e, 0x39, 0x70, 0x1c, 0xf9, 0xb4, 0x6b, 0xd2, 0x5b, 0xf5, 0xf0,
        0x59, 0x5b, 0xbe, 0x24, 0x65, 0x51, 0x41, 0x43, 0x8e, 0x7a, 0x10, 0x0b};
    struct ot_error err = {0};
    struct ot_secret_key *key;
    uint8_t signature[OT_SIGNATURE_SIZE];

    (void)state;
    assert_succeeds(ot_secret_key_parse(ot_span_of(SEED_HEX), &key, &err), err);
    ot_secret_key_sign(key, OT_SPAN(""), signature);
    assert_memory_equal(signature, expected, sizeof(expected));
    assert_true(ot_public_key_verifies(ot_secret_key_public(key), OT_SPAN(""), signature));
    ot_secret_key_free(key);
}

static void test_written_pem(void **state)
{
    struct ot_error err = {0};
    struct ot_secret_key *key;
    OT_AUTOGUARDED char *pem = ot_guarded_alloc(OT_SECRET_PEM_SIZE);

    (void)state;
    assert_int_equal(strlen(PEM), OT_SECRET_PEM_SIZE);
    assert_succeeds(ot_secret_key_parse(ot_span_of(SEED_BASE64), &key, &err), err);
    ot_secret_key_pem(key, pem);
    assert_memory_equal(pem, PEM, OT_SECRET_PEM_SIZE);
    ot_secret_key_free(key);
}

static void loads(const char *source)
{
    struct ot_error err = {0};
    struct ot_secret_key *key;

    assert_succeeds(ot_secret_key_load(source, &key, &err), err);
    assert_memory_equal(ot_secret_key_public(key)->bytes, public_bytes, sizeof(public_bytes));
    ot_secret_key_free(key);
}

static void load_fails(const char *source, const char *says)
{
    struct ot_error err = {0};
    struct ot_secret_key *key = NULL;

    assert_int_equal(ot_secret_key_load(source, &key, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
    if (strstr(err.message, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.message, says);
}

static void test_sources(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *file = ot_asprintf("%s/key.pem", dir);
    OT_AUTOFREE char *fifo = ot_asprintf("%s/fifo", dir);
    OT_AUTOFREE char *big = ot_asprintf("%s/big", dir);
    OT_AUTOFREE char *missing = ot_asprintf("%s/missing", dir);
    OT_AUTOFREE char *large = ot_alloc(1, 10000);
    struct ot_error err = {0};

    (void)state;
    memset(large, 'a', 9999);
    assert_succeeds(unit_write_file(file, ot_span_of(PEM), 0600, true, &err), err);
    assert_succeeds(unit_write_file(big, ot_span_of(large), 0600, true, &err), err);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    setenv("UNIT_KEY", SEED_HEX, 1);
    setenv("UNIT_BAD", "zz", 1);
    unsetenv("UNIT_NONE");
    loads(PEM);
    loads(SEED_HEX);
    loads(file);
    loads("env:UNIT_KEY");
    load_fails("env:UNIT_NONE", "is not set");
    load_fails("env:UNIT_BAD", "env:UNIT_BAD: not a private key");
    load_fails(missing, "missing: No such file");
    load_fails(dir, "is a folder");
    load_fails(fifo, "is empty");
    load_fails(big, "more than");
    load_fails("/dev/null", "not a regular file");
    unit_remove_dir(dir);
}

/* A mistyped key must not end in a log, though it names no file. */
static void test_never_quoted(void **state)
{
    static const char *const slips[] = {
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f6",
        SEED_HEX "0",
        "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "-----BEGIN PRIVATE KEY-----\nnWGxne/9WmC6hEr0kuwsxERJ\n-----END PRIVATE KEY-----\n",
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(slips); i++) {
        struct ot_error err = {0};
        struct ot_secret_key *key = NULL;

        assert_int_equal(ot_secret_key_load(slips[i], &key, &err), -1);
        assert_int_equal(err.kind, OT_USAGE);
        assert_null(strstr(err.message, "9d61b19d"));
        assert_null(strstr(err.message, "nWGxne"));
    }
}

/* No core dump and no tracing by the same user once a key may be in memory. */
static void test_not_dumpable(void **state)
{
    struct ot_secret_key *key;
    struct ot_error err = {0};

    (void)state;
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
    assert_succeeds(ot_secret_key_load(SEED_HEX, &key, &err), err);
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
    ot_secret_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_known_signature), cmocka_unit_test(test_written_pem),
        cmocka_unit_test(test_sources),         cmocka_unit_test(test_never_quoted),
        cmocka_unit_test(test_not_dumpable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
