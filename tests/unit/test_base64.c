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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_and_reading),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
