/*
 * What a request's target names: which function, and the path that the function sees. Brought into
 * the form that a URL parser (https://url.spec.whatwg.org/#path-state) gives it first, so that the
 * function that is chosen is always the one that is named in what it sees: dot segments, also
 * percent-encoded ones, are resolved, and what is not allowed in a path is percent-encoded. Empty
 * segments are kept.
 */
#pragma once

#include "base/buf.h"

enum ot_target_kind {
    /* Does not begin with "/"; a raw backslash in the path; a blank, control character or `#`
     * anywhere: 400 */
    OT_TARGET_BAD,
    OT_TARGET_OUTSIDE, /* not below the prefix; `path` is the whole path */
    OT_TARGET_NO_NAME, /* the prefix alone, or no name behind it; `path` is the whole path */
    OT_TARGET_FUNCTION,
};

struct ot_target {
    enum ot_target_kind kind;
    struct ot_span name;  /* first path segment behind the prefix, not decoded */
    struct ot_span path;  /* "/hello/x": the prefix removed, the function's name kept */
    struct ot_span query; /* with its `?`, as it was sent; empty when there is none */
};

/*
 * `raw` is in origin-form (RFC 9112 section 3.2.1). `prefix` is normalised (ot_route_prefix) and
 * compared byte by byte. The result points into `raw`, or into `scratch`, which is emptied and used
 * when the path had to be rewritten; both must live as long as the result is used.
 */
void ot_target_parse(struct ot_span raw, const char *prefix, struct ot_buf *scratch,
                     struct ot_target *out);
