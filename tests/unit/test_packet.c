#include "tests/unit/unit.h"

#include "build/packet.h"

#include <string.h>

/* As a client of the service would send it, byte for byte. */
static void bytes_on_the_wire(void **state)
{
    static const char expected[] = "\x2a\x00\x00\x00" /* length */
                                   "\x07\x00\x00\x00" /* id 3, a response */
                                   "\x06\x03\x00\x00\x00"
                                   "\x01\x00\x00\x00"
                                   "a\x05\x02\x00\x00\x00\x00\x01\x01"
                                   "\x01\x00\x00\x00"
                                   "b\x02\x04\x03\x02\x01"
                                   "\x00\x00\x00\x00"
                                   "\x03\x01\x00\x00\x00z";
    OT_AUTOBUF struct ot_buf out = {0};
    size_t start = ot_packet_begin(&out, 3, true);

    (void)state;
    ot_put_object(&out, 3);
    ot_put_key(&out, "a");
    ot_put_array(&out, 2);
    ot_put_null(&out);
    ot_put_bool(&out, true);
    ot_put_key(&out, "b");
    ot_put_uint(&out, 0x01020304);
    ot_put_key(&out, "");
    ot_put_string(&out, "z");
    ot_packet_end(&out, start);
    assert_int_equal(out.len, sizeof(expected) - 1);
    assert_memory_equal(out.data, expected, out.len);
}

static void values_come_back(void **state)
{
    OT_AUTOBUF struct ot_buf out = {0};
    OT_AUTOLIST struct ot_list words = {0};
    struct ot_packet packet;
    struct ot_error err = {0};
    const struct ot_value *list;
    size_t start = ot_packet_begin(&out, 0x7fffffff, false);

    (void)state;
    ot_list_add(&words, "one");
    ot_list_add(&words, "");
    ot_put_object(&out, 3);
    ot_put_key(&out, "words");
    ot_put_list(&out, &words);
    ot_put_key(&out, "data");
    ot_put_bytes(&out, (struct ot_span){"\0\xff", 2});
    ot_put_key(&out, "none");
    ot_put_uint(&out, OT_PACKET_NONE);
    ot_packet_end(&out, start);

    assert_succeeds(ot_packet_decode((struct ot_span){out.data + 4, out.len - 4}, &packet, &err),
                    err);
    assert_int_equal(packet.id, 0x7fffffff);
    assert_false(packet.is_response);
    list = ot_value_get(&packet.value, "words");
    assert_int_equal(list->count, 2);
    assert_true(ot_span_is(ot_value_text(&list->items[0]), "one"));
    assert_int_equal(ot_value_text(&list->items[1]).len, 0);
    assert_true(ot_span_equal(ot_value_text(ot_value_get(&packet.value, "data")),
                              (struct ot_span){"\0\xff", 2}));
    assert_int_equal(ot_value_uint(ot_value_get(&packet.value, "none"), 1), UINT32_MAX);
    /* what is not there, or of another type */
    assert_int_equal(ot_value_uint(ot_value_get(&packet.value, "words"), 9), 9);
    assert_int_equal(ot_value_get(ot_value_get(&packet.value, "no"), "no")->type, OT_VALUE_NULL);
    assert_int_equal(ot_value_text(ot_value_get(&packet.value, "none")).len, 0);
    ot_packet_free(&packet);
}

static void malformed(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *message;
    } cases[] = {
        {"", 0, "cut off in a number"},
        {"\0\0\0", 3, "cut off in a number"},
        {"\0\0\0\0", 4, "cut off before a value"},
        {"\0\0\0\0\x07", 5, "unknown type"},
        {"\0\0\0\0\xff", 5, "unknown type"},
        {"\0\0\0\0\x00\x00", 6, "bytes behind the value"},
        {"\0\0\0\0\x01", 5, "no boolean"},
        {"\0\0\0\0\x01\x02", 6, "no boolean"},
        {"\0\0\0\0\x02\x01\x02\x03", 8, "cut off in a number"},
        {"\0\0\0\0\x03\x02\0\0\0a", 10, "cut off in a text"},
        {"\0\0\0\0\x04\xff\xff\xff\xff", 9, "cut off in a text"},
        {"\0\0\0\0\x05\x02\0\0\0\0", 10, "too many items"},
        {"\0\0\0\0\x05\xff\xff\xff\xff", 9, "too many items"},
        {"\0\0\0\0\x06\x01\0\0\0\0\0\0\0", 13, "too many items"},
        {"\0\0\0\0\x06\x01\0\0\0\x01\0\0\0a", 14, "cut off before a value"},
        {"\0\0\0\0\x06\x01\0\0\0\x02\0\0\0a", 14, "cut off in a text"},
        {"\0\0\0\0\x05\x02\0\0\0\x05\x01\0\0\0\0\x09", 16, "unknown type"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_packet packet;
        struct ot_error err = {0};
        /* its own allocation, so that a sanitizer sees every byte too far */
        OT_AUTOFREE char *bytes = ot_strndup(cases[i].bytes, 0);

        bytes = ot_realloc(bytes, cases[i].len + 1, 1);
        memcpy(bytes, cases[i].bytes, cases[i].len);
        bytes = ot_realloc(bytes, cases[i].len > 0 ? cases[i].len : 1, 1);
        if (ot_packet_decode((struct ot_span){bytes, cases[i].len}, &packet, &err) == 0)
            fail_msg("case %zu was accepted", i);
        assert_int_equal(err.kind, OT_TOOL);
        if (strstr(err.message, cases[i].message) == NULL)
            fail_msg("case %zu: %s, expected %s", i, err.message, cases[i].message);
    }
}

static int decode_nested(unsigned depth, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf out = {0};
    struct ot_packet packet;
    size_t start = ot_packet_begin(&out, 0, false);
    int result;

    for (unsigned i = 0; i < depth; i++)
        ot_put_array(&out, 1);
    ot_put_null(&out);
    ot_packet_end(&out, start);
    result = ot_packet_decode((struct ot_span){out.data + 4, out.len - 4}, &packet, err);
    ot_packet_free(&packet);
    return result;
}

static void depth_is_bounded(void **state)
{
    struct ot_error err = {0};

    (void)state;
    assert_succeeds(decode_nested(OT_PACKET_DEPTH, &err), err);
    assert_int_equal(decode_nested(OT_PACKET_DEPTH + 1, &err), -1);
    assert_non_null(strstr(err.message, "nested too deeply"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_on_the_wire),
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(malformed),
        cmocka_unit_test(depth_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
