/*
 * The head of an HTTP/1.1 message (RFC 9112), in two steps that must agree: a scanner that knows
 * only where lines end and which bytes may stand where, and that is stricter than any parser behind
 * us (no bare CR or LF, no obs-fold, no blank around a name, no control character); and llhttp,
 * which takes the head apart once all of it is there.
 */
#pragma once

#include "gateway/http.h"

enum ot_http1_scan_result {
    OT_SCAN_MORE, /* the head is not complete */
    OT_SCAN_DONE, /* `at` is its length */
    OT_SCAN_BAD,
    OT_SCAN_TARGET_TOO_LONG,
    OT_SCAN_TOO_LARGE,   /* the head, or the number of its fields */
    OT_SCAN_BAD_VERSION, /* well-formed, but neither HTTP/1.0 nor HTTP/1.1 */
};

/* Longest method that is looked at. */
#define OT_METHOD_MAX 32u

/* Where a scan stands. The outcome does not depend on how the bytes were cut when they came. */
struct ot_http1_scan {
    size_t at;    /* the next byte */
    size_t begin; /* where the start line begins: one empty line in front is forgiven */
    size_t mark;  /* where the current word begins */
    size_t fields;
    size_t head_max, target_max, fields_max;
    uint8_t state;
    char minor; /* '0' or '1' */
};

enum ot_http1_kind { OT_HTTP1_REQUEST, OT_HTTP1_RESPONSE, OT_HTTP1_TRAILERS };
void ot_http1_scan_begin(struct ot_http1_scan *scan, enum ot_http1_kind kind, size_t head_max,
                         size_t target_max, size_t fields_max);
/* Goes on; `bytes` begins where it began the last time, and has grown. */
enum ot_http1_scan_result ot_http1_scan(struct ot_http1_scan *scan, struct ot_span bytes);

/* One byte of trailers, which end and are bounded as a head's fields, and only skipped. */
enum ot_http1_scan_result ot_http1_scan_trailer(struct ot_http1_scan *scan, char c);

/* What llhttp found in a head that was scanned. */
struct ot_http1_head {
    struct ot_span target;   /* of a request */
    struct ot_span reason;   /* of a response */
    unsigned status;         /* of a response */
    struct ot_header *items; /* room for `room` of them, the caller's */
    uint8_t *fields;         /* the same */
    size_t room, count;
    uint16_t first[OT_FIELD_COUNT];
    uint16_t times[OT_FIELD_COUNT]; /* how often each field is there */
};

enum ot_http1_parse_result { OT_PARSE_OK, OT_PARSE_BAD, OT_PARSE_UNKNOWN_METHOD };

/* `head` is all of it; items, fields and room are set. */
enum ot_http1_parse_result ot_http1_parse(struct ot_http1_head *parsed, enum ot_http1_kind kind,
                                          struct ot_span head);
struct ot_headers ot_http1_headers(const struct ot_http1_head *parsed);
