#include "tests/unit/unit.h"

#include "verify/refusal.h"
#include "verify/statement.h"

#include <string.h>

#define DIGEST "1997c009256114a58442b3b33645a399602889ce1c5879c39909bc19e3628dc8"
#define HEAD                                                                                       \
    "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"manifest.json\","     \
    "\"digest\":{\"sha256\":\"" DIGEST "\"}}],\"predicateType\":\"urn:onetube:payload:v1\","
#define GOOD                                                                                       \
    HEAD "\"predicate\":{\"name\":\"shop\",\"version\":\"1.4.0\",\"sequence\":7,"                  \
         "\"manifestBytes\":1834,\"notAfter\":4102444800}}"

static void fill(uint8_t page[OT_PAGE_SIZE], const char *text)
{
    size_t len = strlen(text);

    assert_true(len <= OT_PAGE_SIZE);
    memset(page, '\n', OT_PAGE_SIZE);
    memcpy(page, text, len);
}

/* The text with the first `from` replaced. Free it. */
static char *replace(const char *text, const char *from, const char *to)
{
    const char *found = strstr(text, from);

    assert_non_null(found);
    return ot_asprintf("%.*s%s%s", (int)(found - text), text, to, found + strlen(from));
}

static void reads_and_writes(void **state)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_statement statement;
    uint8_t page[OT_PAGE_SIZE];
    uint8_t again[OT_PAGE_SIZE];
    struct ot_error err;

    (void)state;
    fill(page, GOOD);
    assert_succeeds(ot_statement_parse(&statement, page, &err), err);
    assert_string_equal(statement.name, "shop");
    assert_string_equal(statement.version, "1.4.0");
    assert_string_equal(statement.manifest_sha256, DIGEST);
    assert_int_equal(statement.manifest_bytes, 1834);
    assert_int_equal(statement.sequence, 7);
    assert_true(statement.has_not_after);
    assert_int_equal(statement.not_after, 4102444800);
    ot_statement_write(&statement, &text);
    assert_string_equal(text.data, GOOD);
    ot_statement_page(&statement, again);
    assert_memory_equal(page, again, OT_PAGE_SIZE);
}

static void signed_bytes(void **state)
{
    OT_AUTOBUF struct ot_buf pae = {0};
    uint8_t page[OT_PAGE_SIZE];

    (void)state;
    fill(page, "{}");
    ot_statement_pae(page, &pae);
    assert_string_equal(pae.data, "DSSEv1 28 application/vnd.in-toto+json 2 {}");
    /* a full page has no filling, and its message is below the 4,096 bytes that KMS take */
    memset(page, 'x', OT_PAGE_SIZE);
    ot_buf_clear(&pae);
    ot_statement_pae(page, &pae);
    assert_int_equal(pae.len, strlen("DSSEv1 28 application/vnd.in-toto+json 3584 ") + 3584);
    assert_true(pae.len <= OT_PAE_MAX && OT_PAE_MAX <= 4096);
    memset(page, '\n', OT_PAGE_SIZE);
    ot_buf_clear(&pae);
    ot_statement_pae(page, &pae);
    assert_string_equal(pae.data, "DSSEv1 28 application/vnd.in-toto+json 0 ");
}

#define LONG_128                                                                                   \
    "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01"                             \
    "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01"

