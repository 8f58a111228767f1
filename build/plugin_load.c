#include "build/plugin_parts.h"

#include "base/file.h"
#include "build/edit.h"
#include "build/package_reads.h"
#include "build/path.h"
#include "build/runtime.h"
#include "build/shim.h"
#include "build/walk.h"

#include <stdlib.h>
#include <string.h>

/* -- which sources ----------------------------------------------------------------------------- */

static void put_escaped(struct ot_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("\\.+*?()|[]{}^$", *text) != NULL)
            ot_buf_putc(out, '\\');
        ot_buf_putc(out, *text);
    }
}

/*
 * What can follow the first `at` bytes, which the words of `words` (ended by NULL) share, in a
 * folder's name that is none of them. Go's regular expressions cannot say "not".
 */
static void put_other_names(struct ot_buf *out, const char *const *words, size_t at)
{
    char next[3] = "";
    bool may_end = at > 0;

    for (size_t i = 0; words[i] != NULL; i++) {
        char c[2] = {words[i][at], '\0'};

        if (c[0] == '\0')
            may_end = false;
        else if (strchr(next, c[0]) == NULL)
            next[strlen(next)] = c[0];
    }
    ot_buf_puts(out, "(?:[^/");
    put_escaped(out, next);
    ot_buf_puts(out, "][^/]*");
    if (may_end)
        ot_buf_puts(out, "|");
    for (const char *c = next; *c != '\0'; c++) {
        const char *sharing[3] = {0};
        const char letter[2] = {*c, '\0'};
        size_t count = 0;

        for (size_t i = 0; words[i] != NULL; i++) {
            if (words[i][at] == *c)
                sharing[count++] = words[i];
        }
        ot_buf_putc(out, '|');
        put_escaped(out, letter);
        put_other_names(out, sharing, at + 1);
    }
    ot_buf_putc(out, ')');
}

/*
 * The sources in `folder` that are neither in its sub-folder `below` nor in a node_modules: what a
 * function imports from outside of the functions folder.
 */
static void put_outside(struct ot_buf *out, const char *folder, const char *below)
{
    const char *const first[] = {"node_modules", below, NULL};
    const char *const other[] = {"node_modules", NULL};

    ot_buf_puts(out, "|^");
    put_escaped(out, strcmp(folder, "/") == 0 ? "" : folder);
    ot_buf_puts(out, "/(?:");
    put_other_names(out, first, 0);
    ot_buf_puts(out, "/(?:");
    put_other_names(out, other, 0);
    ot_buf_puts(out, "/)*)?[^/]+\\.[cm]?[jt]sx?$");
}

void ot_plugin_source_filter(const struct ot_plugin *plugin, struct ot_buf *out)
{
    const struct ot_project *project = plugin->project;
    OT_AUTOFREE char *folder = ot_strdup(project->folder);
    size_t prefix = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

    ot_buf_putc(out, '^');
    put_escaped(out, folder);
    ot_buf_puts(out, "(?:");
    for (size_t i = 0; i < project->edited.count; i++) {
        ot_buf_puts(out, i > 0 ? "|" : "");
        put_escaped(out, project->edited.items[i] + prefix);
    }
    ot_buf_puts(out, ")$");
    for (size_t i = 0; i < plugin->located.count; i++) {
        ot_buf_puts(out, "|^");
        put_escaped(out, plugin->located.items[i]);
        ot_buf_putc(out, '$');
    }
    while (strcmp(folder, "/") != 0) {
        char *parent = ot_path_folder(folder);
        const char *below = strrchr(folder, '/') + 1;

        put_outside(out, parent, below);
        free(folder);
        folder = parent;
    }
}

/* -- sources ----------------------------------------------------------------------------------- */

static void answer(struct ot_esbuild *esbuild, uint32_t id, uint32_t callback,
                   struct ot_span contents, const char *loader, const char *folder)
{
    OT_AUTOBUF struct ot_buf value = {0};

    ot_put_object(&value, 4);
    ot_put_key(&value, "id");
    ot_put_uint(&value, callback);
    ot_put_key(&value, "contents");
    ot_put_bytes(&value, contents);
    ot_put_key(&value, "loader");
    ot_put_string(&value, loader);
    ot_put_key(&value, "resolveDir");
    ot_put_string(&value, folder);
    ot_esbuild_send(esbuild, id, true, ot_buf_span(&value));
}

/*
 * A file of the package whose file is read: import.meta.resolve gave the way to it. NULL: it is
 * not read that way. Relative to the functions folder; the caller frees it.
 */
