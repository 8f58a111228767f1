#include "build/import_map.h"

#include "build/path.h"

#include <stdlib.h>
#include <string.h>

/* -- building ---------------------------------------------------------------------------------- */

/* A key or target that is a path becomes absolute; a slash at its end stays. */
static char *absolute(const char *text, const char *folder)
{
    size_t len = strlen(text);
    OT_AUTOFREE char *path = NULL;

    if (strncmp(text, "file://", 7) == 0)
        return ot_strdup(text + 7);
    if (!ot_path_is_relative(ot_span_of(text)))
        return ot_strdup(text);
    path = ot_path_join(folder, ot_span_of(text));
    if (text[len - 1] != '/' || strcmp(path, "/") == 0)
        return OT_STEAL(path);
    return ot_asprintf("%s/", path);
}

/* The longest key first; among equals, which cannot be, the order does not matter. */
static void insert(struct ot_import_entries *entries, char *key, char *target, bool is_path)
{
    size_t at = 0;

    while (at < entries->count && strlen(entries->items[at].key) >= strlen(key)) {
        if (strcmp(entries->items[at].key, key) == 0) {
            free(key);
            free(target);
            return;
        }
        at++;
    }
    entries->items = ot_realloc(entries->items, entries->count + 1, sizeof(*entries->items));
    memmove(&entries->items[at + 1], &entries->items[at],
            (entries->count - at) * sizeof(*entries->items));
    entries->items[at] = (struct ot_import_entry){key, target, is_path};
    entries->count++;
}

/* "npm:zod@3" is for "zod" and its sub-paths: "npm:/zod@3/". */
static void insert_sub_paths(struct ot_import_entries *entries, const char *key, const char *target)
{
    size_t scheme = strlen("npm:");

    if (target == NULL || target[0] == '\0' || key[strlen(key) - 1] == '/' ||
        target[strlen(target) - 1] == '/' ||
        (strncmp(target, "npm:", scheme) != 0 && strncmp(target, "jsr:", scheme) != 0))
        return;
    insert(entries, ot_asprintf("%s/", key),
           ot_asprintf("%.*s/%s/", (int)scheme, target,
                       target + scheme + (target[scheme] == '/' ? 1 : 0)),
           false);
}

static void add_entries(struct ot_import_entries *entries, const struct ot_tree *tree,
                        const char *folder)
{
    for (size_t i = 0; tree->type == OT_TREE_OBJECT && i < tree->count; i++) {
        const struct ot_tree *item = &tree->items[i];
        const char *text = ot_tree_text(item);
        size_t len = strlen(item->key);
        char *target = NULL;
        char *key;

        if (len == 0 || (text != NULL && text[0] == '\0'))
            continue;
        if (text != NULL)
            target = absolute(text, folder);
        key = absolute(item->key, folder);
        /* "./": "./" changes nothing */
        if (target != NULL && (strcmp(key, target) == 0 ||
                               (item->key[len - 1] == '/' && target[strlen(target) - 1] != '/'))) {
            free(target);
            free(key);
            continue;
        }
        insert(entries, key, target, ot_path_is_relative(ot_span_of(item->key)));
    }
    /* what was written out comes before what it implies */
    for (size_t i = 0; tree->type == OT_TREE_OBJECT && i < tree->count; i++) {
        if (tree->items[i].key[0] != '\0')
            insert_sub_paths(entries, tree->items[i].key, ot_tree_text(&tree->items[i]));
    }
}

static struct ot_import_scope *add_scope(struct ot_import_map *map, char *prefix)
{
    size_t at = 0;

    while (at < map->scope_count && strlen(map->scopes[at].prefix) >= strlen(prefix)) {
        if (strcmp(map->scopes[at].prefix, prefix) == 0) {
            free(prefix);
            return &map->scopes[at];
        }
        at++;
    }
    map->scopes = ot_realloc(map->scopes, map->scope_count + 1, sizeof(*map->scopes));
    memmove(&map->scopes[at + 1], &map->scopes[at], (map->scope_count - at) * sizeof(*map->scopes));
    map->scopes[at] = (struct ot_import_scope){.prefix = prefix};
    map->scope_count++;
    return &map->scopes[at];
}

