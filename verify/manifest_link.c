#include "verify/manifest_reader.h"

#include "verify/layout.h"

#include <stdlib.h>
#include <string.h>

static int compare_members(const void *a, const void *b)
{
    const struct ot_member *left = a;
    const struct ot_member *right = b;

    return strcmp(left->path, right->path);
}

static int compare_with_path(const void *key, const void *item)
{
    const struct ot_span *path = key;
    const struct ot_member *member = item;

    return ot_span_compare(*path, ot_span_of(member->path));
}

static int compare_with_name(const void *key, const void *item)
{
    const struct ot_span *name = key;
    const struct ot_function *function = item;

    return ot_span_compare(*name, ot_span_of(function->name));
}

const struct ot_function *ot_manifest_function(const struct ot_manifest *manifest,
                                               struct ot_span name)
{
    return bsearch(&name, manifest->functions, manifest->function_count,
                   sizeof(*manifest->functions), compare_with_name);
}

const struct ot_member *ot_manifest_member(const struct ot_manifest *manifest, struct ot_span path)
{
    return bsearch(&path, manifest->members, manifest->member_count, sizeof(*manifest->members),
                   compare_with_path);
}

/* All members into one order; a path that stands twice is an error. */
static int sort_members(struct ot_manifest *manifest, struct ot_error *err)
{
    qsort(manifest->members, manifest->member_count, sizeof(*manifest->members), compare_members);
    for (size_t i = 1; i < manifest->member_count; i++) {
        if (strcmp(manifest->members[i - 1].path, manifest->members[i].path) == 0)
            return ot_fail(err, OT_FAILED, "%s is named twice", manifest->members[i].path);
    }
    return 0;
}

/*
 * Bytewise, but `/` before every other byte, so that what is in a folder follows the folder's
 * name at once.
 */
static int compare_as_tree(const void *a, const void *b)
{
    const char *left = *(const char *const *)a;
    const char *right = *(const char *const *)b;

    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    if (*left == '\0' || *right == '\0')
        return (*left != '\0') - (*right != '\0');
    if (*left == '/' || *right == '/')
        return (*left != '/') - (*right != '/');
    return *left - *right;
}

/* No member may be the folder of another: they could not both be unpacked. */
static int check_folders(const struct ot_manifest *manifest, struct ot_error *err)
{
    OT_AUTOFREE const char **paths = ot_alloc(manifest->member_count, sizeof(*paths));

    for (size_t i = 0; i < manifest->member_count; i++)
        paths[i] = manifest->members[i].path;
    qsort(paths, manifest->member_count, sizeof(*paths), compare_as_tree);
    for (size_t i = 1; i < manifest->member_count; i++) {
        size_t len = strlen(paths[i - 1]);

        if (strncmp(paths[i], paths[i - 1], len) == 0 && paths[i][len] == '/')
            return ot_fail(err, OT_FAILED, "%s is a file and the folder of %s", paths[i - 1],
                           paths[i]);
    }
    return 0;
}

static int compare_ignoring_case(const void *a, const void *b)
{
    const char *left = *(const char *const *)a;
    const char *right = *(const char *const *)b;

    /* not strcasecmp, which asks the locale; names are ASCII letters, digits, `-` and `_` */
    for (;; left++, right++) {
        int l = *left >= 'A' && *left <= 'Z' ? *left + ('a' - 'A') : *left;
        int r = *right >= 'A' && *right <= 'Z' ? *right + ('a' - 'A') : *right;

        if (l != r || l == '\0')
            return l - r;
    }
}

static int check_case_twins(const struct ot_manifest *manifest, struct ot_error *err)
{
    OT_AUTOFREE const char **names = ot_alloc(manifest->function_count, sizeof(*names));

    for (size_t i = 0; i < manifest->function_count; i++)
        names[i] = manifest->functions[i].name;
    qsort(names, manifest->function_count, sizeof(*names), compare_ignoring_case);
    for (size_t i = 1; i < manifest->function_count; i++) {
        if (compare_ignoring_case(&names[i - 1], &names[i]) == 0)
            return ot_fail(err, OT_FAILED, "functions: %s and %s differ only in case", names[i - 1],
                           names[i]);
    }
    return 0;
}

/* A module file must be one of `files`: a function is never given the bundle of another, nor the
 * engine. */
static int link_modules(const struct ot_manifest_draft *draft, const bool *is_other,
                        struct ot_error *err)
{
    struct ot_manifest *manifest = draft->manifest;

    manifest->modules = ot_alloc(draft->module_count, sizeof(const struct ot_member *));
    for (size_t i = 0; i < manifest->function_count; i++) {
        struct ot_function *function = &manifest->functions[i];
        size_t first = draft->functions[i].first_module;

        function->modules = manifest->modules + first;
        for (size_t k = 0; k < function->module_count; k++) {
            const char *path = draft->module_paths[first + k];
            const struct ot_member *member = ot_manifest_member(manifest, ot_span_of(path));

            if (member == NULL || is_other[member - manifest->members])
                return ot_fail(err, OT_FAILED,
                               "functions: %s: moduleFiles names %s, which files does not",
                               function->name, path);
            function->modules[k] = member;
        }
    }
    return 0;
}

static int link_functions(const struct ot_manifest_draft *draft, struct ot_error *err)
{
    struct ot_manifest *manifest = draft->manifest;
    OT_AUTOFREE bool *is_other = ot_alloc(manifest->member_count, sizeof(*is_other));

    for (size_t i = 0; i < manifest->function_count; i++) {
        struct ot_function *function = &manifest->functions[i];

        function->bundle =
            ot_manifest_member(manifest, ot_span_of(draft->functions[i].bundle_path));
        is_other[function->bundle - manifest->members] = true;
    }
    if (draft->engine.path != NULL) {
        manifest->engine = ot_manifest_member(manifest, ot_span_of(draft->engine.path));
        is_other[manifest->engine - manifest->members] = true;
    }
    return link_modules(draft, is_other, err);
}

/* Cannot overflow: 65,536 members of less than 2^33 bytes. */
static void place_members(const struct ot_manifest_draft *draft)
{
    struct ot_manifest *manifest = draft->manifest;
    uint64_t at = OT_MANIFEST_OFFSET + ot_padded(draft->text_size);

    for (size_t i = 0; i < manifest->member_count; i++) {
        manifest->members[i].offset = at + OT_BLOCK;
        at += OT_BLOCK + ot_padded(manifest->members[i].size);
    }
    manifest->payload_size = at + OT_TRAILER_SIZE;
}

int ot_manifest_link(struct ot_manifest_draft *draft, struct ot_error *err)
{
    if (check_case_twins(draft->manifest, err) < 0 || sort_members(draft->manifest, err) < 0 ||
        check_folders(draft->manifest, err) < 0 || link_functions(draft, err) < 0)
        return -1;
    place_members(draft);
    return 0;
}
