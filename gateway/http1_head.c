#include "gateway/http1_head.h"

#include <llhttp.h>
#include <string.h>

/* What a byte may be part of. */
enum { TOKEN = 1, VALUE = 2, TARGET = 4 };

/* One digit for each byte, the sum of what it may be: RFC 9110 section 5.6.2 (tchar) and 5.5 (field
 * values; obs-text too); a target is visible ASCII. */
static const char classes[] = "0000000002000000" /* TAB */
                              "0000000000000000"
                              "2767777766776776" /*  !"#$%&'()*+,-./ */
                              "7777777777666666" /* 0123456789:;<=>? */
                              "6777777777777777" /* @ABCDEFGHIJKLMNO */
                              "7777777777766677" /* PQRSTUVWXYZ[\]^_ */
                              "7777777777777777" /* `abcdefghijklmno */
                              "7777777777767670" /* pqrstuvwxyz{|}~ */
                              "2222222222222222222222222222222222222222222222222222222222222222"
                              "2222222222222222222222222222222222222222222222222222222222222222";

enum {
    AT_START, /* of a request */
    START_LF, /* of the empty line in front of it */
    AT_METHOD,
    AT_TARGET,
    AT_VERSION,
    AT_STATUS, /* of a response: its start line, which llhttp takes apart */
    LINE_LF,
    AT_LINE,
    AT_NAME,
    AT_VALUE,
    END_LF,
};

void ot_http1_scan_begin(struct ot_http1_scan *scan, enum ot_http1_kind kind, size_t head_max,
                         size_t target_max, size_t fields_max)
{
    *scan = (struct ot_http1_scan){
        .head_max = head_max,
        .target_max = target_max,
        .fields_max = fields_max,
        .state = kind == OT_HTTP1_REQUEST    ? AT_START
                 : kind == OT_HTTP1_RESPONSE ? AT_STATUS
                                             : AT_LINE,
    };
}

static bool is(char c, uint8_t class)
{
    return (classes[(unsigned char)c] & class) != 0;
}

/* One byte of "HTTP/1.1" and the CR behind it. */
static enum ot_http1_scan_result version(struct ot_http1_scan *scan, const char *data)
{
    static const char pattern[] = "HTTP/D.D\r";
    size_t index = scan->at - scan->mark;
    char c = data[scan->at];

    if (pattern[index] == 'D' ? c < '0' || c > '9' : c != pattern[index])
        return OT_SCAN_BAD;
    if (c != '\r')
        return OT_SCAN_MORE;
    scan->minor = data[scan->mark + 7];
    if (data[scan->mark + 5] != '1' || scan->minor > '1')
        return OT_SCAN_BAD_VERSION;
    scan->state = LINE_LF;
    return OT_SCAN_MORE;
}

/* One byte of a request's line. */
static enum ot_http1_scan_result start_line(struct ot_http1_scan *scan, const char *data)
{
    char c = data[scan->at];
    size_t length = scan->at - scan->mark;

    switch (scan->state) {
    case AT_START:
        if (c == '\r' && scan->begin == 0) {
            scan->state = START_LF;
            return OT_SCAN_MORE;
        }
        scan->state = AT_METHOD;
        scan->mark = scan->at;
        return is(c, TOKEN) ? OT_SCAN_MORE : OT_SCAN_BAD;
    case START_LF:
        scan->state = AT_START;
        scan->begin = scan->at + 1;
        return c == '\n' ? OT_SCAN_MORE : OT_SCAN_BAD;
    case AT_METHOD:
        if (is(c, TOKEN))
            return length < OT_METHOD_MAX ? OT_SCAN_MORE : OT_SCAN_BAD;
        scan->state = AT_TARGET;
        scan->mark = scan->at + 1;
        return c == ' ' ? OT_SCAN_MORE : OT_SCAN_BAD;
    case AT_TARGET:
        if (is(c, TARGET))
            return length < scan->target_max ? OT_SCAN_MORE : OT_SCAN_TARGET_TOO_LONG;
        scan->state = AT_VERSION;
        scan->mark = scan->at + 1;
        return c == ' ' && length > 0 ? OT_SCAN_MORE : OT_SCAN_BAD;
    default:
        return version(scan, data);
    }
}

