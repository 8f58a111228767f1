/* What plugin.c, plugin_resolve.c and plugin_load.c share; nobody else includes it. */
#pragma once

#include "build/plugin.h"

#define OT_PLUGIN_NAME "onetube"
#define OT_SHIM_NAMESPACE "onetube-shim"
#define OT_NODE_NAMESPACE "onetube-node"
#define OT_EMPTY_NAMESPACE "onetube-empty"
/* Instances of .wasm files whose exports are imported by name. */
#define OT_WASM_NAMESPACE "onetube-wasm"
/* A module that might wait; see write_entry. */
#define OT_WAIT_SPECIFIER "onetube:wait"
#define OT_WAIT_NAMESPACE "onetube-wait"

/* The numbers by which esbuild names our callbacks. */
enum { OT_RESOLVE_SPECIFIER, OT_RESOLVE_IN_SHIM, OT_LOAD, OT_LOAD_SOURCE };

/*
 * A question to esbuild's own resolver, on whose answer the answer to esbuild's question depends.
 */
struct ot_pending {
    uint32_t ask;    /* ours */
    uint32_t answer; /* esbuild's */
    char *path;      /* the specifier as written */
    char *target;    /* what was asked for */
    char *folder;    /* of the importer */
    char *version;   /* the range that was asked for; may be NULL, as what follows */
    char *advice;
};

void ot_plugin_resolve(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                       const struct ot_value *request);
/* esbuild's resolver has found what we asked for, or not. */
void ot_plugin_resolved(struct ot_plugin *plugin, struct ot_esbuild *esbuild,
                        const struct ot_pending *pending, const struct ot_value *response);
OT_MUST_USE int ot_plugin_load(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                               const struct ot_value *request, struct ot_error *err);

/* Appends the filter (Go's syntax) of the source files that ot_plugin_load may change. */
void ot_plugin_source_filter(const struct ot_plugin *plugin, struct ot_buf *out);

/* "Go on as if we were not here." */
void ot_plugin_answer_nothing(struct ot_esbuild *esbuild, uint32_t id);
