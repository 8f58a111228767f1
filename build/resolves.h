/*
 * What a source asks `import.meta.resolve` for by literal names of modules, and what each of them
 * means. Relative paths and URLs are not among them: those mean the same wherever they are.
 */
#pragma once

#include "build/lex.h"

/* Of the last four, which may be NULL, whoever resolves it sets what applies. */
struct ot_resolve {
    char *specifier;
    unsigned line, column; /* where it stands, from 1; columns in bytes */
    bool guarded;          /* only in a `try`: that it means nothing is foreseen */
    char *file;            /* that it means; absolute */
    char *virtual_path;    /* of that file, relative to /bundle/files */
    char *url;             /* that it means, where it means no file: "node:fs" */
    char *error;           /* why it means nothing, and what to do */
};

/* Start from `{0}`. */
struct ot_resolves {
    struct ot_resolve *items;
    size_t count;
};

/* Appends each specifier once, as npm:, jsr: and import maps' names and bare ones are. */
void ot_resolves_find(const struct ot_tokens *tokens, struct ot_resolves *out);
/* NULL: it is not among them; `resolves` may be NULL. */
const struct ot_resolve *ot_resolves_get(const struct ot_resolves *resolves,
                                         struct ot_span specifier);
void ot_resolves_free(struct ot_resolves *resolves);
