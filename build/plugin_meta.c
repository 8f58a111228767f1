/* What import.meta.resolve means in a source: asked before the source is loaded. */
#include "build/plugin_parts.h"

#include "build/diagnostics.h"
#include "build/package_reads.h"
#include "build/path.h"

#include <stdlib.h>
#include <string.h>

static void free_loading(struct ot_loading *loading)
{
    free(loading->file);
    ot_buf_free(&loading->text);
    ot_resolves_free(&loading->resolves);
    free(loading->asks);
}

void ot_plugin_loading_free(struct ot_plugin *plugin)
{
    for (size_t i = 0; i < plugin->loading_count; i++)
        free_loading(&plugin->loading[i]);
    free(plugin->loading);
}

/* -- asking ------------------------------------------------------------------------------------ */

static void find(struct ot_span text, struct ot_resolves *out)
{
    struct ot_tokens tokens;

    if (memmem(text.data, text.len, "import", 6) == NULL ||
        memmem(text.data, text.len, "resolve", 7) == NULL)
        return;
    ot_lex(text, &tokens);
    if (tokens.sound)
        ot_resolves_find(&tokens, out);
    ot_tokens_free(&tokens);
}

/* As if the source imported it. */
static uint32_t ask(struct ot_plugin *plugin, struct ot_esbuild *esbuild, const char *file,
                    const char *specifier)
{
    OT_AUTOFREE char *folder = ot_path_folder(file);
    const char *const texts[][2] = {
        {"command", "resolve"},     {"pluginName", OT_PLUGIN_NAME}, {"path", specifier},
        {"importer", file},         {"namespace", "file"},          {"resolveDir", folder},
        {"kind", "dynamic-import"},
    };
    uint32_t id = ot_esbuild_next_id(esbuild);
    OT_AUTOBUF struct ot_buf value = {0};

    free(plugin->importer);
    plugin->importer = ot_path_relative(plugin->project->folder, file);
    ot_plugin_looked(plugin, folder, specifier, false);
    ot_put_object(&value, 1 + OT_COUNT(texts));
    ot_put_key(&value, "key");
    ot_put_uint(&value, plugin->key);
    for (size_t i = 0; i < OT_COUNT(texts); i++) {
        ot_put_key(&value, texts[i][0]);
        ot_put_string(&value, texts[i][1]);
    }
    ot_esbuild_send(esbuild, id, false, ot_buf_span(&value));
    return id;
}

bool ot_plugin_resolve_source(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                              const char *file, struct ot_buf *text)
{
    struct ot_loading loading = {.answer = id};

    find(ot_buf_span(text), &loading.resolves);
    if (loading.resolves.count == 0)
        return false;
    loading.file = ot_strdup(file);
    loading.text = *text;
    *text = (struct ot_buf){0};
    loading.open = loading.resolves.count;
    loading.asks = ot_alloc(loading.open, sizeof(*loading.asks));
    for (size_t i = 0; i < loading.open; i++)
        loading.asks[i] = ask(plugin, esbuild, file, loading.resolves.items[i].specifier);
    plugin->loading =
        ot_realloc(plugin->loading, plugin->loading_count + 1, sizeof(*plugin->loading));
    plugin->loading[plugin->loading_count++] = loading;
    return true;
}

/* -- answers ----------------------------------------------------------------------------------- */

/* What was found decides what is bundled: where the file is, and of which version its package. */
static void found_file(struct ot_plugin *plugin, const struct ot_loading *loading,
                       struct ot_resolve *resolve)
{
    OT_AUTOFREE char *package = ot_package_folder(resolve->file);
    OT_AUTOFREE char *manifest = NULL;

    resolve->virtual_path = ot_project_virtual_path(plugin->project, resolve->file);
    free(plugin->importer);
    plugin->importer = ot_path_relative(plugin->project->folder, loading->file);
    ot_plugin_looked(plugin, "/", resolve->file, true);
    if (package == NULL)
        return;
    manifest = ot_asprintf("%s/package.json", package);
    ot_plugin_looked(plugin, "/", manifest, true);
}

static void take(struct ot_plugin *plugin, const struct ot_loading *loading,
                 struct ot_resolve *resolve, const struct ot_value *response)
{
    const struct ot_value *errors = ot_value_get(response, "errors");
    struct ot_span path = ot_value_text(ot_value_get(response, "path"));
    struct ot_span name_space = ot_value_text(ot_value_get(response, "namespace"));

