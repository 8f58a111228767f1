/* Which files a source reads, as far as its text tells: Deno's, node:fs's and fetch's calls. */
#pragma once

#include "build/constant.h"

enum ot_read_flags {
    OT_READ_REQUIRED = 1, /* literally, there and then, outside of every `try`: it must be there */
    OT_READ_CALL = 2,     /* a call that reads it; else the source only names it */
    OT_READ_FROM_CWD = 4, /* `path` is relative to the working folder */
    OT_READ_FOLDER = 8,   /* the names in a folder are read */
    OT_READ_GUARDED = 16, /* in a `try`: that it is missing is foreseen */
};

struct ot_read {
    char *path; /* relative to /bundle/files ("../x": not beneath it), or to the working folder;
                   with OT_UNKNOWN for any part */
    unsigned line, column; /* of the expression, from 1 */
    unsigned flags;        /* of enum ot_read_flags */
};

/* Start from `{0}`. */
struct ot_reads {
    struct ot_read *items;
    size_t count;
};

/*
 * Appends what the source at `virtual_path` (relative to /bundle/files) reads; nothing that it
 * names by an absolute path of its own. `resolves` may be NULL.
 */
void ot_reads_find(const struct ot_tokens *tokens, const char *virtual_path,
                   const struct ot_resolves *resolves, struct ot_reads *out);
void ot_reads_free(struct ot_reads *reads);
