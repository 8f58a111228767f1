#include "tests/unit/unit.h"

#include "base/text.h"
#include "verify/payload.h"

#include <string.h>
#include <unistd.h>

/* One key in its spellings, as OpenSSL writes them, and its identifier by `sha256sum`. */
#define HEX "3d678dd5e1655acc715022920c6806129c6020a0f75dd4658c24dc8855977f48"
#define BASE64 "PWeN1eFlWsxxUCKSDGgGEpxgIKD3XdRljCTciFWXf0g="
#define SPKI "MCowBQYDK2VwAyEAPWeN1eFlWsxxUCKSDGgGEpxgIKD3XdRljCTciFWXf0g="
#define PEM "-----BEGIN PUBLIC KEY-----\n" SPKI "\n-----END PUBLIC KEY-----\n"
#define ID "cfd68f91176ee552234eff15976010504063b57529929350adb4fb511965b49d"

static void accepted(void **state)
{
    static const char *const spellings[] = {
        PEM,
        "\n \t" PEM "\r\n\n",
        "-----BEGIN PUBLIC KEY-----\r\n" SPKI "\r\n-----END PUBLIC KEY-----\r\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\nPWeN1eFlWsxxUCKSDGgGEpxgIKD3XdRljCTciFWXf0g="
        "\n-----END PUBLIC KEY-----",
        HEX,
        " " HEX "\n",
        "3D678DD5E1655ACC715022920C6806129C6020A0F75DD4658C24DC8855977F48",
        BASE64,
        BASE64 "\n",
    };
    uint8_t bytes[OT_PUBLIC_KEY_SIZE];

    (void)state;
    assert_true(ot_unhex(bytes, sizeof(bytes), OT_SPAN(HEX)));
    for (size_t i = 0; i < OT_COUNT(spellings); i++) {
        struct ot_public_key key;
        struct ot_error err;

        if (ot_public_key_parse(&key, ot_span_of(spellings[i]), &err) < 0)
            fail_msg("spelling %zu: %s", i, err.message);
        assert_memory_equal(key.bytes, bytes, sizeof(bytes));
        assert_string_equal(key.id, ID);
    }
}

