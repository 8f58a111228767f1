#include "build/project.h"

#include "build/package_reads.h"
#include "build/path.h"
#include "build/specifiers.h"
#include "build/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTSIDE "_outside/"

/* -- one folder -------------------------------------------------------------------------------- */

static char *copy_text(const struct ot_tree *tree)
{
    const char *text = ot_tree_text(tree);

    return text != NULL ? ot_strdup(text) : NULL;
}

static void read_jsx(struct ot_settings *settings, const struct ot_tree *tree)
{
    const struct ot_tree *options = ot_tree_get(tree, "compilerOptions");

    if (settings->jsx.runtime != NULL || ot_tree_text(ot_tree_get(options, "jsx")) == NULL)
        return;
    settings->jsx.runtime = copy_text(ot_tree_get(options, "jsx"));
    settings->jsx.import_source = copy_text(ot_tree_get(options, "jsxImportSource"));
    settings->jsx.factory = copy_text(ot_tree_get(options, "jsxFactory"));
    settings->jsx.fragment = copy_text(ot_tree_get(options, "jsxFragmentFactory"));
}

static char *shown_of(const struct ot_project *project, const char *path)
{
    OT_AUTOFREE char *relative = ot_path_relative(project->folder, path);

    return ot_path_join(project->shown, ot_span_of(relative));
}

/* 1: read and `tree` must be freed; 0: there is none; -1. */
static int read_tree(const struct ot_project *project, const char *path, struct ot_tree *tree,
                     struct ot_error *err)
{
    OT_AUTOFREE char *shown = shown_of(project, path);

    return ot_tree_read(tree, path, shown, err);
}

/* An import map in a file of its own. */
static int read_map(const struct ot_project *project, struct ot_settings *settings,
                    const char *path, bool required, struct ot_error *err)
{
    OT_AUTOTREE struct ot_tree tree = {0};
    OT_AUTOFREE char *folder = ot_path_folder(path);
    int found = read_tree(project, path, &tree, err);

    if (found < 0)
        return -1;
    if (found == 0 && required) {
        OT_AUTOFREE char *shown = shown_of(project, path);

        return ot_fail(err, OT_FAILED, "%s: there is no such import map", shown);
    }
    ot_import_map_add(&settings->map, &tree, folder);
    return 0;
}

/* What a member of a workspace exports, for the others: "@me/lib" is its folder or file. */
static int add_member(const struct ot_project *project, struct ot_settings *settings,
                      const char *folder, struct ot_error *err)
{
    static const char *const names[] = {"deno.json", "deno.jsonc"};

    for (size_t i = 0; i < OT_COUNT(names); i++) {
        OT_AUTOTREE struct ot_tree tree = {0};
        OT_AUTOFREE char *path = ot_path_join(folder, ot_span_of(names[i]));
        const struct ot_tree *exports = ot_tree_get(&tree, "exports");
        const char *name;

        if (read_tree(project, path, &tree, err) < 0)
            return -1;
        name = ot_tree_text(ot_tree_get(&tree, "name"));
        exports = ot_tree_get(&tree, "exports");
        if (name == NULL)
            continue;
        if (ot_tree_text(exports) != NULL) {
            OT_AUTOFREE char *target = ot_path_join(folder, ot_span_of(ot_tree_text(exports)));

            ot_import_map_put(&settings->map, name, target);
        }
        for (size_t j = 0; exports->type == OT_TREE_OBJECT && j < exports->count; j++) {
            const char *text = ot_tree_text(&exports->items[j]);
            const char *key = exports->items[j].key;
            OT_AUTOFREE char *full = ot_asprintf("%s%s", name, key[0] == '.' ? key + 1 : key);
            OT_AUTOFREE char *target = NULL;

            if (text == NULL || key[0] != '.')
                continue;
            target = ot_path_join(folder, ot_span_of(text));
            ot_import_map_put(&settings->map, full, target);
        }
    }
    return 0;
}

