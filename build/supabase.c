#include "build/supabase.h"

#include "base/text.h"
#include "build/path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int ot_supabase_read(struct ot_supabase *supabase, const char *real, const char *shown,
                     struct ot_error *err)
{
    static const char *const places[] = {"config.toml", "../config.toml"};

    for (size_t i = 0; i < OT_COUNT(places); i++) {
        OT_AUTOFREE char *path = ot_path_join(real, ot_span_of(places[i]));
        int found;

        supabase->shown = ot_path_join(shown, ot_span_of(places[i]));
        found = ot_tree_read(&supabase->tree, path, supabase->shown, err);
        if (found < 0)
            return -1;
        if (found > 0) {
            supabase->folder = ot_path_folder(path);
            return 0;
        }
        free(supabase->shown);
        supabase->shown = NULL;
    }
    return 0;
}

void ot_supabase_free(struct ot_supabase *supabase)
{
    ot_tree_free(&supabase->tree);
    free(supabase->folder);
    free(supabase->shown);
}

static const struct ot_tree *table_of(const struct ot_supabase *supabase, const char *name)
{
    return ot_tree_get(ot_tree_get(&supabase->tree, "functions"), name);
}

void ot_supabase_names(const struct ot_supabase *supabase, struct ot_list *names)
{
    const struct ot_tree *functions = ot_tree_get(&supabase->tree, "functions");

    for (size_t i = 0; i < functions->count; i++)
        ot_list_add(names, functions->items[i].key);
}

bool ot_supabase_enabled(const struct ot_supabase *supabase, const char *name)
{
    const struct ot_tree *enabled = ot_tree_get(table_of(supabase, name), "enabled");

    return enabled->type != OT_TREE_BOOL || enabled->truth;
}

char *ot_supabase_entry(const struct ot_supabase *supabase, const char *real, const char *name)
{
    const char *text = ot_tree_text(ot_tree_get(table_of(supabase, name), "entrypoint"));
    OT_AUTOFREE char *path = NULL;

    if (text == NULL || text[0] == '\0')
        return NULL;
    path = ot_path_join(supabase->folder, ot_span_of(text));
    return ot_path_relative(real, path);
}

static int fail_at(const struct ot_supabase *supabase, const struct ot_tree *value,
                   struct ot_error *err, const char *text)
{
    return ot_fail(err, OT_FAILED, "%s:%u:%u: \"%s\" %s", supabase->shown, value->line,
                   value->column, value->key, text);
}

void ot_static_files_add(struct ot_function_source *source, const char *real, const char *folder,
                         const char *shown, const struct ot_tree *pattern)
{
    OT_AUTOFREE char *path = ot_path_join(folder, ot_span_of(pattern->text));
    struct ot_static_files *files;

    source->files = ot_realloc(source->files, source->file_count + 1, sizeof(*source->files));
    files = &source->files[source->file_count++];
    files->pattern = ot_path_relative(real, path);
    files->place = ot_asprintf("%s:%u:%u", shown, pattern->line, pattern->column);
}

static int apply_files(const struct ot_supabase *supabase, const char *real,
                       const struct ot_tree *list, struct ot_function_source *source,
                       struct ot_error *err)
{
    if (list->type == OT_TREE_NULL)
        return 0;
    if (list->type != OT_TREE_ARRAY)
        return fail_at(supabase, list, err, "must be an array of strings");
    for (size_t i = 0; i < list->count; i++) {
        if (ot_tree_text(&list->items[i]) == NULL)
            return fail_at(supabase, list, err, "must be an array of strings");
        ot_static_files_add(source, real, supabase->folder, supabase->shown, &list->items[i]);
    }
    return 0;
}

/* The value `key` of the table, which must be of this type if it is there. */
static int get(const struct ot_supabase *supabase, const struct ot_tree *table, const char *key,
               enum ot_tree_type type, const struct ot_tree **value, struct ot_error *err)
{
    *value = ot_tree_get(table, key);
    if ((*value)->type == OT_TREE_NULL || (*value)->type == type)
        return 0;
    return fail_at(supabase, *value, err,
                   type == OT_TREE_BOOL ? "must be true or false" : "must be a string");
}

int ot_supabase_apply(const struct ot_supabase *supabase, const char *real,
                      struct ot_function_source *source, struct ot_error *err)
{
    const struct ot_tree *table = table_of(supabase, source->name);
    OT_AUTOFREE char *entry = ot_path_join(real, ot_span_of(source->entry));
    const struct ot_tree *verify, *map, *entrypoint, *enabled;

    if (get(supabase, table, "verify_jwt", OT_TREE_BOOL, &verify, err) < 0 ||
        get(supabase, table, "import_map", OT_TREE_STRING, &map, err) < 0 ||
        get(supabase, table, "entrypoint", OT_TREE_STRING, &entrypoint, err) < 0 ||
        get(supabase, table, "enabled", OT_TREE_BOOL, &enabled, err) < 0)
        return -1;
    if (entrypoint->type == OT_TREE_STRING && access(entry, F_OK) < 0)
        return fail_at(supabase, entrypoint, err, "names a file that does not exist");
    if (verify->type == OT_TREE_BOOL && !source->config.public_given) {
        source->config.public_given = true;
        source->config.is_public = !verify->truth;
    }
    if (map->type == OT_TREE_STRING && map->text[0] != '\0') {
        source->import_map = ot_path_join(supabase->folder, ot_span_of(map->text));
        if (access(source->import_map, F_OK) < 0)
            return fail_at(supabase, map, err, "names a file that does not exist");
    }
    return apply_files(supabase, real, ot_tree_get(table, "static_files"), source, err);
}

static void warn(const struct ot_supabase *supabase, const struct ot_tree *at, const char *what,
                 const char *nearest, struct ot_list *warnings)
{
    OT_AUTOFREE char *hint =
        nearest != NULL ? ot_asprintf(" (did you mean \"%s\"?)", nearest) : ot_strdup("");
    char shown[80];
    OT_AUTOFREE char *text = NULL;

    ot_printable(shown, sizeof(shown), ot_span_of(at->key));
    text = ot_asprintf("%s:%u:%u: %s \"%s\"%s", supabase->shown, at->line, at->column, what, shown,
                       hint);
    ot_list_add(warnings, text);
}

static bool has_word(const char *const *words, const char *word)
{
    while (*words != NULL && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

void ot_supabase_check(const struct ot_supabase *supabase, const struct ot_sources *sources,
                       struct ot_list *warnings)
{
    static const char *const keys[] = {"enabled",    "verify_jwt",   "entrypoint",
                                       "import_map", "static_files", NULL};
    const struct ot_tree *functions = ot_tree_get(&supabase->tree, "functions");
    OT_AUTOFREE const char **names = ot_alloc(sources->count + 1, sizeof(*names));

    for (size_t i = 0; i < sources->count; i++)
        names[i] = sources->items[i].name;
    for (size_t i = 0; i < functions->count; i++) {
        const struct ot_tree *table = &functions->items[i];

        if (!has_word(names, table->key) && ot_supabase_enabled(supabase, table->key))
            warn(supabase, table, "there is no function", ot_nearest_word(table->key, names),
                 warnings);
        for (size_t j = 0; j < table->count && table->type == OT_TREE_OBJECT; j++) {
            const char *key = table->items[j].key;
            const char *nearest = has_word(keys, key) ? NULL : ot_nearest_word(key, keys);

            /* other tools may know more keys */
            if (nearest != NULL)
                warn(supabase, &table->items[j], "unknown key", nearest, warnings);
        }
    }
}
