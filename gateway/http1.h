/*
 * The front for HTTP/1.1 and 1.0: a client's connection, one request after the other. Requests that
 * are sent ahead wait unread in the socket. What only a busy connection needs is in a stream, which
 * an idle one gives back.
 */
#pragma once

#include "gateway/client.h"
#include "gateway/http1_body.h"
#include "gateway/http1_request.h"

enum ot_http1_state {
    OT_HTTP1_IDLE,
    OT_HTTP1_HEAD,     /* a head has begun to come */
    OT_HTTP1_EXCHANGE, /* its answer has not ended */
    OT_HTTP1_DRAIN, /* the answer has; the rest of it is sent, and of the request's body dropped */
    OT_HTTP1_OVER,  /* it is closing */
};

/* What a busy connection needs. */
struct ot_http1_stream {
    struct ot_exchange exchange; /* first */
    struct ot_http1 *connection;
    struct ot_http1_stream *next; /* while spare */
    struct ot_http1_request parser;
    struct ot_http1_body body; /* of the request */
    struct ot_buf in;          /* the head, and what came with it */
    size_t in_at;              /* what of it is used up */
    struct ot_buf ahead;       /* what came behind a chunked body */
    struct ot_buf out;         /* an answer's head */
};

struct ot_http1 {
    struct ot_client client;        /* first */
    struct ot_http1_stream *stream; /* NULL: idle */
    enum ot_http1_state state;
    uint64_t drained; /* bytes of the request's body that were dropped */
    bool closes;      /* behind the answer that is under way */
    bool is_chunked;  /* that answer */
    bool is_tunnel;   /* bytes both ways */
    bool body_wanted; /* the exchange takes the request's body */
    bool delivering;  /* it is being given to it */
    bool continued;   /* 100 was sent, or is not due */
    bool is_broken;   /* the client is gone, the exchange does not know yet */
    bool in_loop;     /* requests are being looked for */
    bool is_deferred; /* they are, as soon as the loop comes round */
    bool until_close; /* the answer ends where the connection does */
};

/* `client` is the beginning of one, zeroed behind it; nothing has been read. */
void ot_http1_begin(struct ot_client *client);
/* The same, but it only gets this answer. */
void ot_http1_refuse(struct ot_client *client, enum ot_refusal refusal);
void ot_http1_free_spare_streams(struct ot_worker *worker);
