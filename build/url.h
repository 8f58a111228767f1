/* The URLs of modules: https ones (and http, which is refused later), as the WHATWG's URL standard
 * reads the parts of them that matter here. */
#pragma once

#include "base/buf.h"

/* Whether it begins with "https://" or "http://", in any case. */
bool ot_url_is(struct ot_span text);

/*
 * What `text` means in a module that came from the URL `base` (NULL: nowhere): an absolute URL, or
 * one that begins with "/", "./", "../" or "?". The result has no fragment, no "." and ".." steps,
 * scheme and host in lower case and no default port. NULL for anything else, such as a bare name.
 * Takes any bytes; whether a host is valid is not looked at. The caller frees it.
 */
char *ot_url_join(const char *base, struct ot_span text);

/* The path of a URL that ot_url_join gave, without the query: "/x/mod.ts". */
struct ot_span ot_url_path(const char *url);
