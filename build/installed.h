/*
 * What is known of an installed package: what its package.json says of it, and the integrity that a
 * lock has for it, which is a digest of the package as it was published.
 */
#pragma once

#include "build/npm_lock.h"
#include "build/vendored.h"

struct ot_installed {
    char *name;            /* as package.json has it, else as it is installed */
    char *version;         /* NULL: not known */
    char *license;         /* NULL: it does not say */
    const char *algorithm; /* "SHA-512"; NULL: no lock has it */
    char *digest;          /* lower-case hexadecimal */
};

void ot_installed_free(struct ot_installed *package);

/* The locks that were read on the way. Start from `{.vendored = ..., .folder = ...}`. */
struct ot_installed_locks {
    const struct ot_vendored *vendored;
    const char *folder; /* the functions folder, absolute */
    struct ot_installed_lock {
        char *root; /* the folder whose node_modules it is about, relative to `folder` */
        struct ot_npm_lock lock;
    } * items;
    size_t count;
};

void ot_installed_locks_free(struct ot_installed_locks *locks);

/*
 * Describes the package in the folder `path` (relative to the functions folder:
 * "../node_modules/zod"), which it is in the innermost node_modules of. The lock is
 * onetube.lock.json for what `onetube vendor` installed; elsewhere the package-lock.json, or else
 * the npm-shrinkwrap.json, beside the outermost node_modules. One that has the package with another
 * version, or that is not npm's, says nothing.
 */
void ot_installed_describe(struct ot_installed_locks *locks, const char *path,
                           struct ot_installed *out);
