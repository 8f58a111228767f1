/*
 * Writes JSON into a buffer: two-space indent and one trailing newline (or one line without white
 * space), keys in the order in which they are given. Strings must be UTF-8; they are escaped as RFC
 * 8259 requires and no further. The same calls give the same bytes everywhere.
 *
 * Every value inside an object takes its key; inside an array pass NULL.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

struct ot_json_writer {
    struct ot_buf *out;
    bool compact;
    unsigned depth;
    bool empty; /* nothing was written yet into the open object or array */
};

void ot_jw_begin(struct ot_json_writer *writer, struct ot_buf *out, bool compact);
/* Ends the text: a newline. */
void ot_jw_end(struct ot_json_writer *writer);

void ot_jw_object(struct ot_json_writer *writer, const char *key);
void ot_jw_object_end(struct ot_json_writer *writer);
void ot_jw_array(struct ot_json_writer *writer, const char *key);
void ot_jw_array_end(struct ot_json_writer *writer);
void ot_jw_string(struct ot_json_writer *writer, const char *key, const char *value);
void ot_jw_span(struct ot_json_writer *writer, const char *key, struct ot_span value);
void ot_jw_uint(struct ot_json_writer *writer, const char *key, uint64_t value);
void ot_jw_bool(struct ot_json_writer *writer, const char *key, bool value);
void ot_jw_null(struct ot_json_writer *writer, const char *key);
/* A value that is JSON already (well-formed), with the white space that this writer gives it. */
void ot_jw_raw(struct ot_json_writer *writer, const char *key, struct ot_span json);
/* An array of strings, in list order. */
void ot_jw_list(struct ot_json_writer *writer, const char *key, const struct ot_list *list);
