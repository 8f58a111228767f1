#include "tests/unit/unit.h"

#include "base/digest.h"
#include "verify/layout.h"

#include <string.h>

static void padding(void **state)
{
    static const struct {
        uint64_t size, padded;
    } cases[] = {
        {0, 0},
        {1, 512},
        {511, 512},
        {512, 512},
        {513, 1024},
        {2147483647, 2147483648},
        {2147483648, 2147483648},
        {4294967295, 4294967296},
        {4294967296, 4294967296},
        {OT_MEMBER_SIZE_MAX, 8589934592},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++)
        assert_true(ot_padded(cases[i].size) == cases[i].padded);
}

/* Every field of one header, as POSIX lays it out. */
static void header_fields(void **state)
{
    static const struct {
        size_t at, len;
        const char *bytes;
    } fields[] = {
        {0, 10, "signatures"},
        {10, 90, NULL},
        {100, 8, "000644 \0"},
        {108, 8, "000000 \0"},
        {116, 8, "000000 \0"},
        {124, 12, "00000007000 "},
        {136, 12, "00000000000 "},
        {148, 8, "011271\0 "},
        {156, 1, "0"},
        {157, 100, NULL},
        {257, 8,
         "ustar\0"
         "00"},
        {265, 64, NULL},
        {329, 8, "000000 \0"},
        {337, 8, "000000 \0"},
        {345, 167, NULL},
    };
    static const uint8_t zeros[OT_BLOCK];
    uint8_t header[OT_BLOCK];
    size_t covered = 0;

    (void)state;
    assert_int_equal(ot_member_header(OT_SPAN("signatures"), 3584, header), 0);
    for (size_t i = 0; i < OT_COUNT(fields); i++) {
        const void *expected = fields[i].bytes != NULL ? (const void *)fields[i].bytes : zeros;

        assert_int_equal(fields[i].at, covered);
        assert_memory_equal(header + fields[i].at, expected, fields[i].len);
        covered += fields[i].len;
    }
    assert_int_equal(covered, OT_BLOCK);
}

static void header_digests(void **state)
{
    /* headers that GNU tar and bsdtar read as such */
    static const struct {
        const char *path;
        uint64_t size;
        const char *sha256;
    } cases[] = {
        {"signatures", 3584, "ec3d8be7cbcee4cee5ee01a872b9ad7d5939927833c78d0f39d7ce6ceb942b05"},
        {"statement.json", 3584,
         "4820b65e45c47d8267074fe4ce3575da3c3fb5cfe30a03a573fab6eb4f715275"},
        {"manifest.json", 1359, "499b6fa87637875268c9d2bc1bd5ae90e908ebdf32f7aca7a8ded2acc4007cef"},
        {"files/echo/empty.bin", 0,
         "8ba263081e595199b2dc20e7ee9a61b4833b4832bfdebe8765cd65860a0d9238"},
        {"files/echo/segment-00/segment-01/segment-02/segment-03/segment-04/segment-05/segment-06/"
         "segment-07/segment-08/segment-09/segment-10/segment-11/segment-12/segment-13/segment-14/"
         "data.txt",
         10, "f3cc75511495ceb2564c34f84dbf5e2a0de97b04be0909cd5429b00e6567f703"},
        {"functions/echo.js", 80,
         "e0bb8e44bb915eb120d069a4c7b8ffca6e0025aee9122d2e5c3ba08abc03c947"},
        {"functions/hello.js", 125,
         "9bf683239e73c753c89af5802c524703ab144b90feb8853be86981d63970a824"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        uint8_t header[OT_BLOCK];
        char digest[OT_SHA256_HEX];

        assert_int_equal(ot_member_header(ot_span_of(cases[i].path), cases[i].size, header), 0);
        ot_sha256_hex((struct ot_span){(const char *)header, OT_BLOCK}, digest);
        assert_string_equal(digest, cases[i].sha256);
    }
}

/* `count` letters, with a `/` at each place of `slashes` (ends with 0). */
static void make_path(char *out, size_t count, const size_t *slashes)
{
    memset(out, 'a', count);
    out[count] = '\0';
    for (; *slashes != 0; slashes++)
        out[*slashes] = '/';
}

static void splitting(void **state)
{
    static const struct {
        size_t len, slashes[3], prefix; /* prefix: where it is split, 0: not, SIZE_MAX: cannot be */
    } cases[] = {
        {100, {0}, 0},
        {100, {50, 0}, 0},
        {101, {0}, SIZE_MAX},
        {101, {1, 0}, 1},
        {101, {99, 0}, 99},
        {101, {100, 0}, SIZE_MAX}, /* nothing would be left for the name */
        {150, {48, 0}, SIZE_MAX},  /* 101 bytes behind it */
        {150, {49, 0}, 49},        /* 100 */
        {150, {20, 60, 0}, 60},    /* not at 20: 129 would be left */
        {150, {50, 60, 0}, 50},    /* the first that fits */
        {200, {99, 0}, 99},
        {200, {155, 0}, 155},
        {200, {156, 0}, SIZE_MAX}, /* a prefix of 156 */
        {200, {98, 156, 0}, SIZE_MAX},
        {200, {98, 155, 0}, 155},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        uint8_t header[OT_BLOCK];
        char path[256];
        size_t prefix = cases[i].prefix;
        int result;

        make_path(path, cases[i].len, cases[i].slashes);
        result = ot_member_header(ot_span_of(path), 1, header);
        if ((result < 0) != (prefix == SIZE_MAX))
            fail_msg("case %zu: %d", i, result);
        assert_int_equal(ot_member_path_fits(ot_span_of(path)), result == 0);
        if (result < 0)
            continue;
        if (prefix == 0) {
            assert_memory_equal(header, path, 100);
            assert_int_equal(header[345], 0);
        } else {
            assert_memory_equal(header, path + prefix + 1, cases[i].len - prefix - 1);
            assert_memory_equal(header + 345, path, prefix);
            assert_int_equal(header[345 + prefix], 0);
        }
    }
}

static void sizes(void **state)
{
    uint8_t header[OT_BLOCK];

    (void)state;
    assert_int_equal(ot_member_header(OT_SPAN("a"), OT_MEMBER_SIZE_MAX, header), 0);
    assert_memory_equal(header + 124, "77777777777 ", 12);
    assert_int_equal(ot_member_header(OT_SPAN("a"), OT_MEMBER_SIZE_MAX + 1, header), -1);
    assert_int_equal(ot_member_header(OT_SPAN("a"), UINT64_MAX, header), -1);
    assert_int_equal(ot_member_header(OT_SPAN(""), 0, header), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding),        cmocka_unit_test(header_fields),
        cmocka_unit_test(header_digests), cmocka_unit_test(splitting),
        cmocka_unit_test(sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
