#include "build/packet.h"

#include <stdlib.h>

struct reader {
    const char *data;
    size_t left;
    size_t values; /* read so far */
};

uint32_t ot_packet_u32(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;

    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static int malformed(const char *what, struct ot_error *err)
{
    return ot_fail(err, OT_TOOL, "malformed packet from esbuild: %s", what);
}

static int read_u32(struct reader *reader, uint32_t *out, struct ot_error *err)
{
    if (reader->left < 4)
        return malformed("cut off in a number", err);
    *out = ot_packet_u32(reader->data);
    reader->data += 4;
    reader->left -= 4;
    return 0;
}

static int read_text(struct reader *reader, struct ot_span *out, struct ot_error *err)
{
    uint32_t len = 0;

    if (read_u32(reader, &len, err) < 0)
        return -1;
    if (len > reader->left)
        return malformed("cut off in a text", err);
    *out = (struct ot_span){reader->data, len};
    reader->data += len;
    reader->left -= len;
    return 0;
}

static int read_value(struct reader *reader, unsigned depth, struct ot_value *out,
                      struct ot_error *err);

/*
 * An item takes at least a byte and a key at least four, which bounds what a packet can
 * make us allocate.
 */
static int read_items(struct reader *reader, unsigned depth, struct ot_value *out,
                      struct ot_error *err)
{
    bool keyed = out->type == OT_VALUE_OBJECT;
    uint32_t count = 0;

    if (read_u32(reader, &count, err) < 0)
        return -1;
    if (count > reader->left / (keyed ? 5 : 1) || count > OT_PACKET_VALUES - reader->values)
        return malformed("too many items", err);
    if (depth >= OT_PACKET_DEPTH)
        return malformed("nested too deeply", err);
    reader->values += count;
    out->items = ot_alloc(count, sizeof(*out->items));
    if (keyed)
        out->keys = ot_alloc(count, sizeof(*out->keys));
    for (; out->count < count; out->count++) {
        if (keyed && read_text(reader, &out->keys[out->count], err) < 0)
            return -1;
        if (read_value(reader, depth + 1, &out->items[out->count], err) < 0) {
            out->count++; /* it may own something already */
            return -1;
        }
    }
    return 0;
}

static int read_value(struct reader *reader, unsigned depth, struct ot_value *out,
                      struct ot_error *err)
{
    if (reader->left == 0)
        return malformed("cut off before a value", err);
    out->type = (enum ot_value_type)(unsigned char)*reader->data++;
    reader->left--;
    switch (out->type) {
    case OT_VALUE_NULL:
        return 0;
    case OT_VALUE_BOOL:
        if (reader->left == 0 || (unsigned char)*reader->data > 1)
            return malformed("no boolean", err);
        out->number = (uint32_t)*reader->data++;
        reader->left--;
        return 0;
    case OT_VALUE_UINT:
        return read_u32(reader, &out->number, err);
    case OT_VALUE_STRING:
    case OT_VALUE_BYTES:
        return read_text(reader, &out->text, err);
    case OT_VALUE_ARRAY:
    case OT_VALUE_OBJECT:
        return read_items(reader, depth, out, err);
    }
    out->type = OT_VALUE_NULL;
    return malformed("unknown type of value", err);
}

static void free_value(struct ot_value *value)
{
    for (size_t i = 0; i < value->count; i++)
        free_value(&value->items[i]);
    free(value->items);
    free(value->keys);
}

void ot_packet_free(struct ot_packet *packet)
{
    free_value(&packet->value);
    *packet = (struct ot_packet){0};
}

int ot_packet_decode(struct ot_span bytes, struct ot_packet *out, struct ot_error *err)
{
    struct reader reader = {bytes.data, bytes.len, 0};
    struct ot_packet packet = {0};
    uint32_t id = 0;

    *out = packet;
    if (read_u32(&reader, &id, err) < 0)
        return -1;
    packet.id = id >> 1;
    packet.is_response = id & 1;
    if (read_value(&reader, 0, &packet.value, err) < 0 ||
        (reader.left > 0 && malformed("bytes behind the value", err) < 0)) {
        ot_packet_free(&packet);
        return -1;
    }
    *out = packet;
    return 0;
}

const struct ot_value *ot_value_get(const struct ot_value *object, const char *key)
{
    static const struct ot_value missing = {.type = OT_VALUE_NULL};

    for (size_t i = 0; object->type == OT_VALUE_OBJECT && i < object->count; i++) {
        if (ot_span_is(object->keys[i], key))
            return &object->items[i];
    }
    return &missing;
}

struct ot_span ot_value_text(const struct ot_value *value)
{
    bool is_text = value->type == OT_VALUE_STRING || value->type == OT_VALUE_BYTES;

    return is_text ? value->text : OT_SPAN("");
}

uint32_t ot_value_uint(const struct ot_value *value, uint32_t fallback)
{
    return value->type == OT_VALUE_UINT ? value->number : fallback;
}

static void put_u32(struct ot_buf *out, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        ot_buf_putc(out, (char)(value >> (8 * i) & 0xff));
}

static void put_type(struct ot_buf *out, enum ot_value_type type)
{
    ot_buf_putc(out, (char)type);
}

static void put_text(struct ot_buf *out, struct ot_span text)
{
    put_u32(out, (uint32_t)text.len);
    if (text.len > 0)
        ot_buf_append(out, text.data, text.len);
}

size_t ot_packet_begin(struct ot_buf *out, uint32_t id, bool is_response)
{
    size_t start = out->len;

    put_u32(out, 0);
    put_u32(out, id << 1 | (is_response ? 1 : 0));
    return start;
}

void ot_packet_end(struct ot_buf *out, size_t start)
{
    size_t len = out->len - start - 4;

    for (unsigned i = 0; i < 4; i++)
        out->data[start + i] = (char)(len >> (8 * i) & 0xff);
}

void ot_put_null(struct ot_buf *out)
{
    put_type(out, OT_VALUE_NULL);
}

void ot_put_bool(struct ot_buf *out, bool value)
{
    put_type(out, OT_VALUE_BOOL);
    ot_buf_putc(out, value ? 1 : 0);
}

void ot_put_uint(struct ot_buf *out, uint32_t value)
{
    put_type(out, OT_VALUE_UINT);
    put_u32(out, value);
}

void ot_put_string(struct ot_buf *out, const char *value)
{
    ot_put_span(out, ot_span_of(value));
}

void ot_put_span(struct ot_buf *out, struct ot_span value)
{
    put_type(out, OT_VALUE_STRING);
    put_text(out, value);
}

void ot_put_bytes(struct ot_buf *out, struct ot_span value)
{
    put_type(out, OT_VALUE_BYTES);
    put_text(out, value);
}

void ot_put_array(struct ot_buf *out, size_t count)
{
    put_type(out, OT_VALUE_ARRAY);
    put_u32(out, (uint32_t)count);
}

void ot_put_object(struct ot_buf *out, size_t count)
{
    put_type(out, OT_VALUE_OBJECT);
    put_u32(out, (uint32_t)count);
}

void ot_put_key(struct ot_buf *out, const char *key)
{
    put_text(out, ot_span_of(key));
}

void ot_put_list(struct ot_buf *out, const struct ot_list *list)
{
    ot_put_array(out, list->count);
    for (size_t i = 0; i < list->count; i++)
        ot_put_string(out, list->items[i]);
}
