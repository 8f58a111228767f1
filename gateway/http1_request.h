/*
 * A request's head over HTTP/1.1 or 1.0 (RFC 9112), strictly: whatever two parsers could understand
 * differently is refused, and the connection closed behind the answer.
 */
#pragma once

#include "gateway/http1_head.h"
#include "gateway/refusal.h"
#include "gateway/settings.h"

struct ot_http1_request {
    struct ot_http1_scan scan;
    struct ot_http1_head head; /* its items and fields are the caller's, `room` of them */
    struct ot_request request; /* complete when the parser says so */
    bool is_http10;
    bool keep_alive; /* the client wants to go on */
};

/* `parser` is kept from one request to the next for its arrays: at least headers_max items. */
void ot_http1_request_begin(struct ot_http1_request *parser, const struct ot_settings *settings);

enum ot_http1_request_result {
    OT_REQUEST_MORE,
    OT_REQUEST_DONE, /* `scan.at` bytes were the head; the request points into them */
    OT_REQUEST_REFUSED,
};
/*
 * Goes on over `bytes`, which begins where it began the last time and has grown (it may have
 * moved). `refusal` is set when refused: OT_BAD_REQUEST, OT_TARGET_TOO_LONG, OT_HEAD_TOO_LARGE,
 * OT_EXPECTATION, OT_METHOD_NOT_ALLOWED (CONNECT, TRACE), OT_NOT_IMPLEMENTED,
 * OT_VERSION_NOT_SUPPORTED.
 */
enum ot_http1_request_result ot_http1_request_parse(struct ot_http1_request *parser,
                                                    struct ot_span bytes, enum ot_refusal *refusal);
