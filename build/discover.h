/* Which functions a folder holds: one sub-folder each, with an entry file. */
#pragma once

#include "build/config.h"

struct ot_function_source {
    char *name;  /* passes ot_is_name */
    char *entry; /* relative to the functions folder: "hello/index.ts" */
    char *import_map; /* absolute path, from supabase/config.toml; NULL: none */
    struct ot_config config;
};

struct ot_sources {
    struct ot_function_source *items; /* sorted by name bytewise */
    size_t count;
};

/*
 * Lists `functions`: every sub-folder (a link to a folder counts) whose name does not begin with
 * `_` or `.` and does not end in `_shared`, is not `node_modules`, and that has an entry index.ts,
 * index.tsx, index.mts, index.js, index.jsx or index.mjs, with its 1tube.json read.
 *
 * Errors: a missing folder, no function at all, two entries in one, an entry that is no file, a
 * name that is not valid, two names that differ only in case, a 1tube.json that is wrong or stands
 * in a folder without an entry (OT_FAILED); a name in `only` that does not exist (OT_USAGE).
 * Folders that `only` (NULL or empty: all) does not name are not looked into. Messages name the
 * folder as `functions` does. On failure `out` is empty.
 */
OT_MUST_USE int ot_discover(const char *functions, const struct ot_list *only,
                            struct ot_sources *out, struct ot_error *err);
void ot_sources_free(struct ot_sources *sources);
