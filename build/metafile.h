/*
 * esbuild's metafile: which sources went in, which files came out, and who imports whom.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

#define OT_METAFILE_MAX (256u << 20) /* bytes */

struct ot_metafile_import {
    char *path;     /* an input's, an output's, or an external specifier */
    char *original; /* of an input's import: the specifier as written; NULL: the path is it */
    bool external;  /* not part of the bundle */
    bool at_start;  /* an import statement: the engine must have it when it starts */
    bool dynamic;   /* import(): with splitting, what it names begins a chunk */
};

/* An input's part of an output. */
struct ot_metafile_part {
    char *path;
    uint64_t bytes; /* in the output, as esbuild wrote it */
};

/*
 * An input or an output. Paths of outputs are relative to the dist, of inputs as
 * esbuild shows them.
 */
struct ot_metafile_node {
    char *path;
    uint64_t bytes;
    struct ot_metafile_import *imports;
    size_t import_count;
    struct ot_metafile_part *parts; /* of an output */
    size_t part_count;
};

struct ot_metafile_nodes {
    struct ot_metafile_node *items; /* sorted by path bytewise once ot_metafile_finish was called */
    size_t count;
};

/* Start from `{0}`. */
struct ot_metafile {
    struct ot_metafile_nodes inputs;
    struct ot_metafile_nodes outputs;
};

#define OT_AUTOMETAFILE OT_CLEANUP(ot_metafile_free)

/*
 * Adds what a metafile says, for one build may take several runs. `out_prefix` ("dist/") is taken
 * off the outputs' paths, and a path without it is an error. Errors: OT_TOOL.
 */
OT_MUST_USE int ot_metafile_add(struct ot_metafile *metafile, struct ot_span json,
                                const char *out_prefix, struct ot_error *err);
/* Whether an input has no place in the file system: it is a module of onetube's plugin. */
bool ot_metafile_is_virtual(const char *path);
/* Call once, after the last ot_metafile_add: sorts, and keeps one of each path. */
void ot_metafile_finish(struct ot_metafile *metafile);
void ot_metafile_free(struct ot_metafile *metafile);
/* One that shares nothing with it; free it, too. */
struct ot_metafile ot_metafile_copy(const struct ot_metafile *metafile);

/* By path, or NULL. */
const struct ot_metafile_node *ot_metafile_input(const struct ot_metafile *metafile,
                                                 const char *path);
const struct ot_metafile_node *ot_metafile_output(const struct ot_metafile *metafile,
                                                  const char *path);

/* The outputs that `path` can reach by any import, without itself; appended to `out`, sorted. */
void ot_metafile_reachable(const struct ot_metafile *metafile, const char *path,
                           struct ot_list *out);

/* The inputs that `path` can reach, without itself; sorted. */
void ot_metafile_inputs(const struct ot_metafile *metafile, const char *path, struct ot_list *out);

/*
 * The inputs that `path` can reach, without itself, through files of the project that are outside
 * of every node_modules; sorted.
 */
void ot_metafile_local(const struct ot_metafile *metafile, const char *path, struct ot_list *out);

/*
 * An import that was left in an output and that the engine cannot load: neither `node:`,
 * `cloudflare:` nor `workerd:`. True and the first of them, with an input that imports it (NULL:
 * unknown).
 */
bool ot_metafile_stray(const struct ot_metafile *metafile, const char **specifier,
                       const char **importer);
