#include "tests/unit/unit.h"

#include "base/base64.h"
#include "package/attest.h"
#include "package/secret_key.h"
#include "verify/pae.h"
#include "verify/refusal.h"

#include <string.h>

#define DIGEST "1997c009256114a58442b3b33645a399602889ce1c5879c39909bc19e3628dc8"
#define TEXT                                                                                       \
    "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"manifest.json\","     \
    "\"digest\":{\"sha256\":\"" DIGEST "\"}}],\"predicateType\":\"urn:onetube:rebuild:v1\","       \
    "\"predicate\":{\"name\":\"shop\",\"version\":\"1.4.0\",\"onetube\":\"0.1.0\","                \
    "\"esbuild\":\"0.25.11\"}}"

static const struct ot_attestation sample = {.manifest_sha256 = DIGEST,
                                             .name = "shop",
                                             .version = "1.4.0",
                                             .onetube = "0.1.0",
                                             .esbuild = "0.25.11"};

static void one_text(void **state)
{
    static const struct {
        const char *from, *to, *code;
    } cases[] = {
        {"shop", "shop", NULL},
        {"{\"_type\"", "{ \"_type\"", OT_E_STATEMENT},
        {"}}", "}}\n", OT_E_STATEMENT},
        {"rebuild:v1", "payload:v1", OT_E_SCHEMA},
        {"rebuild:v1", "rebuild:v2", OT_E_SCHEMA},
        {"manifest.json", "other.json", OT_E_STATEMENT},
        {"shop", "", OT_E_STATEMENT},
        {"shop", "sh\\u006fp", OT_E_STATEMENT},
        {"\"onetube\"", "\"Onetube\"", OT_E_STATEMENT},
        {",\"esbuild\":\"0.25.11\"", "", OT_E_STATEMENT},
        {"0.25.11\"", "0.25.11\",\"more\":1", OT_E_STATEMENT},
        {"1997", "1997A", OT_E_STATEMENT},
    };
    OT_AUTOBUF struct ot_buf text = {0};

    (void)state;
    ot_attestation_text(&sample, &text);
    assert_string_equal(text.data, TEXT);
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        const char *found = strstr(TEXT, cases[i].from);
        OT_AUTOFREE char *changed = ot_asprintf("%.*s%s%s", (int)(found - TEXT), TEXT, cases[i].to,
                                                found + strlen(cases[i].from));
        struct ot_attestation out;
        struct ot_error err = {0};
        int done = ot_attestation_parse(&out, ot_span_of(changed), &err);

        if (cases[i].code == NULL)
            assert_succeeds(done, err);
        else if (done == 0 || strcmp(err.code, cases[i].code) != 0)
            fail_msg("\"%s\": %s", cases[i].to, done == 0 ? "accepted" : err.code);
    }
}

static void signed_file(void **state)
{
    OT_AUTOBUF struct ot_buf file = {0};
    OT_AUTOBUF struct ot_buf message = {0};
    OT_AUTOENVELOPE struct ot_envelope envelope = {.page.count = 0};
    struct ot_secret_key *keys[2];
    struct ot_signer signers[2];
    struct ot_attestation read;
    struct ot_error err = {0};

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_succeeds(ot_secret_key_generate(&keys[i], &err), err);
        signers[i] = (struct ot_signer){.key = keys[i]};
    }
    assert_int_equal(ot_attest(&sample, signers, 0, &file, &err), -1);
    assert_succeeds(ot_attest(&sample, signers, 2, &file, &err), err);
    assert_succeeds(ot_envelope_parse(&envelope, ot_buf_span(&file), &err), err);
    assert_string_equal(envelope.text.data, TEXT);
    assert_int_equal(envelope.page.count, 2);
    assert_true(strcmp(envelope.page.items[0].key_id, envelope.page.items[1].key_id) < 0);
    ot_buf_printf(&message, "DSSEv1 28 application/vnd.in-toto+json %zu %s", strlen(TEXT), TEXT);
    for (unsigned i = 0; i < 2; i++) {
        const struct ot_signature *signature = &envelope.page.items[i];
        const struct ot_public_key *key = ot_secret_key_public(
            strcmp(ot_secret_key_public(keys[0])->id, signature->key_id) == 0 ? keys[0] : keys[1]);

        assert_true(ot_public_key_verifies(key, ot_buf_span(&message), signature->bytes));
    }
    assert_succeeds(ot_attestation_parse(&read, ot_buf_span(&envelope.text), &err), err);
    assert_string_equal(read.manifest_sha256, DIGEST);
    assert_string_equal(read.version, "1.4.0");
    ot_secret_key_free(keys[0]);
    ot_secret_key_free(keys[1]);
}

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SIG                                                                                        \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define ONE "{\"keyid\":\"" ID "\",\"sig\":\"" SIG "\"}"

static void one_envelope(void **state)
{
    static const struct {
        const char *list;
        bool good;
    } cases[] = {{ONE, true}, {"", false}, {ONE "," ONE, false}, {" " ONE, false}};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOENVELOPE struct ot_envelope envelope = {.page.count = 0};
        OT_AUTOFREE char *file = ot_asprintf("{\"payloadType\":\"application/vnd.in-toto+json\","
                                             "\"payload\":\"e30=\",\"signatures\":[%s]}\n",
                                             cases[i].list);
        struct ot_error err = {0};

        if ((ot_envelope_parse(&envelope, ot_span_of(file), &err) == 0) != cases[i].good)
            fail_msg("case %zu: %s", i, err.message);
        /* without its newline, or cut anywhere */
        for (size_t len = 0; len < strlen(file); len++) {
            if (ot_envelope_parse(&envelope, (struct ot_span){file, len}, &err) == 0)
                fail_msg("case %zu cut at %zu was accepted", i, len);
            assert_string_equal(err.code, OT_E_LAYOUT);
        }
    }
}

/* The file has room for more, the statement not. */
static void long_statement(void **state)
{
    static const struct {
        size_t len;
        bool good;
    } cases[] = {{OT_ENVELOPE_TEXT_MAX, true}, {OT_ENVELOPE_TEXT_MAX + 3, false}};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOENVELOPE struct ot_envelope made = {.page = {.items = {{.key_id = ID}}, .count = 1}};
        OT_AUTOENVELOPE struct ot_envelope read = {.page.count = 0};
        OT_AUTOBUF struct ot_buf file = {0};
        struct ot_error err = {0};

        for (size_t k = 0; k < cases[i].len; k++)
            ot_buf_putc(&made.text, 'x');
        ot_envelope_write(&made, &file);
        assert_true(file.len <= OT_ENVELOPE_MAX);
        if ((ot_envelope_parse(&read, ot_buf_span(&file), &err) == 0) != cases[i].good)
            fail_msg("%zu bytes: %s", cases[i].len, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_text),
        cmocka_unit_test(signed_file),
        cmocka_unit_test(one_envelope),
        cmocka_unit_test(long_statement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
