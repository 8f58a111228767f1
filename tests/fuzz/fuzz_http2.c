/* The fields of a request over HTTP/2, as they come: also such as nghttp2 would not let pass. */
#include "gateway/http2_request.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ot_settings settings = {.head_max = 512, .target_max = 64, .headers_max = 8};

static bool is_within(struct ot_span span, const struct ot_buf *buf)
{
    return span.len == 0 ||
           (span.data >= buf->data && span.data + span.len <= buf->data + buf->len);
}

static void check(const struct ot_http2_request *head)
{
    const struct ot_request *request = &head->request;

    if (request->headers.count > settings.headers_max + 1 || !ot_is_host(request->host) ||
        request->target.len == 0 || request->target.len > settings.target_max ||
        !ot_method_is_known(request->method_text) || request->upgrades || !request->is_https)
        abort();
    for (size_t i = 0; i < request->headers.count; i++) {
        struct ot_header header = request->headers.items[i];

        if (!is_within(header.value, &head->text) && !is_within(header.value, &head->cookie))
            abort();
    }
}

/* Each line is a field, its name ended by a tab; the first byte says whether a body follows. */
static void read_fields(struct ot_http2_request *head, const char *data, size_t size)
{
    size_t start = 0;

    for (size_t i = 0; i <= size; i++) {
        struct ot_span line = {data + start, i - start}, value = {data + i, 0};
        const char *tab;

        if (i < size && data[i] != '\n')
            continue;
        tab = memchr(line.data, '\t', line.len);
        if (tab != NULL) {
            value = (struct ot_span){tab + 1, line.len - (size_t)(tab + 1 - line.data)};
            line.len = (size_t)(tab - line.data);
        }
        ot_http2_request_field(head, line, value);
        start = i + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ot_http2_request head;

    if (size == 0)
        return 0;
    if (head.items == NULL)
        ot_http2_request_init(&head, &settings);
    ot_http2_request_begin(&head);
    read_fields(&head, (const char *)data + 1, size - 1);
    if (ot_http2_request_end(&head, data[0] != '0') == OT_REFUSAL_NONE)
        check(&head);
    return 0;
}
