/*
 * What an import specifier means. esbuild resolves relative paths and the names of installed
 * packages by itself and never asks; everything that only other runtimes know (`npm:`, `jsr:`,
 * URLs, Node's built-in modules) is decided here, without the network.
 */
#pragma once

#include "base/buf.h"

enum ot_specifier_kind {
    OT_SPECIFIER_INVALID, /* cannot be had; `advice` says what to do */
    OT_SPECIFIER_BUILTIN, /* `target` is a built-in module of Node.js with its prefix: "node:fs" */
    OT_SPECIFIER_SHIM,    /* `target` is a file of build/shim/: "assets.js" */
    OT_SPECIFIER_EMPTY,   /* only types: a module without content */
    OT_SPECIFIER_PACKAGE, /* `target` is a package's name and sub-path, as installed: "zod/v4" */
    OT_SPECIFIER_REMOTE,  /* `target` is where a vendor folder has the module: "host/path" */
    OT_SPECIFIER_FILE,    /* `target` is a path as esbuild understands it */
};

/* All strings may be NULL: nothing to say. */
struct ot_specifier {
    enum ot_specifier_kind kind;
    char *target;
    char *other;   /* OT_SPECIFIER_PACKAGE: the name and sub-path that it may have instead */
    char *shim;    /* OT_SPECIFIER_PACKAGE: the file of build/shim/ that stands in for it where it
                      is not installed */
    char *version; /* OT_SPECIFIER_PACKAGE: the range that was asked for */
    char *advice;  /* what to do when it cannot be resolved: "install it: npm install zod@3" */
    char *note;    /* what was taken instead of what was written: "https://deno.land/x/zod: the npm
                      package zod" */
    bool vendored; /* `onetube vendor` gets it: goes behind the advice */
    bool any_file; /* OT_SPECIFIER_PACKAGE: of any file, whatever the package exports */
};

#define OT_AUTOSPECIFIER OT_CLEANUP(ot_specifier_free)

/* `text` is any bytes; never fails. Free with ot_specifier_free. */
struct ot_specifier ot_specifier_parse(struct ot_span text);
void ot_specifier_free(struct ot_specifier *specifier);

/* Appends the regular expression (Go's syntax) of the specifiers that are decided here. */
void ot_specifier_filter(struct ot_buf *out);

/*
 * The package that a bare specifier names ("@scope/name" of "@scope/name/sub"); false for
 * paths, URLs, aliases.
 */
bool ot_specifier_package(struct ot_span text, struct ot_span *name);
