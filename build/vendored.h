/*
 * The vendor folder, <functions>/.onetube/vendor/, which `onetube vendor` makes from the lock:
 *
 *   https/<SHA-256>   the modules from the web
 *   npm/<number>/     a group of packages: package.json, package-lock.json, node_modules/
 *   index/<SHA-256>   the files of a package (package_files.h)
 *
 * Nothing in it is believed: what a build uses of it is checked against the lock.
 */
#pragma once

#include "build/build.h"
#include "build/lock.h"
#include "build/metafile.h"

#define OT_VENDOR_FOLDER ".onetube/vendor"

/* Start from `{0}`. */
struct ot_vendored {
    struct ot_lock lock; /* empty when there is none */
    bool has_lock;
    char *root;        /* the vendor folder, absolute; it may be missing */
    const char *shown; /* how messages name the functions folder */
};

/*
 * Reads the lock of the functions folder (absolute), which messages call `shown`; that text must
 * outlive it. Errors: OT_FAILED, the lock is not valid.
 */
OT_MUST_USE int ot_vendored_open(struct ot_vendored *vendored, const char *folder,
                                 const char *shown, struct ot_error *err);
void ot_vendored_free(struct ot_vendored *vendored);

/*
 * What is installed for the specifier `key` ("npm:zod@^3") in the files of a function (or
 * OT_LOCK_SHARED). NULL: the lock does not have it. `*folder` is then the folder whose
 * node_modules holds it, which the caller frees.
 */
const char *ot_vendored_package(const struct ot_vendored *vendored, const char *function,
                                const char *key, char **folder);

/*
 * Appends a module's bytes. Errors: OT_FAILED, it is missing, or is not what the lock says; the
 * message says what to do.
 */
OT_MUST_USE int ot_vendored_load(const struct ot_vendored *vendored,
                                 const struct ot_lock_module *module, struct ot_buf *out,
                                 struct ot_error *err);

/*
 * Checks every file of a package that a build used, as its metafile says, and `files` (paths from
 * the functions folder), and that every locked package is there. What is wrong goes into the
 * report. Errors: OT_FAILED.
 */
OT_MUST_USE int ot_vendored_check(const struct ot_vendored *vendored,
                                  const struct ot_metafile *metafile, const struct ot_list *files,
                                  struct ot_build_report *report, struct ot_error *err);

/* Whether the whole folder is what the lock says: every module and every file of every package. */
bool ot_vendored_is_whole(const struct ot_vendored *vendored);