    if (errors->type == OT_VALUE_ARRAY && errors->count > 0) {
        resolve->error = ot_message_text(&errors->items[0]);
    } else if (ot_value_get(response, "external")->number != 0 ||
               ot_span_is(name_space, OT_NODE_NAMESPACE) ||
               ot_span_is(name_space, OT_HTTPS_NAMESPACE)) {
        resolve->url = ot_strndup(path.data, path.len);
    } else if (ot_span_is(name_space, OT_MODULE_NAMESPACE)) {
        resolve->file = ot_path_join(plugin->project->folder, path);
    } else if (ot_span_is(name_space, "file") && ot_span_starts(path, "/")) {
        resolve->file = ot_strndup(path.data, path.len);
    }
    if (resolve->file != NULL)
        found_file(plugin, loading, resolve);
    else if (resolve->url == NULL && resolve->error == NULL)
        resolve->error = ot_asprintf("import.meta.resolve(\"%s\") names no file: onetube has a "
                                     "part of its own for this module",
                                     resolve->specifier);
}

/* It must be had; a package may ask for what it can do without. */
static bool is_error(const struct ot_plugin *plugin, const struct ot_loading *loading,
                     const struct ot_resolve *resolve)
{
    return resolve->error != NULL && !resolve->guarded && plugin->collection == NULL &&
           !ot_path_is_installed(loading->file);
}

static void put_location(struct ot_buf *out, const char *file, const struct ot_resolve *resolve)
{
    const struct {
        const char *key;
        size_t value;
    } numbers[] = {
        {"line", resolve->line},
        {"column", resolve->column - 1},
        {"length", strlen(resolve->specifier) + 2},
    };
    const char *const texts[][2] = {
        {"file", file}, {"namespace", ""}, {"lineText", ""}, {"suggestion", ""}};

    ot_put_object(out, OT_COUNT(numbers) + OT_COUNT(texts));
    for (size_t i = 0; i < OT_COUNT(numbers); i++) {
        ot_put_key(out, numbers[i].key);
        ot_put_uint(out, (uint32_t)numbers[i].value);
    }
    for (size_t i = 0; i < OT_COUNT(texts); i++) {
        ot_put_key(out, texts[i][0]);
        ot_put_string(out, texts[i][1]);
    }
}

static void answer_errors(struct ot_plugin *plugin, struct ot_esbuild *esbuild,
                          const struct ot_loading *loading, size_t count)
{
    OT_AUTOFREE char *file = ot_path_relative(plugin->project->folder, loading->file);
    OT_AUTOBUF struct ot_buf value = {0};

    ot_put_object(&value, 2);
    ot_put_key(&value, "id");
    ot_put_uint(&value, OT_LOAD_SOURCE);
    ot_put_key(&value, "errors");
    ot_put_array(&value, count);
    for (size_t i = 0; i < loading->resolves.count; i++) {
        const struct ot_resolve *resolve = &loading->resolves.items[i];

        if (!is_error(plugin, loading, resolve))
            continue;
        ot_plugin_put_text(&value, ot_span_of(resolve->error));
        put_location(&value, file, resolve);
    }
    ot_esbuild_send(esbuild, loading->answer, true, ot_buf_span(&value));
}

static void finish(struct ot_plugin *plugin, struct ot_esbuild *esbuild,
                   const struct ot_loading *loading)
{
    size_t errors = 0;

    for (size_t i = 0; i < loading->resolves.count; i++)
        errors += is_error(plugin, loading, &loading->resolves.items[i]);
    if (errors > 0)
        answer_errors(plugin, esbuild, loading, errors);
    else
        ot_plugin_answer_source(plugin, esbuild, loading->answer, loading->file,
                                ot_buf_span(&loading->text), &loading->resolves);
}

bool ot_plugin_source_resolved(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                               const struct ot_value *response)
{
    for (size_t i = 0; i < plugin->loading_count; i++) {
        struct ot_loading *loading = &plugin->loading[i];

        for (size_t j = 0; j < loading->resolves.count; j++) {
            if (loading->asks[j] != id)
                continue;
            take(plugin, loading, &loading->resolves.items[j], response);
            if (--loading->open == 0) {
                struct ot_loading done = *loading;

                *loading = plugin->loading[--plugin->loading_count];
                finish(plugin, esbuild, &done);
                free_loading(&done);
            }
            return true;
        }
    }
    return false;
}