/* One byte of the lines behind it. */
static enum ot_http1_scan_result field_byte(struct ot_http1_scan *scan, char c)
{
    switch (scan->state) {
    case AT_STATUS:
    case AT_VALUE:
        if (c == '\r')
            scan->state = LINE_LF;
        return c == '\r' || is(c, VALUE) ? OT_SCAN_MORE : OT_SCAN_BAD;
    case LINE_LF:
        scan->state = AT_LINE;
        return c == '\n' ? OT_SCAN_MORE : OT_SCAN_BAD;
    case AT_LINE:
        if (c == '\r') {
            scan->state = END_LF;
            return OT_SCAN_MORE;
        }
        scan->state = AT_NAME;
        if (scan->fields++ >= scan->fields_max)
            return OT_SCAN_TOO_LARGE;
        return is(c, TOKEN) ? OT_SCAN_MORE : OT_SCAN_BAD;
    case AT_NAME:
        if (c == ':')
            scan->state = AT_VALUE;
        return c == ':' || is(c, TOKEN) ? OT_SCAN_MORE : OT_SCAN_BAD;
    default:
        return c == '\n' ? OT_SCAN_DONE : OT_SCAN_BAD;
    }
}

enum ot_http1_scan_result ot_http1_scan_trailer(struct ot_http1_scan *scan, char c)
{
    return scan->at++ < scan->head_max ? field_byte(scan, c) : OT_SCAN_TOO_LARGE;
}

enum ot_http1_scan_result ot_http1_scan(struct ot_http1_scan *scan, struct ot_span bytes)
{
    size_t end = bytes.len < scan->head_max ? bytes.len : scan->head_max;
    enum ot_http1_scan_result result = OT_SCAN_MORE;

    for (; scan->at < end && result == OT_SCAN_MORE; scan->at++) {
        if (scan->state <= AT_VERSION) {
            result = start_line(scan, bytes.data);
            continue;
        }
        /* most of a head is values */
        while (scan->state == AT_VALUE && scan->at + 1 < end && is(bytes.data[scan->at], VALUE))
            scan->at++;
        result = field_byte(scan, bytes.data[scan->at]);
    }
    if (result == OT_SCAN_MORE && scan->at == scan->head_max && bytes.len > scan->head_max)
        return OT_SCAN_TOO_LARGE;
    return result;
}

/* -- llhttp ------------------------------------------------------------------------------------ */

static int on_target(llhttp_t *parser, const char *at, size_t length)
{
    ((struct ot_http1_head *)parser->data)->target = (struct ot_span){at, length};
    return 0;
}

static int on_reason(llhttp_t *parser, const char *at, size_t length)
{
    ((struct ot_http1_head *)parser->data)->reason = (struct ot_span){at, length};
    return 0;
}

static int on_name(llhttp_t *parser, const char *at, size_t length)
{
    struct ot_http1_head *head = parser->data;

    if (head->count == head->room)
        return HPE_USER;
    head->items[head->count++] = (struct ot_header){{at, length}, {at, 0}};
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t length)
{
    struct ot_http1_head *head = parser->data;

    if (head->count == 0)
        return HPE_USER;
    head->items[head->count - 1].value = ot_span_trim((struct ot_span){at, length});
    return 0;
}

static int on_complete(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
    .on_url = on_target,
    .on_status = on_reason,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_headers_complete = on_complete,
};

enum ot_http1_parse_result ot_http1_parse(struct ot_http1_head *parsed, enum ot_http1_kind kind,
                                          struct ot_span head)
{
    llhttp_t parser;
    llhttp_errno_t result;

    parsed->count = 0;
    parsed->target = parsed->reason = (struct ot_span){"", 0};
    memset(parsed->first, 0, sizeof(parsed->first));
    memset(parsed->times, 0, sizeof(parsed->times));
    llhttp_init(&parser, kind == OT_HTTP1_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, &callbacks);
    parser.data = parsed;
    result = llhttp_execute(&parser, head.data, head.len);
    if (result == HPE_INVALID_METHOD)
        return OT_PARSE_UNKNOWN_METHOD;
    if (result != HPE_PAUSED || llhttp_get_error_pos(&parser) != head.data + head.len)
        return OT_PARSE_BAD;
    parsed->status = parser.status_code;
    for (size_t i = 0; i < parsed->count; i++) {
        enum ot_field field = ot_field_of(parsed->items[i].name);

        parsed->fields[i] = (uint8_t)field;
        parsed->times[field]++;
        if (parsed->first[field] == 0)
            parsed->first[field] = (uint16_t)(i + 1);
    }
    return OT_PARSE_OK;
}

struct ot_headers ot_http1_headers(const struct ot_http1_head *parsed)
{
    struct ot_headers headers = {parsed->items, parsed->fields, parsed->count, {0}};

    memcpy(headers.first, parsed->first, sizeof(headers.first));
    return headers;
}
