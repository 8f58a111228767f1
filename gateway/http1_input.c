#include "gateway/http1_parts.h"

/* What is read and dropped of a body that nobody wants, before the connection is closed. */
#define DRAIN_MAX 262144u

/* -- bodies of requests ------------------------------------------------------------------------ */

/* Takes pieces of the body off `in`; false: it is malformed. */
static bool gather(struct ot_http1 *connection, struct ot_span *in, struct iovec *pieces,
                   size_t *count)
{
    for (*count = 0; in->len > 0 && *count < OT_ANSWER_PIECES;) {
        struct ot_span piece;

        if (connection->is_tunnel) {
            piece = *in;
            *in = (struct ot_span){in->data + in->len, 0};
        } else if (ot_http1_body_read(&connection->stream->body, in, &piece) < 0) {
            return false;
        }
        if (piece.len == 0)
            break;
        pieces[(*count)++] = (struct iovec){(char *)(uintptr_t)piece.data, piece.len};
    }
    return true;
}

/* What is behind the body belongs to the next request. Noted before the exchange hears of the end,
 * since that may bring the next request. */
static void keep_rest(struct ot_http1 *connection, struct ot_span rest, bool is_buffered)
{
    struct ot_http1_stream *stream = connection->stream;

    if (is_buffered)
        stream->in_at = stream->in.len - rest.len;
    else if (ot_http1_body_is_over(&stream->body))
        ot_buf_append(&stream->ahead, rest.data, rest.len);
}

/* Gives the exchange what there is of the body. */
void ot_http1_deliver(struct ot_http1 *connection, struct ot_span in, bool is_buffered)
{
    struct iovec pieces[OT_ANSWER_PIECES];
    bool end = false;
    size_t count;

    connection->delivering = true;
    while (connection->state == OT_HTTP1_EXCHANGE && in.len > 0 && !end) {
        if (!gather(connection, &in, pieces, &count)) {
            connection->closes = true;
            ot_exchange_body_failed(&connection->stream->exchange, OT_BAD_REQUEST);
            break;
        }
        end = !connection->is_tunnel && ot_http1_body_is_over(&connection->stream->body);
        if (end)
            connection->body_wanted = false;
        keep_rest(connection, in, is_buffered);
        if (count > 0 || end)
            ot_exchange_body(&connection->stream->exchange, pieces, count, end);
    }
    connection->delivering = false;
}

static void body_ended(struct ot_http1 *connection, ssize_t why)
{
    struct ot_exchange *exchange = &connection->stream->exchange;

    connection->closes = true;
    if (why == OT_WIRE_BROKEN) {
        ot_http1_abort(connection);
    } else if (connection->is_tunnel) {
        connection->body_wanted = false;
        ot_wire_read_on(&connection->client.wire, false);
        ot_exchange_body(exchange, NULL, 0, true);
    } else {
        ot_exchange_body_failed(exchange, OT_LENGTH_MISMATCH);
    }
}

void ot_http1_read_body(struct ot_http1 *connection)
{
    struct ot_http1_stream *stream = connection->stream;
    char *input = connection->client.worker->input;
    uint64_t left = connection->is_tunnel ? OT_READ_SIZE : ot_http1_body_left(&stream->body);
    ssize_t got = ot_wire_read(&connection->client.wire, input,
                               left < OT_READ_SIZE ? (size_t)left : OT_READ_SIZE);
    struct ot_span in = {input, got > 0 ? (size_t)got : 0};

    if (got == OT_WIRE_NOTHING)
        return;
    connection->continued = true;
    if (got <= 0)
        body_ended(connection, got);
    else
        ot_http1_deliver(connection, in, false);
}

/* Of a body that nobody wants any more. */
void ot_http1_drop_body(struct ot_http1 *connection)
{
    struct ot_http1_stream *stream = connection->stream;
    char *input = connection->client.worker->input;
    uint64_t left = ot_http1_body_left(&stream->body);
    ssize_t got = ot_wire_read(&connection->client.wire, input,
                               left < OT_READ_SIZE ? (size_t)left : OT_READ_SIZE);
    struct ot_span in = {input, got > 0 ? (size_t)got : 0}, piece;

    if (got == OT_WIRE_NOTHING)
        return;
    connection->drained += in.len;
    do {
        if (got <= 0 || ot_http1_body_read(&stream->body, &in, &piece) < 0) {
            ot_http1_close_now(connection);
            return;
        }
    } while (piece.len > 0);
    ot_buf_append(&stream->ahead, in.data, in.len);
}

/* After an answer: goes on to the next request once this one's body and the answer are out of the
 * way. */
void ot_http1_settle(struct ot_http1 *connection)
{
    bool is_over = ot_http1_body_is_over(&connection->stream->body);
    uint64_t left = ot_http1_body_left(&connection->stream->body);

    if (connection->closes || connection->client.worker->stopping ||
        connection->drained > DRAIN_MAX || (left > DRAIN_MAX && left != UINT64_MAX)) {
        ot_http1_end(connection);
    } else if (is_over && ot_wire_queued(&connection->client.wire) == 0) {
        ot_http1_next_request(connection);
    } else {
        connection->state = OT_HTTP1_DRAIN;
        ot_wire_read_on(&connection->client.wire, !is_over);
        ot_timer_set(&connection->client.timer,
                     ot_client_in(&connection->client, OT_CLIENT_FLUSH_MS));
    }
}
