/* Specifiers that the lock knows, modules from the web, and collecting what is to be locked. */
#include "build/plugin_parts.h"

#include "build/media_type.h"
#include "build/path.h"
#include "build/tree.h"
#include "build/url.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- who asks ---------------------------------------------------------------------------------- */

/*
 * The function that a file of the user's own belongs to: it is its entry, or in its folder.
 * OT_LOCK_SHARED where it belongs to none; modules from the web belong to none either.
 */
static const char *owner_of(const struct ot_plugin *plugin, const struct ot_value *request)
{
    const struct ot_sources *sources = plugin->project->sources;
    struct ot_span from = ot_value_text(ot_value_get(request, "importer"));
    OT_AUTOFREE char *importer = ot_strndup(from.data, from.len);
    OT_AUTOFREE char *file = NULL;

    if (!ot_span_is(ot_value_text(ot_value_get(request, "namespace")), "file"))
        return OT_LOCK_SHARED;
    file = ot_path_relative(plugin->project->folder, importer);
    for (size_t i = 0; i < sources->count; i++) {
        if (strcmp(sources->items[i].entry, file) == 0)
            return sources->items[i].name;
    }
    for (size_t i = 0; i < sources->count; i++) {
        const char *entry = sources->items[i].entry;
        const char *slash =
            strncmp(entry, "../", 3) == 0 ? strrchr(entry, '/') : strchr(entry, '/');

        if (slash != NULL && strncmp(file, entry, (size_t)(slash - entry) + 1) == 0)
            return sources->items[i].name;
    }
    return OT_LOCK_SHARED;
}

/* Whether an installed package asks: its dependencies are npm's business. */
static bool asks_installed(const struct ot_value *request)
{
    struct ot_span from = ot_value_text(ot_value_get(request, "importer"));
    OT_AUTOFREE char *importer = ot_strndup(from.data, from.len);

    return ot_path_is_installed(importer);
}

/* -- packages ---------------------------------------------------------------------------------- */

/* What npm calls the package, with the sub-path: JSR's are in a scope of their own. */
static const char *npm_target(const struct ot_specifier *specifier)
{
    return specifier->other != NULL && strncmp(specifier->other, "@jsr/", 5) == 0
               ? specifier->other
               : specifier->target;
}

/* "npm:zod@^3"; the caller frees it. NULL: no package's name. */
static char *key_of(const struct ot_specifier *specifier)
{
    struct ot_span name;

    if (!ot_specifier_package(ot_span_of(npm_target(specifier)), &name))
        return NULL;
    return ot_asprintf("npm:%.*s@%s", (int)name.len, name.data,
                       specifier->version != NULL ? specifier->version : "*");
}

static void answer_later(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                         const char *what)
{
    const char *refused = ot_pairs_get(&plugin->collection->refused, what);

    if (refused != NULL)
        ot_plugin_answer_error(esbuild, id, ot_span_of(refused));
    else
        ot_plugin_answer_virtual(esbuild, id, OT_RESOLVE_SPECIFIER, OT_LATER_NAMESPACE,
                                 ot_span_of(what));
}

static void note(struct ot_list *list, const char *text)
{
    if (!ot_list_has(list, text))
        ot_list_add(list, text);
}

static void collect_package(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                            const char *function, const char *key)
{
    OT_AUTOFREE char *item = ot_asprintf("%s\n%s", function, key);

    note(&plugin->collection->packages, item);
    answer_later(plugin, esbuild, id, key);
}

