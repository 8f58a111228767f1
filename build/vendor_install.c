/* npm installs the groups, and each package's files are written down. */
#include "build/vendor_parts.h"

#include "build/npm_lock.h"
#include "build/package_files.h"

#include <string.h>
#include <unistd.h>

/* What deno.lock says about a package is what npm's lock says. */
static int check_deno(const struct ot_vendoring *vendoring, const struct ot_npm_lock *packages,
                      struct ot_error *err)
{
    for (size_t i = 0; i < packages->count; i++) {
        const struct ot_npm_package *package = &packages->packages[i];
        OT_AUTOFREE char *key =
            ot_asprintf("%s@%s", package->name, package->version != NULL ? package->version : "");
        const char *deno = ot_pairs_get(&vendoring->deno.integrity, key);

        if (deno != NULL && package->integrity != NULL && strcmp(deno, package->integrity) != 0)
            return ot_fail(err, OT_FAILED, "%s: npm's registry has %s, but deno.lock has %s", key,
                           package->integrity, deno);
    }
    return 0;
}

static int index_package(struct ot_vendoring *vendoring, const char *folder, const char *path,
                         struct ot_pairs *digests, struct ot_error *err)
{
    OT_AUTOFREE char *full = ot_asprintf("%s/%s", folder, path);
    OT_AUTOFREE char *file = NULL;
    OT_AUTOBUF struct ot_buf index = {0};
    char digest[OT_SHA256_HEX];

    if (access(full, F_OK) < 0)
        return 0; /* an optional one that npm left out */
    if (ot_package_index(full, &index, err) < 0)
        return -1;
    ot_sha256_hex(ot_buf_span(&index), digest);
    ot_pairs_put(digests, path, digest);
    file = ot_asprintf("index/%s", digest);
    if (faccessat(vendoring->temp.fd, file, F_OK, 0) == 0)
        return 0;
    return ot_write_beneath(vendoring->temp.fd, file, ot_buf_span(&index), err);
}

/* What the lock had before must be what was installed now. */
static int check_digests(const struct ot_pairs *locked, const struct ot_pairs *digests,
                         struct ot_error *err)
{
    for (size_t i = 0; i < locked->count; i++) {
        const char *digest = ot_pairs_get(digests, locked->items[i].key);

        if (digest == NULL)
            return ot_fail(err, OT_FAILED, "npm did not install %s, which " OT_LOCK_NAME " has",
                           locked->items[i].key);
        if (strcmp(digest, locked->items[i].value) != 0)
            return ot_fail(
                err, OT_FAILED,
                "%s: npm installed other files (SHA-256 of their list: %s) than " OT_LOCK_NAME
                " has (%s)",
                locked->items[i].key, digest, locked->items[i].value);
    }
    return 0;
}

static int install_group(struct ot_vendoring *vendoring, size_t number, struct ot_error *err)
{
    static const char *const ci[] = {"ci", NULL};
    static const char *const force[] = {"ci", "--force", NULL};
    struct ot_lock_group *group = &vendoring->next.lock.groups[number];
    OT_AUTOFREE char *path = ot_asprintf("npm/%zu", number);
    OT_AUTOFREE char *folder = ot_asprintf("%s/%s", vendoring->next.root, path);
    OT_AUTOFREE char *settings = ot_asprintf("%s/.npmrc", path);
    OT_AUTONPMLOCK struct ot_npm_lock packages = {0};
    OT_AUTOPAIRS struct ot_pairs digests = {0};
    OT_AUTOBUF struct ot_buf words = {0};
    int ran;

    if (ot_npm_lock_parse(&packages, ot_span_of(group->packages), OT_LOCK_NAME, err) < 0 ||
        check_deno(vendoring, &packages, err) < 0)
        return -1;
    if (packages.root == NULL)
        return ot_fail(err, OT_FAILED, OT_LOCK_NAME ": npm's lock names no dependencies");
    if (ot_vendor_put_project(vendoring, path, ot_span_of(packages.root), group->packages, err) < 0)
        return -1;
    ran = ot_vendor_run_npm(vendoring, folder, ci, &words, err);
    if (ran < 0 && memmem(words.data, words.len, "ERESOLVE", strlen("ERESOLVE")) != NULL)
        ran = ot_vendor_run_npm(vendoring, folder, force, &words, err);
    if (ran < 0)
        return -1;
    unlinkat(vendoring->temp.fd, settings, 0);
    for (size_t i = 0; i < packages.count; i++) {
        if (!packages.packages[i].platform &&
            index_package(vendoring, folder, packages.packages[i].path, &digests, err) < 0)
            return -1;
    }
    if (check_digests(&group->digests, &digests, err) < 0)
        return -1;
    ot_pairs_free(&group->digests);
    group->digests = digests;
    digests = (struct ot_pairs){0};
    return 0;
}

int ot_vendor_install(struct ot_vendoring *vendoring, struct ot_error *err)
{
    if (vendoring->next.lock.group_count > 0)
        ot_vendor_step(vendoring, "install packages");
    for (size_t i = 0; i < vendoring->next.lock.group_count; i++) {
        if (install_group(vendoring, i, err) < 0)
            return -1;
    }
    return 0;
}
