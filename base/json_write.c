#include "base/json_write.h"

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

static void open_container(struct ot_json_writer *writer, const char *key, char opener)
{
    before_value(writer, key);
    ot_buf_putc(writer->out, opener);
    writer->depth++;
    writer->empty = true;
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
