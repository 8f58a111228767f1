#include "gateway/http2_request.h"

#include "base/text.h"
#include "gateway/http1_head.h"

#include <stdlib.h>
#include <string.h>

void ot_http2_request_init(struct ot_http2_request *head, const struct ot_settings *settings)
{
    *head = (struct ot_http2_request){.settings = settings};
    /* one more for the cookies */
    head->items = ot_alloc(settings->headers_max + 1, sizeof(*head->items));
    head->fields = ot_alloc(settings->headers_max + 1, 1);
}

void ot_http2_request_free(struct ot_http2_request *head)
{
    ot_buf_free(&head->text);
    ot_buf_free(&head->cookie);
    free(head->items);
    free(head->fields);
}

void ot_http2_request_begin(struct ot_http2_request *head)
{
    ot_buf_clear(&head->text);
    ot_buf_clear(&head->cookie);
    ot_buf_reserve(&head->text, head->settings->head_max);
    memset(&head->size, 0, sizeof(*head) - offsetof(struct ot_http2_request, size));
}

static struct ot_span keep(struct ot_http2_request *head, struct ot_span span)
{
    size_t at = head->text.len;

    ot_buf_append(&head->text, span.data, span.len);
    return (struct ot_span){head->text.data + at, span.len};
}

static void take_pseudo(struct ot_http2_request *head, struct ot_span name, struct ot_span value)
{
    struct ot_span *place;

    if (ot_span_is(name, ":method"))
        place = &head->method;
    else if (ot_span_is(name, ":scheme"))
        place = &head->scheme;
    else if (ot_span_is(name, ":authority"))
        place = &head->authority;
    else if (ot_span_is(name, ":path"))
        place = &head->path;
    else
        place = NULL;
    if (place == NULL || place->data != NULL || head->count + head->cookies > 0) {
        head->refusal = OT_BAD_REQUEST;
        return;
    }
    if (place == &head->path && value.len > head->settings->target_max)
        head->refusal = OT_TARGET_TOO_LONG;
    else
        *place = keep(head, value);
}

static void add(struct ot_http2_request *head, struct ot_span name, struct ot_span value)
{
    enum ot_field field = ot_field_of(name);

    head->items[head->count] = (struct ot_header){name, value};
    head->fields[head->count++] = (uint8_t)field;
    head->times[field]++;
    if (head->request.headers.first[field] == 0)
        head->request.headers.first[field] = (uint16_t)head->count;
}

static void take_cookie(struct ot_http2_request *head, struct ot_span value)
{
    if (head->cookies++ > 0)
        ot_buf_append(&head->cookie, "; ", 2);
    ot_buf_append(&head->cookie, value.data, value.len);
}

void ot_http2_request_field(struct ot_http2_request *head, struct ot_span name,
                            struct ot_span value)
{
    const struct ot_settings *settings = head->settings;

    if (head->refusal != OT_REFUSAL_NONE)
        return;
    head->size += name.len + value.len + 4; /* ": " and CRLF */
    if (head->size > settings->head_max)
        head->refusal = OT_HEAD_TOO_LARGE;
    else if (name.len > 0 && name.data[0] == ':')
        take_pseudo(head, name, value);
    else if (head->count + head->cookies >= settings->headers_max)
        head->refusal = OT_HEAD_TOO_LARGE;
    else if (ot_span_is(name, "cookie"))
        take_cookie(head, value);
    else
        add(head, keep(head, name), keep(head, value));
}

/* -- what it means ----------------------------------------------------------------------------- */

/* RFC 9113 section 8.3.1: Host may stand in for :authority, but not contradict it. */
static bool take_host(struct ot_http2_request *head)
{
    struct ot_request *request = &head->request;
    struct ot_span host = ot_header_value(&request->headers, OT_FIELD_HOST);

    request->host = head->authority.data != NULL ? head->authority : host;
    return head->times[OT_FIELD_HOST] <= 1 && request->host.data != NULL &&
           ot_is_host(request->host) &&
           (host.data == NULL || ot_span_equal_nocase(host, request->host));
}

static bool take_target(struct ot_http2_request *head)
{
    struct ot_request *request = &head->request;
    bool is_http = ot_span_is(head->scheme, "https") || ot_span_is(head->scheme, "http");

    request->target = head->path;
    for (size_t i = 0; i < head->path.len; i++) {
        if (head->path.data[i] <= ' ' || head->path.data[i] > '~')
            return false;
    }
    if (ot_span_is(request->target, "*"))
        return is_http && request->method == OT_METHOD_OPTIONS;
    return is_http && head->path.len > 0 && head->path.data[0] == '/';
}

/* RFC 9113 section 8.2.2: nothing that belongs to a connection of HTTP/1.1. */
static bool is_free_of_connection(const struct ot_http2_request *head)
{
    static const enum ot_field forbidden[] = {OT_FIELD_CONNECTION, OT_FIELD_TRANSFER_ENCODING,
                                              OT_FIELD_UPGRADE, OT_FIELD_KEEP_ALIVE,
                                              OT_FIELD_PROXY_CONNECTION};
    struct ot_span te = ot_header_value(&head->request.headers, OT_FIELD_TE);

    for (size_t i = 0; i < OT_COUNT(forbidden); i++) {
        if (head->times[forbidden[i]] > 0)
            return false;
    }
    return te.data == NULL || (head->times[OT_FIELD_TE] == 1 && ot_span_is_nocase(te, "trailers"));
}

static bool take_length(struct ot_http2_request *head, bool has_body)
{
    struct ot_request *request = &head->request;
    struct ot_span length = ot_header_value(&request->headers, OT_FIELD_CONTENT_LENGTH);

    request->content_length = has_body ? OT_LENGTH_CHUNKED : 0;
    if (length.data == NULL)
        return true;
    return head->times[OT_FIELD_CONTENT_LENGTH] == 1 &&
           ot_parse_uint(length, OT_SAFE_INTEGER_MAX, &request->content_length) &&
           (has_body || request->content_length == 0);
}

static enum ot_refusal take_expectation(struct ot_http2_request *head)
{
    struct ot_span expect = ot_header_value(&head->request.headers, OT_FIELD_EXPECT);

    if (expect.data == NULL)
        return OT_REFUSAL_NONE;
    if (head->times[OT_FIELD_EXPECT] != 1 || !ot_span_is_nocase(expect, "100-continue"))
        return OT_EXPECTATION;
    head->request.expects_continue = head->request.content_length != 0;
    return OT_REFUSAL_NONE;
}

enum ot_refusal ot_http2_request_end(struct ot_http2_request *head, bool has_body)
{
    struct ot_request *request = &head->request;

    if (head->refusal != OT_REFUSAL_NONE)
        return head->refusal;
    if (head->cookies > 0)
        add(head, OT_SPAN("cookie"), ot_buf_span(&head->cookie));
    request->headers.items = head->items;
    request->headers.fields = head->fields;
    request->headers.count = head->count;
    request->is_https = true;
    request->method_text = head->method;
    request->method = ot_method_of(head->method);
    if (ot_span_is(head->method, "CONNECT") || ot_span_is(head->method, "TRACE"))
        return OT_METHOD_NOT_ALLOWED;
    if (head->method.len > OT_METHOD_MAX || !take_host(head) || !take_target(head) ||
        !is_free_of_connection(head) || !take_length(head, has_body))
        return OT_BAD_REQUEST;
    if (!ot_method_is_known(head->method))
        return OT_NOT_IMPLEMENTED;
    return take_expectation(head);
}
