/*
 * What an expression of a source gives, as far as that is known before it runs: paths that are put
 * together from literals, constants and the place of the source. Nothing is executed.
 */
#pragma once

#include "build/resolves.h"

/* Where the files of the bundle's virtual file system are at run time. */
#define OT_FILES_FOLDER "/bundle/files"

/* Stands in a value for a part that is only known at run time. */
#define OT_UNKNOWN '*'

struct ot_definition {
    uint32_t name, value; /* indexes of tokens */
    bool ambiguous;       /* the name is declared more than once: it may be another one */
};

/* One source. Start from `{0}`, with the first three set. */
struct ot_constants {
    const struct ot_tokens *tokens;
    const char *file; /* where the source is at run time, absolute: what __filename gives */
    const struct ot_resolves *resolves; /* what it asks import.meta.resolve for; may be NULL */
    struct ot_definition *definitions;  /* own; sorted by name */
    uint32_t definition_count;
    size_t steps; /* taken so far: no source makes more work than its length allows */
    unsigned depth;
};

/* Finds what `const` declares. */
void ot_constants_open(struct ot_constants *constants);
void ot_constants_free(struct ot_constants *constants);
/* NULL: there is none of this name, or more than one. */
const struct ot_definition *ot_constants_find(const struct ot_constants *constants,
                                              struct ot_span name);

/*
 * Appends the value of the expression that begins at the token `start` and ends before a comma, a
 * closing bracket, a semicolon or with its line. Known are: string literals and templates, `+`,
 * `??` and `||`, names that the source declares with `const`, import.meta.url, .dirname and
 * .filename, import.meta.resolve(), __dirname and __filename, new URL(), node:path's and
 * @std/path's join, resolve, dirname, fromFileUrl, fileURLToPath and toFileUrl, and the working
 * folder, which is ".". A URL of a file is its text. Nothing known: OT_UNKNOWN alone.
 */
void ot_constant(struct ot_constants *constants, uint32_t start, struct ot_buf *out);

/* The token behind such an expression. */
uint32_t ot_expression_end(const struct ot_tokens *tokens, uint32_t start);
