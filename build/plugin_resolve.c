#include "build/plugin_parts.h"

#include "build/path.h"
#include "build/runtime.h"
#include "build/semver.h"
#include "build/shim.h"
#include "build/specifiers.h"
#include "build/tree.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *ot_plugin_find_installed(const struct ot_plugin *plugin, const char *folder,
                               const char *target)
{
    OT_AUTOFREE char *above = ot_strdup(folder);
    struct ot_span name;

    if (!ot_specifier_package(ot_span_of(target), &name))
        return NULL;
    for (char *end = above + strlen(above); end != NULL; end = strrchr(above, '/')) {
        OT_AUTOFREE char *path = NULL;

        *end = '\0';
        path = ot_asprintf("%s/node_modules/%.*s", above, (int)name.len, name.data);
        if (ot_plugin_is_there(plugin, path))
            return OT_STEAL(path);
    }
    return NULL;
}

/* -- kinds of specifiers ----------------------------------------------------------------------- */

/*
 * A built-in module becomes a module of ours that fetches it when it is evaluated, in the
 * function's first request: an engine that lacks it then fails one function with a message, where a
 * static import of it would keep the engine from starting; and `require` gets the module itself,
 * not a namespace.
 */
static void resolve_builtin(struct ot_esbuild *esbuild, uint32_t id, const struct ot_value *request,
                            const char *target)
{
    struct ot_span kind = ot_value_text(ot_value_get(request, "kind"));
    bool in_shim = ot_span_is(ot_value_text(ot_value_get(request, "namespace")), OT_SHIM_NAMESPACE);

    /* import() of a CommonJS module would lose the names */
    if (in_shim || ot_span_is(kind, "dynamic-import") || ot_span_is(kind, "require-resolve"))
        ot_plugin_answer_external(esbuild, id, OT_RESOLVE_SPECIFIER, target);
    else
        ot_plugin_answer_virtual(esbuild, id, OT_RESOLVE_SPECIFIER, OT_NODE_NAMESPACE,
                                 ot_span_of(target));
}

/*
 * Whether the package is installed for files in `folder`; while collecting, also whether it is of
 * the version that is asked for.
 */
static bool is_there(const struct ot_plugin *plugin, const char *folder, const char *target,
                     const struct ot_specifier *specifier)
{
    OT_AUTOFREE char *package = ot_plugin_find_installed(plugin, folder, target);
    OT_AUTOFREE char *path = NULL;
    OT_AUTOTREE struct ot_tree manifest = {0};
    struct ot_error ignored;
    const char *version;

    if (package == NULL || plugin->collection == NULL || specifier->version == NULL)
        return package != NULL;
    path = ot_asprintf("%s/package.json", package);
    if (ot_tree_read(&manifest, path, path, &ignored) <= 0)
        return true;
    version = ot_tree_text(ot_tree_get(&manifest, "version"));
    return version == NULL ||
           ot_range_check(ot_span_of(specifier->version), ot_span_of(version)) == OT_RANGE_MATCHES;
}

/* What is locked wins over what is installed, and that over what the shim has instead. */
static void resolve_package(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                            const struct ot_value *request, const struct ot_specifier *specifier)
{
    struct ot_span from = ot_value_text(ot_value_get(request, "resolveDir"));
    OT_AUTOFREE char *folder = ot_strndup(from.data, from.len);
    OT_AUTOFREE char *stand_in = ot_asprintf("npm/%s.js", specifier->target);
    bool own, other;

    /* packages that do what the engine refuses */
    if (ot_shim_file(ot_span_of(stand_in)).data != NULL) {
        ot_plugin_answer_virtual(esbuild, id, OT_RESOLVE_SPECIFIER, OT_SHIM_NAMESPACE,
                                 ot_span_of(stand_in));
        return;
    }
    if (ot_plugin_take_package(plugin, esbuild, id, request, specifier))
        return;
    own = is_there(plugin, folder, specifier->target, specifier);
    other =
        !own && specifier->other != NULL && is_there(plugin, folder, specifier->other, specifier);
    if (!own && !other && specifier->shim != NULL)
        ot_plugin_answer_virtual(esbuild, id, OT_RESOLVE_SPECIFIER, OT_SHIM_NAMESPACE,
                                 ot_span_of(specifier->shim));
    else if (own || other || !ot_plugin_collect_package(plugin, esbuild, id, request, specifier))
        ot_plugin_ask(plugin, esbuild, id, request, other ? specifier->other : specifier->target,
                      specifier, NULL);
}

