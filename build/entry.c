#include "build/entry.h"

#include "base/file.h"
#include "build/path.h"
#include "build/scan.h"
#include "build/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const index_names[] = {"index.ts", "index.tsx", "index.mts",
                                          "index.js", "index.jsx", "index.mjs"};

/* 1: a regular file; 0: there is nothing of that name; -1. */
static int is_file(const char *label, const char *path, const char *name, struct ot_error *err)
{
    OT_AUTOFREE char *full = ot_path_join(path, ot_span_of(name));
    struct stat info;

    if (lstat(full, &info) < 0) {
        if (errno == ENOENT)
            return 0;
        return ot_fail_errno(err, OT_FAILED, "%s/%s", label, name);
    }
    if (S_ISLNK(info.st_mode) && stat(full, &info) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s/%s", label, name);
    if (!S_ISREG(info.st_mode))
        return ot_fail(err, OT_FAILED, "%s/%s: is not a regular file", label, name);
    return 1;
}

/* Two are an error, as is something else than a file: skipping it would silently drop a function.
 */
static int find_index(const char *label, const char *path, const char **entry, struct ot_error *err)
{
    *entry = NULL;
    for (size_t i = 0; i < OT_COUNT(index_names); i++) {
        int found = is_file(label, path, index_names[i], err);

        if (found < 0)
            return -1;
        if (found > 0 && *entry != NULL)
            return ot_fail(err, OT_FAILED, "%s: has two entries, %s and %s (remove one)", label,
                           *entry, index_names[i]);
        if (found > 0)
            *entry = index_names[i];
    }
    return 0;
}

/* "exports" as a text, or what its "." says; conditions as the bundler takes them. */
static const char *exported(const struct ot_tree *exports)
{
    static const char *const conditions[] = {"workerd", "worker", "import", "module", "default"};
    const struct ot_tree *main = ot_tree_get(exports, ".");

    if (ot_tree_text(exports) != NULL)
        return ot_tree_text(exports);
    if (main->type == OT_TREE_NULL)
        main = exports;
    for (size_t i = 0; i < OT_COUNT(conditions) && ot_tree_text(main) == NULL; i++) {
        const struct ot_tree *found = ot_tree_get(main, conditions[i]);

        if (found->type != OT_TREE_NULL) {
            main = found;
            i = 0;
        }
    }
    return ot_tree_text(main);
}

static const char *named_entry(const struct ot_tree *tree)
{
    const char *entry = exported(ot_tree_get(tree, "exports"));

    if (entry == NULL)
        entry = ot_tree_text(ot_tree_get(tree, "module"));
    return entry != NULL ? entry : ot_tree_text(ot_tree_get(tree, "main"));
}

/* Whether the file mentions a handler at all; what cannot be read is reported later. */
static bool registers(const char *folder, const char *name)
{
    OT_AUTOFREE char *path = ot_path_join(folder, ot_span_of(name));
    OT_CLEANUP(ot_scan_free) struct ot_scan scan = {0};
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error ignored;

    if (ot_read_file(path, OT_SOURCE_MAX, &text, &ignored) < 0)
        return true;
    ot_scan(ot_buf_span(&text), &scan);
    return scan.count > 0;
}

/* The entry that a settings file of the folder names. */
static int find_named(const char *label, const char *path, char **entry, struct ot_error *err)
{
    static const char *const names[] = {"deno.json",      "deno.jsonc",    "wrangler.json",
                                        "wrangler.jsonc", "wrangler.toml", "package.json"};

    for (size_t i = 0; i < OT_COUNT(names); i++) {
        OT_AUTOTREE struct ot_tree tree = {0};
        OT_AUTOFREE char *file = ot_path_join(path, ot_span_of(names[i]));
        OT_AUTOFREE char *shown = ot_asprintf("%s/%s", label, names[i]);
        const char *text;
        int found;

        if (ot_tree_read(&tree, file, shown, err) < 0)
            return -1;
        text = named_entry(&tree);
        if (text == NULL)
            continue;
        *entry = ot_path_join("", ot_span_of(text));
        found = *entry == NULL ? 0 : is_file(label, path, *entry, err);
        if (found < 0)
            return -1;
        if (found > 0 &&
            (ot_span_starts(ot_span_of(names[i]), "wrangler") || registers(path, *entry)))
            return 0;
        free(*entry);
        *entry = NULL;
        /* a package between the functions, or what npm init wrote */
        if (found > 0 || strcmp(names[i], "package.json") == 0)
            continue;
        return ot_fail(err, OT_FAILED, "%s: names an entry that does not exist: %s", shown, text);
    }
    return 0;
}

int ot_entry_find(const char *label, const char *path, char **entry, struct ot_error *err)
{
    const char *name;

    *entry = NULL;
    if (find_index(label, path, &name, err) < 0)
        return -1;
    if (name == NULL)
        return find_named(label, path, entry, err);
    *entry = ot_strdup(name);
    return 0;
}