static char *package_read(const struct ot_plugin *plugin, const struct ot_read *read,
                          const struct ot_resolves *resolves)
{
    for (size_t i = 0; resolves != NULL && i < resolves->count; i++) {
        const char *file = resolves->items[i].file;
        OT_AUTOFREE char *folder = file != NULL ? ot_package_folder(file) : NULL;
        OT_AUTOFREE char *root = folder != NULL ? ot_package_virtual_path(folder) : NULL;

        if (root != NULL && ot_path_is_beneath(read->path, root))
            return ot_path_relative(plugin->project->folder, file);
    }
    return NULL;
}

static void keep(struct ot_plugin *plugin, const char *file, struct ot_edit_result *result,
                 const struct ot_resolves *resolves)
{
    plugin->uses = ot_realloc(plugin->uses, plugin->use_count + result->reads.count + 1,
                              sizeof(*plugin->uses));
    for (size_t i = 0; i < result->reads.count; i++) {
        struct ot_source_use *use = &plugin->uses[plugin->use_count++];

        use->source = ot_path_relative(plugin->project->folder, file);
        use->package = package_read(plugin, &result->reads.items[i], resolves);
        use->read = result->reads.items[i];
        result->reads.items[i].path = NULL;
    }
    for (size_t i = 0; i < result->instances.count; i++) {
        OT_AUTOFREE char *pair = ot_asprintf("%s\n%s", file, result->instances.items[i]);

        ot_list_add(&plugin->instances, pair);
    }
}

static bool is_entry(const struct ot_plugin *plugin, const char *file)
{
    OT_AUTOFREE char *relative = ot_path_relative(plugin->project->folder, file);

    for (size_t i = 0; i < plugin->project->sources->count; i++) {
        if (strcmp(plugin->project->sources->items[i].entry, relative) == 0)
            return true;
    }
    return false;
}

void ot_plugin_answer_source(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                             const char *file, struct ot_span text,
                             const struct ot_resolves *resolves)
{
    OT_AUTOFREE char *folder = ot_path_folder(file);
    OT_AUTOFREE char *virtual_path = ot_project_virtual_path(plugin->project, file);
    OT_CLEANUP(ot_edit_result_free) struct ot_edit_result result = {0};
    OT_AUTOBUF struct ot_buf changed = {0};
    const struct ot_edit edit = {
        .virtual_path = virtual_path,
        .resolves = resolves,
        .is_entry = is_entry(plugin, file),
        .has_markup = ot_span_ends(ot_span_of(file), "x"),
        .jsx = ot_project_jsx(plugin->project, file),
    };

    if (!ot_edit(text, &edit, &changed, &result))
        ot_plugin_answer_nothing(esbuild, id);
    else
        answer(esbuild, id, OT_LOAD_SOURCE, ot_buf_span(&changed), "default", folder);
    keep(plugin, file, &result, resolves);
}

static void load_source(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                        struct ot_span path)
{
    OT_AUTOFREE char *file = ot_strndup(path.data, path.len);
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error ignored;

    /* what cannot be read, esbuild reports better */
    if (ot_read_file(file, OT_SOURCE_MAX, &text, &ignored) < 0)
        ot_plugin_answer_nothing(esbuild, id);
    else if (!ot_plugin_resolve_source(plugin, esbuild, id, file, &text))
        ot_plugin_answer_source(plugin, esbuild, id, file, ot_buf_span(&text), NULL);
}

/* -- virtual modules --------------------------------------------------------------------------- */

/*
 * The entry of a function. `require` makes esbuild wrap the function's modules so that they are
 * evaluated when the shim asks for them, inside the first request; code that functions share stays
 * shared. Modules with top-level await cannot be required: they are imported, which esbuild turns
 * into an asynchronous wrapper when it does not split code.
 *
 * The (dead) `await` makes esbuild see the entry as one that may wait. Only in such modules does it
 * report a `require` of a module with top-level await; in others it silently drops the promise.
 * Nobody uses its value, so nothing of it is left in the output.
 */
