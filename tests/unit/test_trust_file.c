/* trust.json: its one spelling, what it may not say, and how it is signed. */
#include "tests/unit/trust_maker.h"
#include "tests/unit/unit.h"

#include "verify/refusal.h"

#define DIGEST "1997c009256114a58442b3b33645a399602889ce1c5879c39909bc19e3628dc8"

static const struct trust_maker sample = {
    .version = 3,
    .expires = 4102444800,
    .thresholds = {2, 1, 1},
    .keys = {"abc", "de", "fg"},
    .revoked = "xy",
    .manifest = DIGEST,
    .engine = DIGEST,
    .target = "edge",
    .min_sequence = 7,
    .signers = "ab",
};

/* "OK" or the code. */
static const char *verdict(struct ot_span text, struct ot_trust_file **out, struct ot_error *err)
{
    if (ot_trust_file_parse(text, out, err) == 0)
        return "OK";
    assert_int_equal(err->kind, OT_REFUSED);
    assert_non_null(err->code);
    return err->code;
}

static void one_spelling(void **state)
{
    OT_AUTOTRUSTFILE struct ot_trust_file *file = NULL;
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOBUF struct ot_buf again = {0};
    OT_AUTOBUF struct ot_buf expected = {0};
    OT_AUTOBUF struct ot_buf message = {0};
    struct ot_error err = {0};

    (void)state;
    trust_text(&sample, &text);
    assert_succeeds(ot_trust_file_parse(ot_buf_span(&text), &file, &err), err);
    ot_trust_file_write(file, true, &again);
    assert_string_equal(again.data, text.data);
    assert_int_equal(file->version, 3);
    assert_int_equal(file->expires, 4102444800);
    assert_int_equal(file->thresholds[OT_ROLE_ROOT], 2);
    assert_int_equal(file->key_count, 7);
    assert_int_equal(ot_trust_file_keys(file, OT_ROLE_ROOT), 3);
    assert_int_equal(ot_trust_file_keys(file, OT_ROLE_REBUILD), 2);
    assert_int_equal(file->revoked_keys.count, 2);
    assert_string_equal(file->revoked_manifests.items[0], DIGEST);
    assert_string_equal(file->engines.items[0], DIGEST);
    assert_int_equal(file->min_sequence, 7);
    assert_string_equal(file->targets[0].name, "edge");
    assert_string_equal(file->targets[0].payloads.items[0], "made");
    assert_int_equal(file->page.count, 2);
    trust_message(&sample, &expected);
    ot_trust_file_message(file, &message);
    assert_string_equal(message.data, expected.data);
    assert_int_equal(message.len, 110);
    assert_succeeds(ot_trust_file_signed_by(file, file, &err), err);
}

