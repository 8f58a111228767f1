/* What vendor.c, vendor_https.c, vendor_npm.c, vendor_run.c and vendor_install.c share; nobody else
 * includes it.
 */
#pragma once

#include "build/vendor.h"

#include "base/file.h"
#include "build/collection.h"
#include "build/deno_lock.h"
#include "build/npm_groups.h"

struct ot_vendoring {
    const struct ot_vendor_options *options;
    struct ot_vendor_report *report;
    char *shown;  /* the functions folder, as messages name it */
    char *folder; /* its absolute path, without links */
    struct ot_vendored old;
    struct ot_vendored next; /* its folder is `temp` */
    struct ot_temp_dir temp; /* becomes the vendor folder */
    struct ot_collection collection;
    struct ot_deno_lock deno;
    char *npm;              /* the program; NULL: not looked for yet */
    const char *jsr_option; /* for npm; NULL: not needed */
};

void ot_vendor_step(const struct ot_vendoring *vendoring, const char *step);
/* Whether this package's name or URL is to be looked up again. */
bool ot_vendor_updates(const struct ot_vendoring *vendoring, const char *name);
/* Nobody gets this specifier; its importers are told why. */
void ot_vendor_refuse(struct ot_vendoring *vendoring, const char *what, const char *format, ...)
    OT_PRINTF(3, 4);

/*
 * Gets the collected modules into the next lock and folder: from the old folder, or from the web.
 * What cannot be had is refused. Errors: OT_FAILED, OT_TOOL.
 */
OT_MUST_USE int ot_vendor_modules(struct ot_vendoring *vendoring, struct ot_error *err);

/*
 * Resolves the collected packages: groups, specifiers and npm's locks of the next lock. `*same`:
 * they are those of the old one, with their digests. What npm does not find is refused.
 */
OT_MUST_USE int ot_vendor_packages(struct ot_vendoring *vendoring, bool *same,
                                   struct ot_error *err);

/*
 * Runs npm with these arguments (ended by NULL) in a folder. Its last words are in the error
 * (OT_FAILED), and all of them in `words`. OT_TOOL: there is no npm.
 */
OT_MUST_USE int ot_vendor_run_npm(struct ot_vendoring *vendoring, const char *folder,
                                  const char *const *arguments, struct ot_buf *words,
                                  struct ot_error *err);
/* Makes a folder beneath the temporary one with package.json, and package-lock.json unless NULL. */
OT_MUST_USE int ot_vendor_put_project(struct ot_vendoring *vendoring, const char *path,
                                      struct ot_span package, const char *package_lock,
                                      struct ot_error *err);

/* Installs all groups of the next lock, and indexes their packages. Errors: as above. */
OT_MUST_USE int ot_vendor_install(struct ot_vendoring *vendoring, struct ot_error *err);
