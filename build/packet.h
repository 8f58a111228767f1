/*
 * The packets of esbuild's stdio service: a little-endian length, an identifier whose lowest bit
 * tells a response from a request, and one value. The protocol is private to esbuild and belongs to
 * exactly one version of it (OT_ESBUILD_VERSION).
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

#define OT_PACKET_MAX (1u << 30)    /* bytes behind the length */
#define OT_PACKET_DEPTH 32u         /* nested arrays and objects */
#define OT_PACKET_VALUES (8u << 20) /* values in one packet */
#define OT_PACKET_NONE UINT32_MAX   /* esbuild's -1 */

enum ot_value_type {
    OT_VALUE_NULL,
    OT_VALUE_BOOL,
    OT_VALUE_UINT,
    OT_VALUE_STRING,
    OT_VALUE_BYTES,
    OT_VALUE_ARRAY,
    OT_VALUE_OBJECT,
};

/* A decoded value. Texts point into the packet's bytes. */
struct ot_value {
    enum ot_value_type type;
    uint32_t number;        /* OT_VALUE_UINT; OT_VALUE_BOOL: 0 or 1 */
    struct ot_span text;    /* OT_VALUE_STRING and OT_VALUE_BYTES */
    size_t count;           /* OT_VALUE_ARRAY and OT_VALUE_OBJECT */
    struct ot_value *items; /* owned */
    struct ot_span *keys;   /* of an object's items; owned */
};

struct ot_packet {
    uint32_t id;
    bool is_response;
    struct ot_value value;
};

/*
 * Reads the bytes behind a packet's length, which must outlive the result. Errors: OT_TOOL. Free
 * with ot_packet_free, also the zeroed packet that an error leaves.
 */
OT_MUST_USE int ot_packet_decode(struct ot_span bytes, struct ot_packet *out, struct ot_error *err);
void ot_packet_free(struct ot_packet *packet);

/*
 * A member of an object; one shared null value where `object` is no object or has no such key, so
 * that look-ups can be chained.
 */
const struct ot_value *ot_value_get(const struct ot_value *object, const char *key);
/* A string's or byte array's content; empty for every other type. */
struct ot_span ot_value_text(const struct ot_value *value);
/* A number; `fallback` for every other type. */
uint32_t ot_value_uint(const struct ot_value *value, uint32_t fallback);

/*
 * Writing: begin, exactly one value, end. An array or object is its count followed by that many
 * items, or keys each followed by its value. ot_packet_end fills in the length of what was written
 * since ot_packet_begin returned `start`.
 */
size_t ot_packet_begin(struct ot_buf *out, uint32_t id, bool is_response);
void ot_packet_end(struct ot_buf *out, size_t start);
void ot_put_null(struct ot_buf *out);
void ot_put_bool(struct ot_buf *out, bool value);
void ot_put_uint(struct ot_buf *out, uint32_t value);
void ot_put_string(struct ot_buf *out, const char *value);
void ot_put_span(struct ot_buf *out, struct ot_span value);
void ot_put_bytes(struct ot_buf *out, struct ot_span value);
void ot_put_array(struct ot_buf *out, size_t count);
void ot_put_object(struct ot_buf *out, size_t count);
void ot_put_key(struct ot_buf *out, const char *key);

/* An array of strings. */
void ot_put_list(struct ot_buf *out, const struct ot_list *list);

/* Little-endian 32 bits. */
uint32_t ot_packet_u32(const char *bytes);
