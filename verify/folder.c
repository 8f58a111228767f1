#include "verify/source.h"

#include "base/file.h"
#include "base/text.h"
#include "verify/refusal.h"

#include <fcntl.h>
#include <string.h>

static bool is_own_file(const struct ot_source *source, struct ot_span path)
{
    if (ot_span_is(path, OT_MANIFEST_NAME))
        return true;
    return source->has_pages &&
           (ot_span_is(path, OT_SIGNATURES_NAME) || ot_span_is(path, OT_STATEMENT_NAME));
}

/* Whether a member is in the folder `path`: the first member from "path/" on begins with it. */
static bool is_needed(const struct ot_manifest *manifest, const char *path)
{
    char prefix[OT_PATH_MAX + 2];
    size_t len = strlen(path);
    size_t low = 0;
    size_t high = manifest->member_count;

    if (len > OT_PATH_MAX)
        return false;
    memcpy(prefix, path, len);
    prefix[len] = '/';
    prefix[len + 1] = '\0';
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(manifest->members[middle].path, prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < manifest->member_count &&
           strncmp(manifest->members[low].path, prefix, len + 1) == 0;
}

static int walk(const struct ot_source *source, const struct ot_manifest *manifest, int dir,
                const char *prefix, struct ot_error *err);

static int check_entry(const struct ot_source *source, const struct ot_manifest *manifest, int dir,
                       const char *name, const char *path, struct ot_error *err)
{
    char printable[2 * OT_PATH_MAX];
    struct stat info;

    ot_printable(printable, sizeof(printable), ot_span_of(path));
    if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", printable);
    if (S_ISLNK(info.st_mode))
        return ot_refuse(err, OT_E_LAYOUT, "%s: is a symbolic link", printable);
    if (S_ISDIR(info.st_mode)) {
        OT_AUTOCLOSE int fd = -1;

        if (!is_needed(manifest, path))
            return ot_refuse(err, OT_E_LAYOUT, "%s: a folder that the manifest does not need",
                             printable);
        /* needed by a valid path, so it is one itself */
        fd = ot_open_beneath(source->fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
        return fd < 0 ? -1 : walk(source, manifest, fd, path, err);
    }
    if (!S_ISREG(info.st_mode))
        return ot_refuse(err, OT_E_LAYOUT, "%s: is not a regular file", printable);
    if (!is_own_file(source, ot_span_of(path)) &&
        ot_manifest_member(manifest, ot_span_of(path)) == NULL)
        return ot_refuse(err, OT_E_LAYOUT, "%s: a file that the manifest does not name", printable);
    return 0;
}

/* As deep as the deepest member's path, 100 folders at most. */
static int walk(const struct ot_source *source, const struct ot_manifest *manifest, int dir,
                const char *prefix, struct ot_error *err)
{
    OT_AUTOLIST struct ot_list names = {0};

    if (ot_list_dir(dir, &names, prefix[0] != '\0' ? prefix : "the folder", err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        OT_AUTOFREE char *path = prefix[0] != '\0' ? ot_asprintf("%s/%s", prefix, names.items[i])
                                                   : ot_strdup(names.items[i]);

        if (check_entry(source, manifest, dir, names.items[i], path, err) < 0)
            return -1;
    }
    return 0;
}

int ot_source_check_folder(const struct ot_source *source, const struct ot_manifest *manifest,
                           struct ot_error *err)
{
    return walk(source, manifest, source->fd, "", err);
}
