/*
 * A request's head over HTTP/2 (RFC 9113 section 8.3), made of the fields that nghttp2 hands out.
 * nghttp2 refuses malformed ones itself; what it lets pass is read as strictly here as over
 * HTTP/1.1, and turned into what HTTP/1.1 would have been.
 */
#pragma once

#include "gateway/http.h"
#include "gateway/refusal.h"
#include "gateway/settings.h"

struct ot_http2_request {
    const struct ot_settings *settings;
    struct ot_buf text;   /* names and values; never moves, since its size is bounded */
    struct ot_buf cookie; /* its parts, joined again (RFC 9113 section 8.2.3) */
    struct ot_header *items;
    uint8_t *fields;

    /* From here on of one request. */
    size_t size; /* of the head, as HTTP/1.1 would write it */
    size_t count, cookies;
    struct ot_span method, scheme, authority, path;
    uint16_t times[OT_FIELD_COUNT]; /* how often each field is there */
    enum ot_refusal refusal;
    struct ot_request request;
};

void ot_http2_request_init(struct ot_http2_request *head, const struct ot_settings *settings);
void ot_http2_request_free(struct ot_http2_request *head);

void ot_http2_request_begin(struct ot_http2_request *head);
/* The next field, pseudo fields too. Beyond the limits nothing is kept. */
void ot_http2_request_field(struct ot_http2_request *head, struct ot_span name,
                            struct ot_span value);
/*
 * That was the last one; `has_body`: the stream goes on. OT_REFUSAL_NONE: `request` is complete,
 * and lives until the next one begins. Else OT_BAD_REQUEST, OT_TARGET_TOO_LONG, OT_HEAD_TOO_LARGE,
 * OT_EXPECTATION, OT_METHOD_NOT_ALLOWED (CONNECT, TRACE), OT_NOT_IMPLEMENTED.
 */
enum ot_refusal ot_http2_request_end(struct ot_http2_request *head, bool has_body);