/* A file in a Deno vendor folder, or NULL. */
static char *find_vendored(const struct ot_plugin *plugin, const char *target)
{
    const struct ot_list *folders = &plugin->project->vendored;

    for (size_t i = folders->count; i > 0; i--) {
        OT_AUTOFREE char *path = ot_asprintf("%s/%s", folders->items[i - 1], target);
        OT_AUTOFREE char *clean = ot_path_join("/", ot_span_of(path));

        if (ot_path_is_beneath(clean, folders->items[i - 1]) && ot_plugin_is_there(plugin, clean))
            return OT_STEAL(clean);
    }
    return NULL;
}

static void resolve_remote(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                           const struct ot_value *request, const struct ot_specifier *specifier,
                           struct ot_span url)
{
    OT_AUTOFREE char *file = find_vendored(plugin, specifier->target);

    if (file != NULL) {
        ot_plugin_ask(plugin, esbuild, id, request, file, specifier, NULL);
    } else if (ot_plugin_take_module(plugin, esbuild, id, request, url)) {
        return;
    } else if (specifier->shim != NULL) {
        ot_plugin_answer_virtual(esbuild, id, OT_RESOLVE_SPECIFIER, OT_SHIM_NAMESPACE,
                                 ot_span_of(specifier->shim));
    } else if (!ot_plugin_collect_module(plugin, esbuild, id, url)) {
        OT_AUTOFREE char *advice = ot_plugin_advice(plugin, specifier);

        ot_plugin_answer_unresolved(esbuild, id, ot_value_text(ot_value_get(request, "path")),
                                    advice);
    }
}

/*
 * "/lib/x.ts": in the vendor folder of the host that the importer came from, else beneath the
 * functions folder or a folder above it. NULL: nowhere.
 */
static char *find_rooted(const struct ot_plugin *plugin, const char *path, const char *importer)
{
    const struct ot_list *vendored = &plugin->project->vendored;
    OT_AUTOFREE char *folder = ot_strdup(plugin->project->folder);

    for (size_t i = 0; i < vendored->count; i++) {
        const char *rest = importer + strlen(vendored->items[i]);
        OT_AUTOFREE char *host = NULL;

        if (!ot_path_is_beneath(importer, vendored->items[i]) || *rest != '/')
            continue;
        host = ot_asprintf("%.*s%s", (int)(rest + 1 - importer) + (int)strcspn(rest + 1, "/"),
                           importer, path);
        if (ot_plugin_is_there(plugin, host))
            return OT_STEAL(host);
    }
    for (;;) {
        OT_AUTOFREE char *full = ot_asprintf("%s%s", strcmp(folder, "/") == 0 ? "" : folder, path);
        char *parent;

        /* at the top it would be a path of this machine */
        if (strcmp(folder, "/") == 0)
            return NULL;
        if (ot_plugin_is_there(plugin, full))
            return OT_STEAL(full);
        parent = ot_path_folder(folder);
        free(folder);
        folder = parent;
    }
}

/* Whether the file imports the exports of this .wasm file by name. */
static bool wants_instance(const struct ot_plugin *plugin, const char *importer,
                           const char *specifier)
{
    OT_AUTOFREE char *pair = ot_asprintf("%s\n%s", importer, specifier);

    return ot_list_has(&plugin->instances, pair);
}

/* `mapped`: an import map gave it, so that an absolute path is one. */
static void resolve_file(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                         const struct ot_value *request, const struct ot_specifier *specifier,
                         bool mapped)
{
    struct ot_span written = ot_value_text(ot_value_get(request, "path"));
    struct ot_span from = ot_value_text(ot_value_get(request, "importer"));
    OT_AUTOFREE char *importer = ot_strndup(from.data, from.len);
    OT_AUTOFREE char *folder = ot_path_folder(importer);
    const char *path = specifier->target;
    OT_AUTOFREE char *rooted = NULL;

    if (ot_span_ends(ot_span_of(path), ".wasm") && wants_instance(plugin, importer, path)) {
        OT_AUTOFREE char *full = ot_path_join(folder, ot_span_of(path));
        OT_AUTOFREE char *relative = ot_path_relative(plugin->project->folder, full);

        ot_plugin_answer_virtual(esbuild, id, OT_RESOLVE_SPECIFIER, OT_WASM_NAMESPACE,
                                 ot_span_of(relative));
        return;
    }
    if (path[0] == '/' && !mapped && !ot_path_is_beneath(path, plugin->project->folder)) {
        rooted = find_rooted(plugin, path, importer);
        if (rooted == NULL) {
            ot_plugin_answer_unresolved(
                esbuild, id, written,
                "neither the functions folder nor one above it has this file");
            return;
        }
        path = rooted;
    }
    /* esbuild's own messages about relative paths are better than ours */
    if (!mapped && rooted == NULL && ot_span_is(written, path))
        ot_plugin_answer_nothing(esbuild, id);
    else
        ot_plugin_ask(plugin, esbuild, id, request, path, specifier, NULL);
}

