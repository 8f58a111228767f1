/*
 * The words that every part of the gateway uses for a request and an answer. Names and values are
 * slices of the bytes that came in; nothing here is copied or owned.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/* One header field (RFC 9110 section 5): a valid token, and a value without blanks around it. */
struct ot_header {
    struct ot_span name, value;
};

/* The fields that the gateway itself reads or replaces; every other one is OT_FIELD_OTHER. */
enum ot_field {
    OT_FIELD_OTHER,
    OT_FIELD_HOST,
    OT_FIELD_CONNECTION,
    OT_FIELD_CONTENT_LENGTH,
    OT_FIELD_TRANSFER_ENCODING,
    OT_FIELD_UPGRADE,
    OT_FIELD_EXPECT,
    OT_FIELD_TE,
    OT_FIELD_TRAILER,
    OT_FIELD_KEEP_ALIVE,
    OT_FIELD_PROXY_CONNECTION,
    OT_FIELD_HTTP2_SETTINGS,
    OT_FIELD_AUTHORIZATION,
    OT_FIELD_ORIGIN,
    OT_FIELD_REQUEST_METHOD, /* access-control-request-method */
    OT_FIELD_FORWARDED_FOR,
    OT_FIELD_FORWARDED_PROTO,
    OT_FIELD_FORWARDED_HOST,
    OT_FIELD_REAL_IP,
    OT_FIELD_TRACEPARENT,
    OT_FIELD_SEC_WEBSOCKET_KEY,
    OT_FIELD_INTERNAL, /* any x-1tube-*: never taken from a client */
    OT_FIELD_VARY,     /* of answers, as what follows */
    OT_FIELD_ALLOW_ORIGIN,
    OT_FIELD_ACCESS_CONTROL, /* any other access-control-* */
    OT_FIELD_DATE,
    OT_FIELD_SERVER,
    OT_FIELD_RETRY_AFTER,
    OT_FIELD_COUNT
};

/* Which field a name, in any letter case, is. Constant work for each name. */
enum ot_field ot_field_of(struct ot_span name);

struct ot_headers {
    const struct ot_header *items;
    const uint8_t *fields; /* enum ot_field of each item */
    size_t count;
    /* Index + 1 of the first item of each field; 0: it is not there. */
    uint16_t first[OT_FIELD_COUNT];
};

/* The first value of a field; NULL data when it is not there. */
struct ot_span ot_header_value(const struct ot_headers *headers, enum ot_field field);

/* Whether a comma-separated value holds `token`, ASCII letters compared without case. */
bool ot_header_has_token(struct ot_span value, const char *token);

/* ASCII letters compared without case. */
bool ot_span_is_nocase(struct ot_span span, const char *text);
bool ot_span_equal_nocase(struct ot_span a, struct ot_span b);

/*
 * Whether a field belongs to one connection only (RFC 9110 section 7.6.1): Connection itself and
 * its kin, framing, and what any Connection field of `headers` names.
 */
bool ot_header_is_hop_by_hop(const struct ot_headers *headers, size_t index);

enum ot_method {
    OT_METHOD_OTHER,
    OT_METHOD_GET,
    OT_METHOD_HEAD,
    OT_METHOD_POST,
    OT_METHOD_PUT,
    OT_METHOD_PATCH,
    OT_METHOD_DELETE,
    OT_METHOD_OPTIONS,
};

/* Methods are case-sensitive (RFC 9110 section 9.1). */
enum ot_method ot_method_of(struct ot_span text);
/* Whether the engine takes it. Others never get there, since its refusal would count as a failure
 * of the function. */
bool ot_method_is_known(struct ot_span text);

/* Whether it can be a request's host and port: not empty, and nothing in it that could move the
 * border between host and path. */
bool ot_is_host(struct ot_span host);

#define OT_LENGTH_CHUNKED UINT64_MAX /* the body's end is found while it comes */

struct ot_request {
    enum ot_method method;
    struct ot_span method_text; /* as sent */
    struct ot_span target;      /* as sent: origin-form, or "*" */
    struct ot_span host;        /* host and port; valid characters only, not empty */
    struct ot_headers headers;
    uint64_t content_length; /* 0: no body; OT_LENGTH_CHUNKED: not known */
    bool expects_continue;   /* Expect: 100-continue */
    bool upgrades;           /* a well-formed WebSocket handshake (RFC 6455 section 4.2.1) */
    bool is_https;
};
