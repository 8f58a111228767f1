#include "gateway/http2_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPARE_STREAMS 256u
/* Of an answer, before whoever makes it must wait. */
#define OUT_MAX OT_READ_SIZE

/* -- streams ----------------------------------------------------------------------------------- */

struct ot_http2_stream *ot_http2_take_stream(struct ot_http2 *connection, int32_t id)
{
    struct ot_worker *worker = connection->client.worker;
    struct ot_http2_stream *stream = worker->spare_http2_streams;

    if (stream != NULL) {
        worker->spare_http2_streams = stream->next;
        worker->spare_http2_stream_count--;
    } else {
        stream = ot_alloc(1, sizeof(*stream));
        ot_exchange_init(&stream->exchange, worker, &ot_http2_front);
        ot_http2_request_init(&stream->head, worker->settings);
    }
    memset(&stream->id, 0, sizeof(*stream) - offsetof(struct ot_http2_stream, id));
    ot_http2_request_begin(&stream->head);
    stream->connection = connection;
    stream->id = id;
    stream->is_open = true;
    stream->previous = NULL;
    stream->next = connection->streams;
    if (connection->streams != NULL)
        connection->streams->previous = stream;
    connection->streams = stream;
    return stream;
}

static void on_stream_closed(uv_handle_t *handle)
{
    struct ot_http2_stream *stream = handle->data;

    ot_http2_request_free(&stream->head);
    ot_buf_free(&stream->in);
    ot_buf_free(&stream->out);
    free(stream);
}

static void unlink_stream(struct ot_http2_stream *stream)
{
    if (stream->previous != NULL)
        stream->previous->next = stream->next;
    else
        stream->connection->streams = stream->next;
    if (stream->next != NULL)
        stream->next->previous = stream->previous;
}

void ot_http2_release_stream(struct ot_http2_stream *stream)
{
    struct ot_http2 *connection = stream->connection;
    struct ot_worker *worker = connection->client.worker;
    size_t unused = stream->in.len - stream->in_at;

    unlink_stream(stream);
    if (connection->session != NULL && unused > 0)
        nghttp2_session_consume_connection(connection->session, unused);
    if (connection->streams == NULL)
        ot_http2_touch(connection);
    ot_buf_free(&stream->in);
    ot_buf_free(&stream->out);
    stream->in_at = stream->out_at = 0;
    if (worker->spare_http2_stream_count >= SPARE_STREAMS) {
        ot_exchange_close(&stream->exchange, on_stream_closed);
        return;
    }
    stream->next = worker->spare_http2_streams;
    worker->spare_http2_streams = stream;
    worker->spare_http2_stream_count++;
}

void ot_http2_free_spare_streams(struct ot_worker *worker)
{
    struct ot_http2_stream *next;

    for (struct ot_http2_stream *stream = worker->spare_http2_streams; stream != NULL;
         stream = next) {
        next = stream->next;
        ot_exchange_close(&stream->exchange, on_stream_closed);
    }
    worker->spare_http2_streams = NULL;
    worker->spare_http2_stream_count = 0;
}

/* -- requests ---------------------------------------------------------------------------------- */

void ot_http2_begin_request(struct ot_http2_stream *stream)
{
    struct ot_http2 *connection = stream->connection;
    enum ot_refusal refusal = ot_http2_request_end(&stream->head, !stream->received);
    const struct ot_request *request = &stream->head.request;

    stream->has_exchange = true;
    connection->exchanges++;
    connection->until = OT_NEVER;
    stream->continued = !request->expects_continue;
    if (refusal != OT_REFUSAL_NONE)
        ot_exchange_refuse(&stream->exchange, &connection->client.peer, refusal);
    else
        ot_exchange_begin(&stream->exchange, request, &connection->client.peer);
}

/* The window opens again for what was taken. */
static void give(struct ot_http2_stream *stream, struct ot_span data, bool end)
{
    struct iovec piece = {(char *)(uintptr_t)data.data, data.len};

    stream->given = end;
    if (end)
        stream->wanted = false;
    ot_exchange_body(&stream->exchange, &piece, data.len > 0, end);
    if (data.len > 0)
        nghttp2_session_consume(stream->connection->session, stream->id, data.len);
}

/* Gives the exchange what there is of the body while it wants it. */
static void deliver(struct ot_http2_stream *stream)
{
    if (stream->delivering)
        return;
    stream->delivering = true;
    while (stream->wanted && stream->has_exchange && !stream->given) {
        size_t left = stream->in.len - stream->in_at;
        size_t size = left < OT_READ_SIZE ? left : OT_READ_SIZE;
        struct ot_span data = {stream->in.data + stream->in_at, size};

        if (left == 0 && !stream->received)
            break;
        stream->in_at += size;
        give(stream, data, stream->received && size == left);
    }
    if (stream->in_at == stream->in.len) {
        ot_buf_free(&stream->in);
        stream->in_at = 0;
    }
    stream->delivering = false;
    ot_http2_mark(stream->connection);
}

void ot_http2_take_body(struct ot_http2_stream *stream, struct ot_span data)
{
    stream->continued = true;
    if (!stream->has_exchange) {
        nghttp2_session_consume(stream->connection->session, stream->id, data.len);
    } else if (stream->wanted && stream->in.len == 0) {
        stream->delivering = true;
        give(stream, data, false);
        stream->delivering = false;
    } else {
        ot_buf_append(&stream->in, data.data, data.len);
    }
}

void ot_http2_end_body(struct ot_http2_stream *stream)
{
    stream->received = true;
    deliver(stream);
}

/* -- the front --------------------------------------------------------------------------------- */

