#include "base/file.h"
#include "package/package.h"

#include <errno.h>
#include <fcntl.h>

/*
 * The signature and statement pages as they stand in the archive; a dist that has no
 * statement has neither.
 */
static int write_pages(const struct ot_payload *payload, int root, struct ot_error *err)
{
    struct ot_span image = ot_payload_image(payload);

    if (ot_payload_statement(payload) == NULL)
        return 0;
    if (ot_write_beneath(root, OT_SIGNATURES_NAME,
                         (struct ot_span){image.data + OT_SIGNATURES_OFFSET, OT_PAGE_SIZE},
                         err) < 0)
        return -1;
    return ot_write_beneath(root, OT_STATEMENT_NAME,
                            (struct ot_span){image.data + OT_STATEMENT_OFFSET, OT_PAGE_SIZE}, err);
}

static int write_all(const struct ot_payload *payload, int root, struct ot_error *err)
{
    const struct ot_manifest *manifest = ot_payload_manifest(payload);

    if (write_pages(payload, root, err) < 0 ||
        ot_write_beneath(root, OT_MANIFEST_NAME, ot_payload_manifest_text(payload), err) < 0)
        return -1;
    for (size_t i = 0; i < manifest->member_count; i++) {
        const struct ot_member *member = &manifest->members[i];

        if (ot_write_beneath(root, member->path, ot_payload_bytes(payload, member), err) < 0)
            return -1;
    }
    return 0;
}

/* Checked before the work; the commit, which is given no marker, makes sure again. */
static int check_target(const char *dir, struct ot_error *err)
{
    OT_AUTOLIST struct ot_list names = {0};
    OT_AUTOCLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        return ot_fail(err, OT_FAILED, "%s: exists and is not a folder", dir);
    if (fd < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", dir);
    if (ot_list_dir(fd, &names, dir, err) < 0)
        return -1;
    if (names.count > 0)
        return ot_fail(err, OT_FAILED, "%s: is not empty; unpack writes only into a new folder",
                       dir);
    return 0;
}

int ot_unpack(const struct ot_payload *payload, const char *dir, struct ot_error *err)
{
    static const char *const nothing[] = {"", NULL}; /* only an empty folder is replaced */
    OT_AUTOTEMPDIR struct ot_temp_dir temp = OT_TEMP_DIR_INIT;

    if (check_target(dir, err) < 0 || ot_temp_dir_open(&temp, dir, err) < 0)
        return -1;
    if (write_all(payload, temp.fd, err) < 0)
        return ot_error_prefix(err, "%s", dir);
    /* no file is called "", so a folder that got a file meanwhile is never replaced */
    return ot_temp_dir_commit(&temp, nothing, err);
}