/* Each is one change of the good text, and what reading it must say. */
static void what_it_may_not_say(void **state)
{
    static const struct {
        const char *from, *to, *code;
    } cases[] = {
        {"\"schema\": 1", "\"schema\": 1", "OK"},
        {"\"schema\": 1", "\"schema\": 2", OT_E_SCHEMA},
        {"\"schema\": 1", "\"schema\": \"1\"", OT_E_TRUST},
        {"\"schema\": 1", "\"schema\":1", OT_E_TRUST},
        {"\"schema\": 1,\n", "", OT_E_TRUST},
        {"\"version\": 3", "\"version\": 0", OT_E_TRUST},
        {"\"version\": 3", "\"version\": 03", OT_E_TRUST},
        {"\"version\": 3", "\"version\": -3", OT_E_TRUST},
        {"\"version\": 3", "\"version\": 3.0", OT_E_TRUST},
        {"\"version\": 3", "\"version\": 9007199254740991", "OK"},
        {"\"version\": 3", "\"version\": 9007199254740992", OT_E_TRUST},
        {"\"version\": 3", "\"Version\": 3", OT_E_TRUST},
        {"\"version\": 3", "\"version\": 3,\n  \"version\": 3", OT_E_TRUST},
        {"\"expires\": 4102444800", "\"expires\": null", "OK"},
        {"\"expires\": 4102444800", "\"expires\": false", OT_E_TRUST},
        {"\"expires\": 4102444800", "\"expires\": nul", OT_E_TRUST},
        {"\"expires\": 4102444800", "\"expires\": \"never\"", OT_E_TRUST},
        {"\"root\": 2", "\"root\": 0", OT_E_TRUST},
        {"\"root\": 2", "\"root\": 3", "OK"},
        {"\"root\": 2", "\"root\": 4", OT_E_TRUST},
        {"\"root\": 2", "\"roots\": 2", OT_E_TRUST},
        {"\"release\": 1", "\"release\": 0", OT_E_TRUST},
        {"\"release\": 1", "\"release\": 3", OT_E_TRUST},
        {"\"release\": 1", "\"release\": 4294967297", OT_E_TRUST},
        {"\"rebuild\": 1", "\"rebuild\": 0", "OK"},
        {"\"rebuild\": 1", "\"rebuild\": 3", OT_E_TRUST},
        {"\"rebuild\": 1", "\"rebuild\": 1,\n    \"other\": 1", OT_E_TRUST},
        {"\"rebuild\": 1", "\"rebuild\": 1,\n    \"growth\": 2", "OK"},
        {"\"rebuild\": 1", "\"rebuild\": 1,\n    \"growth\": 0", OT_E_TRUST},
        {"\"rebuild\": 1", "\"rebuild\": 1,\n    \"growth\": 3", OT_E_TRUST},
        {"\"rebuild\": 1", "\"growth\": 1,\n    \"rebuild\": 1", OT_E_TRUST},
        {"\"role\": \"root\"", "\"role\": \"admin\"", OT_E_TRUST},
        {"\"role\": \"root\"", "\"role\": \"Root\"", OT_E_TRUST},
        {"\"role\": \"root\"", "\"role\": [\"root\", \"release\"]", OT_E_TRUST},
        {"\"role\": \"root\"", "\"role\": \"ro\\u006ft\"", OT_E_TRUST},
        {"\"algorithm\": \"ed25519\"", "\"algorithm\": \"ed25519ph\"", OT_E_TRUST},
        {"\"algorithm\": \"ed25519\"", "\"algorithm\": \"none\"", OT_E_TRUST},
        {"\"key\": \"", "\"key\": \"AAAA", OT_E_TRUST},
        {"\"id\": \"", "\"id\": \"0", OT_E_TRUST},
        {"\"manifests\": [\n      \"19", "\"manifests\": [\n      \"1A", OT_E_TRUST},
        {"\"minSequence\": 7", "\"minSequence\": 9007199254740992", OT_E_TRUST},
        {"\"minSequence\": 7", "\"minSequence\": 8", "OK"},
        {"\"name\": \"edge\"", "\"name\": \"\"", OT_E_TRUST},
        {"\"name\": \"edge\"", "\"name\": \"a\\\\b\"", OT_E_TRUST},
        {"\"made\"", "\"made\",\n        \"other\"", "OK"},
        {"\"made\"", "\"made\",\n        \"made\"", OT_E_TRUST},
        {"\"made\"", "\"other\",\n        \"made\"", OT_E_TRUST},
        {"\"engines\"", "\"engine\"", OT_E_TRUST},
        {"onetube-sig-v1", "onetube-sig-v2", OT_E_TRUST},
        {"\"signatures\": [", "\"signatures\": [ ", OT_E_TRUST},
        {"]\n}\n", "]\n}\n ", OT_E_TRUST},
        {"]\n}\n", "]\n}", OT_E_TRUST},
        {"]\n}\n", "],\n  \"more\": 1\n}\n", OT_E_TRUST},
        {"{\n  \"schema\"", "\xef\xbb\xbf{\n  \"schema\"", OT_E_TRUST},
        {"{\n  \"schema\"", "[{\n  \"schema\"", OT_E_TRUST},
    };
    OT_AUTOBUF struct ot_buf text = {0};

    (void)state;
    trust_text(&sample, &text);
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOTRUSTFILE struct ot_trust_file *file = NULL;
        const char *found = strstr(text.data, cases[i].from);
        OT_AUTOFREE char *changed = NULL;
        struct ot_error err = {0};
        const char *got;

        assert_non_null(found);
        changed = ot_asprintf("%.*s%s%s", (int)(found - text.data), text.data, cases[i].to,
                              found + strlen(cases[i].from));
        got = verdict(ot_span_of(changed), &file, &err);
        if (strcmp(got, cases[i].code) != 0)
            fail_msg("%s: got %s, expected %s: %s", cases[i].to, got, cases[i].code, err.message);
        /* whoever changes a byte of what is signed has no signature any more */
        if (file != NULL && strcmp(cases[i].from, cases[i].to) != 0) {
            assert_int_equal(ot_trust_file_signed_by(file, file, &err), -1);
            assert_string_equal(err.code, OT_E_SIGNATURE);
        }
    }
}