/* Status, what comes from the function, what we add, and the length. */
#define FIELDS_MAX (OT_ANSWER_FIELDS_MAX + 64u)

struct fields {
    nghttp2_nv items[FIELDS_MAX];
    size_t count;
    char status[4], length[24];
};

/* nghttp2 copies, and makes names lower-case. */
static void put(struct fields *fields, struct ot_span name, struct ot_span value)
{
    if (fields->count < FIELDS_MAX)
        fields->items[fields->count++] = (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name.data,
                                                      .namelen = name.len,
                                                      .value = (uint8_t *)(uintptr_t)value.data,
                                                      .valuelen = value.len};
}

static void put_status(struct fields *fields, unsigned status)
{
    fields->count = 0;
    snprintf(fields->status, sizeof(fields->status), "%03u", status % 1000);
    put(fields, OT_SPAN(":status"), (struct ot_span){fields->status, 3});
}

static void put_headers(struct fields *fields, const struct ot_headers *headers)
{
    for (size_t i = 0; headers != NULL && i < headers->count; i++) {
        if (ot_answer_keeps(headers, i))
            put(fields, headers->items[i].name, headers->items[i].value);
    }
}

/* "name: value\r\n" each. */
static void put_lines(struct fields *fields, struct ot_span lines)
{
    while (lines.len > 0) {
        const char *colon = memchr(lines.data, ':', lines.len);
        const char *end = memchr(lines.data, '\r', lines.len);

        if (colon == NULL || end == NULL || end < colon)
            return;
        put(fields, (struct ot_span){lines.data, (size_t)(colon - lines.data)},
            ot_span_trim((struct ot_span){colon + 1, (size_t)(end - colon - 1)}));
        lines.len -= (size_t)(end + 2 - lines.data);
        lines.data = end + 2;
    }
}

static ssize_t read_out(nghttp2_session *session, int32_t id, uint8_t *to, size_t size,
                        uint32_t *flags, nghttp2_data_source *source, void *context)
{
    const struct ot_http2_stream *stream = source->ptr;
    size_t left = stream->out.len - stream->out_at;

    (void)session;
    (void)id;
    (void)to;
    (void)context;
    if (left == 0 && !stream->ended)
        return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (left <= size && stream->ended)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)(left < size ? left : size);
}

static void send_head(struct ot_http2_stream *stream, const struct ot_answer *answer, bool has_data)
{
    const nghttp2_data_provider provider = {.source.ptr = stream, .read_callback = read_out};
    struct fields fields;

    put_status(&fields, answer->status);
    put_headers(&fields, answer->headers);
    put_lines(&fields, answer->lines);
    if (answer->length != OT_LENGTH_CHUNKED && answer->status != 204) {
        int length = snprintf(fields.length, sizeof(fields.length), "%" PRIu64, answer->length);

        put(&fields, OT_SPAN("content-length"), (struct ot_span){fields.length, (size_t)length});
    }
    nghttp2_submit_response(stream->connection->session, stream->id, fields.items, fields.count,
                            has_data ? &provider : NULL);
}

static bool front_send(struct ot_exchange *exchange, const struct ot_answer *head,
                       const struct iovec *pieces, size_t count, bool end)
{
    struct ot_http2_stream *stream = (struct ot_http2_stream *)exchange;

    if (!stream->is_open)
        return true;
    for (size_t i = 0; i < count; i++)
        ot_buf_append(&stream->out, pieces[i].iov_base, pieces[i].iov_len);
    stream->ended = end;
    if (head != NULL)
        send_head(stream, head, !end || stream->out.len > 0);
    else
        (void)nghttp2_session_resume_data(stream->connection->session, stream->id);
    ot_http2_mark(stream->connection);
    stream->is_full = stream->out.len - stream->out_at >= OUT_MAX;
    return !stream->is_full;
}

static void front_interim(struct ot_exchange *exchange, unsigned status,
                          const struct ot_headers *headers)
{
    struct ot_http2_stream *stream = (struct ot_http2_stream *)exchange;
    struct fields fields;

    if (!stream->is_open)
        return;
    put_status(&fields, status);
    put_headers(&fields, headers);
    nghttp2_submit_headers(stream->connection->session, NGHTTP2_FLAG_NONE, stream->id, NULL,
                           fields.items, fields.count, NULL);
    ot_http2_mark(stream->connection);
}

static void front_want_body(struct ot_exchange *exchange, bool wanted)
{
    struct ot_http2_stream *stream = (struct ot_http2_stream *)exchange;

    stream->wanted = wanted;
    if (!wanted)
        return;
    deliver(stream);
    if (stream->wanted && !stream->continued) {
        stream->continued = true;
        front_interim(exchange, 100, NULL);
    }
}

static void front_cut(struct ot_exchange *exchange)
{
    struct ot_http2_stream *stream = (struct ot_http2_stream *)exchange;

    if (!stream->is_open)
        return;
    nghttp2_submit_rst_stream(stream->connection->session, NGHTTP2_FLAG_NONE, stream->id,
                              NGHTTP2_INTERNAL_ERROR);
    ot_http2_mark(stream->connection);
}

static void front_over(struct ot_exchange *exchange)
{
    struct ot_http2_stream *stream = (struct ot_http2_stream *)exchange;
    struct ot_http2 *connection = stream->connection;

    stream->has_exchange = stream->wanted = false;
    if (--connection->exchanges == 0)
        ot_http2_touch(connection);
    if (!stream->is_open)
        ot_http2_release_stream(stream);
    else
        ot_http2_mark(connection);
}

const struct ot_front ot_http2_front = {
    .send = front_send,
    .interim = front_interim,
    .want_body = front_want_body,
    .cut = front_cut,
    .over = front_over,
};
