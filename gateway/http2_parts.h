/* What the parts of the front for HTTP/2 share; nobody else includes this. */
#pragma once

#include "gateway/http2.h"
#include "gateway/thread.h"

#include <nghttp2/nghttp2.h>

extern const struct ot_front ot_http2_front;

/* http2.c */
/* Something is to be sent when the loop comes round: never from inside an exchange's own call. */
void ot_http2_mark(struct ot_http2 *connection);
/* Sets `until` anew: it has just become idle, or has moved on. */
void ot_http2_touch(struct ot_http2 *connection);

/* http2_stream.c */
struct ot_http2_stream *ot_http2_take_stream(struct ot_http2 *connection, int32_t id);
/* Once neither nghttp2 nor an exchange has it. */
void ot_http2_release_stream(struct ot_http2_stream *stream);
/* The request's head is complete. */
void ot_http2_begin_request(struct ot_http2_stream *stream);
/* A piece of its body; nothing may be left of what was not wanted before. */
void ot_http2_take_body(struct ot_http2_stream *stream, struct ot_span data);
void ot_http2_end_body(struct ot_http2_stream *stream);

/* http2_session.c */
nghttp2_session *ot_http2_session_new(struct ot_http2 *connection);