bool ot_plugin_take_package(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                            const struct ot_value *request, const struct ot_specifier *specifier)
{
    const char *function = owner_of(plugin, request);
    OT_AUTOFREE char *key = asks_installed(request) ? NULL : key_of(specifier);
    OT_AUTOFREE char *folder = NULL;
    OT_AUTOFREE char *target = NULL;
    const struct ot_lock_group *group;
    struct ot_span written;
    const char *name;

    if (key == NULL)
        return false;
    if (plugin->collection != NULL) {
        group = ot_lock_group(plugin->collection->known, function);
        if (group == NULL || ot_pairs_get(&group->specifiers, key) == NULL)
            return false;
        collect_package(plugin, esbuild, id, function, key);
        return true;
    }
    name = ot_vendored_package(plugin->vendored, function, key, &folder);
    if (name == NULL || !ot_specifier_package(ot_span_of(npm_target(specifier)), &written))
        return false;
    target = ot_asprintf("%s%s", name, written.data + written.len);
    if (access(folder, F_OK) == 0) {
        ot_plugin_ask(plugin, esbuild, id, request, target, specifier, folder);
    } else {
        OT_AUTOFREE char *advice =
            ot_asprintf("it is locked, but the vendor folder does not have it; get it: "
                        "onetube vendor --functions %s",
                        plugin->project->shown);

        ot_plugin_answer_unresolved(esbuild, id, ot_value_text(ot_value_get(request, "path")),
                                    advice);
    }
    return true;
}

bool ot_plugin_collect_package(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                               const struct ot_value *request, const struct ot_specifier *specifier)
{
    OT_AUTOFREE char *key =
        plugin->collection == NULL || asks_installed(request) ? NULL : key_of(specifier);

    if (key == NULL)
        return false;
    collect_package(plugin, esbuild, id, owner_of(plugin, request), key);
    return true;
}

/* A range for npm's registry, not a place of another kind. */
static char *range_of(const struct ot_tree *manifest, const char *key, const char *name)
{
    const char *range = ot_tree_text(ot_tree_get(ot_tree_get(manifest, key), name));

    return range != NULL && strpbrk(range, ":/\\'\"`") == NULL ? ot_strdup(range) : NULL;
}

char *ot_plugin_dependency(const struct ot_plugin *plugin, const char *importer,
                           struct ot_span target)
{
    OT_AUTOFREE char *folder = ot_path_folder(importer);
    OT_AUTOFREE char *name = NULL;
    struct ot_span package;

    if (!ot_specifier_package(target, &package))
        return NULL;
    name = ot_strndup(package.data, package.len);
    for (;;) {
        OT_AUTOFREE char *path = ot_path_join(folder, OT_SPAN("package.json"));
        OT_AUTOTREE struct ot_tree manifest = {0};
        struct ot_error ignored;
        char *parent;

        if (ot_tree_read(&manifest, path, path, &ignored) > 0) {
            char *range = range_of(&manifest, "dependencies", name);

            if (range == NULL)
                range = range_of(&manifest, "devDependencies", name);
            if (range != NULL)
                return range;
        }
        /* a project ends where the functions folder's parent does, or at the top */
        if (strcmp(folder, "/") == 0 ||
            strlen(folder) + 1 <
                strlen(plugin->project->folder) - strlen(strrchr(plugin->project->folder, '/')))
            return NULL;
        parent = ot_path_folder(folder);
        free(folder);
        folder = parent;
    }
}

static void put_name(struct ot_buf *out, struct ot_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (strchr("\\.+*?()|[]{}^$", name.data[i]) != NULL)
            ot_buf_putc(out, '\\');
        ot_buf_putc(out, name.data[i]);
    }
}

void ot_plugin_vendor_filter(const struct ot_plugin *plugin, struct ot_buf *out)
{
    const struct ot_lock *lock = &plugin->vendored->lock;
    OT_AUTOLIST struct ot_list names = {0};

    if (plugin->collection != NULL) { /* any bare name */
        ot_buf_puts(out, "|^[^./]");
        return;
    }
    for (size_t i = 0; i < lock->group_count; i++) {
        const struct ot_pairs *specifiers = &lock->groups[i].specifiers;

        for (size_t j = 0; j < specifiers->count; j++) {
            const char *name = specifiers->items[j].key + strlen("npm:");

            ot_list_add_span(&names, (struct ot_span){name, strcspn(name + 1, "@") + 1});
        }
    }
    ot_list_sort_unique(&names);
    for (size_t i = 0; i < names.count; i++) {
        ot_buf_puts(out, i == 0 ? "|^(?:" : "|");
        put_name(out, ot_span_of(names.items[i]));
    }
    if (names.count > 0)
        ot_buf_puts(out, ")(?:/|$)");
}

