#include "gateway/target.h"

#include <stdint.h>
#include <string.h>

/* What a byte of a target is. */
enum {
    ENCODED = 1,   /* percent-encoded in a path: the standard's path percent-encode set */
    BAD_PATH = 2,  /* no parser agrees with another about it */
    BAD_QUERY = 4, /* the same, in a query */
    SLASH = 8,
};

#define BAD (BAD_PATH | BAD_QUERY)

static unsigned class_of(char c)
{
    static const uint8_t classes[128] = {
        ['#'] = BAD,     [0x7f] = BAD,    ['\\'] = BAD_PATH, ['/'] = SLASH,
        ['"'] = ENCODED, ['<'] = ENCODED, ['>'] = ENCODED,   ['^'] = ENCODED,
        ['`'] = ENCODED, ['{'] = ENCODED, ['}'] = ENCODED,
    };
    unsigned char byte = (unsigned char)c;

    if (byte >= 0x80)
        return ENCODED;
    return byte <= ' ' ? BAD : classes[byte];
}

/* How many dots the segment at `at` is, percent-encoded or not: 1, 2, or 0 for any other segment.
 */
static unsigned dots(const char *at, const char *end)
{
    unsigned count = 0;

    while (at < end && *at != '/') {
        if (*at == '.')
            at++;
        else if (end - at >= 3 && at[0] == '%' && at[1] == '2' && (at[2] | 0x20) == 'e')
            at += 3;
        else
            return 0;
        if (++count > 2)
            return 0;
    }
    return count;
}

/* Finds the end of the path, and whether it must be rewritten. False: it is none. */
static bool scan(struct ot_span raw, size_t *path_len, bool *rewrite)
{
    const char *end = raw.data + raw.len;
    const char *at = raw.data;
    unsigned seen = 0;

    *rewrite = false;
    if (raw.len == 0 || raw.data[0] != '/')
        return false;
    for (; at < end && *at != '?'; at++) {
        unsigned class = class_of(*at);

        seen |= class;
        if (class == SLASH && at + 1 < end && (at[1] == '.' || at[1] == '%'))
            *rewrite = true;
    }
    *path_len = (size_t)(at - raw.data);
    if (seen & BAD_PATH)
        return false;
    *rewrite = *rewrite || (seen & ENCODED);
    for (seen = 0; at < end; at++)
        seen |= class_of(*at);
    return (seen & BAD_QUERY) == 0;
}

static void put_encoded(struct ot_buf *out, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char byte = (unsigned char)c;

    out->data[out->len++] = '%';
    out->data[out->len++] = digits[byte >> 4];
    out->data[out->len++] = digits[byte & 15];
}

/* The standard's path state: `out` always is a path whose segments are final. */
static void rewrite(struct ot_span path, struct ot_buf *out)
{
    const char *at = path.data;
    const char *end = path.data + path.len;

    ot_buf_clear(out);
    ot_buf_reserve(out, 3 * path.len);
    while (at < end) { /* at a slash */
        const char *segment = at + 1;
        unsigned count = dots(segment, end);

        for (at = segment; at < end && *at != '/';)
            at++;
        if (count == 2) {
            while (out->len > 0 && out->data[--out->len] != '/')
                ;
        }
        if (count > 0 && at < end)
            continue;
        out->data[out->len++] = '/';
        for (; count == 0 && segment < at; segment++) {
            if (class_of(*segment) & ENCODED)
                put_encoded(out, *segment);
            else
                out->data[out->len++] = *segment;
        }
    }
    out->data[out->len] = '\0';
}

void ot_target_parse(struct ot_span raw, const char *prefix, struct ot_buf *scratch,
                     struct ot_target *out)
{
    size_t prefix_len = strlen(prefix);
    size_t path_len;
    bool must_rewrite;
    const char *slash;

    *out = (struct ot_target){.kind = OT_TARGET_BAD};
    if (!scan(raw, &path_len, &must_rewrite))
        return;
    out->path = (struct ot_span){raw.data, path_len};
    out->query = (struct ot_span){raw.data + path_len, raw.len - path_len};
    if (must_rewrite) {
        rewrite(out->path, scratch);
        out->path = ot_buf_span(scratch);
    }
    out->kind = OT_TARGET_OUTSIDE;
    if (out->path.len < prefix_len || memcmp(out->path.data, prefix, prefix_len) != 0)
        return;
    if (out->path.len > prefix_len && out->path.data[prefix_len] != '/')
        return;
    out->kind = OT_TARGET_NO_NAME;
    if (out->path.len <= prefix_len + 1 || out->path.data[prefix_len + 1] == '/')
        return;
    out->kind = OT_TARGET_FUNCTION;
    out->path.data += prefix_len;
    out->path.len -= prefix_len;
    slash = memchr(out->path.data + 1, '/', out->path.len - 1);
    out->name =
        (struct ot_span){out->path.data + 1,
                         slash != NULL ? (size_t)(slash - out->path.data) - 1 : out->path.len - 1};
}
