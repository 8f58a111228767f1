#include "gateway/cors.h"

#include "base/fetch.h"
#include "base/text.h"
#include "gateway/address.h"

#include <stdlib.h>
#include <string.h>

#define ORIGIN_MAX 512 /* longer ones are refused unread */
#define HOST_MAX 253   /* RFC 1035 section 2.3.4 */
#define ANY_PORT UINT32_MAX
#define NO_PORT 0u /* of a scheme without a default */

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define TOKEN                                                                                      \
    "!#$%&'*+-.^_`|~" DIGITS LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" /* RFC 9110 section 5.6.2 */

static const char *const default_headers[] = {"authorization", "x-client-info",      "apikey",
                                              "content-type",  "x-application-name", "user-agent"};
static const char *const default_methods[] = {"POST", "GET", "OPTIONS", "PUT", "PATCH", "DELETE"};
static const char *const exposed[] = {"x-1tube-warming", "x-1tube-stale",   "x-1tube-invocation-id",
                                      "retry-after",     "ratelimit-limit", "ratelimit-remaining",
                                      "ratelimit-reset"};

/* A scheme, host and port; of a list's item, or of a request. */
struct origin {
    struct ot_span scheme; /* of an item: empty means any */
    struct ot_span host;
    uint32_t port;
    bool below; /* of an item: the names below `host`, which begins with its dot */
};

struct ot_cors {
    bool any, credentials;
    struct origin *items;
    size_t count;
    struct ot_list texts; /* what the items point into */
    struct ot_buf preflight, actual;
};

/* -- origins ----------------------------------------------------------------------------------- */

static bool is_made_of(struct ot_span text, const char *bytes)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\0' || strchr(bytes, text.data[i]) == NULL)
            return false;
    }
    return text.len > 0;
}

static bool is_scheme(struct ot_span text)
{
    return is_made_of(text, LOWER DIGITS "+.-") && text.data[0] >= 'a';
}

static bool is_ipv6(struct ot_span host)
{
    struct ot_address address;

    return host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']' &&
           memchr(host.data, ':', host.len) != NULL &&
           ot_address_parse((struct ot_span){host.data + 1, host.len - 2}, &address);
}

/* Names with single dots between them; an IPv4 address looks the same. */
static bool is_host(struct ot_span host)
{
    if (host.len > 0 && host.data[0] == '[')
        return is_ipv6(host);
    return host.len <= HOST_MAX && is_made_of(host, LOWER DIGITS "._-") && host.data[0] != '.' &&
           host.data[host.len - 1] != '.' && memmem(host.data, host.len, "..", 2) == NULL;
}

static bool is_loopback(struct ot_span host)
{
    return ot_span_ends(host, ".localhost") || ot_is_loopback_host(host);
}

static uint32_t default_port(struct ot_span scheme)
{
    if (ot_span_is(scheme, "https"))
        return 443;
    return ot_span_is(scheme, "http") ? 80 : NO_PORT;
}

/* Takes ":port" off the end of a host; ANY_PORT when there is none. */
static bool split_port(struct ot_span *host, uint32_t *port)
{
    const char *colon = host->len > 0 ? memrchr(host->data, ':', host->len) : NULL;
    struct ot_span digits;
    uint64_t number;

    *port = ANY_PORT;
    if (colon == NULL || host->data[host->len - 1] == ']')
        return true;
    digits = (struct ot_span){colon + 1, host->len - (size_t)(colon - host->data) - 1};
    if (!ot_parse_uint(digits, 65535, &number) || number == 0)
        return false;
    host->len = (size_t)(colon - host->data);
    *port = (uint32_t)number;
    return true;
}

/* "scheme://host:port", without a scheme too. */
static bool split(struct ot_span text, struct origin *out)
{
    const char *end = text.len > 0 ? memmem(text.data, text.len, "://", 3) : NULL;

    *out = (struct origin){.host = text};
    if (end != NULL) {
        size_t len = (size_t)(end - text.data);

        out->scheme = (struct ot_span){text.data, len};
        out->host = (struct ot_span){end + 3, text.len - len - 3};
        if (!is_scheme(out->scheme))
            return false;
    }
    return split_port(&out->host, &out->port);
}

/* What a request says. */
static bool parse_origin(struct ot_span text, struct origin *out)
{
    if (text.len > ORIGIN_MAX || !split(text, out) || out->scheme.len == 0 || !is_host(out->host))
        return false;
    if (out->port == ANY_PORT)
        out->port = default_port(out->scheme);
    return true;
}

