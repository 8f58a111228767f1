#include "build/plugin.h"

#include "build/path.h"
#include "build/shim.h"
#include "build/specifiers.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "onetube"
#define SHIM_NAMESPACE "onetube-shim"
#define NODE_NAMESPACE "onetube-node"
#define EMPTY_NAMESPACE "onetube-empty"

/* A module that might wait; see write_entry. */
#define WAIT_SPECIFIER "onetube:wait"
#define WAIT_NAMESPACE "onetube-wait"

/* The numbers by which esbuild names our callbacks. */
enum { RESOLVE_SPECIFIER, RESOLVE_IN_SHIM, LOAD };

/*
 * A question to esbuild's own resolver, on whose answer the answer to esbuild's question depends.
 */
struct ot_pending {
    uint32_t ask;    /* ours */
    uint32_t answer; /* esbuild's */
    char *path;      /* the specifier as written */
    char *target;    /* what was asked for */
    char *folder;    /* of the importer */
    char *advice;    /* may be NULL */
};

static void describe_callback(struct ot_buf *out, uint32_t id, struct ot_span filter,
                              const char *name_space)
{
    ot_put_object(out, 3);
    ot_put_key(out, "id");
    ot_put_uint(out, id);
    ot_put_key(out, "filter");
    ot_put_span(out, filter);
    ot_put_key(out, "namespace");
    ot_put_string(out, name_space);
}

void ot_plugin_describe(struct ot_buf *out)
{
    static const char *const namespaces[] = {OT_ENTRY_NAMESPACE, SHIM_NAMESPACE, NODE_NAMESPACE,
                                             EMPTY_NAMESPACE, WAIT_NAMESPACE};
    OT_AUTOBUF struct ot_buf filter = {0};

    ot_specifier_filter(&filter);
    ot_put_array(out, 1);
    ot_put_object(out, 5);
    ot_put_key(out, "name");
    ot_put_string(out, NAME);
    ot_put_key(out, "onStart");
    ot_put_bool(out, false);
    ot_put_key(out, "onEnd");
    ot_put_bool(out, false);
    ot_put_key(out, "onResolve");
    ot_put_array(out, 2);
    describe_callback(out, RESOLVE_SPECIFIER, ot_buf_span(&filter), "");
    describe_callback(out, RESOLVE_IN_SHIM, OT_SPAN("^\\.\\.?/"), SHIM_NAMESPACE);
    ot_put_key(out, "onLoad");
    ot_put_array(out, OT_COUNT(namespaces));
    for (size_t i = 0; i < OT_COUNT(namespaces); i++)
        describe_callback(out, LOAD, OT_SPAN(".*"), namespaces[i]);
}

/* -- answers ----------------------------------------------------------------------------------- */

static void answer_virtual(struct ot_esbuild *esbuild, uint32_t id, uint32_t callback,
                           const char *name_space, struct ot_span path)
{
    /* what is not used of these may be dropped, although it is evaluated when it is used */
    bool droppable = strcmp(name_space, WAIT_NAMESPACE) == 0;
    OT_AUTOBUF struct ot_buf value = {0};

    ot_put_object(&value, 4);
    ot_put_key(&value, "id");
    ot_put_uint(&value, callback);
    ot_put_key(&value, "namespace");
    ot_put_string(&value, name_space);
    ot_put_key(&value, "path");
    ot_put_span(&value, path);
    ot_put_key(&value, "sideEffects");
    ot_put_bool(&value, !droppable);
    ot_esbuild_send(esbuild, id, true, ot_buf_span(&value));
}

static void answer_external(struct ot_esbuild *esbuild, uint32_t id, const char *path)
{
    OT_AUTOBUF struct ot_buf value = {0};

    ot_put_object(&value, 3);
    ot_put_key(&value, "id");
    ot_put_uint(&value, RESOLVE_SPECIFIER);
    ot_put_key(&value, "path");
    ot_put_string(&value, path);
    ot_put_key(&value, "external");
    ot_put_bool(&value, true);
    ot_esbuild_send(esbuild, id, true, ot_buf_span(&value));
}

/* An error where the specifier stands: esbuild adds the place. */
static void answer_unresolved(struct ot_esbuild *esbuild, uint32_t id, uint32_t callback,
                              struct ot_span path, const char *advice)
{
    OT_AUTOBUF struct ot_buf value = {0};
    OT_AUTOBUF struct ot_buf text = {0};

