#include "tests/unit/unit.h"

#include "base/base64.h"

#include <string.h>

static void writing_and_reading(void **state)
{
    /* RFC 4648, section 10 */
    static const struct {
        const char *bytes, *text;
    } cases[] = {{"", ""},
                 {"f", "Zg=="},
                 {"fo", "Zm8="},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg=="},
                 {"fooba", "Zm9vYmE="},
                 {"foobar", "Zm9vYmFy"}};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        size_t len = strlen(cases[i].bytes);
        uint8_t bytes[8] = {0};
        char text[16];

        ot_base64_write(text, (const uint8_t *)cases[i].bytes, len);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(strlen(text), OT_BASE64_LENGTH(len));
        assert_true(ot_base64_read(ot_span_of(text), bytes, len));
        assert_memory_equal(bytes, cases[i].bytes, len);
        assert_false(ot_base64_read(ot_span_of(text), bytes, len + 1));
    }
}

static void refused(void **state)
{
    static const char *const texts[] = {"Zg",    "Zg=",  "Zh==", "Zg==\n",
                                        " Zg==", "Z===", "Zg=A", "_w=="};
    uint8_t byte;
    uint8_t bytes[3];
    char text[] = "////";

    (void)state;
    for (size_t i = 0; i < OT_COUNT(texts); i++) {
        if (ot_base64_read(ot_span_of(texts[i]), &byte, 1))
            fail_msg("\"%s\" was accepted", texts[i]);
    }
    assert_true(ot_base64_read(ot_span_of(text), bytes, 3));
    /* libsodium takes these for "/" */
    for (int c = 0x80; c <= 0xff; c++) {
        text[2] = (char)c;
        if (ot_base64_read(ot_span_of(text), bytes, 3))
            fail_msg("the byte 0x%02x was accepted", (unsigned)c);
    }
}

static void any_length(void **state)
{
    uint8_t bytes[200];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 37);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        OT_AUTOBUF struct ot_buf text = {0};
        OT_AUTOBUF struct ot_buf again = {0};

        ot_base64_put(&text, (struct ot_span){(const char *)bytes, len});
        assert_int_equal(text.len, OT_BASE64_LENGTH(len));
        assert_true(ot_base64_append(&again, ot_buf_span(&text)));
        assert_int_equal(again.len, len);
        assert_true(len == 0 || memcmp(again.data, bytes, len) == 0);
        for (size_t i = 0; i + 1 < text.len; i++) {
            char before = text.data[i];

            text.data[i] = '=';
            if (i + 2 < text.len && ot_base64_append(&again, ot_buf_span(&text)))
                fail_msg("%zu bytes with padding at %zu were accepted", len, i);
            text.data[i] = before;
        }
        if (text.len > 0)
            assert_false(ot_base64_append(&again, (struct ot_span){text.data, text.len - 1}));
    }
}

static void for_urls(void **state)
{
    static const struct {
        const char *text, *bytes;
    } good[] = {{"", ""},           {"Zg", "f"},        {"Zm8", "fo"},
                {"Zm9v", "foo"},    {"Zm9vYg", "foob"}, {"Zm9vYmFy", "foobar"},
                {"_-8", "\xff\xef"}};
    /* a length of 1, padding, the other alphabet, bits left over, blanks */
    static const char *const bad[] = {"Z",   "Zm9vY", "Zg==",  "Zg=",  "/w", "+w", "Zh",
                                      "Zm9", "Zm 8",  "Zm8\n", "Zm8.", "=",  "_x", "\xc3\xa4"};
    uint8_t bytes[8];
    size_t len;

    (void)state;
    for (size_t i = 0; i < OT_COUNT(good); i++) {
        size_t want = strlen(good[i].bytes);

        assert_true(ot_base64url_read(ot_span_of(good[i].text), bytes, want, &len));
        assert_int_equal(len, want);
        assert_memory_equal(bytes, good[i].bytes, want);
        if (want > 0)
            assert_false(ot_base64url_read(ot_span_of(good[i].text), bytes, want - 1, &len));
    }
    for (size_t i = 0; i < OT_COUNT(bad); i++) {
        if (ot_base64url_read(ot_span_of(bad[i]), bytes, sizeof(bytes), &len))
            fail_msg("\"%s\" was accepted", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_and_reading),
        cmocka_unit_test(refused),
        cmocka_unit_test(any_length),
        cmocka_unit_test(for_urls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