/* deno.json's "workspace": folders; as in package.json, "packages/x/" and a star for all in one. */
static int add_members(struct ot_project *project, struct ot_settings *settings,
                       const struct ot_tree *tree, struct ot_error *err)
{
    const struct ot_tree *list = ot_tree_get(tree, "workspace");

    if (list->type == OT_TREE_OBJECT)
        list = ot_tree_get(list, "members");
    for (size_t i = 0; list->type == OT_TREE_ARRAY && i < list->count; i++) {
        const char *text = ot_tree_text(&list->items[i]);
        OT_AUTOLIST struct ot_list folders = {0};

        if (text == NULL)
            continue;
        ot_walk_folders(settings->folder, text, &folders);
        for (size_t j = 0; j < folders.count; j++) {
            if (add_member(project, settings, folders.items[j], err) < 0)
                return -1;
            ot_list_add(&project->members, folders.items[j]);
        }
    }
    return 0;
}

static int read_deno_json(struct ot_project *project, struct ot_settings *settings,
                          const char *path, struct ot_error *err)
{
    OT_AUTOTREE struct ot_tree tree = {0};
    const char *map;

    if (read_tree(project, path, &tree, err) < 0)
        return -1;
    ot_import_map_add(&settings->map, &tree, settings->folder);
    read_jsx(settings, &tree);
    if (ot_tree_get(ot_tree_get(&tree, "compilerOptions"), "experimentalDecorators")->truth)
        project->decorators = true;
    map = ot_tree_text(ot_tree_get(&tree, "importMap"));
    if (map != NULL && ot_tree_get(&tree, "imports")->type == OT_TREE_NULL &&
        ot_tree_get(&tree, "scopes")->type == OT_TREE_NULL && strstr(map, "://") == NULL) {
        OT_AUTOFREE char *full = ot_path_join(settings->folder, ot_span_of(map));

        if (read_map(project, settings, full, true, err) < 0)
            return -1;
    }
    return add_members(project, settings, &tree, err);
}

/* The import map that supabase/config.toml gives to the function in this folder; or NULL. */
static const char *own_map(const struct ot_project *project, const char *folder)
{
    size_t len = strlen(project->folder);

    for (size_t i = 0; i < project->sources->count; i++) {
        const struct ot_function_source *source = &project->sources->items[i];

        if (source->import_map != NULL && strncmp(folder, project->folder, len) == 0 &&
            folder[len] == '/' && strcmp(folder + len + 1, source->name) == 0)
            return source->import_map;
    }
    return NULL;
}

static void free_settings(struct ot_settings *settings)
{
    ot_import_map_free(&settings->map);
    free(settings->jsx.runtime);
    free(settings->jsx.import_source);
    free(settings->jsx.factory);
    free(settings->jsx.fragment);
    free(settings->folder);
    free(settings);
}

static bool says_something(const struct ot_settings *settings)
{
    return settings->map.imports.count > 0 || settings->map.scope_count > 0 ||
           settings->jsx.runtime != NULL;
}

/* Of files in the folder; NULL: there are none. */
static const struct ot_settings *settings_of(const struct ot_project *project, const char *folder)
{
    const struct ot_settings *nearest = NULL;

    for (size_t i = 0; i < project->settings_count; i++) {
        const struct ot_settings *settings = project->settings[i];

        if (ot_path_is_beneath(folder, settings->folder) &&
            (nearest == NULL || strlen(settings->folder) >= strlen(nearest->folder)))
            nearest = settings;
    }
    return nearest;
}

/* Nearest first: the function's own import map, deno.json, deno.jsonc, import_map.json. */
static int add_settings(struct ot_project *project, const char *folder, struct ot_error *err)
{
    static const char *const names[] = {"deno.json", "deno.jsonc"};
    struct ot_settings *settings = ot_alloc(1, sizeof(*settings));
    OT_AUTOFREE char *map = ot_path_join(folder, OT_SPAN("import_map.json"));
    const char *own = own_map(project, folder);
    int result = 0;

    settings->folder = ot_strdup(folder);
    settings->parent = settings_of(project, folder);
    if (own != NULL)
        result = read_map(project, settings, own, true, err);
    for (size_t i = 0; result == 0 && i < OT_COUNT(names); i++) {
        OT_AUTOFREE char *path = ot_path_join(folder, ot_span_of(names[i]));

        result = read_deno_json(project, settings, path, err);
    }
    if (result == 0)
        result = read_map(project, settings, map, false, err);
    if (result < 0 || !says_something(settings)) {
        free_settings(settings);
        return result;
    }
    project->settings =
        ot_realloc(project->settings, project->settings_count + 1, sizeof(struct ot_settings *));
    project->settings[project->settings_count++] = settings;
    return 0;
}

/* -- all of them ------------------------------------------------------------------------------- */