    ot_buf_puts(&text, "cannot resolve \"");
    ot_buf_append(&text, path.data, path.len);
    ot_buf_puts(&text, "\"");
    if (advice != NULL)
        ot_buf_printf(&text, " (%s)", advice);
    ot_put_object(&value, 2);
    ot_put_key(&value, "id");
    ot_put_uint(&value, callback);
    ot_put_key(&value, "errors");
    ot_put_array(&value, 1);
    ot_put_object(&value, 6);
    ot_put_key(&value, "id");
    ot_put_string(&value, "");
    ot_put_key(&value, "pluginName");
    ot_put_string(&value, "");
    ot_put_key(&value, "text");
    ot_put_span(&value, ot_buf_span(&text));
    ot_put_key(&value, "location");
    ot_put_null(&value);
    ot_put_key(&value, "notes");
    ot_put_array(&value, 0);
    ot_put_key(&value, "detail");
    ot_put_uint(&value, OT_PACKET_NONE);
    ot_esbuild_send(esbuild, id, true, ot_buf_span(&value));
}

/* -- resolving --------------------------------------------------------------------------------- */

static void ask_resolver(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                         const struct ot_value *request, const struct ot_specifier *specifier)
{
    static const char *const passed_on[] = {"importer", "namespace", "resolveDir", "kind"};
    OT_AUTOBUF struct ot_buf value = {0};
    struct ot_span path = ot_value_text(ot_value_get(request, "path"));
    struct ot_span folder = ot_value_text(ot_value_get(request, "resolveDir"));
    struct ot_pending *pending;

    plugin->pending = ot_realloc(plugin->pending, plugin->pending_count + 1, sizeof(*pending));
    pending = &plugin->pending[plugin->pending_count++];
    *pending = (struct ot_pending){
        .ask = ot_esbuild_next_id(esbuild),
        .answer = id,
        .path = ot_strndup(path.data, path.len),
        .target = ot_strdup(specifier->target),
        .folder = ot_strndup(folder.data, folder.len),
        .advice = specifier->advice != NULL ? ot_strdup(specifier->advice) : NULL,
    };
    ot_put_object(&value, 4 + OT_COUNT(passed_on));
    ot_put_key(&value, "command");
    ot_put_string(&value, "resolve");
    ot_put_key(&value, "path");
    ot_put_string(&value, specifier->target);
    ot_put_key(&value, "key");
    ot_put_uint(&value, plugin->key);
    ot_put_key(&value, "pluginName");
    ot_put_string(&value, NAME);
    for (size_t i = 0; i < OT_COUNT(passed_on); i++) {
        ot_put_key(&value, passed_on[i]);
        ot_put_span(&value, ot_value_text(ot_value_get(request, passed_on[i])));
    }
    ot_esbuild_send(esbuild, pending->ask, false, ot_buf_span(&value));
}

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
    bool in_shim = ot_span_is(ot_value_text(ot_value_get(request, "namespace")), SHIM_NAMESPACE);

    /* import() of a CommonJS module would lose the names */
    if (in_shim || ot_span_is(kind, "dynamic-import") || ot_span_is(kind, "require-resolve"))
        answer_external(esbuild, id, target);
    else
        answer_virtual(esbuild, id, RESOLVE_SPECIFIER, NODE_NAMESPACE, ot_span_of(target));
}

static void resolve_specifier(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                              const struct ot_value *request)
{
    struct ot_span path = ot_value_text(ot_value_get(request, "path"));
    OT_AUTOSPECIFIER struct ot_specifier specifier = ot_specifier_parse(path);

    switch (specifier.kind) {
    case OT_SPECIFIER_INVALID:
        answer_unresolved(esbuild, id, RESOLVE_SPECIFIER, path, specifier.advice);
        return;
    case OT_SPECIFIER_BUILTIN:
        resolve_builtin(esbuild, id, request, specifier.target);
        return;
    case OT_SPECIFIER_SHIM:
        answer_virtual(esbuild, id, RESOLVE_SPECIFIER, SHIM_NAMESPACE,
                       ot_span_of(specifier.target));
        return;
    case OT_SPECIFIER_EMPTY:
        answer_virtual(esbuild, id, RESOLVE_SPECIFIER, EMPTY_NAMESPACE, OT_SPAN("types"));
        return;
    case OT_SPECIFIER_PACKAGE:
    case OT_SPECIFIER_FILE:
        ask_resolver(plugin, esbuild, id, request, &specifier);
        return;
    }
}

/* A file of the shim that another one imports by a relative path. */
static void resolve_in_shim(struct ot_esbuild *esbuild, uint32_t id, struct ot_span path,
                            struct ot_span importer)
{
    OT_AUTOFREE char *file = ot_asprintf("/%.*s", (int)importer.len, importer.data);
    OT_AUTOFREE char *folder = ot_path_folder(file);
    OT_AUTOFREE char *target = ot_path_join(folder, path);

    answer_virtual(esbuild, id, RESOLVE_IN_SHIM, SHIM_NAMESPACE, ot_span_of(target + 1));
}