static void write_entry(const struct ot_plugin *plugin, struct ot_buf *out,
                        const struct ot_bundle_entry *entry)
{
    static const char *const answers[] = {
        [OT_PUBLIC_UNSET] = "null", [OT_PUBLIC_NO] = "false", [OT_PUBLIC_YES] = "true"};

    OT_AUTOFREE char *import = ot_asprintf("./%s", entry->file);
    const char *runtime = plugin->shadowed ? OT_RUNTIME_SPECIFIER : OT_RUNTIME_IMPORT;

    ot_buf_printf(out,
                  "import { cell } from \"%s\";\n"
                  "export { OnetubeIsolate } from \"%s\";\n"
                  "const wait = 0 && await 0;\n"
                  "%sexport default cell({ name: \"%s\", file: ",
                  runtime, runtime,
                  entry->assets != NULL ? "import { assets } from \"onetube:assets\";\n" : "",
                  entry->name);
    ot_put_js_string(out, ot_span_of(entry->file));
    if (entry->vars != NULL)
        ot_buf_printf(out, ", vars: %s", entry->vars);
    if (entry->assets != NULL) {
        OT_AUTOFREE char *root = ot_project_virtual_path(plugin->project, entry->assets_folder);

        ot_buf_puts(out, ", assets: assets({ root: ");
        ot_put_js_string(out, ot_span_of(root));
        ot_buf_printf(out, "%s })", entry->assets);
    }
    if (entry->strip_name)
        ot_buf_puts(out, ", stripName: true");
    ot_buf_printf(out, ", public: %s },\n() => %s(", answers[entry->is_public],
                  entry->top_level_await ? "import" : "require");
    ot_put_js_string(out, ot_span_of(import));
    ot_buf_puts(out, "));\n");
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

/*
 * As Deno has it: the exports of an instance that was made without imports. CommonJS, because only
 * the engine knows the names.
 */
static void write_instance(struct ot_buf *out, struct ot_span path)
{
    ot_buf_puts(out, "import module_ from ");
    ot_buf_puts(out, "\"./");
    ot_buf_append(out, path.data, path.len);
    ot_buf_puts(out, "\";\n"
                     "const [missing] = WebAssembly.Module.imports(module_);\n"
                     "if (missing) throw new Error(`");
    ot_buf_append(out, path.data, path.len);
    ot_buf_puts(out, " imports ${missing.module}.${missing.name}: import the module itself "
                     "(import x from \\\"...\\\") and make an instance of it`);\n"
                     "module.exports = new WebAssembly.Instance(module_, {}).exports;\n");
}

static int write_virtual(const struct ot_plugin *plugin, struct ot_span name_space,
                         struct ot_span path, struct ot_buf *text, struct ot_error *err)
{
    if (ot_span_is(name_space, OT_ENTRY_NAMESPACE)) {
        const struct ot_bundle_entry *entry = find_entry(plugin, path);

        if (entry == NULL)
            return ot_fail(err, OT_TOOL, "esbuild asks for an entry that does not exist");
        write_entry(plugin, text, entry);
    } else if (ot_span_is(name_space, OT_SHIM_NAMESPACE)) {
        struct ot_span file = ot_shim_file(path);

        if (file.data == NULL)
            return ot_fail(err, OT_TOOL, "esbuild asks for a part of the shim that does not exist");
        ot_buf_append(text, file.data, file.len);
    } else if (ot_span_is(name_space, OT_NODE_NAMESPACE)) {
        write_builtin(text, path);
    } else if (ot_span_is(name_space, OT_LATER_NAMESPACE)) {
        ot_buf_puts(text, "module.exports = {};\n");
    } else if (ot_span_is(name_space, OT_WASM_NAMESPACE)) {
        write_instance(text, path);
    } else if (ot_span_is(name_space, OT_MODULE_NAMESPACE)) {
        OT_AUTOFREE char *file = ot_path_join(plugin->project->folder, path);

        ot_plugin_wrap_module(plugin, file, text);
    }
    return 0;
}

/* A module from the web, in which `import.meta.url` is its URL. */
static void load_module(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                        struct ot_span path)
{
    OT_AUTOFREE char *url = ot_strndup(path.data, path.len);
    OT_CLEANUP(ot_edit_result_free) struct ot_edit_result result = {0};
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOBUF struct ot_buf changed = {0};
    const struct ot_edit edit = {.url = url};
    const char *loader = ot_plugin_load_module(plugin, path, &text);
    bool is_script = loader != NULL && strlen(loader) <= 3;

    if (loader == NULL)
        ot_plugin_answer_error(esbuild, id, ot_buf_span(&text));
    else if (is_script && memmem(text.data, text.len, "import.meta", 11) != NULL &&
             ot_edit(ot_buf_span(&text), &edit, &changed, &result))
        answer(esbuild, id, OT_LOAD, ot_buf_span(&changed), loader, "");
    else
        answer(esbuild, id, OT_LOAD, ot_buf_span(&text), loader, "");
}

int ot_plugin_load(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                   const struct ot_value *request, struct ot_error *err)
{
    struct ot_span name_space = ot_value_text(ot_value_get(request, "namespace"));
    struct ot_span path = ot_value_text(ot_value_get(request, "path"));
    OT_AUTOBUF struct ot_buf text = {0};

    if (ot_span_is(name_space, "file")) {
        load_source(plugin, esbuild, id, path);
        return 0;
    }
    if (ot_span_is(name_space, OT_HTTPS_NAMESPACE)) {
        load_module(plugin, esbuild, id, path);
        return 0;
    }
    if (write_virtual(plugin, name_space, path, &text, err) < 0)
        return -1;
    answer(esbuild, id, OT_LOAD, ot_buf_span(&text), "js", plugin->project->folder);
    return 0;
}