/* -- modules from the web ---------------------------------------------------------------------- */

bool ot_plugin_take_module(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                           const struct ot_value *request, struct ot_span text)
{
    OT_AUTOFREE char *url = ot_url_join(NULL, text);
    const struct ot_lock_module *module = NULL;
    OT_AUTOBUF struct ot_buf ignored = {0};
    struct ot_error err;

    if (url != NULL)
        module = ot_lock_module(&plugin->vendored->lock, url);
    if (module == NULL)
        return false;
    if (plugin->collection != NULL)
        note(&plugin->collection->used, url);
    /* here an error has the place of the import */
    if (ot_vendored_load(plugin->vendored, module, &ignored, &err) < 0)
        ot_plugin_answer_unresolved(esbuild, id, ot_value_text(ot_value_get(request, "path")),
                                    err.message);
    else
        ot_plugin_answer_virtual(esbuild, id, OT_RESOLVE_SPECIFIER, OT_HTTPS_NAMESPACE,
                                 ot_span_of(module->url));
    return true;
}

bool ot_plugin_collect_module(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                              struct ot_span text)
{
    OT_AUTOFREE char *url = plugin->collection != NULL ? ot_url_join(NULL, text) : NULL;

    if (url == NULL)
        return false;
    note(&plugin->collection->modules, url);
    note(&plugin->collection->used, url);
    answer_later(plugin, esbuild, id, url);
    return true;
}

static bool has_scheme(struct ot_span path)
{
    static const char *const schemes[] = {"npm:", "jsr:", "node:", "cloudflare:", "onetube:"};

    for (size_t i = 0; i < OT_COUNT(schemes); i++) {
        if (ot_span_starts(path, schemes[i]))
            return true;
    }
    return ot_url_is(path);
}

/* Import maps beside the functions are for modules from the web too, as in Deno. */
char *ot_plugin_map_in_web(struct ot_plugin *plugin, struct ot_esbuild *esbuild, uint32_t id,
                           const struct ot_value *request)
{
    struct ot_span path = ot_value_text(ot_value_get(request, "path"));
    struct ot_span from = ot_value_text(ot_value_get(request, "importer"));
    OT_AUTOFREE char *base = ot_strndup(from.data, from.len);
    OT_AUTOFREE char *beside = ot_path_join(plugin->project->folder, OT_SPAN("_"));
    OT_AUTOFREE char *mapped = NULL;
    char *url = ot_url_join(base, path);
    OT_AUTOSPECIFIER struct ot_specifier specifier = ot_specifier_parse(path);

    if (url != NULL)
        return url;
    if (has_scheme(path) || specifier.kind == OT_SPECIFIER_BUILTIN)
        return ot_strndup(path.data, path.len);
    if (ot_project_map(plugin->project, path, beside, &mapped) > 0 &&
        has_scheme(ot_span_of(mapped)))
        return OT_STEAL(mapped);
    ot_plugin_answer_unresolved(
        esbuild, id, path,
        "a module from the web can import URLs, npm: and jsr: packages, and "
        "what an import map beside the functions makes one of them");
    return NULL;
}

const char *ot_plugin_load_module(const struct ot_plugin *plugin, struct ot_span path,
                                  struct ot_buf *text)
{
    OT_AUTOFREE char *url = ot_strndup(path.data, path.len);
    const struct ot_lock_module *module = ot_lock_module(&plugin->vendored->lock, url);
    const char *loader;
    struct ot_error err;

    if (module == NULL || ot_vendored_load(plugin->vendored, module, text, &err) < 0) {
        ot_buf_puts(text, module == NULL ? "the lock does not have it" : err.message);
        return NULL;
    }
    loader = ot_media_loader(module->content_type, url);
    if (loader == NULL) {
        ot_buf_clear(text);
        ot_buf_printf(text, "its content type is \"%s\", which is none of a module",
                      module->content_type != NULL ? module->content_type : "");
    }
    return loader;
}
