/*
 * What a connection's bytes mean, as text: each request as "METHOD target [body];" and at the end
 * nothing, "..." when more is needed, or the reason of the refusal. Nothing behind a refusal is
 * looked at.
 */
#pragma once

#include "gateway/http1_body.h"
#include "gateway/http1_request.h"

#include <stdlib.h>

#define TRANSCRIPT_FIELDS 16

static const struct ot_settings transcript_settings = {
    .head_max = 512, .target_max = 64, .headers_max = TRANSCRIPT_FIELDS};

struct transcript {
    struct ot_header items[TRANSCRIPT_FIELDS];
    uint8_t fields[TRANSCRIPT_FIELDS];
    struct ot_http1_request parser;
    struct ot_http1_body body;
    bool in_body, refused;
    struct ot_buf in; /* what was not used up */
    struct ot_buf text;
};

static inline void transcript_begin(struct transcript *transcript)
{
    *transcript = (struct transcript){0};
    transcript->parser.head.items = transcript->items;
    transcript->parser.head.fields = transcript->fields;
    transcript->parser.head.room = TRANSCRIPT_FIELDS;
    ot_http1_request_begin(&transcript->parser, &transcript_settings);
}

static inline void transcript_end(struct transcript *transcript)
{
    ot_buf_free(&transcript->in);
    ot_buf_free(&transcript->text);
}

static inline void transcript_use(struct transcript *transcript, size_t length)
{
    struct ot_buf rest = {0};

    ot_buf_append(&rest, transcript->in.data + length, transcript->in.len - length);
    ot_buf_free(&transcript->in);
    transcript->in = rest;
}

static inline void transcript_refuse(struct transcript *transcript, enum ot_refusal refusal)
{
    ot_buf_puts(&transcript->text, ot_refusal_reason(refusal));
    transcript->refused = true;
}

/* False: needs more. */
static inline bool transcript_head(struct transcript *transcript)
{
    const struct ot_request *request = &transcript->parser.request;
    enum ot_refusal refusal;

    switch (ot_http1_request_parse(&transcript->parser, ot_buf_span(&transcript->in), &refusal)) {
    case OT_REQUEST_MORE:
        return false;
    case OT_REQUEST_REFUSED:
        transcript_refuse(transcript, refusal);
        return true;
    default:
        break;
    }
    ot_buf_append(&transcript->text, request->method_text.data, request->method_text.len);
    ot_buf_putc(&transcript->text, ' ');
    ot_buf_append(&transcript->text, request->target.data, request->target.len);
    if (request->content_length > 0)
        ot_buf_putc(&transcript->text, ' ');
    if (request->upgrades)
        ot_buf_puts(&transcript->text, " upgrades");
    if (!transcript->parser.keep_alive)
        ot_buf_puts(&transcript->text, " closes");
    ot_http1_body_begin(&transcript->body, request->content_length);
    transcript_use(transcript, transcript->parser.scan.at);
    transcript->in_body = true;
    return true;
}

static inline bool transcript_body(struct transcript *transcript)
{
    struct ot_span in = ot_buf_span(&transcript->in), piece;

    do {
        if (ot_http1_body_read(&transcript->body, &in, &piece) < 0) {
            transcript_refuse(transcript, OT_BAD_REQUEST);
            return true;
        }
        ot_buf_append(&transcript->text, piece.data, piece.len);
    } while (piece.len > 0);
    transcript_use(transcript, transcript->in.len - in.len);
    if (!ot_http1_body_is_over(&transcript->body))
        return false;
    ot_buf_putc(&transcript->text, ';');
    transcript->in_body = false;
    ot_http1_request_begin(&transcript->parser, &transcript_settings);
    return transcript->in.len > 0;
}

/* More bytes have come. */
static inline void transcript_feed(struct transcript *transcript, const void *data, size_t length)
{
    bool on = length > 0;

    if (transcript->refused)
        return;
    ot_buf_append(&transcript->in, data, length);
    while (on && !transcript->refused)
        on = transcript->in_body ? transcript_body(transcript) : transcript_head(transcript);
}

/* No more will come. */
static inline const char *transcript_text(struct transcript *transcript)
{
    if (!transcript->refused && (transcript->in_body || transcript->in.len > 0))
        ot_buf_puts(&transcript->text, "...");
    return transcript->text.data != NULL ? transcript->text.data : "";
}
