/* What comes over an HTTP/1.1 connection, from a client and from an engine. */
#include "gateway/http1_response.h"
#include "tests/unit/http1_transcript.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How the bytes were cut when they came changes nothing. */
static void requests(const uint8_t *data, size_t size)
{
    struct transcript whole, cut;

    transcript_begin(&whole);
    transcript_feed(&whole, data, size);
    transcript_begin(&cut);
    for (size_t at = 0, step = 1; at < size; at += step, step = (step * 7 + 3) % 61 + 1) {
        size_t length = size - at < step ? size - at : step;

        transcript_feed(&cut, data + at, length);
    }
    if (strcmp(transcript_text(&whole), transcript_text(&cut)) != 0)
        abort();
    transcript_end(&whole);
    transcript_end(&cut);
}

static void answer(const uint8_t *data, size_t size, bool is_head)
{
    struct ot_header items[OT_ANSWER_FIELDS_MAX];
    uint8_t fields[OT_ANSWER_FIELDS_MAX];
    struct ot_http1_head head = {.items = items, .fields = fields, .room = OT_ANSWER_FIELDS_MAX};
    struct ot_span in = {(const char *)data, size}, piece;
    struct ot_http1_response response;
    struct ot_http1_body body;

    if (ot_http1_response_parse(&response, &head, in, is_head) != OT_RESPONSE_DONE)
        return;
    if (response.size > size || response.status < 100 || response.status > 599 ||
        response.headers.count > OT_ANSWER_FIELDS_MAX)
        abort();
    for (size_t i = 0; i < response.headers.count; i++) {
        struct ot_header header = response.headers.items[i];

        if (memchr(header.value.data, '\n', header.value.len) != NULL || header.name.len == 0 ||
            header.name.data < in.data || header.value.data + header.value.len > in.data + size)
            abort();
    }
    in.data += response.size;
    in.len -= response.size;
    ot_http1_body_begin(&body, response.length);
    do {
        size_t before = in.len;

        if (ot_http1_body_read(&body, &in, &piece) < 0)
            return;
        if (in.len > before || piece.len > before - in.len)
            abort();
    } while (piece.len > 0);
    if (in.len > 0 && !ot_http1_body_is_over(&body))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    requests(data, size);
    answer(data, size, false);
    answer(data, size, true);
    return 0;
}
