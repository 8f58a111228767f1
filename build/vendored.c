#include "build/vendored.h"

#include "base/file.h"
#include "base/text.h"
#include "build/diagnostics.h"
#include "build/package_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int ot_vendored_open(struct ot_vendored *vendored, const char *folder, const char *shown,
                     struct ot_error *err)
{
    int found = ot_lock_read(&vendored->lock, folder, err);

    if (found < 0)
        return -1;
    vendored->has_lock = found > 0;
    vendored->root = ot_asprintf("%s/" OT_VENDOR_FOLDER, folder);
    vendored->shown = shown;
    return 0;
}

void ot_vendored_free(struct ot_vendored *vendored)
{
    ot_lock_free(&vendored->lock);
    free(vendored->root);
    *vendored = (struct ot_vendored){0};
}

static char *group_folder(const struct ot_vendored *vendored, const struct ot_lock_group *group)
{
    return ot_asprintf("%s/npm/%zu", vendored->root, (size_t)(group - vendored->lock.groups));
}

const char *ot_vendored_package(const struct ot_vendored *vendored, const char *function,
                                const char *key, char **folder)
{
    const struct ot_lock_group *group = ot_lock_group(&vendored->lock, function);
    const char *name = group != NULL ? ot_pairs_get(&group->specifiers, key) : NULL;

    if (name != NULL)
        *folder = group_folder(vendored, group);
    return name;
}

int ot_vendored_load(const struct ot_vendored *vendored, const struct ot_lock_module *module,
                     struct ot_buf *out, struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/https/%s", vendored->root, module->sha256);
    OT_AUTOBUF struct ot_buf text = {0};
    char digest[OT_SHA256_HEX];
    struct ot_error cause;

    if (ot_read_file(path, OT_MODULE_MAX, &text, &cause) < 0)
        return ot_fail(err, OT_FAILED,
                       "the vendor folder does not have it; get it: onetube vendor --functions %s",
                       vendored->shown);
    ot_sha256_hex(ot_buf_span(&text), digest);
    if (strcmp(digest, module->sha256) != 0)
        return ot_fail(err, OT_FAILED,
                       "the vendor folder has other bytes than " OT_LOCK_NAME
                       " says (SHA-256 %s, not %s); get it again: onetube vendor --functions %s",
                       digest, module->sha256, vendored->shown);
    ot_buf_append(out, text.data, text.len);
    return 0;
}

/* -- packages ---------------------------------------------------------------------------------- */

/* The index of the package that was used last, for the files of one come one after another. */
struct check {
    const struct ot_vendored *vendored;
    struct ot_build_report *report;
    char *package; /* "<number>/node_modules/zod"; NULL: none yet */
    struct ot_buf index;
    bool bad; /* it was reported */
};

/* `file`: beneath the group's folder. */
static void report(struct check *check, const struct ot_lock_group *group, const char *file,
                   const char *what)
{
    OT_AUTOFREE char *shown =
        ot_asprintf("%s/" OT_VENDOR_FOLDER "/npm/%zu/%s", check->vendored->shown,
                    (size_t)(group - check->vendored->lock.groups), file);
    OT_AUTOBUF struct ot_buf functions = {0};

    for (size_t i = 0; i < group->functions.count; i++)
        ot_buf_printf(&functions, "%s%s", i > 0 ? ", " : "", group->functions.items[i]);
    ot_report_error(check->report, shown, 0, 0,
                    ot_asprintf("%s (in packages of: %s); get them again: "
                                "onetube vendor --functions %s",
                                what, functions.data, check->vendored->shown));
}

/* Reads the index of a package, whose name is its own digest. False: it is missing or wrong. */
static bool read_index(const struct ot_vendored *vendored, const char *digest, struct ot_buf *out)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/index/%s", vendored->root, digest);
    char actual[OT_SHA256_HEX];
    struct ot_error ignored;

    ot_buf_clear(out);
    if (ot_read_file(path, OT_PACKAGE_INDEX_MAX, out, &ignored) < 0)
        return false;
    ot_sha256_hex(ot_buf_span(out), actual);
    return strcmp(actual, digest) == 0;
}

/* The length of the part of `path` that names a package with a digest; 0: there is none. */
static size_t package_length(const struct ot_lock_group *group, const char *path,
                             const char **digest)
{
    OT_AUTOFREE char *package = ot_strdup(path);

    for (char *end = strrchr(package, '/'); end != NULL; end = strrchr(package, '/')) {
        *end = '\0';
        *digest = ot_pairs_get(&group->digests, package);
        if (*digest != NULL)
            return strlen(package);
    }
    return 0;
}

static bool is_as_indexed(const struct check *check, const char *file, const char *path)
{
    struct ot_span expected = ot_package_index_find(ot_buf_span(&check->index), ot_span_of(path));
    OT_AUTOBUF struct ot_buf text = {0};
    char digest[OT_SHA256_HEX];
    struct ot_error ignored;

    if (expected.data == NULL || ot_read_file(file, OT_PACKAGE_FILE_MAX, &text, &ignored) < 0)
        return false;
    ot_sha256_hex(ot_buf_span(&text), digest);
    return ot_span_is(expected, digest);
}

