/* Which functions a folder holds, in every layout that projects have. */
#pragma once

#include "build/config.h"

/* Static files that a function declares. */
struct ot_static_files {
    char *pattern; /* see ot_walk_match; relative to the functions folder, perhaps with "../" */
    char *place;   /* where it is declared, for messages: "functions/pay/1tube.json:3:5" */
};

struct ot_function_source {
    char *name;          /* passes ot_is_name */
    char *entry;         /* relative to the functions folder: "hello/index.ts", "../lib/main.ts" */
    char *import_map;    /* absolute path, from supabase/config.toml; NULL: none */
    char *vars;          /* of a wrangler project, as a JavaScript object; NULL: none */
    char *assets;        /* how a wrangler project's assets are served, as members of a JavaScript
                            object; NULL: it has none */
    char *assets_folder; /* absolute */
    bool is_worker;      /* of a wrangler project: it answers at "/", not at "/<name>" */
    struct ot_static_files *files;
    size_t file_count;
    struct ot_config config; /* public_given also where supabase/config.toml says verify_jwt */
};

/* What wrangler projects say for the payload as a whole. */
struct ot_sources {
    struct ot_function_source *items; /* sorted by name bytewise */
    size_t count;
    char *compat_date; /* the latest one; NULL: none */
    struct ot_list compat_flags;
    struct ot_list loaders;  /* esbuild's flags for text, data and wasm rules, sorted */
    struct ot_list vars;     /* names, sorted */
    struct ot_list warnings; /* of settings files, with their places */
};

/*
 * The folder of functions that `given` leads to: the folder itself, or what it holds as
 * supabase/functions or functions, if it is a project's root or a supabase folder. The caller
 * frees it. NULL and OT_FAILED: there is no such folder.
 */
OT_MUST_USE char *ot_functions_folder(const char *given, struct ot_error *err);

/*
 * Lists the functions of the folder `functions`:
 * - every sub-folder (a link to a folder counts) whose name does not begin with `_` or `.` and does
 *   not end in `_shared`, is not `node_modules`, and that has an entry: index.ts, .tsx, .mts, .js,
 *   .jsx or .mjs, or the file that its deno.json[c] ("exports"), package.json ("exports", "module",
 *   "main") or wrangler file ("main") names;
 * - every file directly in it that registers a handler for itself, or that may do so (as by its
 *   default export) and that no other file in or beneath the folder imports: hello.ts;
 * - what supabase/config.toml, beside it, names with an "entrypoint";
 * - a folder with a wrangler file of its own is one function.
 * 1tube.json is read from the function's folder, "verify_jwt", "import_map", "static_files" and
 * "enabled" from config.toml.
 *
 * Errors: a missing folder, no function at all, two entries in one, an entry that is no file, a
 * name that is not valid, two names that differ only in case, a settings file that is wrong, a
 * 1tube.json in a folder without an entry, functions of one cell that differ about it (OT_FAILED);
 * a name in `only` that does not exist (OT_USAGE). Folders that `only` (NULL or empty: all) does
 * not name are not looked into. Messages name the folder as `functions` does. On failure `out` is
 * empty.
 */
OT_MUST_USE int ot_discover(const char *functions, const struct ot_list *only,
                            struct ot_sources *out, struct ot_error *err);
void ot_sources_free(struct ot_sources *sources);