/* What only several keys together can do wrong. */
static void keys_and_roles(void **state)
{
    static const struct {
        struct trust_maker maker;
        const char *code;
    } cases[] = {
        {{.version = 1, .thresholds = {1, 1, 0}, .keys = {"a", "b", NULL}}, "OK"},
        /* one key, two roles */
        {{.version = 1, .thresholds = {1, 1, 0}, .keys = {"a", "a", NULL}}, OT_E_TRUST},
        {{.version = 1, .thresholds = {1, 1, 1}, .keys = {"a", "b", "b"}}, OT_E_TRUST},
        /* one key twice in one role, to reach a threshold with it */
        {{.version = 1, .thresholds = {2, 1, 0}, .keys = {"aa", "b", NULL}}, OT_E_TRUST},
        /* revoked, and in a role all the same */
        {{.version = 1, .thresholds = {1, 1, 0}, .keys = {"a", "b"}, .revoked = "a"}, OT_E_TRUST},
        {{.version = 1, .thresholds = {1, 1, 0}, .keys = {"a", "b"}, .revoked = "c"}, "OK"},
        {{.version = 1, .thresholds = {1, 1, 0}, .keys = {"a", "b"}, .revoked = "cc"}, OT_E_TRUST},
        /* no root, no release */
        {{.version = 1, .thresholds = {1, 1, 0}, .keys = {NULL, "b"}}, OT_E_TRUST},
        {{.version = 1, .thresholds = {1, 1, 0}, .keys = {"a", NULL}}, OT_E_TRUST},
        /* as many root signatures of two versions as fit into one file */
        {{.version = 1, .thresholds = {10, 1, 0}, .keys = {"abcdefghijk", "z"}}, "OK"},
        {{.version = 1, .thresholds = {11, 1, 0}, .keys = {"abcdefghijk", "z"}}, OT_E_TRUST},
        /* signatures: sorted, none twice, at most twenty */
        {{.version = 1,
          .thresholds = {1, 1, 0},
          .keys = {"a", "b"},
          .signers = "abcdefghijklmnopqrst"},
         "OK"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOTRUSTFILE struct ot_trust_file *file = NULL;
        OT_AUTOBUF struct ot_buf text = {0};
        struct ot_error err = {0};
        const char *got;

        trust_text(&cases[i].maker, &text);
        got = verdict(ot_buf_span(&text), &file, &err);
        if (strcmp(got, cases[i].code) != 0)
            fail_msg("case %zu: got %s, expected %s: %s", i, got, cases[i].code, err.message);
    }
}

/* The same line twice, and lines in another order, are no second spelling. */
static void lines_of_signatures(void **state)
{
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOFREE char *head = NULL;
    OT_AUTOFREE char *first = NULL;
    OT_AUTOFREE char *second = NULL;
    const char *at;
    struct ot_error err = {0};

    (void)state;
    trust_text(&sample, &text);
    at = strstr(text.data, "    \"onetube-sig");
    head = ot_strndup(text.data, (size_t)(at - text.data));
    first = ot_strndup(at, OT_SIGNATURE_LINE + 5);
    second = ot_strndup(strchr(at, '\n') + 1, OT_SIGNATURE_LINE + 5);
    for (int i = 0; i < 4; i++) {
        OT_AUTOTRUSTFILE struct ot_trust_file *file = NULL;
        OT_AUTOFREE char *changed = ot_asprintf("%s%s,\n%s\n  ]\n}\n", head, i < 2 ? first : second,
                                                i == 0 || i == 3 ? second : first);
        const char *got = verdict(ot_span_of(changed), &file, &err);

        /* first second, first first, second first, second second */
        assert_string_equal(got, i == 0 ? "OK" : OT_E_TRUST);
    }
}

/* Cut anywhere, or larger than any: refused, and never by a crash. */
static void other_sizes(void **state)
{
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOFREE char *large = ot_alloc(OT_TRUST_FILE_MAX + 2, 1);
    OT_AUTOTRUSTFILE struct ot_trust_file *file = NULL;
    struct ot_error err = {0};

    (void)state;
    trust_text(&sample, &text);
    for (size_t len = 0; len < text.len; len++)
        assert_string_equal(verdict((struct ot_span){text.data, len}, &file, &err), OT_E_TRUST);
    memset(large, ' ', OT_TRUST_FILE_MAX + 1);
    assert_string_equal(verdict(ot_span_of(large), &file, &err), OT_E_TRUST);
    assert_int_equal(ot_trust_file_load("/nonexistent/trust.json", &file, &err), -1);
    assert_int_equal(err.kind, OT_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_spelling),   cmocka_unit_test(what_it_may_not_say),
        cmocka_unit_test(keys_and_roles), cmocka_unit_test(lines_of_signatures),
        cmocka_unit_test(other_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
