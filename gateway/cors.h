/*
 * Cross-origin sharing (https://fetch.spec.whatwg.org/#http-cors-protocol), exact to scheme and
 * port. Decided before the function runs; what the function says itself is respected.
 */
#pragma once

#include "gateway/http.h"

struct ot_cors_options {
    const struct ot_list *origins; /* see ot_cors_make; empty: no origin, or any with `dev` */
    const struct ot_list *allow_headers, *allow_methods; /* tokens; empty: the defaults */
    const struct ot_list *expose_headers;                /* tokens, added to the defaults */
    uint64_t max_age; /* seconds; OT_CORS_NO_MAX_AGE: no header */
    enum { OT_CREDENTIALS_DEFAULT, OT_CREDENTIALS_ON, OT_CREDENTIALS_OFF } credentials;
    bool dev;
};

#define OT_CORS_NO_MAX_AGE UINT64_MAX

struct ot_cors; /* immutable, shared by all threads */

/*
 * An origin is "https://app.example" (scheme and port exact), "*.app.example" behind a scheme (any
 * depth below, not the apex), or a host without a scheme: "app.example", "*.app.example", which
 * means https on the default port or, for localhost, names below it and loopback addresses, any
 * scheme and port. A port may stand behind each of them. "*" anywhere in the list: any origin, and
 * then never with credentials, whatever is configured; without it credentials are on by default.
 * OT_USAGE, naming the item.
 */
OT_MUST_USE int ot_cors_make(const struct ot_cors_options *options, struct ot_cors **out,
                             struct ot_error *err);
void ot_cors_free(struct ot_cors *cors);

enum ot_cors_verdict {
    OT_CORS_NO_ORIGIN, /* the request has no Origin */
    OT_CORS_REFUSED,
    OT_CORS_ALLOWED,
};

/* `origin` is the field's value; NULL data: there is none. Compared byte by byte, as browsers write
 * it: lower case, no default port. */
enum ot_cors_verdict ot_cors_decide(const struct ot_cors *cors, struct ot_span origin);

/* Whether it is a preflight: OPTIONS with Origin and Access-Control-Request-Method. */
bool ot_cors_is_preflight(const struct ot_request *request);

/* Appends the header lines ("name: value\r\n") of the gateway's own answer to a preflight. */
void ot_cors_write_preflight(const struct ot_cors *cors, enum ot_cors_verdict verdict,
                             struct ot_span origin, struct ot_buf *out);

/*
 * Appends the header lines that an answer lacks. If the function set Access-Control-Allow-Origin,
 * everything of it stays as it is and nothing is added but what Vary needs. `Vary` has `Origin`
 * whenever the answer could differ for another origin, also when this one was refused or absent;
 * values of the function's own Vary are kept (its field is left where it is, a second one is added
 * when it has neither `Origin` nor `*`). `own` is NULL for the gateway's own answers.
 */
void ot_cors_write(const struct ot_cors *cors, enum ot_cors_verdict verdict, struct ot_span origin,
                   const struct ot_headers *own, struct ot_buf *out);
