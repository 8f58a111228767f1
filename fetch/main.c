/*
 * onetube-fetch: one file from the web to standard output, and one line of JSON about it to
 * descriptor 3, if that is open. See base/fetch.h.
 */
#include "base/fetch.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/options.h"
#include "base/process.h"
#include "base/text.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPORT_FD 3
#define HEADERS_MAX 65536u

struct values {
    uint64_t max_bytes, timeout_ms, connect_timeout_ms, max_redirects;
    const char *ca_file;
    bool allow_http_loopback;
    struct ot_list headers;
};

static const struct ot_option options[] = {
    {.name = "max-bytes",
     .value = "N",
     .help = "largest body in bytes (default 16777216)",
     .type = OT_OPTION_UINT,
     .offset = offsetof(struct values, max_bytes)},
    {.name = "timeout-ms",
     .value = "N",
     .help = "longest time for everything (default 30000)",
     .type = OT_OPTION_UINT,
     .max = 86400000,
     .offset = offsetof(struct values, timeout_ms)},
    {.name = "connect-timeout-ms",
     .value = "N",
     .help = "longest time for each connection; 0: no limit of its own (default 10000)",
     .type = OT_OPTION_UINT,
     .max = 86400000,
     .offset = offsetof(struct values, connect_timeout_ms)},
    {.name = "max-redirects",
     .value = "N",
     .help = "how many redirects are followed (default 5)",
     .type = OT_OPTION_UINT,
     .max = 100,
     .offset = offsetof(struct values, max_redirects)},
    {.name = "ca-file",
     .value = "FILE",
     .help = "the only certificates that are trusted (PEM; default: SSL_CERT_FILE, else the "
             "system's)",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, ca_file)},
    {.name = "allow-http-loopback",
     .help = "accept http for this machine's own addresses",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, allow_http_loopback)},
    {.name = "header",
     .value = "FIELD",
     .help = "a header field \"Name: value\" to send; not sent on to another origin",
     .type = OT_OPTION_LIST,
     .offset = offsetof(struct values, headers)},
    {.name = NULL},
};

static const struct ot_command command = {
    .operands = "URL",
    .summary = "fetch one file by https",
    .description = "Writes the body to standard output and a line of JSON about it to descriptor "
                   "3, if that is open. Any status but 200 is a failure.",
    .example = "onetube-fetch https://example.com/jwks.json",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

/* One request, and what became of it. */
struct transfer {
    const struct values *values;
    CURL *curl;
    struct curl_slist *fields; /* "Name: value", for the first origin only */
    const char *url;
    char detail[CURL_ERROR_SIZE];
    uint64_t received;
    size_t header_bytes;
    bool not_wanted; /* stopped by us: nobody reads the body of an error */
    struct ot_error *err;
    bool failed; /* `err` is filled */
};

static long status_of(const struct transfer *transfer)
{
    long status = 0;

    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;

    (void)data;
    transfer->header_bytes += size * count;
    if (transfer->header_bytes <= HEADERS_MAX)
        return size * count;
    transfer->failed = true;
    ot_fail(transfer->err, OT_FAILED, "%s: its header is larger than %u bytes", transfer->url,
            HEADERS_MAX);
    return 0;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    long status = status_of(transfer);

    if (status != 200 && !is_redirect(status)) {
        transfer->not_wanted = true;
        return 0;
    }
    if (size * count > transfer->values->max_bytes - transfer->received) {
        transfer->failed = true;
        ot_fail(transfer->err, OT_FAILED, "%s: larger than %llu bytes", transfer->url,
                (unsigned long long)transfer->values->max_bytes);
        return 0;
    }
    transfer->received += size * count;
    /* libcurl works out where a redirect leads only when its body has been read */
    if (status != 200 ||
        ot_write_all(STDOUT_FILENO, data, size * count, "standard output", transfer->err) == 0)
        return size * count;
    transfer->failed = true;
    return 0;
}

/* Scheme and authority. */
static struct ot_span origin_of(const char *url)
{
    const char *authority = strstr(url, "://") + 3;

    return (struct ot_span){url, (size_t)(authority - url) + strcspn(authority, "/?#")};
}

static bool is_https(const char *url)
{
    return strncasecmp(url, "https:", 6) == 0;
}

static bool is_loopback(const char *url)
{
    const char *host = strstr(url, "://") + 3;

    return ot_is_loopback_host(
        (struct ot_span){host, *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#")});
}

/* "Name: value": a name of token characters (RFC 9110 section 5.6.2), printable ASCII behind it. */
static int check_field(const char *field, struct ot_error *err)
{
    size_t name = strspn(field, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    bool good = name > 0 && field[name] == ':';

    for (const char *c = field; good && *c != '\0'; c++)
        good = *c >= ' ' && *c <= '~';
    return good ? 0 : ot_fail(err, OT_USAGE, "--header: not of the form \"Name: value\"");
}

static int set_up(struct transfer *transfer, struct ot_error *err)
{
    const struct values *values = transfer->values;
    const char *ca_file = values->ca_file != NULL ? values->ca_file : getenv("SSL_CERT_FILE");
    CURL *curl = transfer->curl;

    for (size_t i = 0; i < values->headers.count; i++) {
        if (check_field(values->headers.items[i], err) < 0)
            return -1;
        transfer->fields = curl_slist_append(transfer->fields, values->headers.items[i]);
    }
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "onetube-fetch/" OT_VERSION);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->detail);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)values->connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->fields);
    if (ca_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    return 0;
}

/* Whoever has an authority of their own can mend that. */
static bool has_unknown_issuer(CURL *curl)
{
    long result = X509_V_OK;

    curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &result);
    return result == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
           result == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
           result == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
}

