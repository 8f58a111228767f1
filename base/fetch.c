#include "base/fetch.h"

#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* What onetube-fetch says on descriptor 3, and its messages. */
#define REPORT_MAX 65536u
#define REPORT_FD 3
/* How much longer than its own limit it may take to start and to end. */
#define GRACE_MS 5000u

void ot_fetch_result_free(struct ot_fetch_result *result)
{
    ot_buf_free(&result->body);
    ot_autofree(&result->url);
    ot_autofree(&result->content_type);
    ot_autofree(&result->etag);
}

bool ot_is_loopback_host(struct ot_span host)
{
    unsigned parts = 0;
    uint64_t part;

    if ((host.len == 9 && strncasecmp(host.data, "localhost", 9) == 0) || ot_span_is(host, "::1") ||
        ot_span_is(host, "[::1]"))
        return true;
    if (!ot_span_starts(host, "127."))
        return false;
    for (; parts < 4; parts++) {
        const char *dot = memchr(host.data, '.', host.len);
        struct ot_span digits = {host.data, dot != NULL ? (size_t)(dot - host.data) : host.len};

        if (!ot_parse_uint(digits, 255, &part) || (dot == NULL) != (parts == 3))
            return false;
        if (dot != NULL)
            host = (struct ot_span){dot + 1, host.len - digits.len - 1};
    }
    return true;
}

/* The part between "://" and the path. Strict enough that no two readers of it can differ. */
static bool split_authority(struct ot_span authority, struct ot_span *host)
{
    const char *end = authority.data + authority.len;
    const char *at = authority.data;
    uint64_t port;

    if (authority.len > 0 && *at == '[') {
        while (at < end && *at != ']')
            at++;
        if (at == end || strspn(authority.data + 1, "0123456789abcdefABCDEF:.") !=
                             (size_t)(at - authority.data) - 1)
            return false;
        at++;
    } else {
        while (at < end && (isalnum((unsigned char)*at) || strchr(".-_", *at) != NULL))
            at++;
    }
    *host = (struct ot_span){authority.data, (size_t)(at - authority.data)};
    if (host->len == 0)
        return false;
    return at == end ||
           (*at == ':' &&
            ot_parse_uint((struct ot_span){at + 1, (size_t)(end - at) - 1}, 65535, &port) &&
            port > 0);
}

int ot_fetch_check_url(const char *url, bool allow_http_loopback, struct ot_error *err)
{
    struct ot_span text = ot_span_of(url);
    bool https = strncasecmp(url, "https://", 8) == 0;
    bool http = strncasecmp(url, "http://", 7) == 0;
    const char *authority = url + (https ? 8 : 7);
    struct ot_span host;
    char shown[256];

    ot_printable(shown, sizeof(shown), text);
    if (text.len > OT_FETCH_URL_MAX)
        return ot_fail(err, OT_USAGE, "%s...: longer than %u bytes", shown, OT_FETCH_URL_MAX);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~' || text.data[i] == '\\')
            return ot_fail(err, OT_USAGE,
                           "%s: a URL is printable ASCII without blanks and backslashes", shown);
    }
    if (!https && !http)
        return ot_fail(err, OT_USAGE, "%s: only https URLs are fetched", shown);
    if (memchr(authority, '@', strcspn(authority, "/?#")) != NULL)
        return ot_fail(err, OT_USAGE, "a URL with a user name or password is not fetched");
    if (!split_authority((struct ot_span){authority, strcspn(authority, "/?#")}, &host))
        return ot_fail(err, OT_USAGE, "%s: not a valid host or port", shown);
    if (http && !(allow_http_loopback && ot_is_loopback_host(host)))
        return ot_fail(err, OT_USAGE, "%s: http is not safe%s; use https", shown,
                       allow_http_loopback ? " except for this machine's own addresses" : "");
    return 0;
}

static int read_report(int fd, struct ot_fetch_result *result, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json json;
    struct ot_span key;
    int more;

    if (lseek(fd, 0, SEEK_SET) < 0)
        return ot_fail_errno(err, OT_FAILED, "report");
    if (ot_read_fd(fd, REPORT_MAX, &text, "report", err) < 0)
        return -1;
    ot_json_begin(&json, ot_buf_span(&text), 0);
    more = ot_json_object(&json, err) < 0 ? -1 : ot_json_key(&json, &key, err);
    for (; more > 0; more = ot_json_key(&json, &key, err)) {
        char **field = ot_span_is(key, "url")           ? &result->url
                       : ot_span_is(key, "contentType") ? &result->content_type
                       : ot_span_is(key, "etag")        ? &result->etag
                                                        : NULL;
        struct ot_span value;

        if (field == NULL ? ot_json_skip(&json, err) : ot_json_string(&json, &value, err)) {
            more = -1;
            break;
        }
        if (field != NULL) {
            ot_autofree(field);
            *field = ot_strndup(value.data, value.len);
        }
    }
    ot_json_end(&json);
    if (more == 0 && result->url == NULL)
        return ot_fail(err, OT_FAILED, "the key \"url\" is missing");
    return more;
}

