/*
 * Import maps (HTML, "import maps"; deno.json's "imports" and "scopes"): what a specifier stands
 * for, in the files that a map is for.
 */
#pragma once

#include "build/tree.h"

struct ot_import_entry {
    char *key;    /* as written; absolute where it begins with "./" or "../" */
    char *target; /* a specifier, or an absolute path; NULL: the map forbids the specifier */
    bool is_path; /* the key was relative: it is for relative specifiers */
};

struct ot_import_entries {
    struct ot_import_entry *items; /* in the order in which they win: longest key first */
    size_t count;
};

struct ot_import_scope {
    char *prefix; /* an absolute path; with a slash behind it: of a folder */
    struct ot_import_entries entries;
};

/* Start from `{0}`. */
struct ot_import_map {
    struct ot_import_entries imports;
    struct ot_import_scope *scopes; /* longest prefix first */
    size_t scope_count;
};

/*
 * Adds what a settings file says under "imports" and "scopes"; paths are relative to `folder`
 * (absolute). What is there already wins. An entry whose target is no text forbids its key; one
 * whose key ends in a slash and whose target does not is left out. As in Deno, an entry for an
 * `npm:` or `jsr:` package is also one for the package's sub-paths.
 */
void ot_import_map_add(struct ot_import_map *map, const struct ot_tree *tree, const char *folder);
/* Adds one entry. */
void ot_import_map_put(struct ot_import_map *map, const char *key, const char *target);
void ot_import_map_free(struct ot_import_map *map);

/*
 * What `specifier` stands for in the file `importer` (absolute): 1, and `*target` is it (the
 * caller frees it); 0: the map says nothing about it; -1: the map forbids it.
 */
int ot_import_map_find(const struct ot_import_map *map, struct ot_span specifier,
                       const char *importer, char **target);

/*
 * Appends regular expressions (Go's syntax), each with "|" in front, that match every specifier for
 * which a map may have an entry. Sets `*relative` if one may be for a relative path.
 */
void ot_import_map_filter(const struct ot_import_map *map, struct ot_buf *out, bool *relative);
