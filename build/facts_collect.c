#include "build/facts_collect.h"

#include "build/path.h"
#include "build/specifiers.h"
#include "build/tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXTENDS_MAX 16u /* tsconfig files that extend each other */

/* Places that many modules have in common, and whom that concerns. */
struct places {
    struct ot_list paths; /* each once, in the order found */
    uint64_t **users;
};

static void free_places(struct places *places)
{
    for (size_t i = 0; i < places->paths.count; i++)
        free(places->users[i]);
    free(places->users);
    ot_list_free(&places->paths);
}

/* True: it was known, with all these users. */
static bool add_place(struct places *places, const char *path, const uint64_t *users, size_t words)
{
    uint64_t *own;

    for (size_t i = places->paths.count; i-- > 0;) {
        bool known = true;

        if (strcmp(places->paths.items[i], path) != 0)
            continue;
        for (size_t j = 0; j < words; j++)
            known = known && (users[j] & ~places->users[i][j]) == 0;
        ot_bits_join(places->users[i], users, words);
        return known;
    }
    ot_list_add(&places->paths, path);
    places->users = ot_realloc(places->users, places->paths.count, sizeof(*places->users));
    own = ot_alloc(words, sizeof(*own));
    ot_bits_join(own, users, words);
    places->users[places->paths.count - 1] = own;
    return false;
}

/* One collecting. */
struct collector {
    struct ot_facts *facts;
    const struct ot_graph *graph;
    const uint64_t *users; /* of each node */
    const char *folder;
    size_t words;
    uint64_t *everyone;
    struct places *folders;  /* that hold modules, or that are above them */
    struct places *packages; /* "<package's folder>\n<sub-path>\n<the file that it was>" */
};

/* -- lookups ----------------------------------------------------------------------------------- */

void ot_lookups_free(struct ot_lookups *lookups)
{
    for (size_t i = 0; i < lookups->count; i++) {
        free(lookups->items[i].importer);
        free(lookups->items[i].folder);
        free(lookups->items[i].target);
    }
    free(lookups->items);
    *lookups = (struct ot_lookups){0};
}

void ot_lookups_add(struct ot_lookups *lookups, struct ot_span importer, struct ot_span folder,
                    struct ot_span target, bool entry)
{
    const struct ot_lookup *last = lookups->count > 0 ? &lookups->items[lookups->count - 1] : NULL;

    if (last != NULL && last->entry == entry && ot_span_is(importer, last->importer) &&
        ot_span_is(folder, last->folder) && ot_span_is(target, last->target))
        return;
    if (lookups->count == lookups->cap) {
        lookups->cap = lookups->cap == 0 ? 64 : 2 * lookups->cap;
        lookups->items = ot_realloc(lookups->items, lookups->cap, sizeof(*lookups->items));
    }
    lookups->items[lookups->count++] = (struct ot_lookup){
        ot_strndup(importer.data, importer.len), ot_strndup(folder.data, folder.len),
        ot_strndup(target.data, target.len), entry};
}

/* -- settings of TypeScript -------------------------------------------------------------------- */

/* One tsconfig.json that counts for modules in and beneath its folder. */
struct typescript {
    char *folder; /* of the file that says so */
    char *base;   /* "baseUrl"; NULL: not said */
    struct ot_tree paths;
    uint64_t *users;
};

static void add_content(const struct collector *collector, const char *folder, const char *name,
                        const uint64_t *users)
{
    OT_AUTOFREE char *path = ot_path_join(folder, ot_span_of(name));

    ot_facts_add(collector->facts, OT_FACT_CONTENT, path, users);
}

/* For a specifier of a module that the settings count for. */
static void add_mapped(const struct collector *collector, const char *folder, const char *base,
                       const struct ot_tree *paths, struct ot_span specifier, const uint64_t *users)
{
    for (size_t i = 0; paths->type == OT_TREE_OBJECT && i < paths->count; i++) {
        const struct ot_tree *targets = &paths->items[i];
        const char *star = strchr(targets->key, '*');
        size_t prefix = star != NULL ? (size_t)(star - targets->key) : strlen(targets->key);
        size_t suffix = star != NULL ? strlen(star + 1) : 0;

        if (specifier.len < prefix + suffix || memcmp(specifier.data, targets->key, prefix) != 0 ||
            (star == NULL && specifier.len != prefix))
            continue;
        for (size_t j = 0; targets->type == OT_TREE_ARRAY && j < targets->count; j++) {
            const char *text = ot_tree_text(&targets->items[j]);
            const char *hole = text != NULL ? strchr(text, '*') : NULL;
            OT_AUTOFREE char *full = NULL;
            OT_AUTOFREE char *path = NULL;

            if (text == NULL)
                continue;
            full = hole == NULL ? ot_strdup(text)
                                : ot_asprintf("%.*s%.*s%s", (int)(hole - text), text,
                                              (int)(specifier.len - prefix - suffix),
                                              specifier.data + prefix, hole + 1);
            path = ot_path_join(base != NULL ? base : folder, ot_span_of(full));
            ot_facts_add_path(collector->facts, path, users);
        }
    }
    if (base != NULL) {
        OT_AUTOFREE char *path = ot_path_join(base, specifier);

        ot_facts_add_path(collector->facts, path, users);
    }
}

