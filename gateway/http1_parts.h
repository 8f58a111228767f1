/* What the parts of the front for HTTP/1.1 share; nobody else includes this. */
#pragma once

#include "gateway/http1.h"
#include "gateway/thread.h"

extern const struct ot_front ot_http1_front;

/* http1.c */
/* Both only when no exchange is under way: at once, or when the client has got everything. */
void ot_http1_close_now(struct ot_http1 *connection);
void ot_http1_end(struct ot_http1 *connection);
/* The client is gone. */
void ot_http1_abort(struct ot_http1 *connection);
/* Goes on to what has come already, from the loop: never from inside the request before. */
void ot_http1_next_request(struct ot_http1 *connection);

/* http1_input.c: the bodies of requests */
/* Gives the exchange what there is of the body: `in`, which is the rest of the stream's buffer when
 * `is_buffered`. */
void ot_http1_deliver(struct ot_http1 *connection, struct ot_span in, bool is_buffered);
void ot_http1_read_body(struct ot_http1 *connection);
/* Reads and drops a body that nobody wants any more. */
void ot_http1_drop_body(struct ot_http1 *connection);
/* After an answer: goes on to the next request once this one's body and the answer are out of the
 * way. */
void ot_http1_settle(struct ot_http1 *connection);
