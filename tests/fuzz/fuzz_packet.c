/* Any bytes as a packet of esbuild's protocol. What can be decoded has one spelling: encoding it
 * again gives the same bytes. */
#include "build/packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(struct ot_buf *out, const struct ot_value *value)
{
    switch (value->type) {
    case OT_VALUE_NULL:
        ot_put_null(out);
        break;
    case OT_VALUE_BOOL:
        ot_put_bool(out, value->number != 0);
        break;
    case OT_VALUE_UINT:
        ot_put_uint(out, value->number);
        break;
    case OT_VALUE_STRING:
        ot_put_span(out, value->text);
        break;
    case OT_VALUE_BYTES:
        ot_put_bytes(out, value->text);
        break;
    case OT_VALUE_ARRAY:
        ot_put_array(out, value->count);
        for (size_t i = 0; i < value->count; i++)
            encode(out, &value->items[i]);
        break;
    case OT_VALUE_OBJECT:
        ot_put_object(out, value->count);
        for (size_t i = 0; i < value->count; i++) {
            OT_AUTOBUF struct ot_buf key = {0};

            /* a key is written as a string is, without the type in front */
            ot_put_span(&key, value->keys[i]);
            ot_buf_append(out, key.data + 1, key.len - 1);
            encode(out, &value->items[i]);
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OT_AUTOBUF struct ot_buf again = {0};
    struct ot_packet packet;
    struct ot_error err = {0};
    size_t start;

    if (ot_packet_decode((struct ot_span){(const char *)data, size}, &packet, &err) < 0) {
        if (err.kind != OT_TOOL || packet.value.items != NULL)
            abort();
        return 0;
    }
    start = ot_packet_begin(&again, packet.id, packet.is_response);
    encode(&again, &packet.value);
    ot_packet_end(&again, start);
    if (again.len != size + 4 || memcmp(again.data + 4, data, size) != 0 ||
        ot_packet_u32(again.data) != size)
        abort();
    ot_packet_free(&packet);
    return 0;
}
