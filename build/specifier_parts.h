/* What specifiers.c and specifier_remote.c share; nobody else includes it. */
#pragma once

#include "build/specifiers.h"

/* name[@version][/sub] */
struct ot_package_path {
    struct ot_span name;
    struct ot_span version; /* empty: any */
    struct ot_span sub;     /* without the slash; empty: the package itself */
};

bool ot_package_split(struct ot_span text, struct ot_package_path *out);
/* The specifier by which esbuild's resolver finds it; the caller frees it. */
char *ot_package_target(struct ot_span name, struct ot_span sub);
/* A declaration file's path: ".d.ts" and the like. */
bool ot_is_types_only(struct ot_span path);

struct ot_specifier ot_specifier_invalid(const char *advice);
/* The package on npm with this name, and the version and sub-path of `package`. */
struct ot_specifier ot_specifier_npm(const struct ot_package_path *package, struct ot_span name);
/* Behind "jsr:". */
struct ot_specifier ot_specifier_jsr(struct ot_span text);
/* Behind "https://". */
struct ot_specifier ot_specifier_url(struct ot_span url);

struct ot_span ot_span_tail(struct ot_span text, size_t from);
/* Takes `prefix` off, if it is there. */
bool ot_skip_prefix(struct ot_span *text, const char *prefix);
/* How many bytes stand before the first of `stops`. */
size_t ot_span_until(struct ot_span text, const char *stops);
