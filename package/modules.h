/*
 * The modules that a bundle was made of: by the comment that esbuild writes before each where it
 * does not minify ("// hello/index.ts" on a line of its own, behind an empty one), or by a source
 * map (ECMA-426), which has the sources themselves. Both are only what the bundle says of itself: a
 * template literal can hold a line that looks like such a comment.
 */
#pragma once

#include "base/buf.h"

#define OT_MODULE_NAME_MAX 1000u /* bytes */
#define OT_MODULES_MAX_COUNT 200000u

struct ot_module {
    struct ot_span name;
    struct ot_span text;
};

/* Start from `{0}`. The spans point into the text that was read, or into `owned`. */
struct ot_modules {
    struct ot_module *items; /* in the order of the bundle */
    size_t count, cap;
    bool cut;            /* there were more than OT_MODULES_MAX_COUNT */
    struct ot_span head; /* of a bundle: imports and helpers before the first module */
    struct ot_span tail; /* of a bundle: exports, licences and the link to a map */
    struct ot_buf owned;
};

#define OT_AUTOMODULES OT_CLEANUP(ot_modules_free)
void ot_modules_free(struct ot_modules *modules);

/* Takes any bytes, needs linear time; a text without such comments has no module and is all head.
 */
void ot_modules_of_bundle(struct ot_span text, struct ot_modules *out);

/*
 * The sources of a map, their names as seen from the folder that was built. A source whose text the
 * map does not have is left out. Errors: OT_FAILED, it is no source map.
 */
OT_MUST_USE int ot_modules_of_map(struct ot_span text, struct ot_modules *out,
                                  struct ot_error *err);

/* The module of a dist that functions run in: it comes with onetube and has no map. */
#define OT_MODULES_RUNTIME "chunks/onetube.js"
/* As one module, "onetube-shim:onetube.js". */
void ot_modules_of_runtime(struct ot_span text, struct ot_modules *out);

/* Appends the map that a bundle carries in its last line; false: there is none. */
bool ot_modules_inline_map(struct ot_span bundle, struct ot_buf *out);

/* The package that a module is of, "zod" or "@scope/name", for "node_modules/zod/x.js" at any
 * depth; an empty span for others. */
struct ot_span ot_module_package(struct ot_span name);
/* Whether it is none of the project's: esbuild's own, or onetube's runtime ("onetube:hello"). */
bool ot_module_is_runtime(struct ot_span name);
