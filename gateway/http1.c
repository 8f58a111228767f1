#include "gateway/http1_parts.h"

#include <stdlib.h>
#include <string.h>

/* Most of a head comes at once and is small. */
#define FIRST_READ 8192u
#define SPARE_STREAMS 256u

/* -- streams ----------------------------------------------------------------------------------- */

static void take_stream(struct ot_http1 *connection)
{
    struct ot_worker *worker = connection->client.worker;
    struct ot_http1_stream *stream = worker->spare_streams;
    size_t fields = worker->settings->headers_max;

    if (stream != NULL) {
        worker->spare_streams = stream->next;
        worker->spare_stream_count--;
    } else {
        stream = ot_alloc(1, sizeof(*stream));
        ot_exchange_init(&stream->exchange, worker, &ot_http1_front);
        stream->parser.head.items = ot_alloc(fields, sizeof(struct ot_header));
        stream->parser.head.fields = ot_alloc(fields, 1);
        stream->parser.head.room = fields;
    }
    stream->connection = connection;
    connection->stream = stream;
}

static void on_stream_closed(uv_handle_t *handle)
{
    struct ot_http1_stream *stream = handle->data;

    ot_buf_free(&stream->in);
    ot_buf_free(&stream->ahead);
    ot_buf_free(&stream->out);
    free(stream->parser.head.items);
    free(stream->parser.head.fields);
    free(stream);
}

static void give_stream(struct ot_http1 *connection)
{
    struct ot_worker *worker = connection->client.worker;
    struct ot_http1_stream *stream = OT_STEAL(connection->stream);

    if (stream == NULL)
        return;
    ot_buf_clear(&stream->in);
    ot_buf_clear(&stream->out);
    ot_buf_free(&stream->ahead);
    stream->in_at = 0;
    if (worker->spare_stream_count >= SPARE_STREAMS) {
        ot_exchange_close(&stream->exchange, on_stream_closed);
        return;
    }
    stream->next = worker->spare_streams;
    worker->spare_streams = stream;
    worker->spare_stream_count++;
}

void ot_http1_free_spare_streams(struct ot_worker *worker)
{
    struct ot_http1_stream *next;

    for (struct ot_http1_stream *stream = worker->spare_streams; stream != NULL; stream = next) {
        next = stream->next;
        ot_exchange_close(&stream->exchange, on_stream_closed);
    }
    worker->spare_streams = NULL;
    worker->spare_stream_count = 0;
}

/* -- the connection ---------------------------------------------------------------------------- */

void ot_http1_close_now(struct ot_http1 *connection)
{
    if (connection->state == OT_HTTP1_OVER)
        return;
    connection->state = OT_HTTP1_OVER;
    give_stream(connection);
    ot_client_close(&connection->client);
}

void ot_http1_end(struct ot_http1 *connection)
{
    connection->state = OT_HTTP1_OVER;
    give_stream(connection);
    ot_client_end(&connection->client);
}

void ot_http1_abort(struct ot_http1 *connection)
{
    if (connection->state == OT_HTTP1_EXCHANGE) {
        connection->closes = true;
        connection->is_broken = true;
        ot_exchange_gone(&connection->stream->exchange);
    }
    ot_http1_close_now(connection);
}

static void become_idle(struct ot_http1 *connection)
{
    connection->state = OT_HTTP1_IDLE;
    give_stream(connection);
    if (ot_wire_queued(&connection->client.wire) == 0)
        ot_wire_trim(&connection->client.wire);
    ot_timer_set(
        &connection->client.timer,
        ot_client_in(&connection->client, connection->client.worker->settings->keepalive_ms));
    ot_wire_read_on(&connection->client.wire, true);
}

/* -- requests ---------------------------------------------------------------------------------- */

static void refuse_request(struct ot_http1 *connection, enum ot_refusal refusal)
{
    connection->state = OT_HTTP1_EXCHANGE;
    connection->closes = true;
    connection->stream->parser.is_http10 = false;
    ot_http1_body_begin(&connection->stream->body, 0);
    ot_exchange_refuse(&connection->stream->exchange, &connection->client.peer, refusal);
}

static void begin_request(struct ot_http1 *connection)
{
    struct ot_http1_stream *stream = connection->stream;
    struct ot_request *request = &stream->parser.request;

    request->is_https = ot_wire_is_secure(&connection->client.wire);
    stream->in_at = stream->parser.scan.at;
    ot_http1_body_begin(&stream->body, request->content_length);
    connection->state = OT_HTTP1_EXCHANGE;
    connection->closes = !stream->parser.keep_alive;
    connection->continued = !request->expects_continue;
    connection->body_wanted = false;
    connection->is_tunnel = connection->until_close = false;
    connection->client.timer.due = OT_NEVER;
    ot_exchange_begin(&stream->exchange, request, &connection->client.peer);
}

