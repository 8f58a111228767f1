/* The head of an engine's answer over HTTP/1.1. */
#pragma once

#include "gateway/http1_head.h"

/* A larger head, or one with more fields, is no answer. */
#define OT_ANSWER_HEAD_MAX 65536u
#define OT_ANSWER_FIELDS_MAX 256u

struct ot_http1_response {
    unsigned status;
    struct ot_span reason;
    struct ot_headers headers;
    uint64_t length; /* of the body: a number, OT_LENGTH_CHUNKED or OT_LENGTH_UNTIL_END */
    bool has_length; /* Content-Length was there, which counts for HEAD too */
    uint64_t declared;
    bool keep_alive;
    size_t size; /* bytes of the head */
};

enum ot_http1_response_result { OT_RESPONSE_MORE, OT_RESPONSE_DONE, OT_RESPONSE_BAD };

/* Reads a head from the beginning of `bytes`; `head` has OT_ANSWER_FIELDS_MAX items. `is_head`: the
 * request's method was HEAD, so there is no body. */
enum ot_http1_response_result ot_http1_response_parse(struct ot_http1_response *response,
                                                      struct ot_http1_head *head,
                                                      struct ot_span bytes, bool is_head);
