/* What the parts of the front for HTTP/1.1 share; nobody else includes this. */
#pragma once

#include "gateway/http1.h"
#include "gateway/thread.h"

/* How long a client may take to read the end of an answer. */
#define OT_HTTP1_FLUSH_MS 30000u

extern const struct ot_front ot_http1_front;

/* A time of the loop's clock; a limit of 0 is none. */
static inline uint64_t ot_http1_in(const struct ot_http1 *connection, uint64_t milliseconds)
{
    return milliseconds > 0 ? uv_now(&connection->worker->loop) + milliseconds : OT_NEVER;
}

/* http1.c */
void ot_http1_take_stream(struct ot_http1 *connection);
void ot_http1_give_stream(struct ot_http1 *connection);
/* Only when no exchange is under way. */
void ot_http1_close_now(struct ot_http1 *connection);
/* Sends what is queued, ends our side, and lets the client close its own. */
void ot_http1_flush_and_close(struct ot_http1 *connection);
/* Goes on to what has come already, from the loop: never from inside the request before. */
void ot_http1_next_request(struct ot_http1 *connection);

/* http1_input.c: the bodies of requests */
/* Gives the exchange what there is of the body: `in`, which is the rest of the stream's buffer when
 * `is_buffered`. */
void ot_http1_deliver(struct ot_http1 *connection, struct ot_span in, bool is_buffered);
void ot_http1_read_body(struct ot_http1 *connection);
/* Reads and drops a body that nobody wants any more; whatever comes while lingering. */
void ot_http1_drop_body(struct ot_http1 *connection);
void ot_http1_drop_input(struct ot_http1 *connection);
/* After an answer: goes on to the next request once this one's body and the answer are out of the
 * way. */
void ot_http1_settle(struct ot_http1 *connection);
