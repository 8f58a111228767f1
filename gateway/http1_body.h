/* The body of an HTTP/1.1 message (RFC 9112 sections 6 and 7), taken out of its framing without a
 * copy. Chunked framing is read as strictly as heads are. */
#pragma once

#include "gateway/http1_head.h"

/* Bytes of chunk extensions in one body, and of its trailers. */
#define OT_CHUNK_EXTENSIONS_MAX 4096u
#define OT_TRAILERS_MAX 8192u
#define OT_TRAILER_FIELDS_MAX 64u
/* A body that ends where its connection does; only of a response. */
#define OT_LENGTH_UNTIL_END (UINT64_MAX - 1)

struct ot_http1_body {
    uint64_t left; /* of the body, or of the chunk */
    uint8_t state;
    bool until_end;
    uint8_t digits;
    size_t extensions;
    struct ot_http1_scan trailers;
};

/* `length`: how many bytes, OT_LENGTH_CHUNKED or OT_LENGTH_UNTIL_END. */
void ot_http1_body_begin(struct ot_http1_body *body, uint64_t length);
/* Whether all of it, framing included, has been read. */
bool ot_http1_body_is_over(const struct ot_http1_body *body);
/* How many bytes at most still belong to it, as far as is known. */
uint64_t ot_http1_body_left(const struct ot_http1_body *body);
/*
 * Takes bytes off the front of `in` up to the end of the next piece of data, which is empty when
 * `in` has no more (then `in` is empty) or the body is over (the rest of `in` is not its). -1:
 * malformed.
 */
OT_MUST_USE int ot_http1_body_read(struct ot_http1_body *body, struct ot_span *in,
                                   struct ot_span *piece);