static void resolve_specifier(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                              const struct ot_value *request, struct ot_span path, bool mapped)
{
    OT_AUTOSPECIFIER struct ot_specifier specifier = ot_specifier_parse(path);

    switch (specifier.kind) {
    case OT_SPECIFIER_INVALID:
        ot_plugin_answer_unresolved(esbuild, id, ot_value_text(ot_value_get(request, "path")),
                                    specifier.advice);
        return;
    case OT_SPECIFIER_BUILTIN:
        resolve_builtin(esbuild, id, request, specifier.target);
        return;
    case OT_SPECIFIER_SHIM:
        ot_plugin_answer_virtual(esbuild, id, OT_RESOLVE_SPECIFIER, OT_SHIM_NAMESPACE,
                                 ot_span_of(specifier.target));
        return;
    case OT_SPECIFIER_EMPTY:
        ot_plugin_answer_virtual(esbuild, id, OT_RESOLVE_SPECIFIER, OT_EMPTY_NAMESPACE,
                                 OT_SPAN("types"));
        return;
    case OT_SPECIFIER_PACKAGE:
        resolve_package(plugin, esbuild, id, request, &specifier);
        return;
    case OT_SPECIFIER_REMOTE:
        resolve_remote(plugin, esbuild, id, request, &specifier, path);
        return;
    case OT_SPECIFIER_FILE:
        resolve_file(plugin, esbuild, id, request, &specifier, mapped);
        return;
    }
}

/* esbuild finds it as if we were not here; then one copy may stand for another. */
static void ask_for_copy(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                         const struct ot_value *request, const struct ot_specifier *specifier)
{
    ot_plugin_ask(plugin, esbuild, id, request, specifier->target, specifier, NULL);
    plugin->pending[plugin->pending_count - 1].is_copy = true;
}

/* A bare name that no import map has: esbuild finds it, unless package.json says more. */
static void resolve_bare(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                         const struct ot_value *request, struct ot_specifier *specifier)
{
    struct ot_span from = ot_value_text(ot_value_get(request, "importer"));
    OT_AUTOFREE char *importer = ot_strndup(from.data, from.len);
    OT_AUTOFREE char *stand_in = ot_asprintf("npm/%s.js", specifier->target);
    struct ot_span name;

    if (ot_span_is(ot_value_text(ot_value_get(request, "namespace")), "file") &&
        !ot_path_is_installed(importer))
        specifier->version = ot_plugin_dependency(plugin, importer, ot_span_of(specifier->target));
    if (specifier->version != NULL || ot_shim_file(ot_span_of(stand_in)).data != NULL)
        resolve_package(plugin, esbuild, id, request, specifier);
    else if (ot_specifier_package(ot_span_of(specifier->target), &name) &&
             ot_copies_has(&plugin->project->copies, name))
        ask_for_copy(plugin, esbuild, id, request, specifier);
    else
        ot_plugin_answer_nothing(esbuild, id);
}

static bool is_bare(struct ot_span path, const struct ot_specifier *specifier)
{
    return specifier->kind == OT_SPECIFIER_PACKAGE && !ot_span_starts(path, "@std/") &&
           memchr(path.data, ':', path.len) == NULL;
}

/* Import maps are for the user's own files. */
static void resolve_mapped(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                           const struct ot_value *request)
{
    struct ot_span path = ot_value_text(ot_value_get(request, "path"));
    struct ot_span name_space = ot_value_text(ot_value_get(request, "namespace"));
    struct ot_span from = ot_value_text(ot_value_get(request, "importer"));
    OT_AUTOFREE char *importer = ot_strndup(from.data, from.len);
    OT_AUTOFREE char *target = NULL;
    int found = 0;

    if (ot_span_is(name_space, "file") && !ot_path_is_installed(importer))
        found = ot_project_map(plugin->project, path, importer, &target);
    if (found < 0) {
        ot_plugin_answer_unresolved(esbuild, id, path, target);
    } else if (found > 0) {
        resolve_specifier(plugin, esbuild, id, request, ot_span_of(target), true);
    } else {
        OT_AUTOSPECIFIER struct ot_specifier specifier = ot_specifier_parse(path);

        if (is_bare(path, &specifier))
            resolve_bare(plugin, esbuild, id, request, &specifier);
        else
            resolve_specifier(plugin, esbuild, id, request, path, false);
    }
}

