#include "gateway/http.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool ot_span_is_nocase(struct ot_span span, const char *text)
{
    size_t i = 0;

    for (; i < span.len && text[i] != '\0'; i++) {
        if (lower(span.data[i]) != lower(text[i]))
            return false;
    }
    return i == span.len && text[i] == '\0';
}

bool ot_span_equal_nocase(struct ot_span a, struct ot_span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    }
    return true;
}

struct known {
    const char *name;
    enum ot_field field;
};

/* The names of each length; the lists end with a NULL. */
#define NAMES(...) ((const struct known[]){__VA_ARGS__, {NULL, OT_FIELD_OTHER}})
static const struct known *const by_length[] = {
    [2] = NAMES({"te", OT_FIELD_TE}),
    [4] = NAMES({"host", OT_FIELD_HOST}, {"date", OT_FIELD_DATE}, {"vary", OT_FIELD_VARY}),
    [6] = NAMES({"origin", OT_FIELD_ORIGIN}, {"expect", OT_FIELD_EXPECT},
                {"server", OT_FIELD_SERVER}),
    [7] = NAMES({"upgrade", OT_FIELD_UPGRADE}, {"trailer", OT_FIELD_TRAILER}),
    [9] = NAMES({"x-real-ip", OT_FIELD_REAL_IP}),
    [10] = NAMES({"connection", OT_FIELD_CONNECTION}, {"keep-alive", OT_FIELD_KEEP_ALIVE}),
    [11] = NAMES({"traceparent", OT_FIELD_TRACEPARENT}, {"retry-after", OT_FIELD_RETRY_AFTER}),
    [13] = NAMES({"authorization", OT_FIELD_AUTHORIZATION}),
    [14] = NAMES({"content-length", OT_FIELD_CONTENT_LENGTH},
                 {"http2-settings", OT_FIELD_HTTP2_SETTINGS}),
    [15] = NAMES({"x-forwarded-for", OT_FIELD_FORWARDED_FOR}),
    [16] = NAMES({"x-forwarded-host", OT_FIELD_FORWARDED_HOST},
                 {"proxy-connection", OT_FIELD_PROXY_CONNECTION}),
    [17] = NAMES({"transfer-encoding", OT_FIELD_TRANSFER_ENCODING},
                 {"x-forwarded-proto", OT_FIELD_FORWARDED_PROTO},
                 {"sec-websocket-key", OT_FIELD_SEC_WEBSOCKET_KEY}),
    [27] = NAMES({"access-control-allow-origin", OT_FIELD_ALLOW_ORIGIN}),
    [29] = NAMES({"access-control-request-method", OT_FIELD_REQUEST_METHOD}),
};

static bool starts_nocase(struct ot_span name, const char *prefix, size_t len)
{
    return name.len >= len && ot_span_is_nocase((struct ot_span){name.data, len}, prefix);
}

enum ot_field ot_field_of(struct ot_span name)
{
    static const char internal[] = "x-1tube-", access_control[] = "access-control-";

    if (name.len < OT_COUNT(by_length) && by_length[name.len] != NULL) {
        for (const struct known *known = by_length[name.len]; known->name != NULL; known++) {
            if (ot_span_is_nocase(name, known->name))
                return known->field;
        }
    }
    if (starts_nocase(name, internal, sizeof(internal) - 1))
        return OT_FIELD_INTERNAL;
    if (starts_nocase(name, access_control, sizeof(access_control) - 1))
        return OT_FIELD_ACCESS_CONTROL;
    return OT_FIELD_OTHER;
}

struct ot_span ot_header_value(const struct ot_headers *headers, enum ot_field field)
{
    size_t first = headers->first[field];

    return first > 0 ? headers->items[first - 1].value : (struct ot_span){NULL, 0};
}

static bool has_item(struct ot_span value, struct ot_span wanted)
{
    size_t start = 0;

    if (value.len == 0)
        return false;
    for (size_t i = 0; i <= value.len; i++) {
        if (i < value.len && value.data[i] != ',')
            continue;
        struct ot_span item = ot_span_trim((struct ot_span){value.data + start, i - start});
        if (ot_span_equal_nocase(item, wanted))
            return true;
        start = i + 1;
    }
    return false;
}

bool ot_header_has_token(struct ot_span value, const char *token)
{
    return has_item(value, ot_span_of(token));
}

bool ot_header_is_hop_by_hop(const struct ot_headers *headers, size_t index)
{
    switch (headers->fields[index]) {
    case OT_FIELD_CONNECTION:
    case OT_FIELD_CONTENT_LENGTH:
    case OT_FIELD_TRANSFER_ENCODING:
    case OT_FIELD_UPGRADE:
    case OT_FIELD_TE:
    case OT_FIELD_TRAILER:
    case OT_FIELD_KEEP_ALIVE:
    case OT_FIELD_PROXY_CONNECTION:
    case OT_FIELD_HTTP2_SETTINGS:
        return true;
    default:
        break;
    }
    for (size_t i = headers->first[OT_FIELD_CONNECTION]; i > 0 && i <= headers->count; i++) {
        if (headers->fields[i - 1] == OT_FIELD_CONNECTION &&
            has_item(headers->items[i - 1].value, headers->items[index].name))
            return true;
    }
    return false;
}

enum ot_method ot_method_of(struct ot_span text)
{
    static const struct {
        const char *name;
        enum ot_method method;
    } methods[] = {{"GET", OT_METHOD_GET},        {"POST", OT_METHOD_POST},
                   {"HEAD", OT_METHOD_HEAD},      {"PUT", OT_METHOD_PUT},
                   {"PATCH", OT_METHOD_PATCH},    {"DELETE", OT_METHOD_DELETE},
                   {"OPTIONS", OT_METHOD_OPTIONS}};

    for (size_t i = 0; i < OT_COUNT(methods); i++) {
        if (ot_span_is(text, methods[i].name))
            return methods[i].method;
    }
    return OT_METHOD_OTHER;
}

bool ot_method_is_known(struct ot_span text)
{
    static const char *const names[] = {
        "GET",       "HEAD",     "POST",        "PUT",       "DELETE", "PATCH",
        "OPTIONS",   "PROPFIND", "SEARCH",      "PROPPATCH", "COPY",   "MKACTIVITY",
        "CHECKOUT",  "PURGE",    "LOCK",        "UNLOCK",    "MKCOL",  "MOVE",
        "SUBSCRIBE", "NOTIFY",   "UNSUBSCRIBE", "REPORT",    "ACL",    "MERGE"};

    for (size_t i = 0; i < OT_COUNT(names); i++) {
        if (ot_span_is(text, names[i]))
            return true;
    }
    return false;
}

bool ot_is_host(struct ot_span host)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c != '\0' && strchr("._~[]:-", c) != NULL)))
            return false;
    }
    return host.len > 0;
}
