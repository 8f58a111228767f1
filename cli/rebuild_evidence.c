#include "cli/rebuild.h"

#include "base/file.h"
#include "build/deno_lock.h"
#include "build/discover.h"
#include "build/lock.h"
#include "build/npm_lock.h"
#include "build/tree.h"

#include <stdlib.h>
#include <string.h>

#define LOCK_MAX (64u << 20) /* bytes */

/* Every folder from the functions' on upwards that is no general one: "/home/ann/shop", but not
 * "/home". */
static void list_roots(struct ot_sources_evidence *evidence)
{
    const char *home = getenv("HOME");
    OT_AUTOFREE char *path = ot_strdup(evidence->folder);

    while (strchr(path + 1, '/') != NULL) {
        ot_list_add(&evidence->roots, path);
        *strrchr(path, '/') = '\0';
    }
    if (home != NULL && home[0] == '/' && home[1] != '\0')
        ot_list_add(&evidence->roots, home);
}

int ot_sources_evidence_open(struct ot_sources_evidence *evidence, const char *functions,
                             struct ot_error *err)
{
    OT_AUTOFREE char *folder = ot_functions_folder(functions, err);

    *evidence = (struct ot_sources_evidence){0};
    if (folder == NULL)
        return -1;
    evidence->folder = realpath(folder, NULL);
    if (evidence->folder == NULL)
        return ot_fail_errno(err, OT_FAILED, "%s", folder);
    list_roots(evidence);
    return 0;
}

void ot_sources_evidence_free(struct ot_sources_evidence *evidence)
{
    free(evidence->folder);
    ot_list_free(&evidence->roots);
}

/* -- one package ------------------------------------------------------------------------------- */

/* What is known of it; every text may be NULL. */
struct package {
    const char *name;
    char *installed; /* its version */
    char *installed_integrity;
    char *locked; /* its version */
    char *locked_integrity;
    const char *lock; /* the file that says so */
};

static void package_free(struct package *package)
{
    free(package->installed);
    free(package->installed_integrity);
    free(package->locked);
    free(package->locked_integrity);
}

static char *copy(const char *text)
{
    return text == NULL ? NULL : ot_strdup(text);
}

/* Version and integrity that a package-lock.json has for node_modules/<name>; false: none. */
static bool look_up(struct ot_span text, const char *name, char **version, char **integrity)
{
    OT_AUTONPMLOCK struct ot_npm_lock lock = {0};
    OT_AUTOFREE char *path = ot_asprintf("node_modules/%s", name);
    const struct ot_npm_package *found;
    struct ot_error ignored;

    if (ot_npm_lock_parse(&lock, text, "", &ignored) < 0)
        return false;
    found = ot_npm_lock_at(&lock, path);
    if (found == NULL || found->version == NULL)
        return false;
    *version = ot_strdup(found->version);
    *integrity = copy(found->integrity);
    return true;
}

static bool look_up_file(const char *folder, const char *file, const char *name, char **version,
                         char **integrity)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/%s", folder, file);
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error ignored;

    return ot_read_file(path, LOCK_MAX, &text, &ignored) == 0 &&
           look_up(ot_buf_span(&text), name, version, integrity);
}

static void find_in_onetube_lock(const struct ot_sources_evidence *evidence,
                                 struct package *package)
{
    OT_AUTOLOCK struct ot_lock lock = {0};
    struct ot_error ignored;

    if (ot_lock_read(&lock, evidence->folder, &ignored) <= 0)
        return;
    for (size_t i = 0; package->lock == NULL && i < lock.group_count; i++) {
        if (look_up(ot_span_of(lock.groups[i].packages), package->name, &package->locked,
                    &package->locked_integrity))
            package->lock = OT_LOCK_NAME;
    }
    /* what a build takes of the vendor folder it has checked against this lock */
    if (package->lock != NULL) {
        free(package->installed);
        package->installed = ot_strdup(package->locked);
    }
}