static void resolve_in_web(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                           const struct ot_value *request)
{
    OT_AUTOFREE char *specifier = ot_plugin_map_in_web(plugin, esbuild, id, request);

    if (specifier != NULL)
        resolve_specifier(plugin, esbuild, id, request, ot_span_of(specifier), true);
}

/* A file of the shim that another one imports by a relative path: what is not there by itself is in
 * the runtime. */
static void resolve_in_shim(struct ot_esbuild *esbuild, uint32_t id, struct ot_span path,
                            struct ot_span importer)
{
    OT_AUTOFREE char *file = ot_asprintf("/%.*s", (int)importer.len, importer.data);
    OT_AUTOFREE char *folder = ot_path_folder(file);
    OT_AUTOFREE char *target = ot_path_join(folder, path);

    if (ot_shim_file(ot_span_of(target + 1)).data == NULL)
        ot_plugin_answer_external(esbuild, id, OT_RESOLVE_IN_SHIM, OT_RUNTIME_IMPORT);
    else
        ot_plugin_answer_virtual(esbuild, id, OT_RESOLVE_IN_SHIM, OT_SHIM_NAMESPACE,
                                 ot_span_of(target + 1));
}

/* How the metafile names the module that asks; "": it is not known. The caller frees it. */
static char *importer_of(const struct ot_plugin *plugin, const struct ot_value *request)
{
    struct ot_span from = ot_value_text(ot_value_get(request, "importer"));
    struct ot_span name_space = ot_value_text(ot_value_get(request, "namespace"));
    OT_AUTOFREE char *importer = ot_strndup(from.data, from.len);

    if (from.len == 0)
        return ot_strdup("");
    if (ot_span_is(name_space, "file"))
        return ot_path_relative(plugin->project->folder, importer);
    return ot_asprintf("%.*s:%s", (int)name_space.len, name_space.data, importer);
}

void ot_plugin_resolve(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                       const struct ot_value *request)
{
    const struct ot_value *ids = ot_value_get(request, "ids");
    struct ot_span path = ot_value_text(ot_value_get(request, "path"));
    struct ot_span kind = ot_value_text(ot_value_get(request, "kind"));

    free(plugin->importer);
    plugin->importer = importer_of(plugin, request);
    if (ot_value_uint(ot_value_get(request, "pluginData"), OT_PACKET_NONE) == OT_OWN_QUESTION) {
        ot_plugin_answer_nothing(esbuild, id);
    } else if (ids->type == OT_VALUE_ARRAY && ids->count > 0 &&
               ot_value_uint(&ids->items[ids->count - 1], OT_LOAD) == OT_RESOLVE_IN_SHIM) {
        resolve_in_shim(esbuild, id, path, ot_value_text(ot_value_get(request, "importer")));
    } else if (ot_span_is(kind, "entry-point") && path.len > strlen(OT_ENTRY_PREFIX)) {
        size_t prefix = strlen(OT_ENTRY_PREFIX);

        ot_plugin_answer_virtual(esbuild, id, OT_RESOLVE_SPECIFIER, OT_ENTRY_NAMESPACE,
                                 (struct ot_span){path.data + prefix, path.len - prefix});
    } else if (ot_span_is(path, OT_RUNTIME_SPECIFIER) &&
               ot_span_is(ot_value_text(ot_value_get(request, "namespace")), OT_ENTRY_NAMESPACE)) {
        ot_plugin_answer_external(esbuild, id, OT_RESOLVE_SPECIFIER, OT_RUNTIME_IMPORT);
    } else if (ot_span_is(ot_value_text(ot_value_get(request, "namespace")), OT_MODULE_NAMESPACE)) {
        ot_plugin_answer_nothing(esbuild, id);
    } else if (ot_span_is(ot_value_text(ot_value_get(request, "namespace")), OT_HTTPS_NAMESPACE)) {
        resolve_in_web(plugin, esbuild, id, request);
    } else {
        resolve_mapped(plugin, esbuild, id, request);
    }
}
