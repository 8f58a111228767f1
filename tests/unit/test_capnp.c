/* The message builder, read back by Debian's capnp. */
#include "tests/unit/unit.h"

#include "base/process.h"
#include "engine/capnp.h"

#include <string.h>

#define SCHEMA                                                                                     \
    "@0xbf5147cbbecf40c1;\n"                                                                       \
    "struct Root { number @0 :UInt16; bit @1 :Bool; name @2 :Text; items @3 :List(Item);\n"        \
    "  words @4 :List(Text); blob @5 :Data; one @6 :Item; }\n"                                     \
    "struct Item { name @0 :Text; kind @1 :UInt16; body @2 :Data; }\n"

/* Root: 1 data word (number in bits 0-15, bit 16), pointers name, items, words, blob, one. */
enum { NAME, ITEMS, WORDS, BLOB, ONE };
enum { ITEM_NAME, ITEM_BODY };

static char *dir;

static int make_dir(void **state)
{
    OT_AUTOFREE char *path = NULL;
    struct ot_error err;

    (void)state;
    dir = unit_make_dir();
    path = ot_asprintf("%s/test.capnp", dir);
    return unit_write_file(path, OT_SPAN(SCHEMA), 0644, false, &err);
}

static int remove_dir(void **state)
{
    (void)state;
    unit_remove_dir(dir);
    return 0;
}

static void join(const struct ot_capnp *message, struct ot_buf *out)
{
    for (size_t i = 0; i < message->piece_count; i++)
        ot_buf_append(out, message->pieces[i].iov_base, message->pieces[i].iov_len);
    assert_int_equal(out->len, message->size);
    assert_int_equal(out->len % 8, 0);
}

static void assert_decodes(const struct ot_capnp *message, const char *expected)
{
    OT_AUTOFREE char *schema = ot_asprintf("%s/test.capnp", dir);
    const char *const argv[] = {"capnp", "decode", "--short", schema, "Root", NULL};
    const struct ot_process_options options = {.argv = argv};
    OT_AUTORESULT struct ot_process_result result = {0};
    OT_AUTOBUF struct ot_buf bytes = {0};
    struct ot_error err;

    join(message, &bytes);
    assert_succeeds(ot_process_run(&options, ot_buf_span(&bytes), 1u << 20, 20000, &result, &err),
                    err);
    assert_int_equal(result.errors.len, 0);
    assert_int_equal(result.status, 0);
    assert_string_equal(result.out.data, expected);
}

static void test_every_kind_of_field(void **state)
{
    struct ot_capnp message = {0};
    struct ot_capnp_struct root, first, one;
    ot_capnp_blob shared, data;
    ot_capnp_slot words;
    struct ot_error err;

    (void)state;
    ot_capnp_begin(&message);
    root = ot_capnp_add_struct(&message, 0, 1, 5);
    ot_capnp_set_u16(&message, root, 0, 0xabcd);
    ot_capnp_set_bit(&message, root, 16);
    ot_capnp_set_text(&message, ot_capnp_pointer(root, NAME), OT_SPAN("root"));
    shared = ot_capnp_borrow_text(&message, OT_SPAN("twelve bytes"));
    data = ot_capnp_borrow_data(&message, OT_SPAN("\0\1\2"));
    first = ot_capnp_add_list(&message, ot_capnp_pointer(root, ITEMS), 3, 1, 2);
    for (uint16_t i = 0; i < 3; i++) {
        struct ot_capnp_struct item = ot_capnp_element(first, i);

        ot_capnp_use(&message, ot_capnp_pointer(item, ITEM_NAME), shared);
        ot_capnp_set_u16(&message, item, 0, (uint16_t)(i + 1));
        if (i == 2)
            ot_capnp_use(&message, ot_capnp_pointer(item, ITEM_BODY), data);
    }
    words = ot_capnp_add_pointers(&message, ot_capnp_pointer(root, WORDS), 2);
    ot_capnp_set_text(&message, words, OT_SPAN("a"));
    ot_capnp_use(&message, words + 1, shared);
    ot_capnp_use(&message, ot_capnp_pointer(root, BLOB), data);
    one = ot_capnp_add_struct(&message, ot_capnp_pointer(root, ONE), 1, 1);
    ot_capnp_set_text(&message, ot_capnp_pointer(one, ITEM_NAME), OT_SPAN(""));
    assert_succeeds(ot_capnp_finish(&message, &err), err);
    assert_decodes(
        &message,
        "(number = 43981, bit = true, name = \"root\", "
        "items = [(name = \"twelve bytes\", kind = 1), (name = \"twelve bytes\", kind = 2), "
        "(name = \"twelve bytes\", kind = 3, body = \"\\000\\001\\002\")], "
        "words = [\"a\", \"twelve bytes\"], blob = \"\\000\\001\\002\", "
        "one = (name = \"\", kind = 0))\n");
    ot_capnp_free(&message);
}