static void add_installed(struct ot_project *project, const char *folder)
{
    OT_AUTOFREE char *path = ot_path_join(folder, OT_SPAN("node_modules"));

    if (access(path, F_OK) == 0)
        ot_list_add(&project->installed, path);
}

/*
 * From the top down to the functions folder, so that each finds what is above it. The search ends
 * at a repository's root.
 */
static int add_above(struct ot_project *project, const char *folder, struct ot_error *err)
{
    OT_AUTOFREE char *parent = ot_path_folder(folder);
    OT_AUTOFREE char *git = ot_path_join(folder, OT_SPAN(".git"));
    OT_AUTOFREE char *vendor = ot_path_join(folder, OT_SPAN("vendor"));

    if (strcmp(parent, folder) != 0 && access(git, F_OK) != 0 &&
        add_above(project, parent, err) < 0)
        return -1;
    if (access(vendor, F_OK) == 0)
        ot_list_add(&project->vendored, vendor);
    add_installed(project, folder);
    return add_settings(project, folder, err);
}

/* Members that are neither beneath nor above the functions folder, where nobody else looks. */
static int add_outside(struct ot_project *project, struct ot_error *err)
{
    for (size_t i = 0; i < project->members.count; i++) {
        const char *folder = project->members.items[i];

        if (ot_path_is_beneath(folder, project->folder) ||
            ot_path_is_beneath(project->folder, folder))
            continue;
        add_installed(project, folder);
        if (add_settings(project, folder, err) < 0)
            return -1;
    }
    return 0;
}

struct visit {
    struct ot_project *project;
    struct ot_error *err;
};

static int visit_folder(void *context, const char *folder, const struct ot_list *names)
{
    struct visit *visit = context;
    bool any = own_map(visit->project, folder) != NULL;

    if (ot_list_has(names, "tsconfig.json"))
        visit->project->has_tsconfig = true;
    if (strcmp(folder, visit->project->folder) == 0)
        return 0;
    if (ot_list_has(names, "node_modules"))
        add_installed(visit->project, folder);
    for (size_t i = 0; i < names->count && !any; i++)
        any = strncmp(names->items[i], "deno.json", 9) == 0 ||
              strcmp(names->items[i], "import_map.json") == 0;
    return any ? add_settings(visit->project, folder, visit->err) : 0;
}

static void visit_source(void *context, const char *file, struct ot_span text)
{
    static const char *const marks[] = {
        "import.meta", "__dirname",     "__filename",       ".wasm",
        "readFile",    "readTextFile",  "createReadStream", "readDir",
        "readdir",     "createRequire", "@jsxImportSource"};
    struct visit *visit = context;
    bool markup = ot_span_ends(ot_span_of(file), "x");

    for (size_t i = 0; i < OT_COUNT(marks); i++) {
        if (memmem(text.data, text.len, marks[i], strlen(marks[i])) != NULL) {
            ot_list_add(&visit->project->edited, file);
            return;
        }
    }
    if (markup && ot_project_jsx(visit->project, file) != NULL)
        ot_list_add(&visit->project->edited, file);
}

int ot_project_open(struct ot_project *project, const char *folder, const char *shown,
                    const struct ot_sources *sources, struct ot_error *err)
{
    struct visit visit = {project, err};

    *project = (struct ot_project){.folder = folder, .shown = shown, .sources = sources};
    if (add_above(project, folder, err) < 0 || add_outside(project, err) < 0 ||
        ot_walk(folder, visit_folder, visit_source, &visit, err) < 0)
        return -1;
    ot_list_sort(&project->edited);
    ot_copies_find(&project->copies, &project->installed);
    return 0;
}

void ot_project_free(struct ot_project *project)
{
    for (size_t i = 0; i < project->settings_count; i++)
        free_settings(project->settings[i]);
    free(project->settings);
    ot_list_free(&project->edited);
    ot_list_free(&project->members);
    ot_list_free(&project->vendored);
    ot_list_free(&project->installed);
    ot_copies_free(&project->copies);
    *project = (struct ot_project){0};
}

/* -- looking up -------------------------------------------------------------------------------- */

const struct ot_jsx *ot_project_jsx(const struct ot_project *project, const char *file)
{
    OT_AUTOFREE char *folder = ot_path_folder(file);

    for (const struct ot_settings *settings = settings_of(project, folder); settings != NULL;
         settings = settings->parent) {
        if (settings->jsx.runtime != NULL)
            return &settings->jsx;
    }
    return NULL;
}