static bool is_bare(struct ot_span specifier)
{
    return specifier.len > 0 && specifier.data[0] != '/' && !ot_path_is_relative(specifier);
}

/* Every bare specifier of the modules beneath `top`, outside of packages. */
static void map_all(const struct collector *collector, const char *top, const char *folder,
                    const struct ot_tree *options)
{
    const char *base = ot_tree_text(ot_tree_get(options, "baseUrl"));
    OT_AUTOFREE char *full = base != NULL ? ot_path_join(folder, ot_span_of(base)) : NULL;
    const struct ot_tree *paths = ot_tree_get(options, "paths");

    if (full == NULL && paths->type != OT_TREE_OBJECT)
        return;
    for (size_t i = 0; i < collector->graph->nodes->count; i++) {
        const struct ot_metafile_node *node = &collector->graph->nodes->items[i];
        OT_AUTOFREE char *file = ot_path_join(collector->folder, ot_span_of(node->path));

        if (ot_path_is_installed(file) || !ot_path_is_beneath(file, top))
            continue;
        for (size_t j = 0; j < node->import_count; j++) {
            const struct ot_metafile_import *import = &node->imports[j];
            struct ot_span text =
                ot_span_of(import->original != NULL ? import->original : import->path);

            if (is_bare(text) && !ot_span_starts(text, "node:"))
                add_mapped(collector, folder, full, paths, text,
                           &collector->users[i * collector->words]);
        }
    }
}

static void add_typescript(const struct collector *collector, const char *top, const char *path,
                           const uint64_t *users, unsigned depth);

/* "./base", "./base.json", "@me/tsconfig", "@me/tsconfig/base.json" */
static void add_extended(const struct collector *collector, const char *top, const char *folder,
                         const char *text, const uint64_t *users, unsigned depth)
{
    static const char *const endings[] = {"", ".json", "/tsconfig.json"};
    bool bare = is_bare(ot_span_of(text));
    OT_AUTOFREE char *above = ot_strdup(folder);

    for (;;) {
        OT_AUTOFREE char *place =
            bare ? ot_path_join(above, OT_SPAN("node_modules")) : ot_strdup(above);
        OT_AUTOFREE char *base = ot_path_join(place, ot_span_of(text));
        char *parent;

        for (size_t i = 0; i < OT_COUNT(endings); i++) {
            OT_AUTOFREE char *path = ot_asprintf("%s%s", base, endings[i]);

            ot_facts_add(collector->facts, OT_FACT_ENTRY, path, users);
            add_typescript(collector, top, path, users, depth + 1);
        }
        add_content(collector, base, "package.json", users);
        if (!bare || strcmp(above, "/") == 0)
            return;
        parent = ot_path_folder(above);
        free(above);
        above = parent;
    }
}

/* What `path` says, if it is there, and what it extends. */
static void add_typescript(const struct collector *collector, const char *top, const char *path,
                           const uint64_t *users, unsigned depth)
{
    OT_AUTOTREE struct ot_tree tree = {0};
    OT_AUTOFREE char *folder = ot_path_folder(path);
    const struct ot_tree *extends;
    struct ot_error ignored;
    struct stat info;

    ot_facts_add(collector->facts, OT_FACT_CONTENT, path, users);
    if (stat(path, &info) < 0 || !S_ISREG(info.st_mode))
        return;
    if (depth > EXTENDS_MAX || ot_tree_read(&tree, path, path, &ignored) <= 0) {
        collector->facts->unknown = true;
        return;
    }
    map_all(collector, top, folder, ot_tree_get(&tree, "compilerOptions"));
    extends = ot_tree_get(&tree, "extends");
    if (ot_tree_text(extends) != NULL)
        add_extended(collector, top, folder, ot_tree_text(extends), users, depth);
    for (size_t i = 0; extends->type == OT_TREE_ARRAY && i < extends->count; i++) {
        if (ot_tree_text(&extends->items[i]) != NULL)
            add_extended(collector, top, folder, ot_tree_text(&extends->items[i]), users, depth);
    }
}

