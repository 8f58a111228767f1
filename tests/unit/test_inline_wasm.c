#include "tests/unit/unit.h"

#include "build/inline_wasm.h"

#include <string.h>

/* (module (func (export "f") (result i32) i32.const 7)) */
static const char module[] = "\0asm\1\0\0\0"
                             "\1\5\1\x60\0\1\x7f"
                             "\3\2\1\0"
                             "\7\5\1\1f\0\0"
                             "\12\6\1\4\0\x41\7\13";
#define MODULE ((struct ot_span){module, sizeof(module) - 1})
#define BASE64 "AGFzbQEAAAABBQFgAAF/AwIBAAcFAQFmAAAKBgEEAEEHCw=="
#define NUMBERS                                                                                    \
    "[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, "    \
    "10, 6, 1, 4, 0, 65, 7, 11]"

static void whole_modules(void **state)
{
    struct ot_buf bytes = {0};

    (void)state;
    assert_true(ot_is_wasm(MODULE));
    for (size_t len = 0; len < sizeof(module) - 1; len++) {
        OT_AUTOFREE char *copy = ot_alloc(len + 1, 1);

        memcpy(copy + 1, module, len);
        assert_false(ot_is_wasm((struct ot_span){copy + 1, len}));
    }
    ot_buf_append(&bytes, module, sizeof(module) - 1);
    ot_buf_append(&bytes, "\0\3\2ab", 5); /* a section of its own, which may come twice */
    ot_buf_append(&bytes, "\0\3\2ab", 5);
    assert_true(ot_is_wasm(ot_buf_span(&bytes)));
    ot_buf_append(&bytes, "\1\1\0", 3); /* types once more */
    assert_false(ot_is_wasm(ot_buf_span(&bytes)));
    bytes.len -= 3;
    ot_buf_append(&bytes, "\0\x83\x80\x80\x80\0\2ab", 9); /* a size in more bytes than it needs */
    assert_true(ot_is_wasm(ot_buf_span(&bytes)));
    ot_buf_append(&bytes, "\16\0", 2); /* no such section */
    assert_false(ot_is_wasm(ot_buf_span(&bytes)));
    bytes.len -= 2;
    bytes.data[4] = 2; /* another version */
    assert_false(ot_is_wasm(ot_buf_span(&bytes)));
    ot_buf_free(&bytes);
    /* without exports, or without code */
    assert_false(ot_is_wasm((struct ot_span){module, 8}));
    assert_false(ot_is_wasm((struct ot_span){module, 8 + 7 + 4 + 7}));
}

static size_t count(const char *text)
{
    OT_CLEANUP(ot_wasm_texts_free) struct ot_wasm_texts texts = {0};

    ot_wasm_texts_find(ot_span_of(text), &texts);
    for (size_t i = 0; i < texts.count; i++)
        assert_true(ot_span_equal(ot_buf_span(&texts.items[i]), MODULE));
    return texts.count;
}

static void in_texts(void **state)
{
    (void)state;
    assert_int_equal(count("const x = \"" BASE64 "\";"), 1);
    assert_int_equal(count("'AGFzbQEAAAABBQFgAAF/AwIBAAcFAQFmAAAKBgEEAEEHCw'"), 1);
    assert_int_equal(count("`data:application/wasm;base64," BASE64 "`"), 1);
    assert_int_equal(count("new Uint8Array(" NUMBERS ")"), 1);
    assert_int_equal(count("a(" NUMBERS ");b(\"" BASE64 "\");c(" NUMBERS ")"), 3);
    assert_int_equal(count("[\n  0,\n  97,\n  115,109,1,0,0,0,1,5,1,96,0,1,127,3,2,1,0,7,5,1,1,"
                           "102,0,0,10,6,1,4,0,65,7,11\n]"),
                     1);

    assert_int_equal(count(""), 0);
    assert_int_equal(count(BASE64), 0);                     /* in no literal */
    assert_int_equal(count("\"AGFzbQEAAAABBQFg\" + x"), 0); /* a part of one */
    assert_int_equal(count("\"AGFzbQEAAAABB!\""), 0);
    assert_int_equal(count("\"" BASE64), 0);
    assert_int_equal(count("[0, 97, 115, 109, 1, 0, 0, 0]"), 0);
    assert_int_equal(count("[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, "
                           "5, 1, 1, 102, 0, 0, 10, 6, 1, 4, 0, 65, 7, 256]"),
                     0);
    assert_int_equal(count("[0, 97, 115"), 0);
    assert_int_equal(count("[10, 97, 115, 109]"), 0);
    assert_int_equal(count("97"), 0);
    assert_int_equal(count("0, 97"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_modules),
        cmocka_unit_test(in_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