static void find_in_deno_lock(const char *folder, struct package *package)
{
    OT_CLEANUP(ot_deno_lock_free) struct ot_deno_lock lock = {0};
    OT_AUTOFREE char *path = ot_asprintf("%s/deno.lock", folder);
    OT_AUTOFREE char *prefix = ot_asprintf("npm:%s@", package->name);
    struct ot_error ignored;

    if (ot_deno_lock_add(&lock, path, path, &ignored) <= 0)
        return;
    for (size_t i = 0; i < lock.versions.count; i++) {
        if (strncmp(lock.versions.items[i].key, prefix, strlen(prefix)) == 0) {
            package->locked = ot_strdup(lock.versions.items[i].value);
            package->lock = "deno.lock";
            return;
        }
    }
}

static void find_installed(const char *folder, struct package *package)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/node_modules/%s/package.json", folder, package->name);
    OT_AUTOFREE char *version = NULL;
    OT_AUTOTREE struct ot_tree tree = {0};
    struct ot_error ignored;

    if (ot_tree_read(&tree, path, path, &ignored) <= 0)
        return;
    package->installed = copy(ot_tree_text(ot_tree_get(&tree, "version")));
    /* what npm says that it has installed there */
    (void)look_up_file(folder, "node_modules/.package-lock.json", package->name, &version,
                       &package->installed_integrity);
}

/* In the folder and those above it: the nearest node_modules that has it, the nearest lock. */
static void find(const struct ot_sources_evidence *evidence, struct package *package)
{
    OT_AUTOFREE char *folder = ot_strdup(evidence->folder);

    for (;;) {
        char *end = strrchr(folder, '/');

        if (package->installed == NULL)
            find_installed(folder, package);
        if (package->lock == NULL && look_up_file(folder, "package-lock.json", package->name,
                                                  &package->locked, &package->locked_integrity))
            package->lock = "package-lock.json";
        if (package->lock == NULL)
            find_in_deno_lock(folder, package);
        if (end == NULL || end == folder)
            break;
        *end = '\0';
    }
}

static char *tell(const struct package *package)
{
    const char *name = package->name, *installed = package->installed;

    if (installed == NULL)
        return ot_asprintf("%s is not the one that the payload has", name);
    if (package->lock == NULL)
        return ot_asprintf("%s %s is installed, not the one that the payload has, and no lock file "
                           "says which it should be",
                           name, installed);
    if (strcmp(package->locked, installed) != 0)
        return ot_asprintf("%s %s is installed, but %s says %s: node_modules does not match its "
                           "lock",
                           name, installed, package->lock, package->locked);
    if (package->installed_integrity != NULL && package->locked_integrity != NULL &&
        strcmp(package->installed_integrity, package->locked_integrity) != 0)
        return ot_asprintf("%s %s was installed with another integrity than %s says: other bytes "
                           "under the same version",
                           name, installed, package->lock);
    return ot_asprintf("%s %s is installed, as %s says, but the payload has another one: an older "
                       "lock, or files in node_modules that were changed",
                       name, installed, package->lock);
}

char *ot_describe_package(void *context, const char *name)
{
    const struct ot_sources_evidence *evidence = context;
    OT_AUTOFREE char *path = ot_asprintf("node_modules/%s", name);
    OT_CLEANUP(package_free) struct package package = {.name = name};

    if (strstr(name, "://") != NULL)
        return ot_asprintf("%s has other bytes than in the payload (the vendor folder is as the "
                           "lock says, so the lock was changed)",
                           name);
    /* the name comes from the payload: nothing of it may lead elsewhere */
    if (!ot_npm_is_path(ot_span_of(path)))
        return ot_asprintf("%s is not the one that the payload has", name);
    find_in_onetube_lock(evidence, &package);
    if (package.lock == NULL)
        find(evidence, &package);
    return tell(&package);
}
