/*
 * What the sources show about a function's handler before anything runs: whether it is public, and
 * whether there are none or two.
 */
#pragma once

#include "build/build.h"
#include "build/discover.h"
#include "build/metafile.h"
#include "build/plugin.h"
#include "build/scan.h"

/* The folder of functions: where it is, and how messages name it. */
struct ot_folder {
    const char *path;
    const char *shown;
};

/*
 * Reads a function's entry and fills in `entry`: name, file, and whether it is public (1tube.json
 * says so; or it says nothing and the handler is registered with `public: true`). A Worker does not
 * see its name in paths, unless 1tube.json says otherwise. Two handlers
 * become an error in the report. Errors: OT_FAILED, the file cannot be read.
 */
OT_MUST_USE int ot_handlers_scan(const struct ot_folder *folder,
                                 const struct ot_function_source *source,
                                 struct ot_bundle_entry *entry, struct ot_build_report *report,
                                 struct ot_error *err);

/*
 * Says whether the function is written for a process that lives on (Deno.serve, serve(), a
 * listener, a Node.js server: `is_isolate`) or for single requests (a default export). Also puts an
 * error into the report if no file of the function's own could register a handler: none
 * mentions one, and none imports a package that might. Errors: OT_FAILED, a file cannot be read.
 */
OT_MUST_USE int ot_handlers_check(const struct ot_folder *folder,
                                  const struct ot_metafile *metafile, struct ot_bundle_entry *entry,
                                  struct ot_build_report *report, struct ot_error *err);

/*
 * Takes from `files`, names of source files in the folder `path` (absolute), those that another
 * source file in or beneath it imports by a relative path. Errors: OT_FAILED.
 */
OT_MUST_USE int ot_handlers_drop_imported(const char *path, struct ot_list *files,
                                          struct ot_error *err);
