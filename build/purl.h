/* Package URLs (github.com/package-url/purl-spec), the names of components in other tools. */
#pragma once

#include "base/buf.h"

/* "pkg:npm/%40scope/name@1.2.3"; `version` may be NULL. The caller frees it. */
char *ot_purl_npm(const char *name, const char *version);

/* A file from the web: "pkg:generic/mod.ts?checksum=sha256:...&download_url=...". `sha256` may be
 * NULL. The caller frees it. */
char *ot_purl_download(const char *url, const char *sha256);

/* "pkg:generic/name@version". The caller frees it. */
char *ot_purl_generic(const char *name, const char *version);
