/* What plugin.c, plugin_resolve.c and plugin_load.c share; nobody else includes it. */
#pragma once

#include "build/plugin.h"
#include "build/resolves.h"
#include "build/specifiers.h"

#define OT_PLUGIN_NAME "onetube"
#define OT_SHIM_NAMESPACE "onetube-shim"
#define OT_NODE_NAMESPACE "onetube-node"
#define OT_EMPTY_NAMESPACE "onetube-empty"
/* Instances of .wasm files whose exports are imported by name. */
#define OT_WASM_NAMESPACE "onetube-wasm"

/* A module that imports a file of a package; see plugin_esm.c. */
#define OT_MODULE_NAMESPACE "onetube-module"
/* Modules from the web; the path is the URL. */
#define OT_HTTPS_NAMESPACE "onetube-https"
/* What is not there yet, while it is found out what is needed (collection.h). */
#define OT_LATER_NAMESPACE "onetube-later"

/* The numbers by which esbuild names our callbacks. */
enum { OT_RESOLVE_SPECIFIER, OT_RESOLVE_IN_SHIM, OT_RESOLVE_IN_WEB, OT_LOAD, OT_LOAD_SOURCE };

/* Comes back with what esbuild asks because we asked it: such a question is not ours to answer. */
#define OT_OWN_QUESTION 1u

/*
 * A question to esbuild's own resolver, on whose answer the answer to esbuild's question depends.
 */
struct ot_pending {
    uint32_t ask;    /* ours */
    uint32_t answer; /* esbuild's */
    char *path;      /* the specifier as written */
    char *target;    /* what was asked for */
    char *folder;    /* of the importer */
    char *importer;  /* as the metafile names it */
    char *version;   /* the range that was asked for; may be NULL, as what follows */
    char *advice;
    bool any_file; /* of a package: whatever it exports */
    bool is_copy; /* asked only to see which copy of a package it is: esbuild says why there is none
                   */
};

/* -- plugin_answer.c -- */

void ot_plugin_answer_virtual(struct ot_esbuild *esbuild, uint32_t id, uint32_t callback,
                              const char *name_space, struct ot_span path);
void ot_plugin_answer_external(struct ot_esbuild *esbuild, uint32_t id, uint32_t callback,
                               const char *path);
void ot_plugin_answer_error(struct ot_esbuild *esbuild, uint32_t id, struct ot_span text);
/* "cannot resolve "x" (advice)" */
void ot_plugin_answer_unresolved(struct ot_esbuild *esbuild, uint32_t id, struct ot_span path,
                                 const char *advice);
/* "Go on as if we were not here." */
void ot_plugin_answer_nothing(struct ot_esbuild *esbuild, uint32_t id);
void ot_plugin_put_message(struct ot_buf *value, const char *key, struct ot_span text);
/* One message, up to its place, which the caller appends: null, or an object. */
void ot_plugin_put_text(struct ot_buf *value, struct ot_span text);
/* What to do when the specifier cannot be resolved; the caller frees it. NULL: nothing is known. */
char *ot_plugin_advice(const struct ot_plugin *plugin, const struct ot_specifier *specifier);
/* Notes that an answer depends on what is at `path` (entry), or found for `target`. */
void ot_plugin_looked(const struct ot_plugin *plugin, const char *folder, const char *target,
                      bool entry);
/* Whether there is something at the path; notes it. */
bool ot_plugin_is_there(const struct ot_plugin *plugin, const char *path);
/*
 * Asks esbuild's resolver for `target`, as the importer would, or as a file in the folder
 * `root` would (NULL: the importer).
 */
void ot_plugin_ask(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                   const struct ot_value *request, const char *target,
                   const struct ot_specifier *specifier, const char *root);

/* -- plugin_vendor.c: what the lock has, and what is collected for it -- */

/*
 * Answers if the specifier, a package, is locked, or refused while collecting. False: it is
 * resolved without a lock.
 */
bool ot_plugin_take_package(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                            const struct ot_value *request, const struct ot_specifier *specifier);
/* While collecting: notes the package, which is not installed, and answers. False: in a build. */
bool ot_plugin_collect_package(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                               const struct ot_value *request,
                               const struct ot_specifier *specifier);
/* The same two for a module from the web. */
bool ot_plugin_take_module(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                           const struct ot_value *request, struct ot_span url);
bool ot_plugin_collect_module(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                              struct ot_span url);
/*
 * The specifier that `path` stands for in a module from the web: a URL, or a package. The caller
 * frees it. NULL: none; an answer was given.
 */
char *ot_plugin_map_in_web(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                           const struct ot_value *request);
/* Appends a module's content; its loader, or NULL: `text` is an error. */
const char *ot_plugin_load_module(const struct ot_plugin *plugin, struct ot_span url,
                                  struct ot_buf *text);
/* Appends to the filter of specifiers: bare names that the lock knows. */
void ot_plugin_vendor_filter(const struct ot_plugin *plugin, struct ot_buf *out);
/*
 * The range that package.json gives for a bare name in a file; the caller frees it. NULL: none.
 */
char *ot_plugin_dependency(const struct ot_plugin *plugin, const char *importer,
                           struct ot_span name);

/* -- plugin_esm.c -- */

/*
 * Whether the file (absolute) needs a module in between, which is appended to `text`.
 */
bool ot_plugin_wrap_module(const struct ot_plugin *plugin, const char *path, struct ot_buf *text);

/* -- plugin_meta.c: what import.meta.resolve means in a source -- */

/*
 * A source that is loaded when esbuild's resolver, and so ours, has said what it asks for.
 */
struct ot_loading {
    uint32_t answer; /* esbuild's question */
    char *file;      /* absolute */
    struct ot_buf text;
    struct ot_resolves resolves;
    uint32_t *asks; /* ours, one for each of `resolves`; 0: it has its answer */
    size_t open;    /* of them without an answer */
};

/*
 * Asks what the text's import.meta.resolve means, and takes the text. False: it asks for nothing
 * that would have to be found.
 */
bool ot_plugin_resolve_source(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                              const char *file, struct ot_buf *text);
/* One of the answers is there; with the last one the source is loaded. False: it is to none. */
bool ot_plugin_source_resolved(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t ask,
                               const struct ot_value *response);
void ot_plugin_loading_free(struct ot_plugin *plugin);

/* -- plugin_resolve.c, plugin_resolved.c, plugin_load.c -- */

/*
 * The folder of the package that `target` is in, in a node_modules at or above `folder`; the caller
 * frees it. NULL: it is not installed.
 */
char *ot_plugin_find_installed(const struct ot_plugin *plugin, const char *folder,
                               const char *target);

void ot_plugin_resolve(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                       const struct ot_value *request);
/* esbuild's resolver has found what we asked for, or not. */
void ot_plugin_resolved(struct ot_plugin *plugin, struct ot_esbuild *esbuild,
                        const struct ot_pending *pending, const struct ot_value *response);
OT_MUST_USE int ot_plugin_load(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                               const struct ot_value *request, struct ot_error *err);

/* Answers with the source, changed where it has to be. `resolves` may be NULL. */
void ot_plugin_answer_source(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                             const char *file, struct ot_span text,
                             const struct ot_resolves *resolves);

/* Appends the filter (Go's syntax) of the source files that ot_plugin_load may change. */
void ot_plugin_source_filter(const struct ot_plugin *plugin, struct ot_buf *out);