static void refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "not a public key"},
        {"hello", "not a public key"},
        {HEX "0", "not a public key"},
        {"3d678dd5e1655acc715022920c6806129c6020a0f75dd4658c24dc8855977f4", "not a public key"},
        {"3d678dd5e1655acc715022920c6806129c6020a0f75dd4658c24dc8855977f4g", "not a public key"},
        {HEX " " HEX, "not a public key"},
        {"PWeN1eFlWsxxUCKSDGgGEpxgIKD3XdRljCTciFWXf0h=", "not a public key"}, /* loose bits */
        {"PWeN1eFlWsxxUCKSDGgGEpxgIKD3XdRljCTciFWXf0g", "not a public key"},
        {"PWeN1eFlWsxxUCKSDGgGEpxgIKD3XdRljCTciFWXf0-_", "not a public key"},
        {"PWeN1eFlWsxxUCKSDGgGEpxgIKD3XdRljCTciFWXf0g\xbd", "not a public key"},
        {"xxxxx" PEM, "not a public key"},
        {PEM PEM, "of another algorithm or damaged"},
        {PEM "x", "not one whole PEM block"},
        {"-----BEGIN PUBLIC KEY-----", "not one whole PEM block"},
        {"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", "damaged"},
        {"-----BEGIN PUBLIC KEY-----" SPKI "-----END PUBLIC KEY-----", "not one whole PEM block"},
        {"-----BEGIN PUBLIC KEY-----\n" SPKI "\n-----END PRIVATE KEY-----\n", "not one whole"},
        {"-----BEGIN PUBLIC KEY-----\n" SPKI "=\n-----END PUBLIC KEY-----\n", "damaged"},
        {"-----BEGIN PUBLIC KEY-----\nProc-Type: 4\n" SPKI "\n-----END PUBLIC KEY-----\n",
         "damaged"},
        {"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIEhLPxReRlap2YCF7vWOUloWjIAhSmIqBebHAPu/"
         "iVUE\n-----END PRIVATE KEY-----\n",
         "this is a private key"},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
         "this is a private key"},
        {"-----BEGIN OPENSSH PRIVATE KEY-----\n", "this is a private key"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\"CERTIFICATE\""},
        {"-----BEGIN \x1b[31m-----\n", "\"?[31m\""},
        /* X25519, P-256 */
        {"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAmiNoWHtPuT9QIDtQVZtAMLCmf4a3PwLNpwRWj8hs8To="
         "\n-----END PUBLIC KEY-----\n",
         "of another algorithm"},
        {"-----BEGIN PUBLIC "
         "KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzKdI1nXMbGE0D3NaVc6TsIHNQvLl\n"
         "45T0sGhBAu0DuOvt9Wy6VTZusP34vAQwxM1RY5y8ih2fIcaT/7GQqIigtw==\n"
         "-----END PUBLIC KEY-----\n",
         "of another algorithm"},
        /* points of order 1, 2, 4, 8, non-canonical ones, and one that is not on the curve */
        {"0100000000000000000000000000000000000000000000000000000000000000", "not a usable"},
        {"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "not a usable"},
        {"0000000000000000000000000000000000000000000000000000000000000000", "not a usable"},
        {"0000000000000000000000000000000000000000000000000000000000000080", "not a usable"},
        {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "not a usable"},
        {"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "not a usable"},
        {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "not a usable"},
        {"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "not a usable"},
        {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "not a usable"},
        {"0200000000000000000000000000000000000000000000000000000000000000", "not a usable"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_public_key key;
        struct ot_error err = {0};

        if (ot_public_key_parse(&key, ot_span_of(cases[i].text), &err) == 0)
            fail_msg("case %zu: accepted", i);
        assert_int_equal(err.kind, OT_USAGE);
        if (strstr(err.message, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, err.message);
    }
}

static void too_long(void **state)
{
    char text[OT_KEY_TEXT_MAX + 1];
    struct ot_public_key key;
    struct ot_error err = {0};

    (void)state;
    memset(text, ' ', sizeof(text));
    memcpy(text, HEX, 64);
    assert_succeeds(ot_public_key_parse(&key, (struct ot_span){text, OT_KEY_TEXT_MAX}, &err), err);
    assert_int_equal(ot_public_key_parse(&key, (struct ot_span){text, sizeof(text)}, &err), -1);
    /* a NUL is no white space */
    assert_int_equal(ot_public_key_parse(&key, (struct ot_span){HEX, 65}, &err), -1);
}

static void loaded(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = ot_asprintf("%s/a.pem", dir);
    OT_AUTOFREE char *private_path = ot_asprintf("%s/secret", dir);
    const char *sources[] = {path, HEX, BASE64, PEM, "env:ONETUBE_TEST_KEY"};
    struct ot_public_key key;
    struct ot_error err = {0};

    (void)state;
    assert_succeeds(unit_write_file(path, OT_SPAN(PEM), 0644, true, &err), err);
    assert_int_equal(setenv("ONETUBE_TEST_KEY", HEX, 1), 0);
    for (size_t i = 0; i < OT_COUNT(sources); i++) {
        memset(&key, 0, sizeof(key));
        assert_succeeds(ot_public_key_load(&key, sources[i], &err), err);
        assert_string_equal(key.id, ID);
    }
    assert_int_equal(unsetenv("ONETUBE_TEST_KEY"), 0);
    assert_int_equal(ot_public_key_load(&key, "env:ONETUBE_TEST_KEY", &err), -1);
    assert_string_equal(err.message, "env:ONETUBE_TEST_KEY: the variable is not set");
    assert_int_equal(ot_public_key_load(&key, private_path, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
    assert_non_null(strstr(err.message, private_path));
    assert_succeeds(unit_write_file(private_path, OT_SPAN("-----BEGIN PRIVATE KEY-----\nAAAA\n"),
                                    0600, true, &err),
                    err);
    assert_int_equal(ot_public_key_load(&key, private_path, &err), -1);
    assert_non_null(strstr(err.message, "private key"));
    /* what was given as text is never quoted */
    assert_int_equal(ot_public_key_load(&key, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n", &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
    assert_null(strstr(err.message, "c2VjcmV0"));
    assert_int_equal(ot_public_key_load(&key, dir, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
    unit_remove_dir(dir);
}

static void trusted_folder(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *one = ot_asprintf("%s/one.pem", dir);
    OT_AUTOFREE char *two = ot_asprintf("%s/two.pem", dir);
    OT_AUTOFREE char *hidden = ot_asprintf("%s/.hidden.pem", dir);
    OT_AUTOFREE char *other = ot_asprintf("%s/readme.txt", dir);
    OT_AUTOFREE char *linked = ot_asprintf("%s/linked.pem", dir);
    OT_AUTOFREE char *missing = ot_asprintf("%s/none", dir);
    struct ot_trust trust;
    struct ot_error err = {0};

    (void)state;
    ot_trust_init(&trust);
    assert_int_equal(trust.threshold, 1);
    assert_true(trust.now > 1700000000);
    assert_succeeds(ot_trust_add_dir(&trust, missing, &err), err);
    assert_int_equal(trust.key_count, 0);
    assert_succeeds(unit_write_file(one, OT_SPAN(PEM), 0644, true, &err), err);
    assert_succeeds(unit_write_file(hidden, OT_SPAN("junk"), 0644, true, &err), err);
    assert_succeeds(unit_write_file(other, OT_SPAN("junk"), 0644, true, &err), err);
    /* as Kubernetes mounts a secret */
    assert_int_equal(symlink(".hidden.pem", linked), 0);
    assert_int_equal(ot_trust_add_dir(&trust, dir, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
    assert_non_null(strstr(err.message, "linked.pem"));
    assert_int_equal(unlink(linked), 0);
    assert_int_equal(symlink("one.pem", linked), 0);
    assert_succeeds(ot_trust_add_dir(&trust, dir, &err), err);
    assert_int_equal(trust.key_count, 1);
    assert_succeeds(ot_trust_add(&trust, HEX, &err), err); /* the same key again */
    assert_int_equal(trust.key_count, 1);
    assert_succeeds(
        unit_write_file(
            two, OT_SPAN("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\n"),
            0644, true, &err),
        err);
    assert_succeeds(ot_trust_add_dir(&trust, dir, &err), err);
    assert_int_equal(trust.key_count, 2);
    assert_int_equal(ot_trust_add_dir(&trust, one, &err), -1); /* not a folder */
    assert_int_equal(err.kind, OT_USAGE);
    for (mode_t others = 0020; others != 0; others = others == 0020 ? 0002 : 0) {
        assert_int_equal(chmod(dir, 0755 | others), 0);
        assert_int_equal(ot_trust_add_dir(&trust, dir, &err), -1);
        assert_non_null(strstr(err.message, "could add keys"));
    }
    ot_trust_free(&trust);
    unit_remove_dir(dir);
}

/* RFC 8032, section 7.1; then what libsodium refuses and others take. */
static void verifies(void **state)
{
    static const struct {
        const char *key, *message, *signature;
        bool good;
    } cases[] = {
        {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "cf9"
         "b46bd25bf5f0595bbe24655141438e7a100b",
         true},
        {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0f1"
         "1d8c387b2eaeb4302aeeb00d291612bb0c00",
         true},
        {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
         "84dc6594a7c15e9716ed28dc027beceea1ec40a",
         true},
        {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af83",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
         "84dc6594a7c15e9716ed28dc027beceea1ec40a",
         false},
        /* S plus the order of the group: the same equation holds, another spelling */
        {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901554c8c7872aa064e049dbb3013f"
         "b"
         "f29380d25bf5f0595bbe24655141438e7a101b",
         false},
        /* the key and R are of small order: verifies for every message without that check */
        {"0100000000000000000000000000000000000000000000000000000000000000", "72",
         "01000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "0"
         "00000000000000000000000000000000000000",
         false},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        uint8_t bytes[OT_PUBLIC_KEY_SIZE];
        uint8_t signature[OT_SIGNATURE_SIZE];
        uint8_t message[8];
        size_t len = strlen(cases[i].message) / 2;
        struct ot_public_key key;

        assert_true(ot_unhex(bytes, sizeof(bytes), ot_span_of(cases[i].key)));
        assert_true(ot_unhex(signature, sizeof(signature), ot_span_of(cases[i].signature)));
        assert_true(ot_unhex(message, len, ot_span_of(cases[i].message)));
        ot_public_key_init(&key, bytes);
        if (ot_public_key_verifies(&key, (struct ot_span){(char *)message, len}, signature) !=
            cases[i].good)
            fail_msg("case %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted), cmocka_unit_test(refused),        cmocka_unit_test(too_long),
        cmocka_unit_test(loaded),   cmocka_unit_test(trusted_folder), cmocka_unit_test(verifies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