/* What an item of the list says; `text` is in lower case and stays. */
static bool parse_item(struct ot_span text, struct origin *out)
{
    struct ot_span name;

    if (ot_span_is(text, "null") || !split(text, out))
        return false;
    name = out->host;
    out->below = ot_span_starts(name, "*.");
    if (out->below) {
        name = (struct ot_span){name.data + 2, name.len - 2};
        out->host = (struct ot_span){name.data - 1, name.len + 1};
    }
    if (!is_host(name) || (out->below && name.data[0] == '['))
        return false;
    if (out->scheme.len == 0 && is_loopback(name))
        return true;
    if (out->scheme.len == 0)
        out->scheme = OT_SPAN("https");
    if (out->port == ANY_PORT)
        out->port = default_port(out->scheme);
    return true;
}

static bool matches(const struct origin *item, const struct origin *origin)
{
    if (item->below ? item->host.len >= origin->host.len : item->host.len != origin->host.len)
        return false;
    return memcmp(item->host.data, origin->host.data + origin->host.len - item->host.len,
                  item->host.len) == 0 &&
           (item->port == ANY_PORT || item->port == origin->port) &&
           (item->scheme.len == 0 || ot_span_equal(item->scheme, origin->scheme));
}

/* -- making ------------------------------------------------------------------------------------ */

static int check_tokens(const struct ot_list *list, const char *what, struct ot_error *err)
{
    char shown[64];

    for (size_t i = 0; i < list->count; i++) {
        if (is_made_of(ot_span_of(list->items[i]), TOKEN))
            continue;
        ot_printable(shown, sizeof(shown), ot_span_of(list->items[i]));
        return ot_fail(err, OT_USAGE, "\"%s\" is no %s name", shown, what);
    }
    return 0;
}

static void write_names(struct ot_buf *out, const char *field, const struct ot_list *list,
                        const char *const *defaults, size_t default_count)
{
    bool own = list->count > 0;

    ot_buf_printf(out, "%s: ", field);
    for (size_t i = 0; i < (own ? list->count : default_count); i++)
        ot_buf_printf(out, "%s%s", i > 0 ? ", " : "", own ? list->items[i] : defaults[i]);
    ot_buf_puts(out, "\r\n");
}

/* Each name once, whatever its letter case. */
static void write_exposed(struct ot_buf *out, const struct ot_list *more)
{
    OT_AUTOLIST struct ot_list names = {0};

    for (size_t i = 0; i < OT_COUNT(exposed); i++)
        ot_list_add(&names, exposed[i]);
    for (size_t i = 0; i < more->count; i++) {
        size_t k = 0;

        while (k < names.count && !ot_span_is_nocase(ot_span_of(names.items[k]), more->items[i]))
            k++;
        if (k == names.count)
            ot_list_add(&names, more->items[i]);
    }
    write_names(out, "access-control-expose-headers", &names, NULL, 0);
}

static int add_item(struct ot_cors *cors, const char *item, struct ot_error *err)
{
    char shown[128];
    char *text;

    if (strcmp(item, "*") == 0) {
        cors->any = true;
        return 0;
    }
    ot_list_add(&cors->texts, item);
    text = cors->texts.items[cors->texts.count - 1];
    for (char *at = text; *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at |= 0x20;
    }
    if (parse_item(ot_span_of(text), &cors->items[cors->count])) {
        cors->count++;
        return 0;
    }
    ot_printable(shown, sizeof(shown), ot_span_of(item));
    return ot_fail(err, OT_USAGE,
                   "\"%s\" is no origin (such as https://app.example, https://*.app.example:8443, "
                   "app.example, localhost or *)",
                   shown);
}

int ot_cors_make(const struct ot_cors_options *options, struct ot_cors **out, struct ot_error *err)
{
    struct ot_cors *cors;

    if (check_tokens(options->allow_headers, "header", err) < 0 ||
        check_tokens(options->allow_methods, "method", err) < 0 ||
        check_tokens(options->expose_headers, "header", err) < 0)
        return -1;
    cors = ot_alloc(1, sizeof(*cors));
    cors->items = ot_alloc(options->origins->count + 1, sizeof(*cors->items));
    cors->any = options->dev && options->origins->count == 0;
    for (size_t i = 0; i < options->origins->count; i++) {
        if (add_item(cors, options->origins->items[i], err) < 0) {
            ot_cors_free(cors);
            return -1;
        }
    }
    cors->credentials = !cors->any && options->credentials != OT_CREDENTIALS_OFF;
    write_names(&cors->preflight, "access-control-allow-methods", options->allow_methods,
                default_methods, OT_COUNT(default_methods));
    write_names(&cors->preflight, "access-control-allow-headers", options->allow_headers,
                default_headers, OT_COUNT(default_headers));
    if (options->max_age != OT_CORS_NO_MAX_AGE)
        ot_buf_printf(&cors->preflight, "access-control-max-age: %llu\r\n",
                      (unsigned long long)options->max_age);
    write_exposed(&cors->actual, options->expose_headers);
    *out = cors;
    return 0;
}

