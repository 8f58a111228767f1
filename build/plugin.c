#include "build/plugin_parts.h"

#include "build/specifiers.h"

#include <stdlib.h>
#include <string.h>

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

void ot_plugin_describe(const struct ot_plugin *plugin, struct ot_buf *out)
{
    static const char *const namespaces[] = {
        OT_ENTRY_NAMESPACE, OT_SHIM_NAMESPACE,  OT_NODE_NAMESPACE,  OT_EMPTY_NAMESPACE,
        OT_WASM_NAMESPACE,  OT_HTTPS_NAMESPACE, OT_LATER_NAMESPACE, OT_MODULE_NAMESPACE};
    OT_AUTOBUF struct ot_buf filter = {0};
    OT_AUTOBUF struct ot_buf sources = {0};

    ot_specifier_filter(&filter);
    ot_project_filter(plugin->project, &filter);
    ot_plugin_vendor_filter(plugin, &filter);
    ot_copies_filter(&plugin->project->copies, &filter);
    ot_plugin_source_filter(plugin, &sources);
    ot_put_array(out, 1);
    ot_put_object(out, 5);
    ot_put_key(out, "name");
    ot_put_string(out, OT_PLUGIN_NAME);
    ot_put_key(out, "onStart");
    ot_put_bool(out, false);
    ot_put_key(out, "onEnd");
    ot_put_bool(out, false);
    ot_put_key(out, "onResolve");
    ot_put_array(out, 3);
    describe_callback(out, OT_RESOLVE_SPECIFIER, ot_buf_span(&filter), "");
    describe_callback(out, OT_RESOLVE_IN_WEB, OT_SPAN(".*"), OT_HTTPS_NAMESPACE);
    describe_callback(out, OT_RESOLVE_IN_SHIM, OT_SPAN("^\\.\\.?/"), OT_SHIM_NAMESPACE);
    ot_put_key(out, "onLoad");
    ot_put_array(out, OT_COUNT(namespaces) + 1);
    for (size_t i = 0; i < OT_COUNT(namespaces); i++)
        describe_callback(out, OT_LOAD, OT_SPAN(".*"), namespaces[i]);
    describe_callback(out, OT_LOAD_SOURCE, ot_buf_span(&sources), "file");
}

static int on_request(void *context, struct ot_esbuild *esbuild, uint32_t id,
                      const struct ot_value *request, struct ot_error *err)
{
    struct ot_plugin *plugin = context;
    struct ot_span command = ot_value_text(ot_value_get(request, "command"));
    OT_AUTOBUF struct ot_buf value = {0};

    if (ot_span_is(command, "on-load"))
        return ot_plugin_load(plugin, esbuild, id, request, err);
    if (ot_span_is(command, "on-resolve")) {
        ot_plugin_resolve(plugin, esbuild, id, request);
        return 0;
    }
    if (ot_span_is(command, "ping")) {
        ot_plugin_answer_nothing(esbuild, id);
        return 0;
    }
    if (!ot_span_is(command, "on-start") && !ot_span_is(command, "on-end"))
        return ot_fail(err, OT_TOOL, "esbuild asks for something unknown");
    ot_put_object(&value, 2);
    ot_put_key(&value, "errors");
    ot_put_array(&value, 0);
    ot_put_key(&value, "warnings");
    ot_put_array(&value, 0);
    ot_esbuild_send(esbuild, id, true, ot_buf_span(&value));
    return 0;
}

static void free_pending(struct ot_pending *pending)
{
    free(pending->path);
    free(pending->target);
    free(pending->folder);
    free(pending->importer);
    free(pending->version);
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
        ot_plugin_resolved(plugin, esbuild, &pending, response);
        free_pending(&pending);
        return 0;
    }
    if (ot_plugin_source_resolved(plugin, esbuild, id, response))
        return 0;
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
    ot_plugin_loading_free(plugin);
    for (size_t i = 0; i < plugin->use_count; i++) {
        free(plugin->uses[i].source);
        free(plugin->uses[i].package);
        free(plugin->uses[i].read.path);
    }
    free(plugin->uses);
    ot_list_free(&plugin->instances);
    ot_list_free(&plugin->notes);
    ot_list_free(&plugin->located);
    ot_copies_used_free(&plugin->copies);
    free(plugin->importer);
    *plugin = (struct ot_plugin){0};
}
