#include "tests/unit/unit.h"

#include "verify/refusal.h"
#include "verify/signatures.h"

#include <string.h>

/* A page of `count` lines whose key ids begin with 0, 1, 2, ... in two digits. */
static void make_page(unsigned count, uint8_t bytes[OT_PAGE_SIZE])
{
    struct ot_signature_page page = {.count = count};

    for (unsigned i = 0; i < count; i++) {
        struct ot_signature *item = &page.items[i];

        memset(item->key_id, '0', OT_SHA256_HEX - 1);
        item->key_id[0] = (char)('0' + i / 10);
        item->key_id[1] = (char)('0' + i % 10);
        memset(item->bytes, (int)(200 + i), OT_SIGNATURE_SIZE);
    }
    ot_signature_page_write(&page, bytes);
}

static void round_trip(void **state)
{
    (void)state;
    for (unsigned count = 0; count <= OT_SIGNATURES_MAX; count++) {
        uint8_t bytes[OT_PAGE_SIZE];
        uint8_t again[OT_PAGE_SIZE];
        struct ot_signature_page page;
        struct ot_error err;

        make_page(count, bytes);
        assert_succeeds(ot_signature_page_parse(&page, bytes, &err), err);
        assert_int_equal(page.count, count);
        ot_signature_page_write(&page, again);
        assert_memory_equal(bytes, again, OT_PAGE_SIZE);
        for (size_t at = count * OT_SIGNATURE_LINE; at < OT_PAGE_SIZE; at++)
            assert_int_equal(bytes[at], '\n');
    }
}

static void one_line(void **state)
{
    static const char expected[] =
        "onetube-sig-v1 ed25519 0000000000000000000000000000000000000000000000000000000000000000 "
        "yMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyA=="
        "\n";
    uint8_t bytes[OT_PAGE_SIZE];

    (void)state;
    assert_int_equal(sizeof(expected) - 1, OT_SIGNATURE_LINE);
    make_page(1, bytes);
    assert_memory_equal(bytes, expected, OT_SIGNATURE_LINE);
}

static void written_sorted(void **state)
{
    struct ot_signature_page page = {.count = 3};
    struct ot_signature_page found;
    uint8_t bytes[OT_PAGE_SIZE];
    struct ot_error err;

    (void)state;
    for (unsigned i = 0; i < page.count; i++) {
        memset(page.items[i].key_id, "cab"[i], OT_SHA256_HEX - 1);
        memset(page.items[i].bytes, (int)i, OT_SIGNATURE_SIZE);
    }
    ot_signature_page_write(&page, bytes);
    assert_succeeds(ot_signature_page_parse(&found, bytes, &err), err);
    assert_int_equal(found.items[0].key_id[0], 'a');
    assert_int_equal(found.items[2].key_id[5], 'c');
    assert_int_equal(found.items[2].bytes[63], 0);
}

/* One change to a page of three lines each. */
static void refused(void **state)
{
    static const struct {
        size_t at;
        const char *bytes;
    } changes[] = {
        {0, "O"},        {0, "\n"}, /* ends before the lines */
        {0, " "},        {12, "v2"},          {15, "ED25519"},
        {15, "ed25518"}, {22, "\t"},          {23, "A"}, /* key id */
        {23, "g"},       {86, " "},           {87, "\t"},
        {87, "0"},       {88, "="}, /* signature */
        {88, "-"},       {88, "_"},           {88, " "},
        {88, "\x80"},    {88, "\xcb"},        {120, "\n"},
        {173, "B=="}, /* bits behind the last byte */
        {174, "A="},     {175, "A"},          {176, " "},
        {176, "\r"},     {177, "\n"},    /* ends in the middle */
        {177, "p"},      {3 * 177, " "}, /* filling */
        {3 * 177, "o"},  {3 * 177 + 1, "\r"}, {OT_PAGE_SIZE - 1, " "},
        {2000, "x"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(changes); i++) {
        struct ot_signature_page page;
        uint8_t bytes[OT_PAGE_SIZE];
        struct ot_error err = {0};

        make_page(3, bytes);
        memcpy(bytes + changes[i].at, changes[i].bytes, strlen(changes[i].bytes));
        if (ot_signature_page_parse(&page, bytes, &err) == 0)
            fail_msg("change %zu: accepted", i);
        assert_int_equal(err.kind, OT_REFUSED);
        assert_string_equal(err.code, OT_E_LAYOUT);
    }
}

static void order(void **state)
{
    struct ot_signature_page page;
    uint8_t bytes[OT_PAGE_SIZE];
    uint8_t changed[OT_PAGE_SIZE];
    struct ot_error err = {0};

    (void)state;
    make_page(2, bytes);
    memcpy(changed, bytes, sizeof(changed));
    memcpy(changed, bytes + OT_SIGNATURE_LINE, OT_SIGNATURE_LINE);
    assert_int_equal(ot_signature_page_parse(&page, changed, &err), -1); /* twice */
    memcpy(changed + OT_SIGNATURE_LINE, bytes, OT_SIGNATURE_LINE);
    assert_int_equal(ot_signature_page_parse(&page, changed, &err), -1); /* exchanged */
    assert_string_equal(err.code, OT_E_LAYOUT);
    /* one key may have two different lines */
    memcpy(changed, bytes, sizeof(changed));
    memcpy(changed + OT_SIGNATURE_LINE, bytes, 88);
    assert_succeeds(ot_signature_page_parse(&page, changed, &err), err);
    /* a line cut from the middle of the page leaves newlines inside */
    make_page(3, bytes);
    memset(bytes + OT_SIGNATURE_LINE, '\n', OT_SIGNATURE_LINE);
    assert_int_equal(ot_signature_page_parse(&page, bytes, &err), -1);
}

/* A 21st line does not fit: its beginning stands where only newlines may. */
static void full(void **state)
{
    struct ot_signature_page page;
    uint8_t bytes[OT_PAGE_SIZE];
    struct ot_error err = {0};
    size_t end = OT_SIGNATURES_MAX * OT_SIGNATURE_LINE;

    (void)state;
    make_page(OT_SIGNATURES_MAX, bytes);
    memcpy(bytes + end, "onetube-sig-v1 ed25519 ffffffffffffffffffffff", OT_PAGE_SIZE - end);
    assert_int_equal(ot_signature_page_parse(&page, bytes, &err), -1);
    assert_string_equal(err.code, OT_E_LAYOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip), cmocka_unit_test(one_line), cmocka_unit_test(written_sorted),
        cmocka_unit_test(refused),    cmocka_unit_test(order),    cmocka_unit_test(full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
