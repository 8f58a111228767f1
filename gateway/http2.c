#include "gateway/http2_parts.h"

#include <stdlib.h>

/* How long a client may take to go on when the thread stops, and to leave after the last word. */
#define STOP_MS 1000u

/* -- the end ----------------------------------------------------------------------------------- */

static void unmark(struct ot_http2 *connection)
{
    struct ot_http2 **place = &connection->client.worker->dirty;

    if (!connection->is_dirty)
        return;
    while (*place != connection)
        place = &(*place)->next_dirty;
    *place = connection->next_dirty;
    connection->is_dirty = false;
}

/* Ends all that is under way. */
static void let_go(struct ot_http2 *connection)
{
    nghttp2_session_del(OT_STEAL(connection->session));
    while (connection->streams != NULL) {
        struct ot_http2_stream *stream = connection->streams;

        stream->is_open = false;
        if (stream->has_exchange)
            ot_exchange_gone(&stream->exchange);
        else
            ot_http2_release_stream(stream);
    }
    unmark(connection);
}

static void close_client(struct ot_client *client)
{
    let_go((struct ot_http2 *)client);
    ot_client_close(client);
}

/* -- sending ----------------------------------------------------------------------------------- */

void ot_http2_touch(struct ot_http2 *connection)
{
    const struct ot_worker *worker = connection->client.worker;
    uint64_t wait = OT_CLIENT_FLUSH_MS;

    if (connection->streams == NULL && !connection->is_ending)
        wait = worker->stopping ? STOP_MS : worker->settings->keepalive_ms;
    connection->until =
        connection->exchanges == 0 ? ot_client_in(&connection->client, wait) : OT_NEVER;
}

static void set_timer(struct ot_http2 *connection)
{
    ot_timer_set(&connection->client.timer, connection->head_until < connection->until
                                                ? connection->head_until
                                                : connection->until);
}

/* What nghttp2 has to send, up to about what is read at once; false: the session is broken. */
static bool gather(struct ot_http2 *connection, struct ot_buf *out)
{
    ot_buf_clear(out);
    while (out->len < OT_READ_SIZE) {
        size_t before = out->len;
        const uint8_t *data;
        ssize_t length = nghttp2_session_mem_send(connection->session, &data);

        if (length < 0)
            return false;
        if (length > 0)
            ot_buf_append(out, data, (size_t)length);
        if (out->len == before)
            break;
    }
    return true;
}

/* Sends what there is while the client takes it. It may be closed then. */
static void pump(struct ot_http2 *connection)
{
    struct ot_wire *wire = &connection->client.wire;
    struct ot_buf *out = &connection->client.worker->http2_out;
    bool works = true;

    while (works && ot_wire_queued(wire) == 0) {
        struct iovec piece;

        works = gather(connection, out);
        piece = (struct iovec){out->data, out->len};
        if (out->len == 0)
            break;
        works = ot_wire_write(wire, &piece, 1) && works;
    }
    if (!works) {
        close_client(&connection->client);
    } else if (ot_wire_queued(wire) == 0 && !nghttp2_session_want_read(connection->session) &&
               !nghttp2_session_want_write(connection->session)) {
        let_go(connection);
        ot_client_end(&connection->client);
    } else {
        set_timer(connection);
    }
}

/* Sends what the exchanges of this round have put together. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct ot_worker *worker = prepare->data;

    uv_prepare_stop(prepare);
    while (worker->dirty != NULL) {
        struct ot_http2 *connection = worker->dirty;

        unmark(connection);
        pump(connection);
    }
}

void ot_http2_mark(struct ot_http2 *connection)
{
    struct ot_worker *worker = connection->client.worker;

    if (connection->is_dirty || connection->session == NULL)
        return;
    if (worker->dirty == NULL)
        uv_prepare_start(&worker->prepare, on_prepare);
    connection->is_dirty = true;
    connection->next_dirty = worker->dirty;
    worker->dirty = connection;
}

/* -- events ------------------------------------------------------------------------------------ */

static void on_readable(struct ot_client *client)
{
    struct ot_http2 *connection = (struct ot_http2 *)client;
    char *input = client->worker->input;
    ssize_t got = ot_wire_read(&client->wire, input, OT_READ_SIZE);

    if (got == OT_WIRE_NOTHING)
        return;
    if (got <= 0 ||
        nghttp2_session_mem_recv(connection->session, (uint8_t *)input, (size_t)got) < 0)
        close_client(client);
    else
        ot_http2_mark(connection);
}

static void on_drained(struct ot_client *client)
{
    ot_http2_mark((struct ot_http2 *)client);
}

static void on_timeout(struct ot_client *client)
{
    struct ot_http2 *connection = (struct ot_http2 *)client;

    if (connection->is_ending || connection->streams != NULL) {
        close_client(client);
        return;
    }
    connection->is_ending = true;
    nghttp2_session_terminate_session(connection->session, NGHTTP2_NO_ERROR);
    ot_http2_touch(connection);
    pump(connection);
}

/* Requests that are on their way are still taken: the last GOAWAY follows once the client has seen
 * the first (RFC 9113 section 6.8), which the answer to a PING tells. */
static void stop(struct ot_client *client)
{
    struct ot_http2 *connection = (struct ot_http2 *)client;

    nghttp2_submit_shutdown_notice(connection->session);
    nghttp2_submit_ping(connection->session, NGHTTP2_FLAG_NONE, NULL);
    ot_http2_touch(connection);
    ot_http2_mark(connection);
}

static const struct ot_client_protocol protocol = {
    .readable = on_readable,
    .drained = on_drained,
    .timeout = on_timeout,
    .stop = stop,
    .close = close_client,
};

void ot_http2_begin(struct ot_client *client)
{
    struct ot_http2 *connection = (struct ot_http2 *)client;

    client->protocol = &protocol;
    connection->head_until = OT_NEVER;
    connection->noise_at = uv_now(&client->worker->loop);
    connection->session = ot_http2_session_new(connection);
    ot_http2_touch(connection);
    ot_http2_mark(connection);
}