/* Looks for requests in what has come, until one waits for something. */
static void look_for_requests(struct ot_http1 *connection)
{
    connection->in_loop = true;
    while (connection->state == OT_HTTP1_HEAD) {
        struct ot_http1_stream *stream = connection->stream;
        enum ot_refusal refusal;

        switch (ot_http1_request_parse(&stream->parser, ot_buf_span(&stream->in), &refusal)) {
        case OT_REQUEST_MORE:
            connection->in_loop = false;
            return;
        case OT_REQUEST_DONE:
            begin_request(connection);
            break;
        default:
            refuse_request(connection, refusal);
            break;
        }
    }
    connection->in_loop = false;
}

static void begin_head(struct ot_http1 *connection)
{
    connection->state = OT_HTTP1_HEAD;
    ot_http1_request_begin(&connection->stream->parser, connection->client.worker->settings);
    ot_timer_set(&connection->client.timer,
                 ot_client_in(&connection->client, connection->client.worker->settings->header_ms));
}

static void read_head(struct ot_http1 *connection)
{
    struct ot_http1_stream *stream = connection->stream;
    size_t room = stream->in.cap - stream->in.len;
    ssize_t got;
    char *to;

    room = room > FIRST_READ / 4 ? room - 1 : FIRST_READ - 1;
    to = ot_buf_reserve(&stream->in, room);
    got = ot_wire_read(&connection->client.wire, to, room);
    if (got > 0) {
        stream->in.len += (size_t)got;
        look_for_requests(connection);
    } else if (got != OT_WIRE_NOTHING) {
        ot_http1_close_now(connection);
    } else if (stream->in.len == 0) {
        become_idle(connection);
    }
}

/* With bytes that have come already the next request is begun, but from the loop: never from inside
 * the one before. */
void ot_http1_next_request(struct ot_http1 *connection)
{
    struct ot_http1_stream *stream = connection->stream;
    size_t left = stream->in.len - stream->in_at;

    if (left + stream->ahead.len == 0) {
        become_idle(connection);
        return;
    }
    memmove(stream->in.data, stream->in.data + stream->in_at, left);
    stream->in.len = left;
    stream->in_at = 0;
    ot_buf_append(&stream->in, stream->ahead.data, stream->ahead.len);
    ot_buf_clear(&stream->ahead);
    begin_head(connection);
    if (!connection->in_loop) {
        connection->is_deferred = true;
        ot_timer_set(&connection->client.timer, uv_now(&connection->client.worker->loop));
    }
}

/* -- events ------------------------------------------------------------------------------------ */

static void on_readable(struct ot_client *client)
{
    struct ot_http1 *connection = (struct ot_http1 *)client;

    switch (connection->state) {
    case OT_HTTP1_IDLE:
        take_stream(connection);
        begin_head(connection);
        read_head(connection);
        break;
    case OT_HTTP1_HEAD:
        read_head(connection);
        break;
    case OT_HTTP1_EXCHANGE:
        if (connection->body_wanted)
            ot_http1_read_body(connection);
        else
            ot_wire_read_on(&client->wire, false);
        break;
    case OT_HTTP1_DRAIN:
        ot_http1_drop_body(connection);
        if (connection->state == OT_HTTP1_DRAIN)
            ot_http1_settle(connection);
        break;
    default:
        break;
    }
}

static void on_drained(struct ot_client *client)
{
    struct ot_http1 *connection = (struct ot_http1 *)client;

    if (connection->state == OT_HTTP1_EXCHANGE)
        ot_exchange_drained(&connection->stream->exchange);
    else if (connection->state == OT_HTTP1_DRAIN)
        ot_http1_settle(connection);
}

static void on_timeout(struct ot_client *client)
{
    struct ot_http1 *connection = (struct ot_http1 *)client;

    if (connection->is_broken) {
        ot_http1_abort(connection);
    } else if (connection->is_deferred) {
        connection->is_deferred = false;
        ot_timer_set(&client->timer, ot_client_in(client, client->worker->settings->header_ms));
        ot_wire_read_on(&client->wire, true);
        look_for_requests(connection);
    } else if (connection->state == OT_HTTP1_HEAD) {
        refuse_request(connection, OT_HEAD_TIMEOUT);
    } else if (connection->state != OT_HTTP1_EXCHANGE) {
        ot_http1_close_now(connection);
    }
}

static void stop(struct ot_client *client)
{
    struct ot_http1 *connection = (struct ot_http1 *)client;

    if (connection->state != OT_HTTP1_IDLE)
        return;
    /* a request may be there already */
    on_readable(client);
    if (connection->state == OT_HTTP1_IDLE)
        ot_http1_close_now(connection);
}

static void close_client(struct ot_client *client)
{
    ot_http1_abort((struct ot_http1 *)client);
}

static const struct ot_client_protocol protocol = {
    .readable = on_readable,
    .drained = on_drained,
    .timeout = on_timeout,
    .stop = stop,
    .close = close_client,
};

void ot_http1_begin(struct ot_client *client)
{
    client->protocol = &protocol;
    ot_timer_set(&client->timer, ot_client_in(client, client->worker->settings->keepalive_ms));
}

void ot_http1_refuse(struct ot_client *client, enum ot_refusal refusal)
{
    struct ot_http1 *connection = (struct ot_http1 *)client;

    client->protocol = &protocol;
    take_stream(connection);
    refuse_request(connection, refusal);
}