static void on_resolve(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                       const struct ot_value *request)
{
    const struct ot_value *ids = ot_value_get(request, "ids");
    struct ot_span path = ot_value_text(ot_value_get(request, "path"));
    struct ot_span kind = ot_value_text(ot_value_get(request, "kind"));

    if (ids->type == OT_VALUE_ARRAY && ids->count > 0 &&
        ot_value_uint(&ids->items[0], LOAD) == RESOLVE_IN_SHIM) {
        resolve_in_shim(esbuild, id, path, ot_value_text(ot_value_get(request, "importer")));
    } else if (ot_span_is(kind, "entry-point") && path.len > strlen(OT_ENTRY_PREFIX)) {
        size_t prefix = strlen(OT_ENTRY_PREFIX);

        answer_virtual(esbuild, id, RESOLVE_SPECIFIER, OT_ENTRY_NAMESPACE,
                       (struct ot_span){path.data + prefix, path.len - prefix});
    } else if (ot_span_is(path, WAIT_SPECIFIER)) {
        answer_virtual(esbuild, id, RESOLVE_SPECIFIER, WAIT_NAMESPACE, OT_SPAN("wait"));
    } else {
        resolve_specifier(plugin, esbuild, id, request);
    }
}

/* Whether a node_modules at or above `folder` holds the package that `target` is in. */
static bool is_installed(const char *folder, const char *target)
{
    OT_AUTOFREE char *above = ot_strdup(folder);
    struct ot_span name;

    if (!ot_specifier_package(ot_span_of(target), &name))
        return false;
    for (char *end = above + strlen(above); end != NULL; end = strrchr(above, '/')) {
        OT_AUTOFREE char *path = NULL;

        *end = '\0';
        path = ot_asprintf("%s/node_modules/%.*s", above, (int)name.len, name.data);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* esbuild's resolver has found what we asked for, or not. */
static void on_resolved(struct ot_esbuild *esbuild, const struct ot_pending *pending,
                        const struct ot_value *response)
{
    static const char *const passed_on[] = {"path", "namespace", "suffix"};
    const struct ot_value *errors = ot_value_get(response, "errors");
    OT_AUTOBUF struct ot_buf value = {0};

    if (errors->type != OT_VALUE_ARRAY || errors->count > 0) {
        bool incomplete = pending->advice != NULL && is_installed(pending->folder, pending->target);

        answer_unresolved(esbuild, pending->answer, RESOLVE_SPECIFIER, ot_span_of(pending->path),
                          incomplete ? "the package is installed, but has nothing under this name"
                                     : pending->advice);
        return;
    }
    ot_put_object(&value, 3 + OT_COUNT(passed_on));
    ot_put_key(&value, "id");
    ot_put_uint(&value, RESOLVE_SPECIFIER);
    ot_put_key(&value, "external");
    ot_put_bool(&value, ot_value_get(response, "external")->number != 0);
    ot_put_key(&value, "sideEffects");
    ot_put_bool(&value, ot_value_get(response, "sideEffects")->number != 0);
    for (size_t i = 0; i < OT_COUNT(passed_on); i++) {
        ot_put_key(&value, passed_on[i]);
        ot_put_span(&value, ot_value_text(ot_value_get(response, passed_on[i])));
    }
    ot_esbuild_send(esbuild, pending->answer, true, ot_buf_span(&value));
}

/* -- loading ----------------------------------------------------------------------------------- */

/*
 * The entry of a function. `require` makes esbuild wrap the function's modules so that they are
 * evaluated when the shim asks for them, inside the first request; code that functions share stays
 * shared. Modules with top-level await cannot be required: they are imported, which esbuild turns
 * into an asynchronous wrapper when it does not split code.
 *
 * The import of a module with a (dead) `await` makes esbuild see the entry as one that may
 * wait. Only in such modules does it report a `require` of a module with top-level await; in
 * others it silently drops the promise. Nothing of that import is used, so nothing of it is
 * left in the output.
 */
static void write_entry(struct ot_buf *out, const struct ot_bundle_entry *entry)
{
    static const char *const answers[] = {
        [OT_PUBLIC_UNSET] = "null", [OT_PUBLIC_NO] = "false", [OT_PUBLIC_YES] = "true"};

    ot_buf_printf(out,
                  "import { cell } from \"onetube:shim\";\n"
                  "export { OnetubeIsolate } from \"onetube:shim\";\n"
                  "import { wait } from \"" WAIT_SPECIFIER "\";\n"
                  "export default cell({ name: \"%s\", file: \"%s\", public: %s },\n"
                  "() => %s(\"./%s\"));\n",
                  entry->name, entry->file, answers[entry->is_public],
                  entry->top_level_await ? "import" : "require", entry->file);
}

static const struct ot_bundle_entry *find_entry(const struct ot_plugin *plugin, struct ot_span name)
{
    for (size_t i = 0; i < plugin->entry_count; i++) {
        if (ot_span_is(name, plugin->entries[i].name))
            return &plugin->entries[i];
    }
    return NULL;
}

static void write_builtin(struct ot_buf *out, struct ot_span name)
{
    ot_buf_printf(out,
                  "const found = process.getBuiltinModule(\"%.*s\");\n"
                  "if (!found) throw new Error('cannot load \"%.*s\": the engine does not have "
                  "this module');\n"
                  "module.exports = found;\n",
                  (int)name.len, name.data, (int)name.len, name.data);
}

static int on_load(const struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                   const struct ot_value *request, struct ot_error *err)
{
    struct ot_span name_space = ot_value_text(ot_value_get(request, "namespace"));
    struct ot_span path = ot_value_text(ot_value_get(request, "path"));
    OT_AUTOBUF struct ot_buf value = {0};
    OT_AUTOBUF struct ot_buf text = {0};

    if (ot_span_is(name_space, OT_ENTRY_NAMESPACE)) {
        const struct ot_bundle_entry *entry = find_entry(plugin, path);

        if (entry == NULL)
            return ot_fail(err, OT_TOOL, "esbuild asks for an entry that does not exist");
        write_entry(&text, entry);
    } else if (ot_span_is(name_space, SHIM_NAMESPACE)) {
        struct ot_span file = ot_shim_file(path);

        if (file.data == NULL)
            return ot_fail(err, OT_TOOL, "esbuild asks for a part of the shim that does not exist");
        ot_buf_append(&text, file.data, file.len);
    } else if (ot_span_is(name_space, NODE_NAMESPACE)) {
        write_builtin(&text, path);
    } else if (ot_span_is(name_space, WAIT_NAMESPACE)) {
        ot_buf_puts(&text, "if (0) await 0;\nexport const wait = 0;\n");
    }
    ot_put_object(&value, 4);
    ot_put_key(&value, "id");
    ot_put_uint(&value, LOAD);
    ot_put_key(&value, "contents");
    ot_put_bytes(&value, ot_buf_span(&text));
    ot_put_key(&value, "loader");
    ot_put_string(&value, "js");
    ot_put_key(&value, "resolveDir");
    ot_put_string(&value, plugin->folder);
    ot_esbuild_send(esbuild, id, true, ot_buf_span(&value));
    return 0;
}

/* -- conversation ------------------------------------------------------------------------------ */

static int on_request(void *context, struct ot_esbuild *esbuild, uint32_t id,
                      const struct ot_value *request, struct ot_error *err)
{
    struct ot_plugin *plugin = context;
    struct ot_span command = ot_value_text(ot_value_get(request, "command"));
    OT_AUTOBUF struct ot_buf value = {0};

    if (ot_span_is(command, "on-load"))
        return on_load(plugin, esbuild, id, request, err);
    if (ot_span_is(command, "on-resolve")) {
        on_resolve(plugin, esbuild, id, request);
        return 0;
    }
    if (ot_span_is(command, "ping")) {
        ot_put_object(&value, 0);
    } else if (ot_span_is(command, "on-start") || ot_span_is(command, "on-end")) {
        ot_put_object(&value, 2);
        ot_put_key(&value, "errors");
        ot_put_array(&value, 0);
        ot_put_key(&value, "warnings");
        ot_put_array(&value, 0);
    } else {
        return ot_fail(err, OT_TOOL, "esbuild asks for something unknown");
    }
    ot_esbuild_send(esbuild, id, true, ot_buf_span(&value));
    return 0;
}

static void free_pending(struct ot_pending *pending)
{
    free(pending->path);
    free(pending->target);
    free(pending->folder);
    free(pending->advice);
}

static int on_response(void *context, struct ot_esbuild *esbuild, uint32_t id,
                       const struct ot_value *response, struct ot_error *err)
{
    struct ot_plugin *plugin = context;

    for (size_t i = 0; i < plugin->pending_count; i++) {
        struct ot_pending pending = plugin->pending[i];

        if (pending.ask != id)
            continue;
        plugin->pending[i] = plugin->pending[--plugin->pending_count];
        on_resolved(esbuild, &pending, response);
        free_pending(&pending);
        return 0;
    }
    return ot_fail(err, OT_TOOL, "esbuild answers what was not asked");
}

struct ot_esbuild_peer ot_plugin_peer(struct ot_plugin *plugin)
{
    return (struct ot_esbuild_peer){plugin, on_request, on_response};
}

void ot_plugin_free(struct ot_plugin *plugin)
{
    for (size_t i = 0; i < plugin->pending_count; i++)
        free_pending(&plugin->pending[i]);
    free(plugin->pending);
    plugin->pending = NULL;
    plugin->pending_count = 0;
}
