/*
 * The front for HTTP/2 (RFC 9113) over TLS: a client's connection, one session of nghttp2, with an
 * exchange for each stream. Bodies flow as the cells and the client take them: a window opens again
 * only for what a cell has taken. WebSockets over HTTP/2 (RFC 8441) are not offered.
 */
#pragma once

#include "gateway/client.h"
#include "gateway/http2_request.h"

#define OT_HTTP2_STREAMS_MAX 100u
/* Bytes that a client may send of one request, and of all together, before a cell takes them. */
#define OT_HTTP2_STREAM_WINDOW 262144u
#define OT_HTTP2_CONNECTION_WINDOW 1048576u

struct nghttp2_session;

struct ot_http2_stream {
    struct ot_exchange exchange; /* first */
    struct ot_http2 *connection;
    struct ot_http2_stream *next, *previous; /* of its connection's; `next` also while spare */
    struct ot_http2_request head;
    struct ot_buf in; /* of the request's body, not wanted yet */
    size_t in_at;
    struct ot_buf out; /* of the answer's body, not sent yet */
    size_t out_at;

    /* From here on of one request. */
    int32_t id;
    bool is_open;      /* for nghttp2 */
    bool has_exchange; /* whose last word is not spoken */
    bool wanted;       /* the exchange takes the request's body */
    bool delivering;   /* it is being given to it */
    bool received;     /* all of the request has come */
    bool given;        /* the exchange knows that */
    bool continued;    /* 100 was sent, or is not due */
    bool ended;        /* the answer's end is known */
    bool is_full;      /* the exchange waits until some of `out` is sent */
};

struct ot_http2 {
    struct ot_client client; /* first */
    struct nghttp2_session *session;
    struct ot_http2_stream *streams; /* doubly linked */
    struct ot_http2 *next_dirty;     /* of those that have something to send */
    size_t exchanges;                /* under way */
    uint64_t noise_at;               /* when `noise` was last let fade */
    uint64_t head_until;             /* while a head comes: when it must be there; else OT_NEVER */
    uint64_t until;                  /* while no exchange is under way; else OT_NEVER */
    uint32_t noise;                  /* frames that served no purpose */
    bool is_dirty;
    bool is_ending; /* GOAWAY was sent, and nothing more is taken */
};

/* `client` is the beginning of one, zeroed behind it; nothing has been read. */
void ot_http2_begin(struct ot_client *client);
void ot_http2_free_spare_streams(struct ot_worker *worker);
