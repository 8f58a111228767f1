/* What the plugin says: answers to esbuild's questions, and questions to its resolver. */
#include "build/plugin_parts.h"

#include <string.h>
#include <unistd.h>

/* -- answers ----------------------------------------------------------------------------------- */

void ot_plugin_answer_virtual(struct ot_esbuild *esbuild, uint32_t id, uint32_t callback,
                              const char *name_space, struct ot_span path)
{
    OT_AUTOBUF struct ot_buf value = {0};

    ot_put_object(&value, 4);
    ot_put_key(&value, "id");
    ot_put_uint(&value, callback);
    ot_put_key(&value, "namespace");
    ot_put_string(&value, name_space);
    ot_put_key(&value, "path");
    ot_put_span(&value, path);
    ot_put_key(&value, "sideEffects");
    ot_put_bool(&value, true);
    ot_esbuild_send(esbuild, id, true, ot_buf_span(&value));
}

void ot_plugin_answer_external(struct ot_esbuild *esbuild, uint32_t id, uint32_t callback,
                               const char *path)
{
    OT_AUTOBUF struct ot_buf value = {0};

    ot_put_object(&value, 3);
    ot_put_key(&value, "id");
    ot_put_uint(&value, callback);
    ot_put_key(&value, "path");
    ot_put_string(&value, path);
    ot_put_key(&value, "external");
    ot_put_bool(&value, true);
    ot_esbuild_send(esbuild, id, true, ot_buf_span(&value));
}

void ot_plugin_answer_nothing(struct ot_esbuild *esbuild, uint32_t id)
{
    OT_AUTOBUF struct ot_buf value = {0};

    ot_put_object(&value, 0);
    ot_esbuild_send(esbuild, id, true, ot_buf_span(&value));
}

void ot_plugin_put_text(struct ot_buf *value, struct ot_span text)
{
    ot_put_object(value, 6);
    ot_put_key(value, "id");
    ot_put_string(value, "");
    ot_put_key(value, "pluginName");
    ot_put_string(value, "");
    ot_put_key(value, "text");
    ot_put_span(value, text);
    ot_put_key(value, "notes");
    ot_put_array(value, 0);
    ot_put_key(value, "detail");
    ot_put_uint(value, OT_PACKET_NONE);
    ot_put_key(value, "location");
}

/* "errors" or "warnings" with one message; esbuild adds the place of the specifier. */
void ot_plugin_put_message(struct ot_buf *value, const char *key, struct ot_span text)
{
    ot_put_key(value, key);
    ot_put_array(value, 1);
    ot_plugin_put_text(value, text);
    ot_put_null(value);
}

void ot_plugin_answer_error(struct ot_esbuild *esbuild, uint32_t id, struct ot_span text)
{
    OT_AUTOBUF struct ot_buf value = {0};

    ot_put_object(&value, 2);
    ot_put_key(&value, "id");
    ot_put_uint(&value, OT_RESOLVE_SPECIFIER);
    ot_plugin_put_message(&value, "errors", text);
    ot_esbuild_send(esbuild, id, true, ot_buf_span(&value));
}

void ot_plugin_answer_unresolved(struct ot_esbuild *esbuild, uint32_t id, struct ot_span path,
                                 const char *advice)
{
    OT_AUTOBUF struct ot_buf text = {0};

    ot_buf_puts(&text, "cannot resolve \"");
    ot_buf_append(&text, path.data, path.len);
    ot_buf_puts(&text, "\"");
    if (advice != NULL)
        ot_buf_printf(&text, " (%s)", advice);
    ot_plugin_answer_error(esbuild, id, ot_buf_span(&text));
}

/* -- asking esbuild ---------------------------------------------------------------------------- */

char *ot_plugin_advice(const struct ot_plugin *plugin, const struct ot_specifier *specifier)
{
    if (specifier->advice == NULL)
        return NULL;
    return ot_asprintf(specifier->vendored ? "%s: onetube vendor --functions %s"
                                           : "%s, or onetube vendor --functions %s",
                       specifier->advice, plugin->project->shown);
}

static void add_note(struct ot_plugin *plugin, const char *note)
{
    OT_AUTOFREE char *item = note == NULL ? NULL : ot_asprintf("%s\n%s", plugin->importer, note);

    if (item != NULL && !ot_list_has(&plugin->notes, item))
        ot_list_add(&plugin->notes, item);
}

void ot_plugin_looked(const struct ot_plugin *plugin, const char *folder, const char *target,
                      bool entry)
{
    if (plugin->lookups != NULL)
        ot_lookups_add(plugin->lookups, ot_span_of(plugin->importer), ot_span_of(folder),
                       ot_span_of(target), entry);
}

bool ot_plugin_is_there(const struct ot_plugin *plugin, const char *path)
{
    ot_plugin_looked(plugin, "/", path, true);
    return access(path, F_OK) == 0;
}

void ot_plugin_ask(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                   const struct ot_value *request, const char *target,
                   const struct ot_specifier *specifier, const char *root)
{
    const struct ot_span written[] = {
        root != NULL ? ot_span_of(root) : ot_value_text(ot_value_get(request, "resolveDir")),
        root != NULL ? OT_SPAN("") : ot_value_text(ot_value_get(request, "importer")),
        root != NULL ? OT_SPAN("file") : ot_value_text(ot_value_get(request, "namespace")),
        ot_value_text(ot_value_get(request, "kind")),
    };
    static const char *const keys[] = {"resolveDir", "importer", "namespace", "kind"};
    OT_AUTOBUF struct ot_buf value = {0};
    struct ot_span path = ot_value_text(ot_value_get(request, "path"));
    struct ot_pending *pending;

    plugin->pending = ot_realloc(plugin->pending, plugin->pending_count + 1, sizeof(*pending));
    pending = &plugin->pending[plugin->pending_count++];
    *pending = (struct ot_pending){
        .ask = ot_esbuild_next_id(esbuild),
        .answer = id,
        .path = ot_strndup(path.data, path.len),
        .target = ot_strdup(target),
        .folder = ot_strndup(written[0].data, written[0].len),
        .importer = ot_strdup(plugin->importer),
        .version =
            root == NULL && specifier->version != NULL ? ot_strdup(specifier->version) : NULL,
        .advice = ot_plugin_advice(plugin, specifier),
        .any_file = specifier->any_file,
    };
    ot_plugin_looked(plugin, pending->folder, target, false);
    add_note(plugin, specifier->note);
    ot_put_object(&value, 5 + OT_COUNT(keys));
    ot_put_key(&value, "pluginData");
    ot_put_uint(&value, OT_OWN_QUESTION);
    ot_put_key(&value, "command");
    ot_put_string(&value, "resolve");
    ot_put_key(&value, "path");
    ot_put_string(&value, target);
    ot_put_key(&value, "key");
    ot_put_uint(&value, plugin->key);
    ot_put_key(&value, "pluginName");
    ot_put_string(&value, OT_PLUGIN_NAME);
    for (size_t i = 0; i < OT_COUNT(keys); i++) {
        ot_put_key(&value, keys[i]);
        ot_put_span(&value, written[i]);
    }
    ot_esbuild_send(esbuild, pending->ask, false, ot_buf_span(&value));
}