/* -- folders ----------------------------------------------------------------------------------- */

/* The folder and those above it. */
static void add_folders(struct places *folders, const char *path, const uint64_t *users,
                        size_t words)
{
    OT_AUTOFREE char *folder = ot_strdup(path);

    while (!add_place(folders, folder, users, words) && strcmp(folder, "/") != 0) {
        char *parent = ot_path_folder(folder);

        free(folder);
        folder = parent;
    }
}

static void put_folder(const struct collector *collector, const char *folder, const uint64_t *users)
{
    static const char *const entries[] = {".pnp.cjs", ".pnp.js", ".pnp.data.json", "node_modules"};
    static const char *const typescript[] = {"tsconfig.json", "jsconfig.json"};
    bool installed = strstr(folder, "/node_modules") != NULL;

    ot_facts_add(collector->facts, OT_FACT_ENTRY, folder, users);
    add_content(collector, folder, "package.json", users);
    for (size_t i = 0; i < OT_COUNT(entries); i++) {
        OT_AUTOFREE char *path = ot_path_join(folder, ot_span_of(entries[i]));

        ot_facts_add(collector->facts, OT_FACT_ENTRY, path, users);
        /* Yarn's own way to find packages */
        if (entries[i][0] == '.' && access(path, F_OK) == 0)
            collector->facts->unknown = true;
    }
    for (size_t i = 0; i < OT_COUNT(typescript); i++) {
        OT_AUTOFREE char *path = ot_path_join(folder, ot_span_of(typescript[i]));

        if (installed)
            ot_facts_add(collector->facts, OT_FACT_CONTENT, path, users);
        else
            add_typescript(collector, folder, path, users, 0);
    }
}

/* -- modules ----------------------------------------------------------------------------------- */

/* The package's folder in a node_modules that the file is in; NULL: it is in none. */
static char *package_folder(const char *file)
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

/*
 * Where a package's "main" and "module" may lead, or the sub-path that was asked for, when they did
 * not lead to `target`. With "exports" only what they name is looked at.
 */
static void put_package(const struct collector *collector, const struct ot_tree *manifest,
                        const char *package, const char *sub, const char *target,
                        const uint64_t *users)
{
    static const char *const keys[] = {"module", "main"};
    OT_AUTOFREE char *whole = ot_asprintf("%s%s", package, sub);

    if (strcmp(whole, target) == 0 || ot_tree_get(manifest, "exports")->type != OT_TREE_NULL)
        return;
    for (size_t i = 0; i < OT_COUNT(keys) && sub[0] == '\0'; i++) {
        const char *text = ot_tree_text(ot_tree_get(manifest, keys[i]));
        OT_AUTOFREE char *base = text != NULL ? ot_path_join(package, ot_span_of(text)) : NULL;

        if (base != NULL && strcmp(base, target) == 0)
            return;
        if (base != NULL)
            ot_facts_add_path(collector->facts, base, users);
    }
    ot_facts_add_path(collector->facts, whole, users);
}

/* Sub-paths of one package mostly stand together: its manifest is read once for them. */
static void put_packages(const struct collector *collector)
{
    OT_AUTOTREE struct ot_tree manifest = {0};
    const char *last = "";

    for (size_t i = 0; i < collector->packages->paths.count; i++) {
        char *package = collector->packages->paths.items[i];
        char *sub = strchr(package, '\n'), *target = strchr(sub + 1, '\n');

        *sub++ = *target++ = '\0';
        if (strcmp(package, last) != 0) {
            OT_AUTOFREE char *path = ot_path_join(package, OT_SPAN("package.json"));
            struct ot_error ignored;

            ot_tree_free(&manifest);
            if (ot_tree_read(&manifest, path, path, &ignored) <= 0)
                ot_tree_free(&manifest); /* it says nothing */
        }
        put_package(collector, &manifest, package, sub, target, collector->packages->users[i]);
        last = package;
    }
}

static void add_specifier(const struct collector *collector, const char *folder,
                          struct ot_span text, const char *target, const uint64_t *users);

/* "npm:zod@3/v4": the packages that it may stand for. */
static void add_parsed(const struct collector *collector, const char *folder, struct ot_span text,
                       const char *target, const uint64_t *users)
{
    OT_AUTOSPECIFIER struct ot_specifier specifier = ot_specifier_parse(text);
    const char *const names[] = {specifier.target, specifier.other};

    for (size_t i = 0; specifier.kind == OT_SPECIFIER_PACKAGE && i < OT_COUNT(names); i++) {
        struct ot_span name;

        if (names[i] != NULL && ot_specifier_package(ot_span_of(names[i]), &name))
            add_specifier(collector, folder, ot_span_of(names[i]), target, users);
    }
}

