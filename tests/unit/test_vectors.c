/*
 * Every row of the vectors, which an independent writer made: the folder is $VECTORS, by default
 * tests/vectors.
 */
#include "tests/unit/unit.h"

#include "verify/payload.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static char *vector_path(const char *name)
{
    const char *dir = getenv("VECTORS");

    return ot_asprintf("%s/%s", dir != NULL ? dir : "tests/vectors", name);
}

static const char *text_of(const cJSON *row, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, key));

    assert_non_null(text);
    return text;
}

static void add_keys(struct ot_trust *trust, const cJSON *names,
                     int (*add)(struct ot_trust *, const char *, struct ot_error *))
{
    const cJSON *name;
    struct ot_error err;

    cJSON_ArrayForEach(name, names)
    {
        OT_AUTOFREE char *path = vector_path(cJSON_GetStringValue(name));

        assert_succeeds(add(trust, path, &err), err);
    }
}

static unsigned number_of(const cJSON *row, const char *key, unsigned otherwise)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(row, key);

    return number != NULL ? (unsigned)number->valueint : otherwise;
}

/* True when the row gave what it should; tells otherwise. */
static bool run_row(const cJSON *row, unsigned threads)
{
    OT_AUTOFREE char *path = vector_path(text_of(row, "file"));
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    struct ot_error err = {.code = "(none)"};
    struct ot_trust trust;
    const char *got = "OK";
    int result;

    ot_trust_init(&trust);
    trust.threshold = number_of(row, "threshold", 1);
    trust.min_sequence = number_of(row, "minSequence", 0);
    add_keys(&trust, cJSON_GetObjectItemCaseSensitive(row, "trusted"), ot_trust_add);
    add_keys(&trust, cJSON_GetObjectItemCaseSensitive(row, "revoked"), ot_trust_revoke);
    result = ot_payload_open(path, &trust, threads, NULL, &payload, &err);
    ot_trust_free(&trust);
    if (result < 0) {
        got = err.code != NULL ? err.code : err.message;
        assert_null(payload);
    }
    if (strcmp(got, text_of(row, "expect")) == 0 && (result == 0 || err.kind == OT_REFUSED))
        return true;
    print_error("%s (%s): got %s, expected %s: %s\n", text_of(row, "file"), text_of(row, "why"),
                got, text_of(row, "expect"), result < 0 ? err.message : "");
    return false;
}

static void rows(void **state)
{
    OT_AUTOFREE char *path = vector_path("vectors.json");
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error err;
    cJSON *vectors;
    const cJSON *row;
    int bad = 0;
    int count = 0;

    (void)state;
    assert_succeeds(ot_read_file(path, 1u << 20, &text, &err), err);
    vectors = cJSON_ParseWithLength(text.data, text.len);
    assert_non_null(vectors);
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(vectors, "rows"))
    {
        count++;
        bad += !run_row(row, 1);
        bad += !run_row(row, 3);
    }
    cJSON_Delete(vectors);
    assert_int_equal(bad, 0);
    assert_true(count >= 70);
}

static void signed_bytes(void **state)
{
    OT_AUTOFREE char *payload_path = vector_path("valid.1tube");
    OT_AUTOFREE char *pae_path = vector_path("pae.bin");
    OT_AUTOBUF struct ot_buf payload = {0};
    OT_AUTOBUF struct ot_buf expected = {0};
    OT_AUTOBUF struct ot_buf found = {0};
    struct ot_error err;

    (void)state;
    assert_succeeds(ot_read_file(payload_path, 1u << 20, &payload, &err), err);
    assert_succeeds(ot_read_file(pae_path, 1u << 20, &expected, &err), err);
    ot_statement_pae((const uint8_t *)payload.data + OT_STATEMENT_OFFSET, &found);
    assert_true(ot_span_equal(ot_buf_span(&found), ot_buf_span(&expected)));
}

/* What a verified payload shows is what stands in the file. */
static void contents(void **state)
{
    OT_AUTOFREE char *path = vector_path("valid.1tube");
    OT_AUTOFREE char *key = vector_path("a.pub.pem");
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    OT_AUTOBUF struct ot_buf file = {0};
    const struct ot_manifest *manifest;
    const struct ot_function *hello;
    struct ot_trust trust;
    struct ot_error err;

    (void)state;
    ot_trust_init(&trust);
    assert_succeeds(ot_trust_add(&trust, key, &err), err);
    assert_succeeds(ot_payload_open(path, &trust, 0, NULL, &payload, &err), err);
    assert_succeeds(ot_read_file(path, 1u << 20, &file, &err), err);
    assert_true(ot_span_equal(ot_payload_image(payload), ot_buf_span(&file)));
    manifest = ot_payload_manifest(payload);
    assert_int_equal(manifest->function_count, 2);
    assert_int_equal(manifest->member_count, 4);
    assert_false(manifest->splitting);
    assert_string_equal(manifest->env.items[0], "GREETING");
    hello = ot_manifest_function(manifest, OT_SPAN("hello"));
    assert_non_null(hello);
    assert_true(hello->config.is_public);
    assert_int_equal(hello->config.timeout_ms, 5000);
    assert_int_equal(hello->config.rpm, 60);
    assert_true(hello->config.memory_mb == OT_UNSET);
    assert_int_equal(ot_payload_bytes(payload, hello->bundle).len, 125);
    assert_int_equal(ot_payload_manifest_text(payload).len, 1359);
    assert_string_equal(ot_payload_statement(payload)->name, "vectors");
    assert_int_equal(ot_payload_statement(payload)->sequence, 7);
    assert_int_equal(ot_payload_signers(payload)->count, 1);
    assert_string_equal(ot_payload_signers(payload)->items[0], trust.keys[0].id);
    ot_trust_free(&trust);
}

/* A preview trusts nothing and so accepts what only a signature or a member is wrong with. */
static void previews(void **state)
{
    static const struct {
        const char *file, *code;
    } cases[] = {
        {"valid.1tube", NULL},
        {"unsigned.1tube", NULL},
        {"swapped-signature.1tube", NULL},
        {"bundle-bit.1tube", NULL},
        {"statement-expired.1tube", NULL},
        {"manifest-digit.1tube", "E_MANIFEST"},
        {"statement-space.1tube", "E_STATEMENT"},
        {"statement-other-type.1tube", "E_SCHEMA"},
        {"sig-filling.1tube", "E_LAYOUT"},
        {"empty.1tube", "E_LAYOUT"},
        {"trailing-blocks.1tube", "E_LAYOUT"},
        {"schema-2.1tube", "E_SCHEMA"},
        {"engine-other.1tube", "E_ENGINE"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *path = vector_path(cases[i].file);
        struct ot_preview preview;
        struct ot_error err = {0};
        int result = ot_preview_open(path, &preview, &err);

        if (result == 0 && cases[i].code == NULL) {
            assert_true(preview.has_statement);
            assert_int_equal(preview.size, 14848);
            assert_int_equal(preview.manifest_text.len, 1359);
            assert_int_equal(preview.manifest->function_count, 2);
            ot_preview_free(&preview);
            continue;
        }
        if (result == 0 || cases[i].code == NULL)
            fail_msg("%s: %s", cases[i].file, result == 0 ? "accepted" : err.message);
        assert_string_equal(err.code, cases[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(signed_bytes),
        cmocka_unit_test(contents),
        cmocka_unit_test(previews),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
