#include "build/copies.h"

#include "base/file.h"
#include "build/package_files.h"
#include "build/path.h"
#include "build/specifiers.h"
#include "build/tree.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 32u        /* node_modules in each other, and dependencies of dependencies */
#define PACKAGES_MAX 200000u /* looked at */

static const char mark[] = "/node_modules/";

/* -- finding ----------------------------------------------------------------------------------- */

static void find_packages(struct ot_list *names, int parent, const char *folder, const char *scope,
                          unsigned depth);

static bool is_folder(int parent, const char *name)
{
    struct stat info;

    return fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

static void visit(struct ot_list *names, int fd, const char *name, const char *scope,
                  unsigned depth)
{
    OT_AUTOFREE char *nested = ot_asprintf("%s/node_modules", name);
    OT_AUTOFREE char *full = NULL;

    if (name[0] == '.' || names->count > PACKAGES_MAX || !is_folder(fd, name))
        return;
    if (name[0] == '@' && scope[0] == '\0') {
        full = ot_asprintf("%s/", name);
        find_packages(names, fd, name, full, depth);
        return;
    }
    full = ot_asprintf("%s%s", scope, name);
    ot_list_add(names, full);
    if (is_folder(fd, nested))
        find_packages(names, fd, nested, "", depth + 1);
}

static void find_packages(struct ot_list *names, int parent, const char *folder, const char *scope,
                          unsigned depth)
{
    OT_AUTOCLOSE int fd = openat(parent, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    OT_AUTOLIST struct ot_list found = {0};
    struct ot_error ignored;

    if (fd < 0 || depth > DEPTH_MAX || ot_list_dir(fd, &found, folder, &ignored) < 0)
        return;
    for (size_t i = 0; i < found.count; i++)
        visit(names, fd, found.items[i], scope, depth);
}

void ot_copies_find(struct ot_copies *copies, const struct ot_list *roots)
{
    OT_AUTOLIST struct ot_list names = {0};

    for (size_t i = 0; i < roots->count; i++)
        find_packages(&names, AT_FDCWD, roots->items[i], "", 0);
    ot_list_sort(&names);
    for (size_t i = 1; i < names.count; i++) {
        if (strcmp(names.items[i], names.items[i - 1]) == 0)
            ot_list_add(&copies->names, names.items[i]);
    }
    ot_list_sort_unique(&copies->names);
}

void ot_copies_free(struct ot_copies *copies)
{
    ot_list_free(&copies->names);
}

void ot_copies_used_free(struct ot_copies_used *used)
{
    ot_list_free(&used->folders);
    ot_list_free(&used->proven);
    ot_pairs_free(&used->digests);
}

bool ot_copies_has(const struct ot_copies *copies, struct ot_span package)
{
    for (size_t i = 0; i < copies->names.count; i++) {
        if (ot_span_is(package, copies->names.items[i]))
            return true;
    }
    return false;
}

void ot_copies_filter(const struct ot_copies *copies, struct ot_buf *out)
{
    if (copies->names.count == 0)
        return;
    ot_buf_puts(out, "|^(");
    for (size_t i = 0; i < copies->names.count; i++) {
        ot_buf_puts(out, i > 0 ? "|" : "");
        for (const char *c = copies->names.items[i]; *c != '\0'; c++) {
            if (strchr("\\.+*?()|[]{}^$", *c) != NULL)
                ot_buf_putc(out, '\\');
            ot_buf_putc(out, *c);
        }
    }
    ot_buf_puts(out, ")(/|$)");
}

/* -- comparing --------------------------------------------------------------------------------- */

static bool is_same(struct ot_copies_used *used, const char *a, const char *b, unsigned depth);

/* The digest of the package's files; NULL: they cannot be read. */
static const char *digest_of(struct ot_copies_used *used, const char *folder)
{
    OT_AUTOBUF struct ot_buf index = {0};
    char digest[OT_SHA256_HEX];
    struct ot_error ignored;

    if (ot_pairs_get(&used->digests, folder) == NULL) {
        if (ot_package_index(folder, &index, &ignored) < 0)
            return NULL;
        ot_sha256_hex(ot_buf_span(&index), digest);
        ot_pairs_put(&used->digests, folder, digest);
    }
    return ot_pairs_get(&used->digests, folder);
}

/* Where a package finds one that it needs; the caller frees it. NULL: nowhere. */
static char *find_dependency(const char *folder, const char *name)
{
    OT_AUTOFREE char *above = ot_strdup(folder);

    for (;;) {
        OT_AUTOFREE char *path =
            ot_asprintf("%s/node_modules/%s", strcmp(above, "/") == 0 ? "" : above, name);
        char *parent;

        if (access(path, F_OK) == 0)
            return OT_STEAL(path);
        if (strcmp(above, "/") == 0)
            return NULL;
        parent = ot_path_folder(above);
        free(above);
        above = parent;
    }
}

static bool same_dependency(struct ot_copies_used *used, const char *a, const char *b,
                            const char *name, unsigned depth)
{
    OT_AUTOFREE char *of_a = find_dependency(a, name);
    OT_AUTOFREE char *of_b = find_dependency(b, name);

    if (of_a == NULL || of_b == NULL)
        return of_a == of_b;
    return is_same(used, of_a, of_b, depth + 1);
}

static bool same_dependencies(struct ot_copies_used *used, const char *a, const char *b,
                              unsigned depth)
{
    static const char *const kinds[] = {"dependencies", "optionalDependencies", "peerDependencies"};
    OT_AUTOFREE char *path = ot_asprintf("%s/package.json", a);
    OT_AUTOTREE struct ot_tree manifest = {0};
    struct ot_error ignored;

    if (ot_tree_read(&manifest, path, path, &ignored) <= 0)
        return false;
    for (size_t i = 0; i < OT_COUNT(kinds); i++) {
        const struct ot_tree *list = ot_tree_get(&manifest, kinds[i]);

        for (size_t j = 0; list->type == OT_TREE_OBJECT && j < list->count; j++) {
            if (!same_dependency(used, a, b, list->items[j].key, depth))
                return false;
        }
    }
    return true;
}

/* Packages that need each other are the same unless something else says no. */
static bool is_same(struct ot_copies_used *used, const char *a, const char *b, unsigned depth)
{
    OT_AUTOFREE char *pair = ot_asprintf("%s\n%s", a, b);
    const char *digest;

    if (strcmp(a, b) == 0 || ot_list_has(&used->proven, pair))
        return true;
    digest = depth > DEPTH_MAX ? NULL : digest_of(used, a);
    if (digest == NULL || digest_of(used, b) == NULL ||
        strcmp(digest_of(used, a), digest_of(used, b)) != 0)
        return false;
    ot_list_add(&used->proven, pair);
    return same_dependencies(used, a, b, depth);
}

/* What was taken for granted on the way to a "no" is forgotten. */
static bool stands_for(struct ot_copies_used *used, const char *first, const char *folder)
{
    size_t before = used->proven.count;
    bool same = is_same(used, first, folder, 0);

    while (!same && used->proven.count > before)
        free(used->proven.items[--used->proven.count]);
    return same;
}

/* The package that the file is in, and its name. */
static char *package_of(const char *file, struct ot_span *name)
{
    const char *found = NULL;

    for (const char *at = strstr(file, mark); at != NULL; at = strstr(at + 1, mark))
        found = at + strlen(mark);
    if (found == NULL || !ot_specifier_package(ot_span_of(found), name))
        return NULL;
    return ot_strndup(file, (size_t)(name->data + name->len - file));
}

char *ot_copies_place(const struct ot_copies *copies, struct ot_copies_used *used, const char *file)
{
    struct ot_span name = {0};
    OT_AUTOFREE char *folder = package_of(file, &name);

    if (folder == NULL || !ot_copies_has(copies, name) || ot_list_has(&used->folders, folder))
        return NULL;
    for (size_t i = 0; i < used->folders.count; i++) {
        const char *first = used->folders.items[i];

        if (ot_span_ends(ot_span_of(first), folder + (name.data - file) - strlen(mark)) &&
            stands_for(used, first, folder))
            return ot_asprintf("%s%s", first, file + strlen(folder));
    }
    ot_list_add(&used->folders, folder);
    return NULL;
}