/* One request without following redirects. */
static int request(struct transfer *transfer, int64_t deadline, struct ot_error *err)
{
    int64_t left = deadline - ot_now_ms();
    CURLcode code;

    if (left <= 0)
        return ot_fail(err, OT_FAILED, "%s: not done in time", transfer->url);
    transfer->not_wanted = false;
    transfer->received = 0;
    transfer->header_bytes = 0;
    curl_easy_setopt(transfer->curl, CURLOPT_URL, transfer->url);
    curl_easy_setopt(transfer->curl, CURLOPT_TIMEOUT_MS, (long)left);
    /* a request to this machine must not leave it; NULL: what the environment says */
    curl_easy_setopt(transfer->curl, CURLOPT_PROXY, is_loopback(transfer->url) ? "" : NULL);
    code = curl_easy_perform(transfer->curl);
    if (transfer->failed)
        return -1;
    if (code == CURLE_OK || transfer->not_wanted)
        return 0;
    return ot_fail(err, OT_FAILED, "%s: %s%s", transfer->url,
                   transfer->detail[0] != '\0' ? transfer->detail : curl_easy_strerror(code),
                   code == CURLE_PEER_FAILED_VERIFICATION && has_unknown_issuer(transfer->curl)
                       ? " (SSL_CERT_FILE names certificates to trust)"
                       : "");
}

/* The URL of the next request; NULL data in `*next` means that this was the last one. */
static int next_url(struct transfer *transfer, unsigned *redirects, char **next,
                    struct ot_error *err)
{
    const char *url = transfer->url;
    long status = status_of(transfer);
    const char *to = NULL;
    struct ot_span from = origin_of(url);

    if (status == 200)
        return 0;
    if (!is_redirect(status))
        return ot_fail(err, OT_FAILED, "%s: the server answered with status %ld", url, status);
    curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_URL, &to);
    if (to == NULL)
        return ot_fail(err, OT_FAILED, "%s: a redirect (%ld) to nowhere", url, status);
    if ((*redirects)++ == transfer->values->max_redirects)
        return ot_fail(err, OT_FAILED, "%s: more than %llu redirects", url,
                       (unsigned long long)transfer->values->max_redirects);
    if (ot_fetch_check_url(to, transfer->values->allow_http_loopback, err) < 0) {
        err->kind = OT_FAILED;
        return ot_error_prefix(err, "%s: redirected to a URL that is not accepted", url);
    }
    if (is_https(url) && !is_https(to))
        return ot_fail(err, OT_FAILED, "%s: redirected from https to http", url);
    if (origin_of(to).len != from.len || strncasecmp(to, url, from.len) != 0)
        curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, NULL);
    *next = ot_strdup(to);
    return 0;
}

