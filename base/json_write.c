#include "base/json_write.h"

#include <string.h>

void ot_jw_begin(struct ot_json_writer *writer, struct ot_buf *out, bool compact)
{
    *writer = (struct ot_json_writer){.out = out, .compact = compact, .empty = true};
}

void ot_jw_end(struct ot_json_writer *writer)
{
    ot_buf_putc(writer->out, '\n');
}

static void new_line(struct ot_json_writer *writer)
{
    if (writer->compact)
        return;
    ot_buf_putc(writer->out, '\n');
    for (unsigned i = 0; i < writer->depth; i++)
        ot_buf_puts(writer->out, "  ");
}

static void quoted(struct ot_buf *out, struct ot_span text)
{
    static const char short_escapes[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

    size_t plain = 0; /* where what needs no escape began */

    ot_buf_putc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        ot_buf_append(out, text.data + plain, i - plain);
        plain = i + 1;
        if (c >= ' ')
            ot_buf_printf(out, "\\%c", c);
        else if (short_escapes[c] != 0)
            ot_buf_printf(out, "\\%c", short_escapes[c]);
        else
            ot_buf_printf(out, "\\u%04x", c);
    }
    if (plain < text.len)
        ot_buf_append(out, text.data + plain, text.len - plain);
    ot_buf_putc(out, '"');
}

/* The comma, line break and key before a value. */
static void before_value(struct ot_json_writer *writer, const char *key)
{
    if (writer->depth > 0) {
        if (!writer->empty)
            ot_buf_putc(writer->out, ',');
        new_line(writer);
    }
    writer->empty = false;
    if (key != NULL) {
        quoted(writer->out, ot_span_of(key));
        ot_buf_puts(writer->out, writer->compact ? ":" : ": ");
    }
}

static void put_opener(struct ot_json_writer *writer, char opener)
{
    ot_buf_putc(writer->out, opener);
    writer->depth++;
    writer->empty = true;
}

static void open_container(struct ot_json_writer *writer, const char *key, char opener)
{
    before_value(writer, key);
    put_opener(writer, opener);
}

static void close_container(struct ot_json_writer *writer, char closer)
{
    writer->depth--;
    if (!writer->empty)
        new_line(writer);
    ot_buf_putc(writer->out, closer);
    writer->empty = false;
}

void ot_jw_object(struct ot_json_writer *writer, const char *key)
{
    open_container(writer, key, '{');
}

void ot_jw_object_end(struct ot_json_writer *writer)
{
    close_container(writer, '}');
}

void ot_jw_array(struct ot_json_writer *writer, const char *key)
{
    open_container(writer, key, '[');
}

void ot_jw_array_end(struct ot_json_writer *writer)
{
    close_container(writer, ']');
}

void ot_jw_span(struct ot_json_writer *writer, const char *key, struct ot_span value)
{
    before_value(writer, key);
    quoted(writer->out, value);
}

void ot_jw_string(struct ot_json_writer *writer, const char *key, const char *value)
{
    ot_jw_span(writer, key, ot_span_of(value));
}

void ot_jw_uint(struct ot_json_writer *writer, const char *key, uint64_t value)
{
    before_value(writer, key);
    ot_buf_uint(writer->out, value);
}

void ot_jw_bool(struct ot_json_writer *writer, const char *key, bool value)
{
    before_value(writer, key);
    ot_buf_puts(writer->out, value ? "true" : "false");
}

void ot_jw_null(struct ot_json_writer *writer, const char *key)
{
    before_value(writer, key);
    ot_buf_puts(writer->out, "null");
}

void ot_jw_list(struct ot_json_writer *writer, const char *key, const struct ot_list *list)
{
    ot_jw_array(writer, key);
    for (size_t i = 0; i < list->count; i++)
        ot_jw_string(writer, NULL, list->items[i]);
    ot_jw_array_end(writer);
}

/* How many bytes the string, number or word at the front of `json` takes. */
static size_t scalar_length(struct ot_span json)
{
    size_t len = 1;

    if (json.data[0] != '"') {
        while (len < json.len && strchr(",]} \t\r\n", json.data[len]) == NULL)
            len++;
        return len;
    }
    while (len < json.len && json.data[len] != '"')
        len += json.data[len] == '\\' ? 2 : 1;
    return len < json.len ? len + 1 : json.len;
}

void ot_jw_raw(struct ot_json_writer *writer, const char *key, struct ot_span json)
{
    bool placed = true; /* the comma, line break and key of what comes next are there */

    before_value(writer, key);
    while (json.len > 0) {
        char c = json.data[0];
        size_t len = 1;

        if (c == ':') {
            ot_buf_puts(writer->out, writer->compact ? ":" : ": ");
            placed = true;
        } else if (c == '}' || c == ']') {
            close_container(writer, c);
        } else if (c != ',' && !ot_is_blank(c)) {
            if (!placed)
                before_value(writer, NULL);
            placed = false;
            if (c == '{' || c == '[') {
                put_opener(writer, c);
            } else {
                len = scalar_length(json);
                ot_buf_append(writer->out, json.data, len);
            }
        }
        json.data += len;
        json.len -= len;
    }
}
