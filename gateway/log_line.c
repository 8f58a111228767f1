#include "gateway/log_line.h"

#include "base/instant.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/text.h"

#define WORD_MAX 256u     /* bytes kept of a method, path or address */
#define USER_SHOWN 8u     /* bytes of a user's identifier */
#define CONSOLE_MAX 16384 /* bytes kept of what a function says at once */
#define CONSOLE_MARK "__1TUBE_LOG__"
#define TRACE_ID_AT 3u /* in a traceparent: "00-<trace-id>-..." */
#define TRACE_ID_LEN 32u

static const char *const level_names[] = {
    [OT_LEVEL_INFO] = "info", [OT_LEVEL_WARNING] = "warning", [OT_LEVEL_ERROR] = "error"};

static struct ot_span cut(struct ot_span text, size_t max)
{
    return (struct ot_span){text.data, text.len < max ? text.len : max};
}

/* One word of a line: nothing in it ends the line or the word. */
static void put_word(struct ot_buf *out, struct ot_span text, size_t max)
{
    size_t start = out->len;

    ot_buf_readable(out, cut(text, max));
    for (size_t i = start; i < out->len; i++) {
        if ((unsigned char)out->data[i] <= ' ')
            out->data[i] = '?';
    }
}

static void put_time(struct ot_buf *out, uint64_t time_ms)
{
    char text[OT_INSTANT_TEXT];

    ot_instant_text(time_ms, text);
    ot_buf_append(out, text, OT_INSTANT_TEXT - 1);
}

/* "12.345ms" */
static void put_duration(struct ot_buf *out, uint64_t us)
{
    char rest[4] = {'.', (char)('0' + us / 100 % 10), (char)('0' + us / 10 % 10),
                    (char)('0' + us % 10)};

    ot_buf_uint(out, us / 1000);
    ot_buf_append(out, rest, sizeof(rest));
    ot_buf_puts(out, "ms");
}

static void request_text(const struct ot_log_request *request, struct ot_buf *out)
{
    put_time(out, request->time_ms);
    ot_buf_putc(out, ' ');
    put_word(out, request->method, WORD_MAX);
    ot_buf_putc(out, ' ');
    put_word(out, request->path, WORD_MAX);
    ot_buf_putc(out, ' ');
    ot_buf_uint(out, request->status);
    ot_buf_putc(out, ' ');
    put_duration(out, request->duration_us);
    ot_buf_puts(out, " in=");
    ot_buf_uint(out, request->bytes_in);
    ot_buf_puts(out, " out=");
    ot_buf_uint(out, request->bytes_out);
    ot_buf_puts(out, " client=");
    put_word(out, request->client, WORD_MAX);
    if (request->user.len > 0) {
        ot_buf_puts(out, " user=");
        put_word(out, request->user, USER_SHOWN);
    }
    ot_buf_puts(out, " id=");
    put_word(out, (struct ot_span){request->id, OT_REQUEST_ID}, OT_REQUEST_ID);
    if (request->reason != NULL) {
        ot_buf_puts(out, " reason=");
        ot_buf_puts(out, request->reason);
    }
    ot_buf_putc(out, '\n');
}

static void write_time(struct ot_json_writer *writer, uint64_t time_ms)
{
    char text[OT_INSTANT_TEXT];

    ot_instant_text(time_ms, text);
    ot_jw_string(writer, "time", text);
}

static bool is_printable_ascii(struct ot_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < ' ' || text.data[i] > '~')
            return false;
    }
    return true;
}

static void write_text(struct ot_json_writer *writer, const char *key, struct ot_span text,
                       size_t max)
{
    OT_AUTOBUF struct ot_buf readable = {0};

    text = cut(text, max);
    if (is_printable_ascii(text)) {
        ot_jw_span(writer, key, text);
        return;
    }
    ot_buf_readable(&readable, text);
    ot_jw_span(writer, key, ot_buf_span(&readable));
}