/* Whether two specifiers mean the same module, whatever version of it. */
static bool same_module(const char *a, const char *b)
{
    OT_AUTOSPECIFIER struct ot_specifier x = ot_specifier_parse(ot_span_of(a));
    OT_AUTOSPECIFIER struct ot_specifier y = ot_specifier_parse(ot_span_of(b));

    return x.kind == y.kind && (x.target == NULL) == (y.target == NULL) &&
           (x.target == NULL || strcmp(x.target, y.target) == 0);
}

/* The function in whose folder the settings are; or NULL. */
static const char *function_of(const struct ot_project *project, const struct ot_settings *settings)
{
    for (size_t i = 0; i < project->sources->count; i++) {
        OT_AUTOFREE char *folder =
            ot_path_join(project->folder, ot_span_of(project->sources->items[i].name));

        if (strcmp(folder, settings->folder) == 0)
            return project->sources->items[i].name;
    }
    return NULL;
}

/* What the functions' own maps say about a file that they share. */
static int map_shared(const struct ot_project *project, struct ot_span specifier,
                      const char *importer, char **target)
{
    OT_AUTOFREE char *first = NULL;
    const char *first_name = NULL;

    for (size_t i = 0; i < project->settings_count; i++) {
        const char *name = function_of(project, project->settings[i]);
        OT_AUTOFREE char *found = NULL;

        if (name == NULL ||
            ot_import_map_find(&project->settings[i]->map, specifier, importer, &found) <= 0)
            continue;
        if (first == NULL) {
            first = OT_STEAL(found);
            first_name = name;
        } else if (!same_module(first, found)) {
            *target = ot_asprintf("the functions %s and %s share this file, and mean %s and %s by "
                                  "it: write the one that is meant, or map it in a deno.json "
                                  "beside the functions",
                                  first_name, name, first, found);
            return -1;
        }
    }
    *target = OT_STEAL(first);
    return *target != NULL;
}

int ot_project_map(const struct ot_project *project, struct ot_span specifier, const char *importer,
                   char **target)
{
    OT_AUTOFREE char *folder = ot_path_folder(importer);

    *target = NULL;
    for (const struct ot_settings *settings = settings_of(project, folder); settings != NULL;
         settings = settings->parent) {
        int found = ot_import_map_find(&settings->map, specifier, importer, target);

        if (found < 0)
            *target = ot_strdup("an import map forbids it");
        if (found != 0)
            return found;
    }
    for (size_t i = 0; i < project->sources->count; i++) {
        OT_AUTOFREE char *own =
            ot_path_join(project->folder, ot_span_of(project->sources->items[i].name));

        if (ot_path_is_beneath(importer, own))
            return 0;
    }
    return map_shared(project, specifier, importer, target);
}

void ot_project_filter(const struct ot_project *project, struct ot_buf *out)
{
    bool relative = false;

    for (size_t i = 0; i < project->settings_count; i++)
        ot_import_map_filter(&project->settings[i]->map, out, &relative);
    if (relative)
        ot_buf_puts(out, "|^\\.\\.?(/|$)");
}

char *ot_project_virtual_path(const struct ot_project *project, const char *file)
{
    OT_AUTOFREE char *relative = ot_path_relative(project->folder, file);
    const char *rest = relative;
    size_t steps = 0;

    if (ot_path_is_installed(file))
        return ot_package_virtual_path(file);

    for (; strncmp(rest, "../", 3) == 0; rest += 3)
        steps++;
    if (steps == 0)
        return OT_STEAL(relative);
    return ot_asprintf(OUTSIDE "%zu/%s", steps, rest);
}

char *ot_project_file_at(const char *virtual_path)
{
    OT_AUTOBUF struct ot_buf path = {0};
    unsigned steps;
    int len = 0;

    if (strncmp(virtual_path, OUTSIDE, strlen(OUTSIDE)) != 0)
        return strncmp(virtual_path, "../", 3) == 0 ? NULL : ot_strdup(virtual_path);
    if (sscanf(virtual_path, OUTSIDE "%2u/%n", &steps, &len) != 1 || len == 0)
        return NULL;
    while (steps-- > 0)
        ot_buf_puts(&path, "../");
    ot_buf_puts(&path, virtual_path + len);
    return ot_strdup(path.data);
}
