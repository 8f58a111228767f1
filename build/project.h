/*
 * What the files around the functions say about them: deno.json[c], import_map.json and the members
 * of a workspace, each for the files in and beneath its folder, and which source files need a
 * change before they are bundled.
 */
#pragma once

#include "build/copies.h"
#include "build/discover.h"
#include "build/import_map.h"

/* How JSX becomes calls: deno.json's "compilerOptions". Every text may be NULL: not said. */
struct ot_jsx {
    char *runtime; /* "jsx": "react", "react-jsx", "react-jsxdev", "precompile", "preserve" */
    char *import_source;
    char *factory, *fragment;
};

/* What is said in one folder. */
struct ot_settings {
    char *folder;                     /* absolute */
    const struct ot_settings *parent; /* what is said above it; NULL: nothing */
    struct ot_import_map map;
    struct ot_jsx jsx;
};

/* Start from `{0}`. */
struct ot_project {
    const char *folder; /* the functions folder, absolute, without links */
    const char *shown;  /* how messages name it */
    const struct ot_sources *sources;
    struct ot_settings **settings; /* of the folders that have any, in the order found */
    size_t settings_count;
    struct ot_list edited; /* source files of the functions folder that may need a change: absolute,
                              sorted */
    bool decorators;       /* a deno.json asks for TypeScript's own decorators */
    bool has_tsconfig;     /* a folder of the functions has a tsconfig.json: it decides */
    struct ot_list members;   /* folders of the workspaces around the functions */
    struct ot_list vendored;  /* folders named "vendor" in the functions folder or above it */
    struct ot_list installed; /* node_modules in the functions folder, above it, and in members */
    struct ot_copies copies;  /* of packages in those */
};

/*
 * Reads the settings of every folder beneath and above the functions folder, and of the members of
 * workspaces. The other arguments
 * must outlive the project. Errors: OT_FAILED, a settings file is wrong.
 */
OT_MUST_USE int ot_project_open(struct ot_project *project, const char *folder, const char *shown,
                                const struct ot_sources *sources, struct ot_error *err);
void ot_project_free(struct ot_project *project);

/* How JSX is to be read in the file; NULL: nothing is said. */
const struct ot_jsx *ot_project_jsx(const struct ot_project *project, const char *file);

/*
 * What the import maps make of `specifier` in the file `importer` (absolute): those of the nearest
 * folder first, then those above it; for a file that several functions share also those of the
 * functions, as far as they agree. 1: `*target` is it (the caller frees it); 0: they say nothing;
 * -1: they forbid it, or disagree, and `*target` says what to do.
 */
int ot_project_map(const struct ot_project *project, struct ot_span specifier, const char *importer,
                   char **target);

/* Appends to a filter of specifiers (see ot_import_map_filter). */
void ot_project_filter(const struct ot_project *project, struct ot_buf *out);

/*
 * Where a source file is in the bundle's virtual file system, relative to /bundle/files: its path
 * from the functions folder, or "_outside/<steps up>/<path>" where it is not beneath it, or
 * "_package/<name>/<version>/<path>" of a package. The caller frees it.
 */
char *ot_project_virtual_path(const struct ot_project *project, const char *file);

/*
 * The file, relative to the functions folder, whose virtual path this is; the caller frees it.
 * NULL: it is that of none.
 */
char *ot_project_file_at(const char *virtual_path);
