/* npm's package-lock.json (lockfileVersion 3), as far as it matters here. */
#pragma once

#include "base/buf.h"

struct ot_npm_package {
    char *path;      /* where it is installed: "node_modules/a/node_modules/b" */
    char *name;      /* its own */
    char *version;   /* may be NULL, as what follows */
    char *integrity; /* "sha512-..." */
    bool platform;   /* only for some operating systems or processors */
};

/* Start from `{0}`. */
struct ot_npm_lock {
    struct ot_npm_package *packages; /* in npm's order */
    size_t count;
    char *root; /* JSON: the package that has all others as its dependencies; NULL: none */
};

#define OT_AUTONPMLOCK OT_CLEANUP(ot_npm_lock_free)
void ot_npm_lock_free(struct ot_npm_lock *lock);

/*
 * Reads the text. A package whose path is not one of folders in node_modules, as npm's are, is an
 * error. Errors: OT_FAILED, "<shown>:<line>:<column>: ...".
 */
OT_MUST_USE int ot_npm_lock_parse(struct ot_npm_lock *lock, struct ot_span text, const char *shown,
                                  struct ot_error *err);

/* The package that is installed there, or NULL. */
const struct ot_npm_package *ot_npm_lock_at(const struct ot_npm_lock *lock, const char *path);

/* "node_modules/x", "node_modules/@s/x/node_modules/y": nothing that leads elsewhere. */
bool ot_npm_is_path(struct ot_span path);