/* `path`: beneath the group's folder, such as "node_modules/zod/index.js". */
static void check_file(struct check *check, const struct ot_lock_group *group, const char *path)
{
    OT_AUTOFREE char *folder = group_folder(check->vendored, group);
    OT_AUTOFREE char *package = NULL;
    OT_AUTOFREE char *file = NULL;
    const char *digest;
    size_t len = package_length(group, path, &digest);

    if (len == 0) {
        report(check, group, path, OT_LOCK_NAME " does not have the package of this file");
        return;
    }
    package = ot_asprintf("%s/%.*s", folder, (int)len, path);
    if (check->package == NULL || strcmp(package, check->package) != 0) {
        OT_AUTOFREE char *manifest = ot_asprintf("%s/package.json", package);

        free(check->package);
        check->package = OT_STEAL(package);
        check->bad = !read_index(check->vendored, digest, &check->index) ||
                     !is_as_indexed(check, manifest, "package.json");
        if (check->bad)
            report(check, group, path, "the package of this file is not the one that was locked");
    }
    if (check->bad)
        return;
    file = ot_asprintf("%s/%s", folder, path);
    if (!is_as_indexed(check, file, path + len + 1))
        report(check, group, path, "the file is not the one that was locked");
}

/* A package that is gone would let another version of it be found in its place. */
static void check_presence(struct check *check)
{
    const struct ot_lock *lock = &check->vendored->lock;

    for (size_t i = 0; i < lock->group_count; i++) {
        const struct ot_pairs *digests = &lock->groups[i].digests;
        OT_AUTOFREE char *folder = group_folder(check->vendored, &lock->groups[i]);

        for (size_t j = 0; j < digests->count; j++) {
            OT_AUTOFREE char *path = ot_asprintf("%s/%s", folder, digests->items[j].key);

            if (access(path, F_OK) < 0)
                report(check, &lock->groups[i], digests->items[j].key, "the package is missing");
        }
    }
}

/* `path`: from the functions folder. Whether it is of the vendor folder. */
static bool check_used(struct check *check, const char *path)
{
    static const char prefix[] = OT_VENDOR_FOLDER "/npm/";
    const struct ot_lock *lock = &check->vendored->lock;
    const char *slash;
    uint64_t number;

    if (strncmp(path, prefix, strlen(prefix)) != 0)
        return false;
    path += strlen(prefix);
    slash = strchr(path, '/');
    if (slash != NULL && lock->group_count > 0 &&
        ot_parse_uint((struct ot_span){path, (size_t)(slash - path)}, lock->group_count - 1,
                      &number)) {
        OT_AUTOFREE char *file = ot_strndup(slash + 1, strcspn(slash + 1, "?#"));
        char *with = strstr(file, " with {");

        if (with != NULL) /* import attributes, as the metafile shows them */
            *with = '\0';
        check_file(check, &lock->groups[number], file);
    }
    return true;
}

int ot_vendored_check(const struct ot_vendored *vendored, const struct ot_metafile *metafile,
                      const struct ot_list *files, struct ot_build_report *out,
                      struct ot_error *err)
{
    struct check check = {.vendored = vendored, .report = out};
    size_t before = ot_report_error_count(out);
    bool used = false;

    for (size_t i = 0; i < metafile->inputs.count; i++)
        used = check_used(&check, metafile->inputs.items[i].path) || used;
    for (size_t i = 0; i < files->count; i++)
        used = check_used(&check, files->items[i]) || used;
    if (used)
        check_presence(&check);
    free(check.package);
    ot_buf_free(&check.index);
    return ot_report_error_count(out) == before
               ? 0
               : ot_fail(err, OT_FAILED, "the vendor folder is not as " OT_LOCK_NAME " says");
}

/* -- all of it --------------------------------------------------------------------------------- */

static bool is_package_whole(const struct ot_vendored *vendored, const char *folder,
                             const struct ot_pair *digest)
{
    OT_AUTOFREE char *package = ot_asprintf("%s/%s", folder, digest->key);
    OT_AUTOBUF struct ot_buf stored = {0};
    OT_AUTOBUF struct ot_buf actual = {0};
    struct ot_error ignored;

    return read_index(vendored, digest->value, &stored) &&
           ot_package_index(package, &actual, &ignored) == 0 &&
           ot_span_equal(ot_buf_span(&stored), ot_buf_span(&actual));
}

bool ot_vendored_is_whole(const struct ot_vendored *vendored)
{
    const struct ot_lock *lock = &vendored->lock;

    for (size_t i = 0; i < lock->module_count; i++) {
        OT_AUTOBUF struct ot_buf text = {0};
        struct ot_error ignored;

        if (ot_vendored_load(vendored, &lock->modules[i], &text, &ignored) < 0)
            return false;
    }
    for (size_t i = 0; i < lock->group_count; i++) {
        OT_AUTOFREE char *folder = group_folder(vendored, &lock->groups[i]);

        for (size_t j = 0; j < lock->groups[i].digests.count; j++) {
            if (!is_package_whole(vendored, folder, &lock->groups[i].digests.items[j]))
                return false;
        }
    }
    return true;
}
