/*
 * Our half of a build's conversation: esbuild asks what a specifier means and what a module
 * contains. Virtual modules are the entries (one for each function), the shim, Node's built-in
 * modules and the empty module; a few of the user's own sources are changed on their way (edit.h).
 */
#pragma once

#include "build/build.h"
#include "build/collection.h"
#include "build/esbuild.h"
#include "build/facts_collect.h"
#include "build/project.h"
#include "build/reads.h"
#include "build/vendored.h"

/* Where a function's bundle begins. */
struct ot_bundle_entry {
    const char *name;
    const char *file; /* relative to the functions folder */
    enum { OT_PUBLIC_UNSET, OT_PUBLIC_NO, OT_PUBLIC_YES } is_public;
    const char *vars;   /* of a wrangler project, as a JavaScript object; NULL: none */
    const char *assets; /* of a wrangler project, as members of a JavaScript object; NULL: none */
    const char *assets_folder; /* absolute */
    bool strip_name;           /* requests reach it without its name in their path */
    int style;             /* of the handlers in the file itself: 1 of a process that lives on, 0 of
                              single requests, -1 it has none */
    bool may_have_handler; /* the file itself, or a package that it imports */
    bool is_isolate;       /* set by ot_handlers_check: it is written for a process that lives on */
    bool top_level_await;  /* set by ot_bundle: the module's evaluation has to be awaited */
    bool cached;           /* set by ot_bundle_cached: what it became was there already */
};

/* A name for the entry that ot_plugin_peer understands, "onetube:entry/<name>". */
#define OT_ENTRY_PREFIX "onetube:entry/"
/* How esbuild names an entry in messages and in the metafile: this and the function's name. */
#define OT_ENTRY_NAMESPACE "onetube"

/* A file that a source reads, and which source that is. */
struct ot_source_use {
    char *source;  /* relative to the functions folder, as what follows */
    char *package; /* a file of the package that it reads a file of; NULL: its own, or none */
    struct ot_read read;
};

/* Start from `{0}` and fill in what the comments do not exclude. */
struct ot_plugin {
    const struct ot_bundle_entry *entries;
    size_t entry_count;
    const struct ot_project *project;
    const struct ot_vendored *vendored;
    struct ot_collection *collection; /* NULL: this is a build */
    uint32_t key;                     /* of the build */
    struct ot_pending *pending;       /* own: our questions that have no answer yet */
    size_t pending_count;
    struct ot_loading *loading; /* own: sources that wait for what import.meta.resolve means */
    size_t loading_count;
    struct ot_source_use *uses; /* own: found so far, in no order; some may be there twice */
    size_t use_count;
    struct ot_list instances;   /* own: "<source>\n<specifier>" of .wasm files, see edit.h */
    struct ot_list notes;       /* own: "<importer>\n<what was taken instead of what it wrote>" */
    struct ot_lookups *lookups; /* where we looked; may be NULL */
    struct ot_list located; /* own: files of packages that have to know where they are, absolute */
    struct ot_copies_used copies; /* own */
    bool shadowed;                /* a source has the runtime's path: entries ask for it by name */
    bool redirected;              /* one copy of a package stands for another */
    char *importer; /* own: whose specifier is being resolved, as the metafile names it; or NULL */
};

/* Writes the value of a build request's "plugins". */
void ot_plugin_describe(const struct ot_plugin *plugin, struct ot_buf *out);
struct ot_esbuild_peer ot_plugin_peer(struct ot_plugin *plugin);
void ot_plugin_free(struct ot_plugin *plugin);
