/* What supabase/config.toml says about functions: the tables [functions.<name>]. */
#pragma once

#include "build/discover.h"
#include "build/tree.h"

struct ot_supabase {
    struct ot_tree tree; /* null: there is no such file */
    char *folder;        /* absolute: its paths are relative to it */
    char *shown;         /* the file, for messages */
};

/*
 * Reads config.toml in the functions folder (`real`, absolute; `shown` for messages) or in the one
 * above it. None is no error. Errors: OT_FAILED.
 */
OT_MUST_USE int ot_supabase_read(struct ot_supabase *supabase, const char *real, const char *shown,
                                 struct ot_error *err);
void ot_supabase_free(struct ot_supabase *supabase);

/* The functions that it names, in its order. */
void ot_supabase_names(const struct ot_supabase *supabase, struct ot_list *names);
bool ot_supabase_enabled(const struct ot_supabase *supabase, const char *name);
/* "entrypoint", relative to the functions folder; NULL: none. The caller frees it. */
char *ot_supabase_entry(const struct ot_supabase *supabase, const char *real, const char *name);

/*
 * Adds "verify_jwt" (unless 1tube.json says who may call), "import_map" and "static_files". Errors:
 * OT_FAILED, a value of another type; an entry that does not exist.
 */
OT_MUST_USE int ot_supabase_apply(const struct ot_supabase *supabase, const char *real,
                                  struct ot_function_source *source, struct ot_error *err);

/*
 * Adds to `warnings` what is probably a slip, with its place: a table of a function that is not
 * among `sources` (all of the folder), a key that looks like one that is known.
 */
void ot_supabase_check(const struct ot_supabase *supabase, const struct ot_sources *sources,
                       struct ot_list *warnings);

/* Adds a pattern, relative to `folder` (absolute, as `real`), with its place in the file `shown`.
 */
void ot_static_files_add(struct ot_function_source *source, const char *real, const char *folder,
                         const char *shown, const struct ot_tree *pattern);
