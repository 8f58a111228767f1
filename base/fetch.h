/*
 * Files from the web. They are fetched by a program of its own, onetube-fetch, the only one that is
 * linked with libcurl: whoever does not fetch does not pay for loading it (it would cost every
 * start 6 ms), and what a server sends is handled in a process that has nothing else in it.
 *
 * Only https, with verified certificates (http for this machine's own addresses where that is
 * allowed). No cookies, no credentials other than the header fields that are given. Proxies as
 * libcurl has them: https_proxy, no_proxy and so on. The certificates that are trusted: `ca_file`,
 * else SSL_CERT_FILE, else the system's.
 */
#pragma once

#include "base/buf.h"

/* The longest URL, also of a redirect. */
#define OT_FETCH_URL_MAX 8192u

struct ot_fetch_options {
    const char *url;
    size_t max_bytes;            /* of the body */
    unsigned timeout_ms;         /* all of it, with redirects; at least 1 */
    unsigned connect_timeout_ms; /* of each connection; 0: only the other one counts */
    unsigned max_redirects;      /* 0: none is followed */
    const char *ca_file;         /* PEM; NULL: see above */
    bool allow_http_loopback;    /* see ot_fetch_check_url */
    /* "Name: value"; not sent on to another origin; may be NULL. Other users of the machine can see
     * them in the list of processes. */
    const struct ot_list *headers;
};

/* Start from `{0}`; OT_AUTOFETCH frees at scope exit. */
struct ot_fetch_result {
    struct ot_buf body;
    char *url;          /* where it came from in the end, after redirects */
    char *content_type; /* as sent; NULL: the answer has none */
    char *etag;         /* the same */
};

#define OT_AUTOFETCH OT_CLEANUP(ot_fetch_result_free)
void ot_fetch_result_free(struct ot_fetch_result *result);

/*
 * Fetches one file with GET; blocks until it is there. Any status but 200 is an error, and so is a
 * body that is longer than allowed, breaks off, or takes too long. A redirect from https leads to
 * https only. OT_USAGE: a URL (or header field) that is not accepted; OT_TOOL: onetube-fetch is
 * missing or broke; OT_FAILED: anything else, with the URL in the message.
 */
OT_MUST_USE int ot_fetch(const struct ot_fetch_options *options, struct ot_fetch_result *result,
                         struct ot_error *err);

/*
 * Whether ot_fetch would try it: "https://host...", printable ASCII, without user name and
 * password. With `allow_http_loopback` also "http://" when ot_is_loopback_host. OT_USAGE.
 */
OT_MUST_USE int ot_fetch_check_url(const char *url, bool allow_http_loopback, struct ot_error *err);

/* "localhost", 127.0.0.0/8 in four decimal parts, "::1", with or without brackets. */
bool ot_is_loopback_host(struct ot_span host);
