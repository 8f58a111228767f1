#include "gateway/http1_request.h"

#include "base/text.h"

#include <string.h>

/* Bytes of all Connection fields: each other field is looked up in them. */
#define CONNECTION_MAX 256u

void ot_http1_request_begin(struct ot_http1_request *parser, const struct ot_settings *settings)
{
    ot_http1_scan_begin(&parser->scan, OT_HTTP1_REQUEST, settings->head_max, settings->target_max,
                        settings->headers_max);
}

/* RFC 9112 section 3.2: exactly one; HTTP/1.0 knew none. */
static bool take_host(struct ot_http1_request *parser)
{
    unsigned times = parser->head.times[OT_FIELD_HOST];

    if (times == 0 && parser->is_http10) {
        parser->request.host = OT_SPAN("localhost");
        return true;
    }
    parser->request.host = ot_header_value(&parser->request.headers, OT_FIELD_HOST);
    return times == 1 && ot_is_host(parser->request.host);
}

/*
 * RFC 9112 section 3.2.2: a server accepts the absolute form, and its authority then counts instead
 * of Host. Ours must be the same as Host, so that nobody can take the one for the other.
 */
static bool take_absolute(struct ot_request *request, struct ot_span target)
{
    size_t scheme = 0, slash;
    struct ot_span start = {target.data, target.len < 8 ? target.len : 8};

    if (start.len >= 7 && ot_span_is_nocase((struct ot_span){start.data, 7}, "http://"))
        scheme = 7;
    else if (ot_span_is_nocase(start, "https://"))
        scheme = 8;
    else
        return false;
    for (slash = scheme; slash < target.len && target.data[slash] != '/'; slash++)
        continue;
    if (!ot_span_equal_nocase((struct ot_span){target.data + scheme, slash - scheme},
                              request->host))
        return false;
    request->target = slash < target.len ? (struct ot_span){target.data + slash, target.len - slash}
                                         : OT_SPAN("/");
    return true;
}

static bool take_target(struct ot_http1_request *parser)
{
    struct ot_request *request = &parser->request;
    struct ot_span target = parser->head.target;

    request->target = target;
    if (ot_span_is(target, "*"))
        return request->method == OT_METHOD_OPTIONS;
    return target.data[0] == '/' || take_absolute(request, target);
}

/* RFC 9112 section 6: one length, or exactly one coding that is exactly `chunked`; never both. */
static bool take_framing(struct ot_http1_request *parser)
{
    struct ot_request *request = &parser->request;
    const struct ot_http1_head *head = &parser->head;
    unsigned lengths = head->times[OT_FIELD_CONTENT_LENGTH];
    unsigned codings = head->times[OT_FIELD_TRANSFER_ENCODING];

    request->content_length = 0;
    if (lengths + codings == 0)
        return true;
    if (lengths + codings > 1)
        return false;
    if (lengths == 1)
        return ot_parse_uint(ot_header_value(&request->headers, OT_FIELD_CONTENT_LENGTH),
                             OT_SAFE_INTEGER_MAX, &request->content_length);
    request->content_length = OT_LENGTH_CHUNKED;
    return !parser->is_http10 &&
           ot_span_is_nocase(ot_header_value(&request->headers, OT_FIELD_TRANSFER_ENCODING),
                             "chunked");
}

/* Whether any of the fields, which may be there several times, has the token. */
static bool any_has_token(const struct ot_http1_head *head, enum ot_field field, const char *token)
{
    for (size_t i = head->first[field]; i > 0 && i <= head->count; i++) {
        if (head->fields[i - 1] == field && ot_header_has_token(head->items[i - 1].value, token))
            return true;
    }
    return false;
}

static bool is_connection_short(const struct ot_http1_head *head)
{
    size_t length = 0;

    for (size_t i = head->first[OT_FIELD_CONNECTION]; i > 0 && i <= head->count; i++) {
        if (head->fields[i - 1] == OT_FIELD_CONNECTION)
            length += head->items[i - 1].value.len + 1;
    }
    return length <= CONNECTION_MAX;
}