void ot_import_map_add(struct ot_import_map *map, const struct ot_tree *tree, const char *folder)
{
    const struct ot_tree *scopes = ot_tree_get(tree, "scopes");

    add_entries(&map->imports, ot_tree_get(tree, "imports"), folder);
    for (size_t i = 0; scopes->type == OT_TREE_OBJECT && i < scopes->count; i++)
        add_entries(&add_scope(map, absolute(scopes->items[i].key, folder))->entries,
                    &scopes->items[i], folder);
}

void ot_import_map_put(struct ot_import_map *map, const char *key, const char *target)
{
    insert(&map->imports, ot_strdup(key), ot_strdup(target), false);
}

static void free_entries(struct ot_import_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        free(entries->items[i].key);
        free(entries->items[i].target);
    }
    free(entries->items);
}

void ot_import_map_free(struct ot_import_map *map)
{
    free_entries(&map->imports);
    for (size_t i = 0; i < map->scope_count; i++) {
        free(map->scopes[i].prefix);
        free_entries(&map->scopes[i].entries);
    }
    free(map->scopes);
    *map = (struct ot_import_map){0};
}

/* -- looking up -------------------------------------------------------------------------------- */

static bool is_folder_key(const char *text)
{
    return ot_span_ends(ot_span_of(text), "/");
}

/* Nothing may climb out of what a prefix stands for. */
static bool climbs(const char *rest)
{
    OT_AUTOFREE char *path = ot_path_join("", ot_span_of(rest));

    return path != NULL && strncmp(path, "..", 2) == 0 && (path[2] == '/' || path[2] == '\0');
}

static int find_entry(const struct ot_import_entries *entries, const char *specifier, bool is_path,
                      char **target)
{
    for (size_t i = 0; i < entries->count; i++) {
        const struct ot_import_entry *entry = &entries->items[i];
        size_t len = strlen(entry->key);
        bool prefix = is_folder_key(entry->key) && strlen(specifier) > len &&
                      strncmp(specifier, entry->key, len) == 0;

        if (entry->is_path != is_path || (!prefix && strcmp(specifier, entry->key) != 0))
            continue;
        if (entry->target == NULL || (prefix && climbs(specifier + len)))
            return -1;
        *target = ot_asprintf("%s%s", entry->target, prefix ? specifier + len : "");
        return 1;
    }
    return 0;
}

int ot_import_map_find(const struct ot_import_map *map, struct ot_span specifier,
                       const char *importer, char **target)
{
    OT_AUTOFREE char *folder = ot_path_folder(importer);
    bool is_path = ot_path_is_relative(specifier);
    OT_AUTOFREE char *text =
        is_path ? ot_path_join(folder, specifier) : ot_strndup(specifier.data, specifier.len);

    for (size_t i = 0; i < map->scope_count; i++) {
        const char *prefix = map->scopes[i].prefix;
        int found = 0;

        if (strcmp(importer, prefix) == 0 ||
            (is_folder_key(prefix) && strncmp(importer, prefix, strlen(prefix)) == 0))
            found = find_entry(&map->scopes[i].entries, text, is_path, target);
        if (found != 0)
            return found;
    }
    return find_entry(&map->imports, text, is_path, target);
}

static void filter_entries(const struct ot_import_entries *entries, struct ot_buf *out,
                           bool *relative)
{
    for (size_t i = 0; i < entries->count; i++) {
        const char *key = entries->items[i].key;

        if (entries->items[i].is_path) {
            *relative = true;
            continue;
        }
        ot_buf_puts(out, "|^");
        for (const char *at = key; *at != '\0'; at++) {
            if (strchr("\\.+*?()|[]{}^$", *at) != NULL)
                ot_buf_putc(out, '\\');
            ot_buf_putc(out, *at);
        }
        ot_buf_puts(out, is_folder_key(key) ? "" : "$");
    }
}

void ot_import_map_filter(const struct ot_import_map *map, struct ot_buf *out, bool *relative)
{
    filter_entries(&map->imports, out, relative);
    for (size_t i = 0; i < map->scope_count; i++)
        filter_entries(&map->scopes[i].entries, out, relative);
}
