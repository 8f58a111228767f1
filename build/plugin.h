/*
 * Our half of a build's conversation: esbuild asks what a specifier means and what a virtual module
 * contains. Virtual modules are the entries (one for each function), the shim, Node's built-in
 * modules and the empty module.
 */
#pragma once

#include "build/esbuild.h"

/* Where a function's bundle begins. */
struct ot_bundle_entry {
    const char *name;
    const char *file; /* relative to the functions folder */
    enum { OT_PUBLIC_UNSET, OT_PUBLIC_NO, OT_PUBLIC_YES } is_public;
    bool top_level_await; /* set by ot_bundle: the module's evaluation has to be awaited */
};

/* A name for the entry that ot_plugin_peer understands, "onetube:entry/<name>". */
#define OT_ENTRY_PREFIX "onetube:entry/"
/* How esbuild names an entry in messages and in the metafile: this and the function's name. */
#define OT_ENTRY_NAMESPACE "onetube"

struct ot_plugin {
    const struct ot_bundle_entry *entries;
    size_t entry_count;
    const char *folder;         /* absolute path of the functions folder */
    uint32_t key;               /* of the build */
    struct ot_pending *pending; /* our own questions that have no answer yet */
    size_t pending_count;
};

/* Writes the value of a build request's "plugins". */
void ot_plugin_describe(struct ot_buf *out);
struct ot_esbuild_peer ot_plugin_peer(struct ot_plugin *plugin);
void ot_plugin_free(struct ot_plugin *plugin);