/* Every length around a word: the NUL and the filling must be right for each. */
static void test_text_lengths(void **state)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

    (void)state;
    for (size_t len = 0; len <= 17; len++) {
        struct ot_capnp message = {0};
        struct ot_capnp_struct root;
        struct ot_span text = {letters, len};
        struct ot_error err;
        OT_AUTOFREE char *expected =
            ot_asprintf("(number = 0, bit = false, name = \"%.*s\", blob = \"%.*s\")\n", (int)len,
                        letters, (int)len, letters);

        ot_capnp_begin(&message);
        root = ot_capnp_add_struct(&message, 0, 1, 5);
        ot_capnp_use(&message, ot_capnp_pointer(root, BLOB), ot_capnp_borrow_data(&message, text));
        ot_capnp_use(&message, ot_capnp_pointer(root, NAME), ot_capnp_borrow_text(&message, text));
        assert_succeeds(ot_capnp_finish(&message, &err), err);
        assert_decodes(&message, expected);
        ot_capnp_free(&message);
    }
}

static void test_what_is_shared_is_there_once(void **state)
{
    struct ot_capnp message = {0};
    OT_AUTOFREE char *large = ot_alloc(1u << 20, 1);
    struct ot_capnp_struct root, first;
    ot_capnp_blob blob;
    struct ot_error err;

    (void)state;
    ot_capnp_begin(&message);
    root = ot_capnp_add_struct(&message, 0, 1, 5);
    blob = ot_capnp_borrow_data(&message, (struct ot_span){large, 1u << 20});
    first = ot_capnp_add_list(&message, ot_capnp_pointer(root, ITEMS), 50, 1, 2);
    for (uint32_t i = 0; i < 50; i++)
        ot_capnp_use(&message, ot_capnp_pointer(ot_capnp_element(first, i), ITEM_BODY), blob);
    assert_succeeds(ot_capnp_finish(&message, &err), err);
    /* frame, root pointer, root, list with its tag, and the blob */
    assert_int_equal(message.size, 8 + 8 + 6 * 8 + 8 + 50 * 3 * 8 + (1u << 20));
    ot_capnp_free(&message);
}

static void assert_too_large(struct ot_capnp *message)
{
    struct ot_error err = {0};

    assert_int_equal(ot_capnp_finish(message, &err), -1);
    assert_int_equal(err.kind, OT_CONFIG);
    ot_capnp_free(message);
}

/* Only lengths are looked at before a message is written, so the bytes need not exist. */
static void test_limits(void **state)
{
    static const char byte = 0;
    struct ot_capnp message = {0};
    struct ot_error err;

    (void)state;
    ot_capnp_begin(&message);
    ot_capnp_use(&message, 0,
                 ot_capnp_borrow_text(&message, (struct ot_span){&byte, OT_CAPNP_TEXT_MAX}));
    assert_succeeds(ot_capnp_finish(&message, &err), err);
    ot_capnp_free(&message);

    ot_capnp_begin(&message);
    ot_capnp_borrow_text(&message, (struct ot_span){&byte, OT_CAPNP_TEXT_MAX + 1});
    assert_too_large(&message);

    ot_capnp_begin(&message);
    ot_capnp_borrow_data(&message, (struct ot_span){&byte, SIZE_MAX / 2});
    assert_too_large(&message);

    /* nine times 2^26 words: the last one is out of a pointer's reach */
    ot_capnp_begin(&message);
    for (int i = 0; i < 9; i++)
        ot_capnp_use(&message, 0,
                     ot_capnp_borrow_data(&message, (struct ot_span){&byte, (1u << 29) - 1}));
    assert_too_large(&message);

    ot_capnp_begin(&message);
    ot_capnp_add_list(&message, 0, (1u << 29) - 1, 1, 2);
    assert_too_large(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_of_field),
        cmocka_unit_test(test_text_lengths),
        cmocka_unit_test(test_what_is_shared_is_there_once),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
