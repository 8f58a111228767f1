#include "build/installed.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/text.h"
#include "build/path.h"
#include "build/tree.h"

#include <stdlib.h>
#include <string.h>

#define NODE_MODULES "node_modules/"
#define VENDOR_PREFIX OT_VENDOR_FOLDER "/npm/"

void ot_installed_free(struct ot_installed *package)
{
    free(package->name);
    free(package->version);
    free(package->license);
    free(package->digest);
    *package = (struct ot_installed){0};
}

void ot_installed_locks_free(struct ot_installed_locks *locks)
{
    for (size_t i = 0; i < locks->count; i++) {
        free(locks->items[i].root);
        ot_npm_lock_free(&locks->items[i].lock);
    }
    free(locks->items);
}

/* -- package.json ------------------------------------------------------------------------------ */

static char *copy(const char *text)
{
    return text != NULL ? ot_strdup(text) : NULL;
}

/* "license": "MIT", or as it was written long ago: {"type": "MIT"}, and a list of such. */
static char *read_license(const struct ot_tree *manifest)
{
    const struct ot_tree *license = ot_tree_get(manifest, "license");
    const struct ot_tree *list = ot_tree_get(manifest, "licenses");
    struct ot_buf all = {0};

    if (ot_tree_text(license) != NULL)
        return ot_strdup(ot_tree_text(license));
    if (ot_tree_text(ot_tree_get(license, "type")) != NULL)
        return ot_strdup(ot_tree_text(ot_tree_get(license, "type")));
    for (size_t i = 0; list->type == OT_TREE_ARRAY && i < list->count; i++) {
        const char *type = ot_tree_text(ot_tree_get(&list->items[i], "type"));

        if (type != NULL)
            ot_buf_printf(&all, "%s%s", all.len > 0 ? " OR " : "", type);
    }
    return all.data;
}

static void read_manifest(const char *file, struct ot_installed *out)
{
    OT_AUTOTREE struct ot_tree manifest = {0};
    struct ot_error ignored;

    if (ot_tree_read(&manifest, file, file, &ignored) <= 0)
        return;
    out->name = copy(ot_tree_text(ot_tree_get(&manifest, "name")));
    out->version = copy(ot_tree_text(ot_tree_get(&manifest, "version")));
    out->license = read_license(&manifest);
}

/* -- locks ------------------------------------------------------------------------------------- */

/* The lock of a group of the vendor folder; false: the root is elsewhere. */
static bool read_vendored(const struct ot_vendored *vendored, const char *root,
                          struct ot_npm_lock *lock)
{
    const struct ot_lock *all = &vendored->lock;
    struct ot_error ignored;
    uint64_t number;

    if (strncmp(root, VENDOR_PREFIX, strlen(VENDOR_PREFIX)) != 0)
        return false;
    if (all->group_count > 0 &&
        ot_parse_uint(ot_span_of(root + strlen(VENDOR_PREFIX)), all->group_count - 1, &number))
        (void)!ot_npm_lock_parse(lock, ot_span_of(all->groups[number].packages), "", &ignored);
    return true;
}

static void read_beside(const char *folder, const char *root, struct ot_npm_lock *lock)
{
    static const char *const names[] = {"package-lock.json", "npm-shrinkwrap.json"};

    for (size_t i = 0; i < OT_COUNT(names); i++) {
        OT_AUTOFREE char *relative =
            ot_asprintf("%s%s%s", root, root[0] != '\0' ? "/" : "", names[i]);
        OT_AUTOFREE char *path = ot_path_join(folder, ot_span_of(relative));
        OT_AUTOBUF struct ot_buf text = {0};
        struct ot_error ignored;

        if (ot_read_file(path, OT_LOCK_MAX, &text, &ignored) == 0) {
            (void)!ot_npm_lock_parse(lock, ot_buf_span(&text), "", &ignored);
            return;
        }
    }
}

/* Of the folder `root` ("../..", or "" for the functions folder). */
static const struct ot_npm_lock *find_lock(struct ot_installed_locks *locks, const char *root)
{
    struct ot_installed_lock *lock;

    for (size_t i = 0; i < locks->count; i++) {
        if (strcmp(locks->items[i].root, root) == 0)
            return &locks->items[i].lock;
    }
    locks->items = ot_realloc(locks->items, locks->count + 1, sizeof(*locks->items));
    lock = &locks->items[locks->count++];
    *lock = (struct ot_installed_lock){.root = ot_strdup(root)};
    if (!read_vendored(locks->vendored, root, &lock->lock))
        read_beside(locks->folder, root, &lock->lock);
    return &lock->lock;
}

/* One digest of an integrity ("sha512-<base64> sha1-<base64>", as W3C's SRI has it): the strongest.
 */
static void read_integrity(const char *integrity, struct ot_installed *out)
{
    static const struct {
        const char *prefix, *name;
        size_t size;
    } algorithms[] = {
        {"sha512-", "SHA-512", 64},
        {"sha384-", "SHA-384", 48},
        {"sha256-", "SHA-256", 32},
        {"sha1-", "SHA-1", 20},
    };

    for (size_t i = 0; integrity != NULL && i < OT_COUNT(algorithms); i++) {
        const char *at = strstr(integrity, algorithms[i].prefix);
        OT_AUTOBUF struct ot_buf bytes = {0};
        struct ot_span text;

        if (at == NULL || (at != integrity && at[-1] != ' '))
            continue;
        at += strlen(algorithms[i].prefix);
        text = (struct ot_span){at, strcspn(at, " ?")};
        if (!ot_base64_append(&bytes, text) || bytes.len != algorithms[i].size)
            continue;
        out->algorithm = algorithms[i].name;
        out->digest = ot_alloc(1, 2 * bytes.len + 1);
        ot_hex(out->digest, bytes.data, bytes.len);
        return;
    }
}

/* -- both -------------------------------------------------------------------------------------- */

/* Where the outermost node_modules begins. */
static const char *find_modules(const char *path)
{
    const char *at = path;

    while (strncmp(at, NODE_MODULES, strlen(NODE_MODULES)) != 0) {
        at = strchr(at, '/');
        if (at == NULL)
            return NULL;
        at++;
    }
    return at;
}

void ot_installed_describe(struct ot_installed_locks *locks, const char *path,
                           struct ot_installed *out)
{
    OT_AUTOFREE char *relative = ot_asprintf("%s/package.json", path);
    OT_AUTOFREE char *manifest = ot_path_join(locks->folder, ot_span_of(relative));
    const char *modules = find_modules(path);
    const struct ot_npm_package *locked;
    OT_AUTOFREE char *root = NULL;

    *out = (struct ot_installed){0};
    read_manifest(manifest, out);
    if (out->name == NULL) {
        const char *last = modules;

        for (const char *at = modules; at != NULL; at = find_modules(at + strlen(NODE_MODULES)))
            last = at;
        out->name = ot_strdup(last != NULL ? last + strlen(NODE_MODULES) : path);
    }
    if (modules == NULL || out->version == NULL)
        return;
    root = ot_strndup(path, modules == path ? 0 : (size_t)(modules - path) - 1);
    locked = ot_npm_lock_at(find_lock(locks, root), modules);
    if (locked != NULL && locked->version != NULL && strcmp(locked->version, out->version) == 0)
        read_integrity(locked->integrity, out);
}
