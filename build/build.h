/*
 * From a folder of functions to a dist: discovery, 1tube.json, one esbuild run driven over its
 * stdio service with our own resolver, the runtime shim, manifest.json. The same sources and
 * options give the same bytes, whatever the folder's absolute path.
 */
#pragma once

#include "base/buf.h"
#include "base/digest.h"

#include <stdint.h>

/*
 * What a payload runs with unless told otherwise; fixed by each release, so that a payload behaves
 * the same everywhere.
 */
#define OT_DEFAULT_COMPAT_DATE "2026-04-15"
#define OT_DEFAULT_TARGET "es2024"

enum ot_sourcemap { OT_SOURCEMAP_NONE, OT_SOURCEMAP_LINKED, OT_SOURCEMAP_INLINE };

struct ot_build_options {
    const char *functions;      /* the folder of functions */
    const char *out;            /* the dist to write */
    const struct ot_list *only; /* names; empty: all. A name that does not exist is an error */
    bool minify;
    enum ot_sourcemap sourcemap;
    const char *target;                 /* an ECMAScript version for esbuild */
    const char *compat_date;            /* NULL: what wrangler files say, at least the default */
    const struct ot_list *compat_flags; /* added to the defaults, in order */
    const struct ot_list *env;          /* names that functions may read */
    bool splitting;
    bool frozen;         /* there must be a lock */
    unsigned jobs;       /* threads that esbuild may use; 0: as many as there are cores */
    const char *esbuild; /* path; NULL: as installed */
    bool analyse;        /* fill in the report's analysis */
    bool components;     /* fill in the report's components */
    bool cache;          /* use what earlier builds made (cache.h); never changes the result */
};

/* A message of the bundler about a place in the source. All strings are owned by the report. */
struct ot_diagnostic {
    bool is_error; /* else a warning */
    char *file;    /* NULL: no place; begins with the functions folder as the user named it */
    unsigned line, column; /* from 1 */
    char *text;
    char *source_line; /* NULL: unknown */
    unsigned length;   /* columns that the place covers */
};

struct ot_built_function {
    char *name;
    uint64_t bytes;       /* of the bundle alone */
    uint64_t total_bytes; /* with every module it can reach */
    char sha256[OT_SHA256_HEX];
    bool is_public;
    bool cached; /* the bundle was taken from the cache */
};

/* What happened, also when the build failed. Start from `{0}`. */
struct ot_build_report {
    struct ot_diagnostic *diagnostics;
    size_t diagnostic_count;
    struct ot_list notes;                /* what was taken in place of what the sources name */
    struct ot_built_function *functions; /* largest total first, then by name */
    size_t function_count;
    size_t chunk_count;
    uint64_t total_bytes; /* of the dist's members, each once */
    char manifest_sha256[OT_SHA256_HEX];
    struct ot_analysis *analysis;                      /* NULL: it was not asked for */
    struct ot_components *components;                  /* NULL: it was not asked for */
    void (*progress)(void *context, const char *step); /* may be NULL */
    void *progress_context;
};

/*
 * Errors: OT_FAILED (sources; see the diagnostics), OT_USAGE (options), OT_TOOL (esbuild). On
 * failure what is at `out` is untouched.
 */
OT_MUST_USE int ot_build(const struct ot_build_options *options, struct ot_build_report *report,
                         struct ot_error *err);
void ot_build_report_free(struct ot_build_report *report);
