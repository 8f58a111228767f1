#include "build/deno_lock.h"

#include "base/text.h"
#include "build/tree.h"

#include <stdlib.h>
#include <string.h>

void ot_deno_lock_free(struct ot_deno_lock *lock)
{
    ot_pairs_free(&lock->versions);
    ot_pairs_free(&lock->integrity);
    ot_pairs_free(&lock->modules);
}

/* "jsr:@std/path@^1" as npm has it: "npm:@jsr/std__path@^1". The caller frees it. */
static char *npm_key(const char *key)
{
    const char *slash = strchr(key, '/');

    if (strncmp(key, "jsr:@", 5) != 0 || slash == NULL)
        return ot_strdup(key);
    return ot_asprintf("npm:@jsr/%.*s__%s", (int)(slash - key) - 5, key + 5, slash + 1);
}

/* `text`: "3.23.8", "zod@3.23.8", "npm:zod@3.23.8", each with "_" and peers or without. */
static void add_version(struct ot_deno_lock *lock, const char *key, const char *text)
{
    size_t prefix = strlen("npm:");
    size_t name = strcspn(key + prefix + 1, "@") + 2; /* with its "@" */
    OT_AUTOFREE char *own = NULL;

    if (strncmp(text, key, prefix) == 0)
        text += prefix;
    if (strncmp(text, key + prefix, name) == 0)
        text += name;
    own = ot_strndup(text, strcspn(text, "_"));
    if (*own >= '0' && *own <= '9')
        ot_pairs_put(&lock->versions, key, own);
}

static void add_versions(struct ot_deno_lock *lock, const struct ot_tree *tree, const char *prefix)
{
    for (size_t i = 0; tree->type == OT_TREE_OBJECT && i < tree->count; i++) {
        const char *text = ot_tree_text(&tree->items[i]);
        OT_AUTOFREE char *full = ot_asprintf("%s%s", prefix, tree->items[i].key);
        OT_AUTOFREE char *key = npm_key(full);

        if (text != NULL && strncmp(key, "npm:", 4) == 0 && key[4] != '\0') {
            OT_AUTOFREE char *value = npm_key(text);

            add_version(lock, key, value);
        }
    }
}

static void add_packages(struct ot_deno_lock *lock, const struct ot_tree *tree)
{
    for (size_t i = 0; tree->type == OT_TREE_OBJECT && i < tree->count; i++) {
        const char *text = ot_tree_text(ot_tree_get(&tree->items[i], "integrity"));
        const char *key = tree->items[i].key;
        const char *at = strchr(key + (*key == '@'), '@');
        OT_AUTOFREE char *own = NULL;

        if (text == NULL || at == NULL)
            continue;
        own = ot_strndup(key, (size_t)(at - key) + strcspn(at, "_"));
        ot_pairs_put(&lock->integrity, own, text);
    }
}

static void add_modules(struct ot_deno_lock *lock, const struct ot_tree *tree)
{
    for (size_t i = 0; tree->type == OT_TREE_OBJECT && i < tree->count; i++) {
        const char *text = ot_tree_text(&tree->items[i]);

        if (text != NULL && ot_is_sha256(ot_span_of(text)))
            ot_pairs_put(&lock->modules, tree->items[i].key, text);
    }
}

int ot_deno_lock_add(struct ot_deno_lock *lock, const char *path, const char *shown,
                     struct ot_error *err)
{
    OT_AUTOTREE struct ot_tree tree = {0};
    const struct ot_tree *packages, *npm;
    const char *version;
    uint64_t number;
    int found = ot_tree_read(&tree, path, shown, err);

    if (found <= 0)
        return found;
    version = ot_tree_text(ot_tree_get(&tree, "version"));
    if (version == NULL || !ot_parse_uint(ot_span_of(version), 5, &number) || number < 2)
        return ot_fail(err, OT_FAILED, "%s: not a deno.lock of version 2 to 5", shown);
    packages = ot_tree_get(&tree, "packages");
    npm = ot_tree_get(&tree, "npm");
    add_versions(lock, ot_tree_get(&tree, "specifiers"), "");
    add_versions(lock, ot_tree_get(packages, "specifiers"), "");
    add_versions(lock, ot_tree_get(npm, "specifiers"), "npm:");
    add_packages(lock, number == 2 ? ot_tree_get(npm, "packages") : npm);
    add_packages(lock, ot_tree_get(packages, "npm"));
    add_modules(lock, ot_tree_get(&tree, "remote"));
    return 1;
}
