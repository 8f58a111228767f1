#include "gateway/refusal.h"

#include "base/json_write.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    unsigned status;
    const char *reason, *error;
} refusals[OT_REFUSAL_COUNT] = {
    [OT_REFUSAL_NONE] = {200, "none", ""},
    [OT_BAD_REQUEST] = {400, "bad_request", "Bad request"},
    [OT_UNAUTHORIZED] = {401, "unauthorized", "Unauthorized"},
    [OT_INVALID_TOKEN] = {401, "invalid_token", "Unauthorized: the token is not valid"},
    [OT_TOKEN_EXPIRED] = {401, "token_expired", "Unauthorized: the token has expired"},
    [OT_FORBIDDEN] = {403, "forbidden", "Forbidden"},
    [OT_NOT_FOUND] = {404, "not_found", "Not found"},
    [OT_UNKNOWN_FUNCTION] = {404, "unknown_function", "Function not found"},
    [OT_METHOD_NOT_ALLOWED] = {405, "method_not_allowed", "Method not allowed"},
    [OT_HEAD_TIMEOUT] = {408, "header_timeout", "Request header read timed out"},
    [OT_BODY_TIMEOUT] = {408, "body_timeout", "Request body read timed out"},
    [OT_LENGTH_MISMATCH] = {400, "body_incomplete", "Request body ended early"},
    [OT_BODY_TOO_LARGE] = {413, "body_too_large", "Request body too large"},
    [OT_TARGET_TOO_LONG] = {414, "target_too_long", "Request target too long"},
    [OT_EXPECTATION] = {417, "expectation_failed", "Expectation failed"},
    [OT_RATE_LIMITED] = {429, "rate_limited", "Rate limit exceeded"},
    [OT_HEAD_TOO_LARGE] = {431, "head_too_large", "Request header fields too large"},
    [OT_INTERNAL] = {500, "internal", "Internal server error"},
    [OT_NOT_IMPLEMENTED] = {501, "not_implemented", "Method not implemented"},
    [OT_FUNCTION_CRASHED] = {502, "function_crashed", "Function ended before it answered"},
    [OT_BREAKER_OPEN] = {503, "circuit_breaker_open", "Service temporarily unavailable"},
    [OT_FUNCTION_WARMING] = {503, "function_warming", "Function is warming up"},
    [OT_FUNCTION_UNAVAILABLE] = {503, "function_unavailable", "Function is not available"},
    [OT_FUNCTION_BUSY] = {503, "function_busy", "Function is busy"},
    [OT_TOO_MANY_CONNECTIONS] = {503, "too_many_connections", "Too many connections"},
    [OT_STOPPING] = {503, "stopping", "Service is stopping"},
    [OT_DRAINING] = {503, "draining", "Service is draining"},
    [OT_FUNCTION_TIMEOUT] = {504, "function_timeout", "Function execution timed out"},
    [OT_VERSION_NOT_SUPPORTED] = {505, "version_not_supported", "HTTP version not supported"},
};

unsigned ot_refusal_status(enum ot_refusal refusal)
{
    return refusals[refusal].status;
}

const char *ot_refusal_reason(enum ot_refusal refusal)
{
    return refusals[refusal].reason;
}

void ot_refusal_body(enum ot_refusal refusal, const struct ot_refusal_detail *detail,
                     struct ot_buf *out)
{
    struct ot_json_writer writer;

    ot_jw_begin(&writer, out, true);
    ot_jw_object(&writer, NULL);
    if (refusal == OT_UNKNOWN_FUNCTION) {
        char name[64], text[96];

        ot_printable(name, sizeof(name), detail->function);
        snprintf(text, sizeof(text), "Function \"%s\" not found", name);
        ot_jw_string(&writer, "error", text);
    } else {
        ot_jw_string(&writer, "error", refusals[refusal].error);
    }
    ot_jw_string(&writer, "reason", refusals[refusal].reason);
    if (refusal == OT_BODY_TOO_LARGE)
        ot_jw_uint(&writer, "maxBytes", detail->max_bytes);
    if (refusal == OT_RATE_LIMITED)
        ot_jw_uint(&writer, "retryAfterSeconds", detail->retry_after_s);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
}

void ot_refusal_headers(enum ot_refusal refusal, const struct ot_refusal_detail *detail,
                        struct ot_buf *out)
{
    ot_buf_puts(out, "content-type: application/json\r\n");
    if (detail->retry_after_s > 0 && refusal != OT_RATE_LIMITED)
        ot_buf_printf(out, "retry-after: %" PRIu64 "\r\n", detail->retry_after_s);
    if (refusal == OT_UNAUTHORIZED)
        ot_buf_puts(out, "www-authenticate: Bearer\r\n");
    else if (refusal == OT_INVALID_TOKEN)
        ot_buf_puts(out, "www-authenticate: Bearer error=\"invalid_token\"\r\n");
    else if (refusal == OT_TOKEN_EXPIRED)
        ot_buf_puts(out, "www-authenticate: Bearer error=\"invalid_token\", "
                         "error_description=\"The token has expired\"\r\n");
    else if (refusal == OT_FUNCTION_WARMING)
        ot_buf_puts(out, "x-1tube-warming: 1\r\n");
}

/* RFC 9110 section 15, and the others that IANA lists. */
static const char *const phrases[] = {
    [100] = "Continue",
    [101] = "Switching Protocols",
    [102] = "Processing",
    [103] = "Early Hints",
    [200] = "OK",
    [201] = "Created",
    [202] = "Accepted",
    [203] = "Non-Authoritative Information",
    [204] = "No Content",
    [205] = "Reset Content",
    [206] = "Partial Content",
    [207] = "Multi-Status",
    [208] = "Already Reported",
    [226] = "IM Used",
    [300] = "Multiple Choices",
    [301] = "Moved Permanently",
    [302] = "Found",
    [303] = "See Other",
    [304] = "Not Modified",
    [305] = "Use Proxy",
    [307] = "Temporary Redirect",
    [308] = "Permanent Redirect",
    [400] = "Bad Request",
    [401] = "Unauthorized",
    [402] = "Payment Required",
    [403] = "Forbidden",
    [404] = "Not Found",
    [405] = "Method Not Allowed",
    [406] = "Not Acceptable",
    [407] = "Proxy Authentication Required",
    [408] = "Request Timeout",
    [409] = "Conflict",
    [410] = "Gone",
    [411] = "Length Required",
    [412] = "Precondition Failed",
    [413] = "Content Too Large",
    [414] = "URI Too Long",
    [415] = "Unsupported Media Type",
    [416] = "Range Not Satisfiable",
    [417] = "Expectation Failed",
    [421] = "Misdirected Request",
    [422] = "Unprocessable Content",
    [423] = "Locked",
    [424] = "Failed Dependency",
    [425] = "Too Early",
    [426] = "Upgrade Required",
    [428] = "Precondition Required",
    [429] = "Too Many Requests",
    [431] = "Request Header Fields Too Large",
    [451] = "Unavailable For Legal Reasons",
    [500] = "Internal Server Error",
    [501] = "Not Implemented",
    [502] = "Bad Gateway",
    [503] = "Service Unavailable",
    [504] = "Gateway Timeout",
    [505] = "HTTP Version Not Supported",
    [506] = "Variant Also Negotiates",
    [507] = "Insufficient Storage",
    [508] = "Loop Detected",
    [511] = "Network Authentication Required",
};

const char *ot_status_phrase(unsigned status)
{
    return status < OT_COUNT(phrases) && phrases[status] != NULL ? phrases[status] : "";
}
