/* What becomes of what esbuild's resolver finds: its version, its kind, or why there is none. */
#include "build/plugin_parts.h"

#include "build/path.h"
#include "build/semver.h"
#include "build/tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_installed(const struct ot_plugin *plugin, const char *folder, const char *target)
{
    OT_AUTOFREE char *path = ot_plugin_find_installed(plugin, folder, target);

    return path != NULL;
}

/* The package.json of the package that the file is in; NULL: it is in none. */
static char *manifest_of(struct ot_span file)
{
    static const char mark[] = "/node_modules/";
    struct ot_span rest = file, name;
    const char *found = NULL;

    for (const char *at = memmem(rest.data, rest.len, mark, strlen(mark)); at != NULL;
         at = memmem(rest.data, rest.len, mark, strlen(mark))) {
        found = at + strlen(mark);
        rest = (struct ot_span){found, file.len - (size_t)(found - file.data)};
    }
    if (found == NULL || !ot_specifier_package(rest, &name))
        return NULL;
    return ot_asprintf("%.*s/package.json", (int)(name.data + name.len - file.data), file.data);
}

/*
 * Whether the installed package is of the version that was asked for; if not, `text` says so. A
 * package that was installed under another name than its own was chosen by hand.
 */
static enum ot_range_match check_version(const struct ot_pending *pending, struct ot_span file,
                                         struct ot_buf *text)
{
    OT_AUTOFREE char *path = manifest_of(file);
    OT_AUTOTREE struct ot_tree manifest = {0};
    enum ot_range_match match = OT_RANGE_MATCHES;
    const char *name, *version;
    struct ot_error ignored;
    struct ot_span asked;

    if (pending->version == NULL || path == NULL ||
        ot_tree_read(&manifest, path, path, &ignored) <= 0)
        return OT_RANGE_MATCHES;
    name = ot_tree_text(ot_tree_get(&manifest, "name"));
    version = ot_tree_text(ot_tree_get(&manifest, "version"));
    if (name != NULL && version != NULL &&
        ot_specifier_package(ot_span_of(pending->target), &asked) && ot_span_is(asked, name))
        match = ot_range_check(ot_span_of(pending->version), ot_span_of(version));
    if (match != OT_RANGE_MATCHES)
        ot_buf_printf(text, "\"%s\" asks for another version than the %s that is installed (%s)",
                      pending->path, version,
                      pending->advice != NULL ? pending->advice : "install the one that is meant");
    return match;
}

/* The file of an installed package that its "exports" do not name; or NULL. */
static char *find_file(const struct ot_plugin *plugin, const struct ot_pending *pending)
{
    static const char *const endings[] = {"", ".js", ".mjs", ".cjs", "/index.js"};
    OT_AUTOFREE char *package = ot_plugin_find_installed(plugin, pending->folder, pending->target);
    struct ot_span name;

    if (!pending->any_file || package == NULL ||
        !ot_specifier_package(ot_span_of(pending->target), &name))
        return NULL;
    for (size_t i = 0; i < OT_COUNT(endings); i++) {
        OT_AUTOFREE char *path = ot_asprintf("%s%s%s", package, name.data + name.len, endings[i]);
        struct stat info;

        if (ot_plugin_is_there(plugin, path) && stat(path, &info) == 0 && S_ISREG(info.st_mode))
            return OT_STEAL(path);
    }
    return NULL;
}

/* Takes another copy of the same package. Returns what the answer's path is in. */
static char *choose_copy(struct ot_plugin *plugin, struct ot_span *answer)
{
    OT_AUTOFREE char *path = ot_strndup(answer[0].data, answer[0].len);
    char *other;

    if (!ot_span_is(answer[1], "file"))
        return NULL;
    other = ot_copies_place(&plugin->project->copies, &plugin->copies, path);
    if (other == NULL)
        return NULL;
    plugin->redirected = true;
    answer[0] = ot_span_of(other);
    return other;
}

/* Puts a module in front of the file, if it needs one. Returns what the answer's path is in. */
static char *wrap(const struct ot_plugin *plugin, struct ot_span *answer)
{
    OT_AUTOFREE char *path = ot_strndup(answer[0].data, answer[0].len);
    OT_AUTOBUF struct ot_buf text = {0};
    char *relative;

    if (!ot_span_is(answer[1], "file") || !ot_plugin_wrap_module(plugin, path, &text))
        return NULL;
    relative = ot_path_relative(plugin->project->folder, path);
    answer[0] = ot_span_of(relative);
    answer[1] = OT_SPAN(OT_MODULE_NAMESPACE);
    return relative;
}

void ot_plugin_resolved(struct ot_plugin *plugin, struct ot_esbuild *esbuild,
                        const struct ot_pending *pending, const struct ot_value *response)
{
    static const char *const keys[] = {"path", "namespace", "suffix"};
    struct ot_span answer[OT_COUNT(keys)];
    const struct ot_value *errors = ot_value_get(response, "errors");
    enum ot_range_match match;
    OT_AUTOFREE char *wrapped = NULL;
    OT_AUTOFREE char *copy = NULL;
    OT_AUTOBUF struct ot_buf value = {0};
    OT_AUTOBUF struct ot_buf text = {0};

    free(plugin->importer);
    plugin->importer = ot_strdup(pending->importer);
    if (pending->is_copy && errors->count > 0) {
        ot_plugin_answer_nothing(esbuild, pending->answer);
        return;
    }
    if (errors->type != OT_VALUE_ARRAY || errors->count > 0) {
        OT_AUTOFREE char *file = find_file(plugin, pending);
        bool incomplete =
            pending->advice != NULL && is_installed(plugin, pending->folder, pending->target);

        if (file != NULL) {
            ot_plugin_answer_virtual(esbuild, pending->answer, OT_RESOLVE_SPECIFIER, "file",
                                     ot_span_of(file));
            return;
        }
        ot_plugin_answer_unresolved(
            esbuild, pending->answer, ot_span_of(pending->path),
            incomplete ? "the package is installed, but has nothing under this name"
                       : pending->advice);
        return;
    }
    match = check_version(pending, ot_value_text(ot_value_get(response, "path")), &text);
    if (match == OT_RANGE_OTHER_MAJOR) {
        ot_plugin_answer_error(esbuild, pending->answer, ot_buf_span(&text));
        return;
    }
    for (size_t i = 0; i < OT_COUNT(keys); i++)
        answer[i] = ot_value_text(ot_value_get(response, keys[i]));
    copy = choose_copy(plugin, answer);
    wrapped = wrap(plugin, answer);
    ot_put_object(&value, 3 + OT_COUNT(keys) + (match == OT_RANGE_MATCHES ? 0 : 1));
    ot_put_key(&value, "id");
    ot_put_uint(&value, OT_RESOLVE_SPECIFIER);
    ot_put_key(&value, "external");
    ot_put_bool(&value, ot_value_get(response, "external")->number != 0);
    ot_put_key(&value, "sideEffects");
    ot_put_bool(&value, ot_value_get(response, "sideEffects")->number != 0);
    for (size_t i = 0; i < OT_COUNT(answer); i++) {
        ot_put_key(&value, keys[i]);
        ot_put_span(&value, answer[i]);
    }
    if (match != OT_RANGE_MATCHES)
        ot_plugin_put_message(&value, "warnings", ot_buf_span(&text));
    ot_esbuild_send(esbuild, pending->answer, true, ot_buf_span(&value));
}