static void request_json(const struct ot_log_request *request, struct ot_buf *out)
{
    struct ot_json_writer writer;

    ot_jw_begin(&writer, out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "type", "request");
    write_time(&writer, request->time_ms);
    write_text(&writer, "id", (struct ot_span){request->id, OT_REQUEST_ID}, OT_REQUEST_ID);
    if (request->trace.len >= TRACE_ID_AT + TRACE_ID_LEN)
        write_text(&writer, "traceId",
                   (struct ot_span){request->trace.data + TRACE_ID_AT, TRACE_ID_LEN}, TRACE_ID_LEN);
    write_text(&writer, "method", request->method, WORD_MAX);
    write_text(&writer, "path", request->path, WORD_MAX);
    if (request->function.len > 0)
        write_text(&writer, "function", request->function, WORD_MAX);
    ot_jw_uint(&writer, "status", request->status);
    ot_jw_uint(&writer, "durationUs", request->duration_us);
    ot_jw_uint(&writer, "bytesIn", request->bytes_in);
    ot_jw_uint(&writer, "bytesOut", request->bytes_out);
    write_text(&writer, "client", request->client, WORD_MAX);
    if (request->user.len > 0)
        write_text(&writer, "user", request->user, USER_SHOWN);
    if (request->reason != NULL)
        ot_jw_string(&writer, "reason", request->reason);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
}

void ot_log_line_request(enum ot_log_format format, const struct ot_log_request *request,
                         struct ot_buf *out)
{
    if (format == OT_LOG_JSON)
        request_json(request, out);
    else
        request_text(request, out);
}

/* What a function said. A function can print anything, so none of it is more than text. */
struct console {
    struct ot_buf id, level, function, message;
};

static void console_free(struct console *console)
{
    ot_buf_free(&console->id);
    ot_buf_free(&console->level);
    ot_buf_free(&console->function);
    ot_buf_free(&console->message);
}

static int read_member(struct ot_json *json, struct ot_span key, struct console *console,
                       struct ot_error *err)
{
    struct ot_buf *target = ot_span_is(key, "id")      ? &console->id
                            : ot_span_is(key, "level") ? &console->level
                            : ot_span_is(key, "fn")    ? &console->function
                            : ot_span_is(key, "msg")   ? &console->message
                                                       : NULL;
    struct ot_span value;

    if (target == NULL || ot_json_peek(json, err) != '"')
        return ot_json_skip(json, err);
    if (ot_json_string(json, &value, err) < 0)
        return -1;
    ot_buf_clear(target);
    ot_buf_append(target, value.data, value.len);
    return 0;
}

/* Unwraps a marked line; false for any other, or one that is not what the shim writes. */
static bool unwrap(struct ot_span line, struct console *console)
{
    struct ot_json json;
    struct ot_error err;
    struct ot_span key;
    int more = -1;

    if (!ot_span_starts(line, CONSOLE_MARK))
        return false;
    ot_json_begin(&json,
                  (struct ot_span){line.data + sizeof(CONSOLE_MARK) - 1,
                                   line.len - (sizeof(CONSOLE_MARK) - 1)},
                  0);
    if (ot_json_object(&json, &err) == 0) {
        while ((more = ot_json_key(&json, &key, &err)) > 0) {
            if (read_member(&json, key, console, &err) < 0) {
                more = -1;
                break;
            }
        }
    }
    if (more == 0)
        more = ot_json_finish(&json, &err);
    ot_json_end(&json);
    return more == 0 && console->message.data != NULL;
}

static bool is_level(struct ot_span text)
{
    static const char *const levels[] = {"debug", "log", "info", "warn", "error"};

    for (size_t i = 0; i < OT_COUNT(levels); i++) {
        if (ot_span_is(text, levels[i]))
            return true;
    }
    return false;
}