/* What a server says about the body, as far as it is text. */
static void put_field(struct ot_json_writer *writer, const char *key, const char *value)
{
    if (value != NULL && ot_is_utf8(ot_span_of(value)))
        ot_jw_string(writer, key, value);
}

static int report(const struct transfer *transfer, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf line = {0};
    struct curl_header *etag = NULL;
    struct ot_json_writer writer;
    const char *type = NULL;

    curl_easy_getinfo(transfer->curl, CURLINFO_CONTENT_TYPE, &type);
    ot_jw_begin(&writer, &line, true);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "url", transfer->url);
    ot_jw_uint(&writer, "status", (uint64_t)status_of(transfer));
    put_field(&writer, "contentType", type);
    if (curl_easy_header(transfer->curl, "ETag", 0, CURLH_HEADER, -1, &etag) == CURLHE_OK)
        put_field(&writer, "etag", etag->value);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
    return ot_write_all(REPORT_FD, line.data, line.len, "descriptor 3", err);
}

static int follow(struct transfer *transfer, bool reports, struct ot_error *err)
{
    int64_t deadline = ot_now_ms() + (int64_t)transfer->values->timeout_ms;
    OT_AUTOFREE char *url = ot_strdup(transfer->url);
    unsigned redirects = 0;

    for (;;) {
        OT_AUTOFREE char *next = NULL;

        transfer->url = url;
        if (request(transfer, deadline, err) < 0 || next_url(transfer, &redirects, &next, err) < 0)
            return -1;
        if (next == NULL)
            return reports ? report(transfer, err) : 0;
        ot_autofree(&url);
        url = OT_STEAL(next);
    }
}

static int fetch(const char *url, const struct values *values, bool reports, struct ot_error *err)
{
    struct transfer transfer = {.values = values, .url = url, .err = err};
    int done;

    if (values->timeout_ms == 0)
        return ot_fail(err, OT_USAGE, "--timeout-ms: at least 1");
    if (ot_fetch_check_url(url, values->allow_http_loopback, err) < 0)
        return -1;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ot_fail(err, OT_FAILED, "libcurl does not start");
    transfer.curl = curl_easy_init();
    if (transfer.curl == NULL)
        abort();
    done = set_up(&transfer, err) < 0 ? -1 : follow(&transfer, reports, err);
    curl_slist_free_all(transfer.fields);
    curl_easy_cleanup(transfer.curl);
    curl_global_cleanup();
    return done;
}

static int run(int argc, char **argv, bool reports, struct ot_error *err)
{
    struct values values = {.max_bytes = 16u << 20,
                            .timeout_ms = 30000,
                            .connect_timeout_ms = 10000,
                            .max_redirects = 5};
    struct ot_parsed parsed;
    int done = ot_options_parse(&command, argc, argv, &values, &parsed, err);

    if (done == 0 && parsed.help)
        ot_options_help(&command, "onetube-fetch", stdout);
    else if (done == 0)
        done = fetch(parsed.operands[0], &values, reports, err);
    ot_options_free(&command, &values);
    return done;
}

int main(int argc, char **argv)
{
    struct ot_error err = {0};
    bool reports;
    int done;

    ot_open_standard_streams();
    /* asked now: later a descriptor of this number may be one of libcurl's */
    reports = fcntl(REPORT_FD, F_GETFD) >= 0;
    done = run(argc - 1, argv + 1, reports, &err);
    if (done == 0)
        done = ot_flush_stdout(&err);
    if (done < 0) {
        OT_AUTOBUF struct ot_buf line = {0};

        ot_buf_readable(&line, ot_span_of(err.message));
        fprintf(stderr, "onetube-fetch: %s\n", line.data);
    }
    return (int)err.kind;
}
