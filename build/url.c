#include "build/url.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* A URL's parts, pointing into it. */
struct parts {
    struct ot_span scheme;    /* "https" */
    struct ot_span authority; /* "host:port" */
    struct ot_span path;
    struct ot_span query; /* with the question mark */
};

static bool has_scheme(struct ot_span text, const char *scheme)
{
    size_t len = strlen(scheme);

    return text.len > len && strncasecmp(text.data, scheme, len) == 0;
}

bool ot_url_is(struct ot_span text)
{
    return has_scheme(text, "https://") || has_scheme(text, "http://");
}

/* Takes off and returns what stands before the first of `stops`. */
static struct ot_span take(struct ot_span *text, const char *stops)
{
    struct ot_span taken = {text->data, 0};

    while (taken.len < text->len &&
           (text->data[taken.len] == '\0' || strchr(stops, text->data[taken.len]) == NULL))
        taken.len++;
    text->data += taken.len;
    text->len -= taken.len;
    return taken;
}

static struct parts split(struct ot_span url)
{
    struct parts parts;

    parts.scheme = take(&url, ":");
    url.data += strlen("://");
    url.len -= strlen("://");
    parts.authority = take(&url, "/?#");
    parts.path = take(&url, "?#");
    parts.query = take(&url, "#");
    return parts;
}

static void put_lower(struct ot_buf *out, struct ot_span text)
{
    for (size_t i = 0; i < text.len; i++)
        ot_buf_putc(out, (char)tolower((unsigned char)text.data[i]));
}

/* "." and "..", also with "%2e" for a dot; how many dots it is, 0 for any other segment. */
static unsigned count_dots(struct ot_span segment)
{
    unsigned dots = 0;

    while (segment.len > 0) {
        size_t len = has_scheme(segment, "%2") && tolower((unsigned char)segment.data[2]) == 'e' ? 3
                     : *segment.data == '.'                                                      ? 1
                                            : 0;

        if (len == 0 || ++dots > 2)
            return 0;
        segment.data += len;
        segment.len -= len;
    }
    return dots;
}

/* Appends the path without its "." and ".." steps; an empty one is "/". */
static void put_path(struct ot_buf *out, struct ot_span path)
{
    size_t start = out->len;

    if (path.len > 0 && *path.data == '/') {
        path.data++;
        path.len--;
    }
    ot_buf_putc(out, '/');
    while (path.len > 0) {
        struct ot_span segment = take(&path, "/");
        unsigned dots = count_dots(segment);

        if (dots == 0) {
            ot_buf_append(out, segment.data, segment.len);
        } else if (dots == 2 && out->len > start + 1) {
            /* the slash at the end, and then back to the one before */
            out->len--;
            while (out->data[out->len - 1] != '/')
                out->len--;
        }
        if (path.len > 0) {
            if (dots == 0)
                ot_buf_putc(out, '/');
            path.data++;
            path.len--;
        }
    }
    out->data[out->len] = '\0';
}

static char *normalise(struct ot_span url)
{
    struct parts parts = split(url);
    struct ot_buf out = {0};
    const char *port;

    put_lower(&out, parts.scheme);
    port = ot_span_is(ot_buf_span(&out), "https") ? ":443" : ":80";
    while (ot_span_ends(parts.authority, port))
        parts.authority.len -= strlen(port);
    ot_buf_puts(&out, "://");
    put_lower(&out, parts.authority);
    put_path(&out, parts.path);
    ot_buf_append(&out, parts.query.data, parts.query.len);
    return out.data;
}

char *ot_url_join(const char *base, struct ot_span text)
{
    OT_AUTOBUF struct ot_buf full = {0};
    struct parts parts;
    struct ot_span folder;

    if (ot_url_is(text))
        return normalise(text);
    if (base == NULL || text.len == 0)
        return NULL;
    parts = split(ot_span_of(base));
    ot_buf_append(&full, parts.scheme.data, parts.scheme.len + strlen("://"));
    if (ot_span_starts(text, "//")) {
        ot_buf_append(&full, text.data + 2, text.len - 2);
        return normalise(ot_buf_span(&full));
    }
    ot_buf_append(&full, parts.authority.data, parts.authority.len);
    folder = parts.path;
    if (text.data[0] == '/') {
        folder.len = 0;
    } else if (text.data[0] == '.' || text.data[0] == '?') {
        while (text.data[0] == '.' && folder.len > 0 && folder.data[folder.len - 1] != '/')
            folder.len--;
    } else {
        return NULL;
    }
    ot_buf_append(&full, folder.data, folder.len);
    ot_buf_append(&full, text.data, text.len);
    return normalise(ot_buf_span(&full));
}

struct ot_span ot_url_path(const char *url)
{
    return split(ot_span_of(url)).path;
}