/* Fills what the line leaves open; what is not as it should be is as if it were not there. */
static void complete(struct console *console, const char *cell, bool is_error)
{
    if (!ot_is_name(ot_buf_span(&console->function))) {
        ot_buf_clear(&console->function);
        ot_buf_puts(&console->function, cell);
    }
    if (!is_level(ot_buf_span(&console->level))) {
        ot_buf_clear(&console->level);
        ot_buf_puts(&console->level, is_error ? "error" : "log");
    }
    if (console->id.len != OT_REQUEST_ID)
        ot_buf_clear(&console->id);
}

/* Further lines of a message are indented, so that they are never taken for lines of the log. */
static void put_message(struct ot_buf *out, struct ot_span message)
{
    size_t start = 0;

    message = ot_span_trim(cut(message, CONSOLE_MAX));
    for (size_t i = 0; i < message.len; i++) {
        if (message.data[i] != '\n')
            continue;
        ot_buf_readable(out, (struct ot_span){message.data + start, i - start});
        ot_buf_puts(out, "\n    ");
        start = i + 1;
    }
    if (message.len > start)
        ot_buf_readable(out, (struct ot_span){message.data + start, message.len - start});
    ot_buf_putc(out, '\n');
}

static void console_text(const struct console *console, uint64_t time_ms, struct ot_buf *out)
{
    put_time(out, time_ms);
    ot_buf_putc(out, ' ');
    ot_buf_putc(out, '[');
    put_word(out, ot_buf_span(&console->function), WORD_MAX);
    ot_buf_puts(out, "] ");
    ot_buf_puts(out, console->level.data);
    ot_buf_puts(out, ": ");
    if (console->id.len > 0) {
        ot_buf_puts(out, "id=");
        put_word(out, ot_buf_span(&console->id), OT_REQUEST_ID);
        ot_buf_putc(out, ' ');
    }
    put_message(out, ot_buf_span(&console->message));
}

static void console_json(const struct console *console, uint64_t time_ms, const char *cell,
                         struct ot_buf *out)
{
    struct ot_json_writer writer;

    ot_jw_begin(&writer, out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "type", "console");
    write_time(&writer, time_ms);
    if (console->id.len > 0)
        write_text(&writer, "id", ot_buf_span(&console->id), OT_REQUEST_ID);
    ot_jw_string(&writer, "cell", cell);
    ot_jw_span(&writer, "function", ot_buf_span(&console->function));
    ot_jw_span(&writer, "level", ot_buf_span(&console->level));
    write_text(&writer, "message", ot_buf_span(&console->message), CONSOLE_MAX);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
}

void ot_log_line_console(enum ot_log_format format, uint64_t time_ms, const char *cell,
                         bool is_error, struct ot_span line, struct ot_buf *out)
{
    struct console console = {0};

    /* an exception's text comes there unmarked, and whoever caused it may have chosen it */
    if (is_error || !unwrap(line, &console)) {
        console_free(&console);
        ot_buf_append(&console.message, line.data, cut(line, CONSOLE_MAX).len);
    }
    complete(&console, cell, is_error);
    if (format == OT_LOG_JSON)
        console_json(&console, time_ms, cell, out);
    else
        console_text(&console, time_ms, out);
    console_free(&console);
}

void ot_log_line_message(enum ot_log_format format, uint64_t time_ms, enum ot_log_level level,
                         const char *text, struct ot_buf *out)
{
    struct ot_json_writer writer;

    if (format != OT_LOG_JSON) {
        ot_buf_puts(out, "onetube: serve: ");
        if (level != OT_LEVEL_INFO)
            ot_buf_printf(out, "%s: ", level_names[level]);
        put_message(out, ot_span_of(text));
        return;
    }
    ot_jw_begin(&writer, out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "type", "message");
    write_time(&writer, time_ms);
    ot_jw_string(&writer, "level", level_names[level]);
    write_text(&writer, "message", ot_span_of(text), CONSOLE_MAX);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
}