/* `text` was looked for from `folder`; `target`: the file that it was, or NULL. */
static void add_specifier(const struct collector *collector, const char *folder,
                          struct ot_span text, const char *target, const uint64_t *users)
{
    const char *query = memchr(text.data, '?', text.len);
    OT_AUTOFREE char *package = NULL;
    OT_AUTOFREE char *key = NULL;
    struct ot_span name;

    if (query != NULL)
        text.len = (size_t)(query - text.data);
    if (!is_bare(text)) {
        OT_AUTOFREE char *base = ot_path_join(folder, text);

        if (target == NULL || strcmp(base, target) != 0)
            ot_facts_add_path(collector->facts, base, users);
        return;
    }
    if (!ot_specifier_package(text, &name)) {
        add_parsed(collector, folder, text, target, users);
        return;
    }
    ot_facts_add_package(collector->facts, folder, name, target, users);
    package = target != NULL ? package_folder(target) : NULL;
    if (package == NULL)
        return;
    key = ot_asprintf("%s\n%.*s\n%s", package, (int)(text.len - name.len), text.data + name.len,
                      target);
    add_place(collector->packages, key, users, collector->words);
}

/* A file, or NULL for a virtual module. */
static char *file_of(const struct collector *collector, const char *path)
{
    if (ot_metafile_is_virtual(path))
        return NULL;
    return ot_path_join(collector->folder, ot_span_of(path));
}

static void add_module(const struct collector *collector, const struct ot_metafile_node *node,
                       const uint64_t *users)
{
    OT_AUTOFREE char *file = file_of(collector, node->path);
    OT_AUTOFREE char *folder = file != NULL ? ot_path_folder(file) : ot_strdup(collector->folder);

    if (file != NULL)
        ot_facts_add(collector->facts, OT_FACT_CONTENT, file, users);
    add_folders(collector->folders, folder, users, collector->words);
    for (size_t i = 0; i < node->import_count; i++) {
        const struct ot_metafile_import *import = &node->imports[i];
        const char *text = import->original != NULL ? import->original : import->path;
        OT_AUTOFREE char *target = import->external ? NULL : file_of(collector, import->path);

        /* a virtual module is decided without the file system, or by a noted lookup */
        if (strcmp(text, "<runtime>") == 0 || (!import->external && target == NULL))
            continue;
        add_specifier(collector, folder, ot_span_of(text), target, users);
    }
}

static void add_lookup(const struct collector *collector, const struct ot_lookup *lookup)
{
    size_t node = ot_graph_find(collector->graph, lookup->importer);
    const uint64_t *users =
        node == OT_NO_NODE ? collector->everyone : &collector->users[node * collector->words];

    if (lookup->entry) {
        OT_AUTOFREE char *path = ot_path_join(lookup->folder, ot_span_of(lookup->target));
        OT_AUTOFREE char *above = ot_path_folder(path);

        ot_facts_add(collector->facts, OT_FACT_ENTRY, path, users);
        ot_facts_add(collector->facts, OT_FACT_ENTRY, above, users);
        if (ot_span_ends(ot_span_of(path), "/package.json"))
            ot_facts_add(collector->facts, OT_FACT_CONTENT, path, users);
    } else {
        /* modules from the web are in no folder */
        add_specifier(collector, lookup->folder[0] == '/' ? lookup->folder : collector->folder,
                      ot_span_of(lookup->target), NULL, users);
    }
}

void ot_facts_collect(struct ot_facts *facts, const struct ot_graph *graph, const uint64_t *users,
                      const struct ot_lookups *lookups, const char *folder)
{
    size_t words = OT_BITS_WORDS(facts->functions);
    OT_AUTOFREE uint64_t *everyone = ot_alloc(words, sizeof(*everyone));
    OT_CLEANUP(free_places) struct places folders = {0};
    OT_CLEANUP(free_places) struct places packages = {0};
    const struct collector collector = {facts, graph,    users,    folder,
                                        words, everyone, &folders, &packages};

    for (size_t i = 0; i < facts->functions; i++)
        ot_bits_add(everyone, i);
    add_folders(&folders, folder, everyone, words);
    for (size_t i = 0; i < graph->nodes->count; i++) {
        if (!ot_bits_empty(&users[i * words], words))
            add_module(&collector, &graph->nodes->items[i], &users[i * words]);
    }
    for (size_t i = 0; i < lookups->count; i++)
        add_lookup(&collector, &lookups->items[i]);
    for (size_t i = 0; i < folders.paths.count; i++)
        put_folder(&collector, folders.paths.items[i], folders.users[i]);
    put_packages(&collector);
}