/* Its last words, or how it ended. */
static int explain(const struct ot_process_result *run, struct ot_error *err)
{
    int code = WIFEXITED(run->status) ? WEXITSTATUS(run->status) : -1;
    struct ot_span said = ot_span_trim(ot_buf_span(&run->errors));
    OT_AUTOBUF struct ot_buf message = {0};
    char ending[128];

    ot_process_status_text(run->status, ending, sizeof(ending));
    if ((code != OT_FAILED && code != OT_USAGE) || said.len == 0)
        return ot_fail(err, OT_TOOL, "onetube-fetch %s", ending);
    if (ot_span_starts(said, "onetube-fetch: "))
        said = (struct ot_span){said.data + 15, said.len - 15};
    ot_buf_readable(&message, said);
    return ot_fail(err, code == OT_USAGE ? OT_USAGE : OT_FAILED, "%s", message.data);
}

static void add_number(struct ot_list *argv, const char *option, size_t number)
{
    OT_AUTOFREE char *text = ot_asprintf("--%s=%zu", option, number);

    ot_list_add(argv, text);
}

static void add_text(struct ot_list *argv, const char *option, const char *value)
{
    OT_AUTOFREE char *text = ot_asprintf("--%s=%s", option, value);

    ot_list_add(argv, text);
}

static void make_arguments(const char *program, const struct ot_fetch_options *options,
                           struct ot_list *argv)
{
    ot_list_add(argv, program);
    add_number(argv, "max-bytes", options->max_bytes);
    add_number(argv, "timeout-ms", options->timeout_ms);
    add_number(argv, "connect-timeout-ms", options->connect_timeout_ms);
    add_number(argv, "max-redirects", options->max_redirects);
    if (options->ca_file != NULL)
        add_text(argv, "ca-file", options->ca_file);
    if (options->allow_http_loopback)
        ot_list_add(argv, "--allow-http-loopback");
    for (size_t i = 0; options->headers != NULL && i < options->headers->count; i++)
        add_text(argv, "header", options->headers->items[i]);
    ot_list_add(argv, options->url);
}

/* Where proxies and certificates are; nothing else of our environment. */
static void make_environment(struct ot_list *envp)
{
    static const char *const names[] = {"http_proxy", "https_proxy",  "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",    "no_proxy",
                                        "NO_PROXY",   "SSL_CERT_FILE"};

    for (size_t i = 0; i < OT_COUNT(names); i++) {
        const char *value = getenv(names[i]);
        OT_AUTOFREE char *text = value != NULL ? ot_asprintf("%s=%s", names[i], value) : NULL;

        if (text != NULL)
            ot_list_add(envp, text);
    }
}

/* execve wants a NULL at the end. */
static const char **vector_of(const struct ot_list *list)
{
    const char **vector = ot_alloc(list->count + 1, sizeof(*vector));

    for (size_t i = 0; i < list->count; i++)
        vector[i] = list->items[i];
    return vector;
}

int ot_fetch(const struct ot_fetch_options *options, struct ot_fetch_result *result,
             struct ot_error *err)
{
    static const char *const places[] = {"onetube-fetch", "../libexec/onetube/onetube-fetch",
                                         "../onetube-fetch", NULL};
    OT_AUTOFREE char *program = ot_find_program(NULL, places);
    OT_AUTORESULT struct ot_process_result run = {0};
    OT_AUTOLIST struct ot_list arguments = {0};
    OT_AUTOLIST struct ot_list environment = {0};
    OT_AUTOFREE const char **argv = NULL;
    OT_AUTOFREE const char **envp = NULL;
    OT_AUTOCLOSE int report = -1;

    if (ot_fetch_check_url(options->url, options->allow_http_loopback, err) < 0)
        return -1;
    if (program == NULL)
        return ot_fail(err, OT_TOOL,
                       "onetube-fetch is missing; it is installed as "
                       "../libexec/onetube/onetube-fetch beside this program's folder");
    report = memfd_create("report", MFD_CLOEXEC);
    if (report < 0)
        return ot_fail_errno(err, OT_FAILED, "memfd");
    make_arguments(program, options, &arguments);
    make_environment(&environment);
    argv = vector_of(&arguments);
    envp = vector_of(&environment);

    const struct ot_fd_map fds[] = {{report, REPORT_FD}};
    const struct ot_process_options process = {.argv = argv,
                                               .envp = envp,
                                               .fds = fds,
                                               .fd_count = OT_COUNT(fds),
                                               .die_with_parent = true,
                                               .no_new_privileges = true,
                                               .own_group = true};

    if (ot_process_run(&process, (struct ot_span){NULL, 0}, options->max_bytes + REPORT_MAX,
                       options->timeout_ms + GRACE_MS, &run, err) < 0)
        return -1;
    if (!WIFEXITED(run.status) || WEXITSTATUS(run.status) != 0)
        return explain(&run, err);
    if (read_report(report, result, err) < 0) {
        ot_error_prefix(err, "onetube-fetch");
        err->kind = OT_TOOL;
        return -1;
    }
    result->body = run.out;
    run.out = (struct ot_buf){0};
    return 0;
}
