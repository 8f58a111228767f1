#include "build/package_reads.h"

#include "base/file.h"
#include "build/edit.h"
#include "build/path.h"
#include "build/specifiers.h"
#include "build/tree.h"
#include "build/walk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *ot_package_folder(const char *file)
{
    static const char mark[] = "/node_modules/";
    const char *found = NULL;
    struct ot_span name;

    for (const char *at = strstr(file, mark); at != NULL; at = strstr(at + 1, mark))
        found = at + strlen(mark);
    if (found == NULL || !ot_specifier_package(ot_span_of(found), &name))
        return NULL;
    return ot_strndup(file, (size_t)(name.data + name.len - file));
}

char *ot_package_virtual_path(const char *file)
{
    OT_AUTOFREE char *package = ot_package_folder(file);
    OT_AUTOFREE char *manifest = NULL;
    OT_AUTOTREE struct ot_tree tree = {0};
    struct ot_error ignored;
    const char *version = NULL, *name;

    if (package == NULL)
        return ot_strdup("_package");
    manifest = ot_asprintf("%s/package.json", package);
    if (ot_tree_read(&tree, manifest, manifest, &ignored) > 0)
        version = ot_tree_text(ot_tree_get(&tree, "version"));
    name = strstr(package, "/node_modules/");
    for (const char *at = name; at != NULL; at = strstr(at + 1, "/node_modules/"))
        name = at;
    name += strlen("/node_modules/");
    /* no file of a dist has an "@" in its path */
    return ot_asprintf("_package/%s%s/%s%s", name[0] == '@' ? "_" : "", name + (name[0] == '@'),
                       version != NULL ? version : "0", file + strlen(package));
}

/* A file that is there, and with links followed in the package. */
static bool is_own(const char *path, const char *package)
{
    OT_AUTOFREE char *real = realpath(path, NULL);
    OT_AUTOFREE char *folder = realpath(package, NULL);
    struct stat info;

    return real != NULL && folder != NULL && ot_path_is_beneath(real, folder) &&
           stat(real, &info) == 0 && S_ISREG(info.st_mode);
}

static char *path_of(const char *source, const struct ot_read *read)
{
    OT_AUTOFREE char *package = ot_package_folder(source);
    OT_AUTOFREE char *root = package != NULL ? ot_package_virtual_path(package) : NULL;

    if (root == NULL || (read->flags & (OT_READ_FROM_CWD | OT_READ_FOLDER)) != 0 ||
        strchr(read->path, OT_UNKNOWN) != NULL || !ot_path_is_beneath(read->path, root) ||
        ((read->flags & OT_READ_CALL) == 0 && ot_is_source_name(read->path)))
        return NULL;
    return ot_asprintf("%s%s", package, read->path + strlen(root));
}

char *ot_package_read_file(const char *source, const struct ot_read *read)
{
    OT_AUTOFREE char *package = ot_package_folder(source);
    OT_AUTOFREE char *path = path_of(source, read);

    return path != NULL && is_own(path, package) ? OT_STEAL(path) : NULL;
}

static bool mentions(const struct ot_buf *text, const char *word)
{
    return memmem(text->data, text->len, word, strlen(word)) != NULL;
}

/* Whether the source of a package reads, or requires, what a bundle would not find. */
static bool has_to_know(const char *file, const char *input, struct ot_lookups *lookups)
{
    OT_AUTOFREE char *virtual_path = NULL;
    OT_CLEANUP(ot_edit_result_free) struct ot_edit_result result = {0};
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOBUF struct ot_buf changed = {0};
    struct ot_edit edit = {0};
    struct ot_error ignored;
    bool found;

    if (ot_read_file(file, OT_SOURCE_MAX, &text, &ignored) < 0 || text.len == 0 ||
        (!mentions(&text, "__dirname") && !mentions(&text, "import.meta")) ||
        (!mentions(&text, "readFile") && !mentions(&text, "new URL(") &&
         !mentions(&text, "meta.resolve(") && !mentions(&text, "createRequire(")))
        return false;
    virtual_path = ot_package_virtual_path(file);
    edit.virtual_path = virtual_path;
    if (!ot_edit(ot_buf_span(&text), &edit, &changed, &result))
        return false;
    found = result.makes_require;
    for (size_t i = 0; i < result.reads.count; i++) {
        OT_AUTOFREE char *path = path_of(file, &result.reads.items[i]);
        OT_AUTOFREE char *own = ot_package_read_file(file, &result.reads.items[i]);

        if (path != NULL && lookups != NULL)
            ot_lookups_add(lookups, ot_span_of(input), OT_SPAN("/"), ot_span_of(path), true);
        found = found || own != NULL;
    }
    return found;
}

void ot_package_reads_find(const struct ot_project *project, const struct ot_metafile *metafile,
                           struct ot_lookups *lookups, struct ot_list *out)
{
    for (size_t i = 0; i < metafile->inputs.count; i++) {
        const char *input = metafile->inputs.items[i].path;
        OT_AUTOFREE char *file = NULL;

        if (strchr(input, ':') != NULL || !ot_path_is_installed(input) || !ot_is_source_name(input))
            continue;
        file = ot_path_join(project->folder, ot_span_of(input));
        if (has_to_know(file, input, lookups))
            ot_list_add(out, file);
    }
    ot_list_sort(out);
}
