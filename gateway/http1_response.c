#include "gateway/http1_response.h"

#include "base/text.h"
#include "gateway/http1_body.h"

/* RFC 9112 section 6.3, without what only a lenient parser needs. */
static bool take_framing(struct ot_http1_response *response, const struct ot_http1_head *head,
                         bool is_head)
{
    unsigned lengths = head->times[OT_FIELD_CONTENT_LENGTH];
    unsigned codings = head->times[OT_FIELD_TRANSFER_ENCODING];

    if (lengths + codings > 1)
        return false;
    response->has_length = lengths == 1;
    if (lengths == 1 && !ot_parse_uint(ot_header_value(&response->headers, OT_FIELD_CONTENT_LENGTH),
                                       OT_SAFE_INTEGER_MAX, &response->declared))
        return false;
    if (codings == 1 &&
        !ot_span_is_nocase(ot_header_value(&response->headers, OT_FIELD_TRANSFER_ENCODING),
                           "chunked"))
        return false;
    if (is_head || response->status < 200 || response->status == 204 || response->status == 304)
        response->length = 0;
    else if (lengths == 1)
        response->length = response->declared;
    else
        response->length = codings == 1 ? OT_LENGTH_CHUNKED : OT_LENGTH_UNTIL_END;
    return true;
}

enum ot_http1_response_result ot_http1_response_parse(struct ot_http1_response *response,
                                                      struct ot_http1_head *head,
                                                      struct ot_span bytes, bool is_head)
{
    struct ot_http1_scan scan;
    enum ot_http1_scan_result scanned;

    ot_http1_scan_begin(&scan, OT_HTTP1_RESPONSE, OT_ANSWER_HEAD_MAX, 0, OT_ANSWER_FIELDS_MAX);
    scanned = ot_http1_scan(&scan, bytes);
    if (scanned == OT_SCAN_MORE)
        return OT_RESPONSE_MORE;
    if (scanned != OT_SCAN_DONE ||
        ot_http1_parse(head, OT_HTTP1_RESPONSE, (struct ot_span){bytes.data, scan.at}) !=
            OT_PARSE_OK)
        return OT_RESPONSE_BAD;
    response->status = head->status;
    response->reason = head->reason;
    response->headers = ot_http1_headers(head);
    response->size = scan.at;
    response->keep_alive =
        !ot_header_has_token(ot_header_value(&response->headers, OT_FIELD_CONNECTION), "close");
    if (response->status < 100 || response->status > 599 || !take_framing(response, head, is_head))
        return OT_RESPONSE_BAD;
    return OT_RESPONSE_DONE;
}
