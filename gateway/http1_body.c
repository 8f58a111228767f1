#include "gateway/http1_body.h"

enum { OVER, IDENTITY, SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILERS };

void ot_http1_body_begin(struct ot_http1_body *body, uint64_t length)
{
    *body = (struct ot_http1_body){.left = length, .state = length == 0 ? OVER : IDENTITY};
    if (length == OT_LENGTH_CHUNKED) {
        body->state = SIZE;
        body->left = 0;
    }
    body->until_end = length == OT_LENGTH_UNTIL_END;
}

bool ot_http1_body_is_over(const struct ot_http1_body *body)
{
    return body->state == OVER;
}

uint64_t ot_http1_body_left(const struct ot_http1_body *body)
{
    if (body->state == OVER)
        return 0;
    return body->state == IDENTITY ? body->left : UINT64_MAX;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int size_byte(struct ot_http1_body *body, char c)
{
    int digit = hex(c);

    if (digit >= 0) {
        body->left = body->left << 4 | (unsigned)digit;
        return ++body->digits > 16 ? -1 : 0;
    }
    if (body->digits == 0 || (c != ';' && c != '\r'))
        return -1;
    body->state = c == ';' ? EXTENSION : SIZE_LF;
    return 0;
}

static int extension_byte(struct ot_http1_body *body, char c)
{
    if (c == '\r') {
        body->state = SIZE_LF;
        return 0;
    }
    if (++body->extensions > OT_CHUNK_EXTENSIONS_MAX)
        return -1;
    return (unsigned char)c < ' ' ? (c == '\t' ? 0 : -1) : (c == 0x7f ? -1 : 0);
}

static int size_end(struct ot_http1_body *body, char c)
{
    if (c != '\n')
        return -1;
    body->state = DATA;
    if (body->left == 0) {
        body->state = TRAILERS;
        ot_http1_scan_begin(&body->trailers, OT_HTTP1_TRAILERS, OT_TRAILERS_MAX, 0,
                            OT_TRAILER_FIELDS_MAX);
    }
    return 0;
}

static int framing_byte(struct ot_http1_body *body, char c)
{
    switch (body->state) {
    case SIZE:
        return size_byte(body, c);
    case EXTENSION:
        return extension_byte(body, c);
    case SIZE_LF:
        return size_end(body, c);
    case DATA_CR:
        body->state = DATA_LF;
        return c == '\r' ? 0 : -1;
    default:
        body->state = SIZE;
        body->digits = 0;
        return c == '\n' ? 0 : -1;
    }
}

static int trailer_byte(struct ot_http1_body *body, char c)
{
    switch (ot_http1_scan_trailer(&body->trailers, c)) {
    case OT_SCAN_MORE:
        return 0;
    case OT_SCAN_DONE:
        body->state = OVER;
        return 0;
    default:
        return -1;
    }
}

static void take_data(struct ot_http1_body *body, struct ot_span *in, struct ot_span *piece)
{
    *piece = *in;
    if (!body->until_end && piece->len > body->left)
        piece->len = (size_t)body->left;
    if (!body->until_end)
        body->left -= piece->len;
    in->data += piece->len;
    in->len -= piece->len;
    if (body->left == 0)
        body->state = body->state == DATA ? DATA_CR : OVER;
}

int ot_http1_body_read(struct ot_http1_body *body, struct ot_span *in, struct ot_span *piece)
{
    *piece = (struct ot_span){in->data, 0};
    while (in->len > 0 && body->state != OVER) {
        if (body->state == DATA || body->state == IDENTITY) {
            take_data(body, in, piece);
            return 0;
        }
        if ((body->state == TRAILERS ? trailer_byte(body, *in->data)
                                     : framing_byte(body, *in->data)) < 0)
            return -1;
        in->data++;
        in->len--;
    }
    return 0;
}
