/*
 * What bundles are made of and why: esbuild's metafile by packages. Sizes are those of the outputs
 * as the bundler wrote them; what is of no module (imports between outputs, helpers) is the
 * bundler's.
 */
#pragma once

#include "build/build.h"
#include "build/bundle.h"

enum ot_part_kind {
    OT_PART_OWN,     /* the project's files */
    OT_PART_PACKAGE, /* an installed package */
    OT_PART_WEB,     /* modules of one host */
    OT_PART_RUNTIME, /* onetube's: what every function runs in */
    OT_PART_BUNDLER,
};

/* Of a function, or of a chunk. */
struct ot_part {
    enum ot_part_kind kind;
    char *name;            /* of the package or host; "" for the other kinds */
    char *version;         /* of the package; NULL: not known */
    uint64_t bytes;        /* all of it */
    uint64_t shared_bytes; /* in chunks that another function has, too */
    struct ot_list why;    /* of a function: the shortest chain of imports that leads here, from
                              its entry; the first file is the entry, the last one is of the part */
};

struct ot_parts {
    struct ot_part *items; /* largest first */
    size_t count;
};

struct ot_analysed_function {
    char *name;
    uint64_t bytes;       /* of its own output */
    uint64_t total_bytes; /* with its chunks and files */
    struct ot_parts parts;
};

struct ot_analysed_chunk {
    char *path;
    uint64_t bytes;
    struct ot_list functions; /* that need it, sorted */
    struct ot_parts parts;
};

/* A package that is there in several versions. */
struct ot_duplicate {
    char *name;
    struct ot_list versions; /* sorted bytewise */
};

struct ot_analysis {
    struct ot_analysed_function *functions; /* largest total first, then by name */
    size_t function_count;
    struct ot_analysed_chunk *chunks; /* largest first, then by path */
    size_t chunk_count;
    struct ot_duplicate *duplicates; /* by name */
    size_t duplicate_count;
};

/* `folder`: the functions folder, absolute; packages' versions are read from it. */
struct ot_analysis *ot_analyse(const struct ot_bundle *bundle, const struct ot_sources *sources,
                               const char *folder);
void ot_analysis_free(struct ot_analysis *analysis);