void ot_cors_free(struct ot_cors *cors)
{
    if (cors == NULL)
        return;
    ot_list_free(&cors->texts);
    ot_buf_free(&cors->preflight);
    ot_buf_free(&cors->actual);
    free(cors->items);
    free(cors);
}

/* -- requests ---------------------------------------------------------------------------------- */

/* What may be sent back as it came; "null" too. */
static bool is_echoed(struct ot_span origin)
{
    for (size_t i = 0; i < origin.len; i++) {
        if (origin.data[i] <= ' ' || origin.data[i] > '~')
            return false;
    }
    return origin.len > 0 && origin.len <= ORIGIN_MAX;
}

enum ot_cors_verdict ot_cors_decide(const struct ot_cors *cors, struct ot_span origin)
{
    struct origin asked;

    if (origin.data == NULL)
        return OT_CORS_NO_ORIGIN;
    if (cors->any)
        return is_echoed(origin) ? OT_CORS_ALLOWED : OT_CORS_REFUSED;
    if (cors->count == 0 || !parse_origin(origin, &asked))
        return OT_CORS_REFUSED;
    for (size_t i = 0; i < cors->count; i++) {
        if (matches(&cors->items[i], &asked))
            return OT_CORS_ALLOWED;
    }
    return OT_CORS_REFUSED;
}

bool ot_cors_is_preflight(const struct ot_request *request)
{
    return request->method == OT_METHOD_OPTIONS && request->headers.first[OT_FIELD_ORIGIN] != 0 &&
           request->headers.first[OT_FIELD_REQUEST_METHOD] != 0;
}

/* -- answers ----------------------------------------------------------------------------------- */

static void put(struct ot_buf *out, struct ot_span text)
{
    ot_buf_append(out, text.data, text.len);
}

static void put_origin(struct ot_buf *out, struct ot_span origin)
{
    put(out, OT_SPAN("access-control-allow-origin: "));
    put(out, origin);
    put(out, OT_SPAN("\r\n"));
}

static void put_vary(const struct ot_headers *own, struct ot_buf *out)
{
    for (size_t i = own != NULL ? own->first[OT_FIELD_VARY] : 0; i > 0 && i <= own->count; i++) {
        if (own->fields[i - 1] == OT_FIELD_VARY &&
            (ot_header_has_token(own->items[i - 1].value, "origin") ||
             ot_header_has_token(own->items[i - 1].value, "*")))
            return;
    }
    put(out, OT_SPAN("vary: Origin\r\n"));
}

/* Whether the gateway itself answers one origin in another way than the next. */
static bool varies(const struct ot_cors *cors)
{
    return cors->any || cors->count > 0;
}

static bool has_credentials(const struct ot_headers *own)
{
    for (size_t i = own != NULL ? own->first[OT_FIELD_ACCESS_CONTROL] : 0; i > 0 && i <= own->count;
         i++) {
        if (own->fields[i - 1] == OT_FIELD_ACCESS_CONTROL &&
            ot_span_is_nocase(own->items[i - 1].name, "access-control-allow-credentials"))
            return true;
    }
    return false;
}

void ot_cors_write_preflight(const struct ot_cors *cors, enum ot_cors_verdict verdict,
                             struct ot_span origin, struct ot_buf *out)
{
    if (verdict == OT_CORS_ALLOWED) {
        put_origin(out, origin);
        if (cors->credentials)
            put(out, OT_SPAN("access-control-allow-credentials: true\r\n"));
        put(out, ot_buf_span(&cors->preflight));
    }
    if (varies(cors))
        put_vary(NULL, out);
}

void ot_cors_write(const struct ot_cors *cors, enum ot_cors_verdict verdict, struct ot_span origin,
                   const struct ot_headers *own, struct ot_buf *out)
{
    bool own_credentials = has_credentials(own);

    if (own != NULL && own->first[OT_FIELD_ALLOW_ORIGIN] != 0) {
        if (!ot_span_is(ot_header_value(own, OT_FIELD_ALLOW_ORIGIN), "*"))
            put_vary(own, out);
        return;
    }
    if (verdict == OT_CORS_ALLOWED || (verdict == OT_CORS_NO_ORIGIN && cors->any)) {
        /* "*" where the function asks for credentials from any origin: browsers refuse that */
        put_origin(out, verdict == OT_CORS_ALLOWED && !(cors->any && own_credentials)
                            ? origin
                            : OT_SPAN("*"));
        if (verdict == OT_CORS_ALLOWED && cors->credentials && !own_credentials)
            put(out, OT_SPAN("access-control-allow-credentials: true\r\n"));
        put(out, ot_buf_span(&cors->actual));
    }
    if (varies(cors))
        put_vary(own, out);
}
