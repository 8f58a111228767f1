#include "gateway/cell_output.h"

#include "base/process.h"

#include <string.h>

/* A line's memory that is kept for the next one. */
#define LINE_KEPT 8192u

static void add_to_line(struct ot_output_stream *stream, struct ot_span text)
{
    size_t room = OT_OUTPUT_LINE_MAX - stream->line.len;

    ot_buf_append(&stream->line, text.data, text.len < room ? text.len : room);
}

static void take_line(struct ot_output *output, bool is_error, struct ot_span rest)
{
    struct ot_output_stream *stream = is_error ? &output->errors : &output->out;

    if (stream->line.len > 0) {
        add_to_line(stream, rest);
        rest = ot_buf_span(&stream->line);
    } else if (rest.len > OT_OUTPUT_LINE_MAX) {
        rest.len = OT_OUTPUT_LINE_MAX;
    }
    ot_log_console(output->log, output->name, is_error, rest);
    if (stream->line.cap > LINE_KEPT)
        ot_buf_free(&stream->line);
    else
        ot_buf_clear(&stream->line);
}

static void count(struct ot_output *output, size_t bytes)
{
    int64_t now = ot_now_ms();

    if (now - output->window_start >= OT_OUTPUT_WINDOW_MS) {
        output->window_start = now;
        output->window_bytes = 0;
    }
    output->window_bytes += bytes;
}

void ot_output_take(struct ot_output *output, bool is_error, struct ot_span text)
{
    const char *end;

    count(output, text.len);
    while (text.len > 0 && (end = memchr(text.data, '\n', text.len)) != NULL) {
        size_t len = (size_t)(end - text.data);

        take_line(output, is_error, (struct ot_span){text.data, len});
        output->window_bytes += OT_OUTPUT_LINE_COST;
        text = (struct ot_span){end + 1, text.len - len - 1};
    }
    add_to_line(is_error ? &output->errors : &output->out, text);
}

void ot_output_end(struct ot_output *output)
{
    for (int i = 0; i < 2; i++) {
        struct ot_output_stream *stream = i == 0 ? &output->out : &output->errors;

        if (stream->line.len > 0)
            take_line(output, i != 0, OT_SPAN(""));
        ot_buf_free(&stream->line);
    }
}

int64_t ot_output_pause(const struct ot_output *output)
{
    return output->window_bytes < OT_OUTPUT_WINDOW_BYTES
               ? 0
               : output->window_start + OT_OUTPUT_WINDOW_MS;
}