static void single_changes(void **state)
{
    static const struct {
        const char *from, *to, *code; /* code NULL: accepted */
    } cases[] = {
        {"", "", NULL},
        {",\"notAfter\":4102444800", "", NULL},
        {"4102444800", "0", NULL},
        {"4102444800", "9007199254740991", NULL},
        {"\"sequence\":7", "\"sequence\":0", NULL},
        {"\"sequence\":7", "\"sequence\":9007199254740991", NULL},
        {"\"shop\"", "\"" LONG_128 "\"", NULL},
        {"\"shop\"", "\" !#$%&'()*+,-./:;<=>?@[]^_`{|}~\"", NULL},
        {"1834", "8388608", NULL},
        {"urn:onetube:payload:v1", "urn:onetube:payload:v2", OT_E_SCHEMA},
        {"urn:onetube:payload:v1", "https://slsa.dev/provenance/v1", OT_E_SCHEMA},
        {"urn:onetube:payload:v1", "", OT_E_SCHEMA},
        {"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1", OT_E_STATEMENT},
        {"{\"_type\"", "\n{\"_type\"", OT_E_STATEMENT},
        {"{\"_type\"", " {\"_type\"", OT_E_STATEMENT},
        {"\"_type\":", "\"_type\": ", OT_E_STATEMENT},
        {"\"_type\"", "\"_\\u0074ype\"", OT_E_STATEMENT},
        {"\"shop\"", "\"sh\\u006fp\"", OT_E_STATEMENT},
        {"\"shop\"", "\"a\\/b\"", OT_E_STATEMENT},
        {"\"shop\"", "\"a\\\"b\"", OT_E_STATEMENT},
        {"\"shop\"", "\"a\\\\b\"", OT_E_STATEMENT},
        {"\"shop\"", "\"a\\nb\"", OT_E_STATEMENT},
        {"\"shop\"", "\"\"", OT_E_STATEMENT},
        {"\"shop\"", "\"" LONG_128 "x\"", OT_E_STATEMENT},
        {"\"shop\"", "\"caf\xc3\xa9\"", OT_E_STATEMENT},
        {"\"shop\"", "\"\xff\"", OT_E_STATEMENT},
        {"\"shop\"", "\"a\x7f\"", OT_E_STATEMENT},
        {"\"shop\"", "\"a\\u0000\"", OT_E_STATEMENT},
        {"\"shop\"", "7", OT_E_STATEMENT},
        {"\"shop\"", "null", OT_E_STATEMENT},
        {"\"1.4.0\"", "\"\"", OT_E_STATEMENT},
        {"\"1.4.0\"", "1", OT_E_STATEMENT},
        {"manifest.json", "manifest.jso", OT_E_STATEMENT},
        {"1997", "199", OT_E_STATEMENT},
        {"1997", "19977", OT_E_STATEMENT},
        {"1997c", "1997C", OT_E_STATEMENT},
        {"1997", "199g", OT_E_STATEMENT},
        {"\"sha256\"", "\"sha512\"", OT_E_STATEMENT},
        {"}}],", "},\"x\":1}],", OT_E_STATEMENT},
        {"\"}}],", "\",\"x\":1}}],", OT_E_STATEMENT},
        {"}}],", "}},{}],", OT_E_STATEMENT},
        {"[{\"name\":\"manifest.json\",\"digest\":{\"sha256\":\"" DIGEST "\"}}]", "[]",
         OT_E_STATEMENT},
        {"\"subject\":[{", "\"subject\":{", OT_E_STATEMENT},
        {"\"predicate\":{", "\"predicate\":[", OT_E_STATEMENT},
        {"\"sequence\":7", "\"sequence\":-1", OT_E_STATEMENT},
        {"\"sequence\":7", "\"sequence\":07", OT_E_STATEMENT},
        {"\"sequence\":7", "\"sequence\":7.0", OT_E_STATEMENT},
        {"\"sequence\":7", "\"sequence\":7e0", OT_E_STATEMENT},
        {"\"sequence\":7", "\"sequence\":\"7\"", OT_E_STATEMENT},
        {"\"sequence\":7", "\"sequence\":9007199254740992", OT_E_STATEMENT},
        {"\"sequence\":7", "\"sequence\":18446744073709551623", OT_E_STATEMENT},
        {"\"sequence\":7", "\"sequence\":7,\"sequence\":8", OT_E_STATEMENT},
        {"\"sequence\":7,", "", OT_E_STATEMENT},
        {"\"sequence\"", "\"Sequence\"", OT_E_STATEMENT},
        {"1834", "8388609", OT_E_STATEMENT},
        {"1834", "01834", OT_E_STATEMENT},
        {"4102444800", "9007199254740992", OT_E_STATEMENT},
        {"4102444800", "-1", OT_E_STATEMENT},
        {"4102444800", "null", OT_E_STATEMENT},
        {"notAfter", "notBefore", OT_E_STATEMENT},
        {"4102444800", "1,\"x\":1", OT_E_STATEMENT},
        {"4102444800}}", "4102444800}", OT_E_STATEMENT},
        {"4102444800}}", "4102444800}}}", OT_E_STATEMENT},
        {"4102444800}}", "4102444800}}x", OT_E_STATEMENT},
        {"4102444800}}", "4102444800}} ", OT_E_STATEMENT},
        {"4102444800}}", "4102444800}}\n\nx", OT_E_STATEMENT},
        {"4102444800}}", "4102444800},\"x\":1}", OT_E_STATEMENT},
        /* another type is E_SCHEMA only when the rest is well-formed */
        {"urn:onetube:payload:v1\",\"predicate\"", "urn:x\",\"predicated\"", OT_E_STATEMENT},
        {"urn:onetube:payload:v1\",\"predicate\":{", "urn:x\",\"predicate\":{,", OT_E_STATEMENT},
        {"urn:onetube:payload:v1\",\"predicate\":{", "urn:x\",\"predicate\":{\"y\":[{}],",
         OT_E_SCHEMA},
        {GOOD, "", OT_E_STATEMENT},
        {GOOD, "{}", OT_E_STATEMENT},
        {GOOD, "[]", OT_E_STATEMENT},
        {GOOD, "null", OT_E_STATEMENT},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *text = replace(GOOD, cases[i].from, cases[i].to);
        struct ot_statement statement;
        uint8_t page[OT_PAGE_SIZE];
        struct ot_error err = {0};
        int result;

        fill(page, text);
        result = ot_statement_parse(&statement, page, &err);
        if (result == 0 && cases[i].code == NULL)
            continue;
        if (result == 0 || cases[i].code == NULL || err.kind != OT_REFUSED ||
            strcmp(err.code, cases[i].code) != 0)
            fail_msg("case %zu: %s: %s: %s", i, text, err.code != NULL ? err.code : "accepted",
                     err.message);
        assert_int_equal(strncmp(err.message, "statement.json: ", 16), 0);
    }
}

/* Nothing but newlines may fill the page, and a page without any is still one. */
static void filling(void **state)
{
    struct ot_statement statement;
    uint8_t page[OT_PAGE_SIZE];
    struct ot_error err = {0};

    (void)state;
    for (size_t at = sizeof(GOOD) - 1; at < OT_PAGE_SIZE; at++) {
        static const char bytes[] = " \0\r\t}";

        for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
            fill(page, GOOD);
            page[at] = (uint8_t)bytes[i];
            assert_int_equal(ot_statement_parse(&statement, page, &err), -1);
            assert_string_equal(err.code, OT_E_STATEMENT);
        }
    }
    memset(page, '{', OT_PAGE_SIZE);
    assert_int_equal(ot_statement_parse(&statement, page, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(signed_bytes),
        cmocka_unit_test(single_changes),
        cmocka_unit_test(filling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
