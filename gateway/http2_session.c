#include "gateway/http2_parts.h"

#include <pthread.h>
#include <stdlib.h>

/*
 * Frames that serve no purpose (CVE-2019-9511 and its kin, CVE-2023-44487, CVE-2025-8671): each
 * frame without data is one, a request that is broken off counts more, and what is worth it counts
 * back. Beyond the limit the client is told to calm down.
 */
#define NOISE_MAX 1000u
#define NOISE_FADES_PER_S 10u
#define NOISE_OF_ABORT 5u
#define WORTH_OF_DATA 4u
#define WORTH_OF_ANSWER 10u

/* Noise fades with time, and with what is worth it. */
static void add_noise(struct ot_http2 *connection, uint32_t amount)
{
    uint64_t now = uv_now(&connection->client.worker->loop);
    uint64_t faded = (now - connection->noise_at) * NOISE_FADES_PER_S / 1000;

    if (faded > 0) {
        connection->noise -= faded < connection->noise ? (uint32_t)faded : connection->noise;
        connection->noise_at = now;
    }
    connection->noise += amount;
    if (connection->noise > NOISE_MAX)
        nghttp2_session_terminate_session(connection->session, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void less_noise(struct ot_http2 *connection, uint32_t amount)
{
    connection->noise -= amount < connection->noise ? amount : connection->noise;
}

/* -- what comes -------------------------------------------------------------------------------- */

static struct ot_http2_stream *stream_of(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

static bool is_request(const nghttp2_frame *frame)
{
    return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *header, void *context)
{
    (void)session;
    if (header->type != NGHTTP2_DATA || header->length == 0)
        add_noise(context, 1);
    return 0;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct ot_http2 *connection = context;

    connection->head_until =
        ot_client_in(&connection->client, connection->client.worker->settings->header_ms);
    if (is_request(frame))
        nghttp2_session_set_stream_user_data(session, frame->hd.stream_id,
                                             ot_http2_take_stream(connection, frame->hd.stream_id));
    return 0;
}

/* Trailers are dropped. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags,
                     void *context)
{
    struct ot_http2_stream *stream = stream_of(session, frame->hd.stream_id);

    (void)flags;
    (void)context;
    if (is_request(frame) && stream != NULL)
        ot_http2_request_field(&stream->head, (struct ot_span){(const char *)name, name_length},
                               (struct ot_span){(const char *)value, value_length});
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct ot_http2 *connection = context;
    struct ot_http2_stream *stream = stream_of(session, frame->hd.stream_id);
    bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

    if (frame->hd.type == NGHTTP2_HEADERS)
        connection->head_until = OT_NEVER;
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 &&
        connection->client.worker->stopping)
        nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                              nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR,
                              NULL, 0);
    if (stream == NULL || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
        return 0;
    if (is_request(frame)) {
        stream->received = ends;
        ot_http2_begin_request(stream);
    } else if (ends) {
        ot_http2_end_body(stream);
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t length, void *context)
{
    struct ot_http2_stream *stream = stream_of(session, id);

    (void)flags;
    less_noise(context, WORTH_OF_DATA);
    if (stream == NULL)
        nghttp2_session_consume_connection(session, length);
    else
        ot_http2_take_body(stream, (struct ot_span){(const char *)data, length});
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t why, void *context)
{
    struct ot_http2 *connection = context;
    struct ot_http2_stream *stream = stream_of(session, id);

    (void)why;
    connection->head_until = OT_NEVER;
    if (stream == NULL || !stream->is_open)
        return 0;
    stream->is_open = false;
    if (!stream->ended)
        add_noise(connection, NOISE_OF_ABORT);
    if (stream->has_exchange)
        ot_exchange_gone(&stream->exchange);
    else
        ot_http2_release_stream(stream);
    return 0;
}

/* -- what goes --------------------------------------------------------------------------------- */

/* RFC 9113 section 8.1: a request whose rest nobody wants is stopped behind the answer. */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct ot_http2 *connection = context;
    struct ot_http2_stream *stream;

    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    stream = stream_of(session, frame->hd.stream_id);
    if (frame->hd.type == NGHTTP2_DATA)
        less_noise(connection, WORTH_OF_DATA);
    ot_http2_touch(connection);
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
        return 0;
    less_noise(connection, WORTH_OF_ANSWER);
    if (stream != NULL && !stream->received)
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                  NGHTTP2_NO_ERROR);
    return 0;
}

/* A DATA frame, of which ot_http2_front's source has said how long it is. */
static int send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *header,
                     size_t length, nghttp2_data_source *source, void *context)
{
    struct ot_http2 *connection = context;
    struct ot_http2_stream *stream = source->ptr;
    struct ot_buf *out = &connection->client.worker->http2_out;

    (void)session;
    (void)frame;
    ot_buf_append(out, header, 9);
    ot_buf_append(out, stream->out.data + stream->out_at, length);
    stream->out_at += length;
    if (stream->out_at < stream->out.len)
        return 0;
    ot_buf_clear(&stream->out);
    stream->out_at = 0;
    if (stream->is_full && stream->has_exchange) {
        stream->is_full = false;
        ot_exchange_drained(&stream->exchange);
    }
    return 0;
}

/* -- the session ------------------------------------------------------------------------------- */

static nghttp2_session_callbacks *callbacks;
static nghttp2_option *options;

static void make_callbacks(void)
{
    if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&options) != 0)
        abort();
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
    nghttp2_option_set_no_auto_window_update(options, 1);
    nghttp2_option_set_no_closed_streams(options, 1);
}

nghttp2_session *ot_http2_session_new(struct ot_http2 *connection)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const struct ot_settings *limits = connection->client.worker->settings;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, OT_HTTP2_STREAMS_MAX},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, OT_HTTP2_STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->head_max},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
    nghttp2_session *session;

    pthread_once(&once, make_callbacks);
    if (nghttp2_session_server_new2(&session, callbacks, connection, options) != 0 ||
        nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, OT_COUNT(settings)) != 0 ||
        nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                              OT_HTTP2_CONNECTION_WINDOW) != 0)
        abort();
    return session;
}
