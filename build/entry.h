/* The entry file of a function's folder. */
#pragma once

#include "build/discover.h"
#include "build/tree.h"

#define OT_ENTRY_NAMES "index.ts, index.tsx, index.mts, index.js, index.jsx or index.mjs"

/*
 * Finds the entry of the folder `path` and puts its path from there into `*entry` (the caller
 * frees it), or NULL if there is none. `label` names the folder in messages. Errors: OT_FAILED, two
 * entries, or one that is no regular file.
 */
OT_MUST_USE int ot_entry_find(const char *label, const char *path, char **entry,
                              struct ot_error *err);

/* Reads the folder's wrangler.toml, wrangler.json or wrangler.jsonc; as ot_tree_read. `*shown`
 * (freed by the caller) is how messages name it. */
OT_MUST_USE int ot_wrangler_read(const char *label, const char *path, struct ot_tree *tree,
                                 char **shown, struct ot_error *err);

/*
 * Takes what a wrangler file says into a function and the sources: name (where `source` has none
 * yet), vars, rules, compatibility date and flags. Errors: OT_FAILED, what cannot be had here.
 */
OT_MUST_USE int ot_wrangler_apply(const struct ot_tree *tree, const char *shown,
                                  struct ot_function_source *source, struct ot_sources *sources,
                                  struct ot_error *err);
