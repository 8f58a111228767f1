#include "gateway/http1_parts.h"

static struct ot_http1 *connection_of(struct ot_exchange *exchange)
{
    return ((struct ot_http1_stream *)exchange)->connection;
}

/* -- what the exchange asks for ---------------------------------------------------------------- */

static void put(struct ot_buf *out, const char *text, size_t length)
{
    ot_buf_append(out, text, length);
}

static void put_number(struct ot_buf *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    put(out, digits + at, sizeof(digits) - at);
}

static void put_fields(struct ot_buf *out, const struct ot_headers *headers)
{
    for (size_t i = 0; headers != NULL && i < headers->count; i++) {
        if (!ot_answer_keeps(headers, i))
            continue;
        put(out, headers->items[i].name.data, headers->items[i].name.len);
        put(out, ": ", 2);
        put(out, headers->items[i].value.data, headers->items[i].value.len);
        put(out, "\r\n", 2);
    }
}

static void put_status(struct ot_buf *out, unsigned status, struct ot_span reason)
{
    struct ot_span phrase = reason.len > 0 ? reason : ot_span_of(ot_status_phrase(status));

    put(out, "HTTP/1.1 ", 9);
    put_number(out, status);
    put(out, " ", 1);
    put(out, phrase.data, phrase.len);
    put(out, "\r\n", 2);
}

/* RFC 9112 section 6: how the client finds the end of the answer. */
static void put_framing(struct ot_http1 *connection, const struct ot_answer *answer,
                        struct ot_buf *out)
{
    bool is_known = answer->length != OT_LENGTH_CHUNKED;

    connection->is_chunked = connection->until_close = false;
    if (answer->status == 101) {
        ot_buf_puts(out, "connection: upgrade\r\nupgrade: websocket\r\n\r\n");
        return;
    }
    if (is_known && answer->status != 204) {
        ot_buf_puts(out, "content-length: ");
        put_number(out, answer->length);
        put(out, "\r\n", 2);
    } else if (answer->has_body && !connection->stream->parser.is_http10) {
        connection->is_chunked = true;
        ot_buf_puts(out, "transfer-encoding: chunked\r\n");
    } else if (answer->has_body) {
        connection->until_close = true;
    }
    if (connection->closes)
        ot_buf_puts(out, "connection: close\r\n");
    put(out, "\r\n", 2);
}

/* Drops what has come already of a body that nobody will read. */
static void drop_buffered(struct ot_http1 *connection)
{
    struct ot_http1_stream *stream = connection->stream;
    struct ot_span in, piece;

    if (ot_http1_body_is_over(&stream->body))
        return;
    in = (struct ot_span){stream->in.data + stream->in_at, stream->in.len - stream->in_at};
    do {
        if (ot_http1_body_read(&stream->body, &in, &piece) < 0) {
            connection->closes = true;
            return;
        }
    } while (piece.len > 0);
    stream->in_at = stream->in.len - in.len;
}

static void put_head(struct ot_http1 *connection, const struct ot_answer *answer)
{
    struct ot_buf *out = &connection->stream->out;
    bool is_body_over;

    if (answer->refuses && !connection->delivering)
        drop_buffered(connection);
    is_body_over = ot_http1_body_is_over(&connection->stream->body);
    /* a client that was not told to go on may send its body or not: nobody can tell */
    if (answer->closes || connection->client.worker->stopping ||
        (!is_body_over && (answer->refuses || !connection->continued)))
        connection->closes = true;
    ot_buf_clear(out);
    put_status(out, answer->status, answer->reason);
    put_fields(out, answer->headers);
    put(out, answer->lines.data, answer->lines.len);
    put_framing(connection, answer, out);
    if (answer->status == 101)
        connection->is_tunnel = true;
}

static size_t total(const struct iovec *pieces, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += pieces[i].iov_len;
    return size;
}

/* The exchange gets to know from the loop: never from inside its own call. */
static void break_later(struct ot_http1 *connection)
{
    connection->is_broken = true;
    ot_timer_set(&connection->client.timer, uv_now(&connection->client.worker->loop));
}

static bool front_send(struct ot_exchange *exchange, const struct ot_answer *head,
                       const struct iovec *pieces, size_t count, bool end)
{
    struct ot_http1 *connection = connection_of(exchange);
    size_t size = total(pieces, count), n = 0;
    struct iovec out[OT_WIRE_PIECES];
    struct ot_buf *text = &connection->stream->out;
    size_t head_length;

    ot_buf_clear(text);
    if (head != NULL)
        put_head(connection, head);
    if (connection->is_chunked && size > 0) {
        ot_buf_printf(text, "%zx\r\n", size);
    }
    head_length = text->len;
    if (connection->is_chunked && size > 0)
        put(text, "\r\n", 2);
    if (connection->is_chunked && end)
        put(text, "0\r\n\r\n", 5);
    out[n++] = (struct iovec){text->data, head_length};
    for (size_t i = 0; i < count; i++)
        out[n++] = pieces[i];
    if (text->len > head_length)
        out[n++] = (struct iovec){text->data + head_length, text->len - head_length};
    if (!connection->is_broken && !ot_wire_write(&connection->client.wire, out, n))
        break_later(connection);
    if (end && connection->is_tunnel)
        connection->closes = true;
    return !connection->is_broken && ot_wire_queued(&connection->client.wire) == 0;
}

static void front_interim(struct ot_exchange *exchange, unsigned status,
                          const struct ot_headers *headers)
{
    struct ot_http1 *connection = connection_of(exchange);
    struct ot_buf *out = &connection->stream->out;
    struct iovec piece;

    if (connection->stream->parser.is_http10 || connection->is_broken)
        return;
    ot_buf_clear(out);
    put_status(out, status, OT_SPAN(""));
    put_fields(out, headers);
    put(out, "\r\n", 2);
    piece = (struct iovec){out->data, out->len};
    if (!ot_wire_write(&connection->client.wire, &piece, 1))
        break_later(connection);
}

static void front_want_body(struct ot_exchange *exchange, bool wanted)
{
    struct ot_http1 *connection = connection_of(exchange);
    struct ot_http1_stream *stream = connection->stream;
    struct ot_span in = {stream->in.data + stream->in_at, stream->in.len - stream->in_at};

    connection->body_wanted = wanted;
    if (!wanted || connection->delivering)
        return;
    if (in.len > 0) {
        connection->continued = true;
        ot_http1_deliver(connection, in, true);
    }
    if (!connection->body_wanted || connection->state != OT_HTTP1_EXCHANGE)
        return;
    if (!connection->continued) {
        connection->continued = true;
        front_interim(exchange, 100, NULL);
    }
    ot_wire_read_on(&connection->client.wire, true);
}

static void front_cut(struct ot_exchange *exchange)
{
    struct ot_http1 *connection = connection_of(exchange);

    connection->is_broken = true;
    if (connection->until_close)
        ot_wire_reset(&connection->client.wire);
}

static void front_over(struct ot_exchange *exchange)
{
    struct ot_http1 *connection = connection_of(exchange);

    connection->body_wanted = false;
    connection->drained = 0;
    if (connection->is_broken) {
        ot_http1_close_now(connection);
        return;
    }
    /* else it would be taken for the next request, and that one for this body */
    drop_buffered(connection);
    ot_http1_settle(connection);
}

const struct ot_front ot_http1_front = {
    .send = front_send,
    .interim = front_interim,
    .want_body = front_want_body,
    .cut = front_cut,
    .over = front_over,
};
