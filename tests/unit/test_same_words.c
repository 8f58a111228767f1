/* What packaging and signing refuse, they refuse in the verifier's own words. */
#include "tests/unit/payload_fixture.h"
#include "tests/unit/sign_one.h"

#include <stdio.h>
#include <unistd.h>

static struct ot_secret_key *secret(char letter)
{
    struct ot_error err = {0};
    struct ot_secret_key *key;
    char hex[65];

    snprintf(hex, sizeof(hex), "%064d", 0);
    hex[63] = letter;
    assert_succeeds(ot_secret_key_load(hex, &key, &err), err);
    return key;
}

/* What the verifier says of `path`, into `err`. */
static void verify(const char *path, struct ot_error *err)
{
    struct ot_payload *payload;
    struct ot_trust trust = trust_in("a");

    trust.allow_unsigned = true;
    assert_int_equal(ot_payload_open(path, &trust, 1, NULL, &payload, err), -1);
    ot_trust_free(&trust);
}

static void expect_same(const struct ot_error *err, const struct ot_error *expected)
{
    assert_int_equal(expected->kind, OT_REFUSED);
    assert_int_equal(err->kind, OT_REFUSED);
    assert_string_equal(err->code, expected->code);
    assert_string_equal(err->message, expected->message);
}

static void of_dists(void **state)
{
    static const struct {
        const char *path, *text; /* NULL: removed */
        const char *code;
    } cases[] = {{"files/echo/a.txt", "Text", OT_E_HASH},
                 {"files/echo/a.txt", "texts", OT_E_LAYOUT},
                 {"files/empty", " ", OT_E_LAYOUT},
                 {"functions/echo.js", NULL, OT_E_LAYOUT}};
    const struct fixture *f = *state;

    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *whole = ot_asprintf("%s/%s", f->dist, cases[i].path);
        const struct ot_package_options options = {.in = f->dist, .out = f->file};
        struct ot_package_report report;
        struct ot_error expected;
        struct ot_error err;

        maker_dist(&f->maker, f->dist, false);
        if (cases[i].text != NULL)
            maker_put(f->dist, cases[i].path, ot_span_of(cases[i].text));
        else
            assert_int_equal(unlink(whole), 0);
        verify(f->dist, &expected);
        assert_int_equal(ot_package(&options, &report, &err), -1);
        ot_package_report_free(&report);
        assert_string_equal(err.code, cases[i].code);
        expect_same(&err, &expected);
    }
}

/* One byte is changed wherever something is fixed. */
static void of_payloads(void **state)
{
    const struct fixture *f = *state;
    struct ot_secret_key *key = secret('1');
    const struct ot_signer signer = {.key = key};
    struct ot_preview preview;
    struct ot_error err;
    uint64_t places[9];

    write_payload(f);
    assert_succeeds(ot_preview_open(f->file, &preview, &err), err);
    places[0] = 7;
    places[1] = OT_SIGNED_OFFSET + 130;
    places[2] = OT_MANIFEST_HEADER;
    places[3] = OT_MANIFEST_OFFSET + preview.manifest_text.len; /* padding */
    places[4] = OT_MANIFEST_OFFSET + 5;
    places[5] = preview.manifest->members[0].offset - 1;
    places[6] = preview.manifest->members[0].offset;
    places[7] = preview.manifest->members[0].offset + preview.manifest->members[0].size;
    places[8] = preview.size - 3;
    ot_preview_free(&preview);
    for (size_t i = 0; i < OT_COUNT(places); i++) {
        OT_AUTOBUF struct ot_buf bytes = {0};
        OT_AUTOLIST struct ot_list added = {0};
        struct ot_error expected;

        maker_payload(&f->maker, &bytes);
        bytes.data[places[i]] ^= 1;
        assert_succeeds(unit_write_file(f->file, ot_buf_span(&bytes), 0644, false, &err), err);
        verify(f->file, &expected);
        assert_int_equal(sign_one(f->file, &signer, &added, &err), -1);
        expect_same(&err, &expected);
    }
    ot_secret_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {test(of_dists), test(of_payloads)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