/* RFC 6455 section 4.2.1; a key is 16 bytes in base64. */
static bool is_websocket(const struct ot_http1_request *parser)
{
    const struct ot_http1_head *head = &parser->head;
    struct ot_span key = ot_header_value(&parser->request.headers, OT_FIELD_SEC_WEBSOCKET_KEY);
    bool is_version_13 = false;

    if (head->first[OT_FIELD_UPGRADE] == 0 || parser->is_http10 ||
        parser->request.method != OT_METHOD_GET || parser->request.content_length != 0)
        return false;
    for (size_t i = 0; i < head->count; i++) {
        if (ot_span_is_nocase(head->items[i].name, "sec-websocket-version"))
            is_version_13 = ot_span_is(head->items[i].value, "13");
    }
    return is_version_13 && head->times[OT_FIELD_SEC_WEBSOCKET_KEY] == 1 && key.len == 24 &&
           ot_span_ends(key, "==") && any_has_token(head, OT_FIELD_UPGRADE, "websocket") &&
           any_has_token(head, OT_FIELD_CONNECTION, "upgrade");
}

static enum ot_refusal take_head(struct ot_http1_request *parser)
{
    struct ot_request *request = &parser->request;
    struct ot_span expect;

    request->headers = ot_http1_headers(&parser->head);
    request->method = ot_method_of(request->method_text);
    if (!ot_method_is_known(request->method_text))
        return OT_NOT_IMPLEMENTED;
    if (!is_connection_short(&parser->head))
        return OT_HEAD_TOO_LARGE;
    if (!take_host(parser) || !take_target(parser) || !take_framing(parser))
        return OT_BAD_REQUEST;
    expect = ot_header_value(&request->headers, OT_FIELD_EXPECT);
    request->expects_continue = false;
    if (expect.data != NULL && !parser->is_http10) {
        if (parser->head.times[OT_FIELD_EXPECT] != 1 || !ot_span_is_nocase(expect, "100-continue"))
            return OT_EXPECTATION;
        request->expects_continue = request->content_length != 0;
    }
    request->upgrades = is_websocket(parser);
    parser->keep_alive =
        !parser->is_http10 && !any_has_token(&parser->head, OT_FIELD_CONNECTION, "close");
    return OT_REFUSAL_NONE;
}

static enum ot_refusal refusal_of(enum ot_http1_scan_result result)
{
    switch (result) {
    case OT_SCAN_TARGET_TOO_LONG:
        return OT_TARGET_TOO_LONG;
    case OT_SCAN_TOO_LARGE:
        return OT_HEAD_TOO_LARGE;
    case OT_SCAN_BAD_VERSION:
        return OT_VERSION_NOT_SUPPORTED;
    default:
        return OT_BAD_REQUEST;
    }
}

enum ot_http1_request_result ot_http1_request_parse(struct ot_http1_request *parser,
                                                    struct ot_span bytes, enum ot_refusal *refusal)
{
    enum ot_http1_scan_result scanned = ot_http1_scan(&parser->scan, bytes);
    struct ot_request *request = &parser->request;
    struct ot_span head;

    if (scanned == OT_SCAN_MORE)
        return OT_REQUEST_MORE;
    *refusal = refusal_of(scanned);
    if (scanned != OT_SCAN_DONE)
        return OT_REQUEST_REFUSED;
    head = (struct ot_span){bytes.data + parser->scan.begin, parser->scan.at - parser->scan.begin};
    request->method_text = (struct ot_span){
        head.data, (size_t)((const char *)memchr(head.data, ' ', head.len) - head.data)};
    *refusal = OT_METHOD_NOT_ALLOWED;
    if (ot_span_is(request->method_text, "CONNECT") || ot_span_is(request->method_text, "TRACE"))
        return OT_REQUEST_REFUSED;
    parser->is_http10 = parser->scan.minor == '0';
    switch (ot_http1_parse(&parser->head, OT_HTTP1_REQUEST, head)) {
    case OT_PARSE_UNKNOWN_METHOD:
        *refusal = OT_NOT_IMPLEMENTED;
        return OT_REQUEST_REFUSED;
    case OT_PARSE_BAD:
        *refusal = OT_BAD_REQUEST;
        return OT_REQUEST_REFUSED;
    default:
        *refusal = take_head(parser);
        return *refusal == OT_REFUSAL_NONE ? OT_REQUEST_DONE : OT_REQUEST_REFUSED;
    }
}
