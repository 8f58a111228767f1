#include "verify/source.h"

#include "base/file.h"
#include "verify/member_io.h"
#include "verify/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Read and hashed while it is still in the second-level cache. */
#define CHUNK (256u << 10)

/*
 * Whether the folder has this file of its own; anything but "there is none" is found out when
 * it is read.
 */
static bool has_file(int dir, const char *name)
{
    return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

static int open_folder(struct ot_source *source, int fd, const char *path, struct ot_error *err)
{
    bool signatures = has_file(fd, OT_SIGNATURES_NAME);
    bool statement = has_file(fd, OT_STATEMENT_NAME);

    *source = (struct ot_source){
        .fd = fd, .owns_fd = true, .is_folder = true, .has_pages = signatures && statement};
    if (signatures != statement) {
        ot_source_close(source);
        return ot_refuse(err, OT_E_LAYOUT, "%s: %s is missing, though %s is there", path,
                         signatures ? OT_STATEMENT_NAME : OT_SIGNATURES_NAME,
                         signatures ? OT_SIGNATURES_NAME : OT_STATEMENT_NAME);
    }
    return 0;
}

int ot_source_open(struct ot_source *source, const char *path, struct ot_error *err)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    *source = (struct ot_source){.fd = -1};
    if (fd >= 0)
        return open_folder(source, fd, path, err);
    fd = ot_open_regular(AT_FDCWD, path, INT64_MAX, &info, err);
    if (fd < 0) {
        /* it is there but is a link, a device or the like; what cannot be opened keeps its errno */
        if (err->errnum == 0) {
            err->kind = OT_REFUSED;
            err->code = OT_E_LAYOUT;
        }
        return -1;
    }
    *source = (struct ot_source){
        .fd = fd, .owns_fd = true, .has_pages = true, .size = (uint64_t)info.st_size};
    return 0;
}

int ot_source_from_fd(struct ot_source *source, int fd, struct ot_error *err)
{
    struct stat info;

    if (fstat(fd, &info) < 0)
        return ot_fail_errno(err, OT_FAILED, "fstat");
    if (!S_ISREG(info.st_mode))
        return ot_refuse(err, OT_E_LAYOUT, "not a regular file");
    *source = (struct ot_source){.fd = fd, .has_pages = true, .size = (uint64_t)info.st_size};
    return 0;
}

void ot_source_close(struct ot_source *source)
{
    if (source->owns_fd)
        close(source->fd);
    source->owns_fd = false;
    source->fd = -1;
}

int ot_source_check_size(const struct ot_source *source, uint64_t max, struct ot_error *err)
{
    if (source->is_folder)
        return 0;
    if (source->size < OT_PAYLOAD_MIN)
        return ot_refuse(err, OT_E_LAYOUT, "%" PRIu64 " bytes, a payload has at least %u",
                         source->size, OT_PAYLOAD_MIN);
    if (source->size > max)
        return ot_refuse(err, OT_E_LAYOUT, "%" PRIu64 " bytes, at most %" PRIu64 " are accepted",
                         source->size, max);
    if (source->size % OT_BLOCK != 0)
        return ot_refuse(err, OT_E_LAYOUT, "%" PRIu64 " bytes, a payload consists of blocks of %u",
                         source->size, OT_BLOCK);
    return 0;
}

/* Reads `size` bytes of data into the image and hashes them piece by piece. */
static int take_data(int fd, uint64_t fd_offset, uint8_t *out, uint64_t size, const char *name,
                     struct ot_sha256 *hash, struct ot_error *err)
{
    for (uint64_t done = 0; done < size;) {
        size_t len = size - done < CHUNK ? (size_t)(size - done) : CHUNK;

        if (ot_member_read(fd, out + done, len, fd_offset + done, name, err) < 0)
            return -1;
        if (hash != NULL)
            ot_sha256_update(hash, out + done, len);
        done += len;
    }
    return 0;
}

static int take_from_payload(const struct ot_source *source, struct ot_image *image,
                             const char *name, uint64_t offset, uint64_t size,
                             struct ot_sha256 *hash, struct ot_error *err)
{
    uint8_t *data = image->bytes + offset;
    size_t padding = (size_t)(ot_padded(size) - size);

    /* the padding is zero in the image already */
    if (ot_member_check_header(source->fd, data - OT_BLOCK, offset - OT_BLOCK, name, err) < 0 ||
        ot_member_check_zeros(source->fd, offset + size, padding, name, err) < 0)
        return -1;
    return take_data(source->fd, offset, data, size, name, hash, err);
}

static int take_from_folder(const struct ot_source *source, struct ot_image *image,
                            const char *name, uint64_t offset, uint64_t size,
                            struct ot_sha256 *hash, struct ot_error *err)
{
    OT_AUTOCLOSE int fd = ot_member_open_sized(source->fd, name, size, err);

    if (fd < 0)
        return -1;
    return take_data(fd, 0, image->bytes + offset, size, name, hash, err);
}

int ot_source_take(const struct ot_source *source, struct ot_image *image, const char *name,
                   uint64_t offset, uint64_t size, struct ot_sha256 *hash, struct ot_error *err)
{
    if (offset < OT_BLOCK || offset > image->size || ot_padded(size) > image->size - offset)
        return ot_refuse(err, OT_E_LAYOUT,
                         "%s: %" PRIu64 " bytes at byte %" PRIu64
                         " reach beyond the end, byte %" PRIu64,
                         name, size, offset, image->size);
    if (ot_member_header(ot_span_of(name), size, image->bytes + offset - OT_BLOCK) < 0)
        return ot_refuse(err, OT_E_LAYOUT, "%s: does not fit a ustar header", name);
    return source->is_folder ? take_from_folder(source, image, name, offset, size, hash, err)
                             : take_from_payload(source, image, name, offset, size, hash, err);
}

static int take_empty_page(struct ot_image *image, const char *name, uint64_t offset,
                           struct ot_error *err)
{
    memset(image->bytes + offset, '\n', OT_PAGE_SIZE);
    if (ot_member_header(ot_span_of(name), OT_PAGE_SIZE, image->bytes + offset - OT_BLOCK) < 0)
        return ot_fail(err, OT_FAILED, "%s: does not fit a ustar header", name);
    return 0;
}

int ot_source_take_pages(const struct ot_source *source, struct ot_image *image,
                         struct ot_error *err)
{
    if (!source->has_pages) {
        if (take_empty_page(image, OT_SIGNATURES_NAME, OT_SIGNATURES_OFFSET, err) < 0)
            return -1;
        return take_empty_page(image, OT_STATEMENT_NAME, OT_STATEMENT_OFFSET, err);
    }
    if (ot_source_take(source, image, OT_SIGNATURES_NAME, OT_SIGNATURES_OFFSET, OT_PAGE_SIZE, NULL,
                       err) < 0)
        return -1;
    return ot_source_take(source, image, OT_STATEMENT_NAME, OT_STATEMENT_OFFSET, OT_PAGE_SIZE, NULL,
                          err);
}

int ot_source_manifest_size(const struct ot_source *source, uint64_t *size, struct ot_error *err)
{
    OT_AUTOCLOSE int fd = ot_member_open(source->fd, OT_MANIFEST_NAME, size, err);

    if (fd < 0)
        return -1;
    if (*size > OT_MANIFEST_MAX)
        return ot_refuse(err, OT_E_MANIFEST, "%s: %" PRIu64 " bytes, at most %u are accepted",
                         OT_MANIFEST_NAME, *size, OT_MANIFEST_MAX);
    return 0;
}

int ot_source_check_payload_size(const struct ot_source *source, const struct ot_manifest *manifest,
                                 uint64_t max, struct ot_error *err)
{
    uint64_t expected = manifest->payload_size;

    if (!source->is_folder && source->size != expected)
        return ot_refuse(err, OT_E_LAYOUT,
                         "%" PRIu64 " bytes, expected %" PRIu64 " by what the manifest names",
                         source->size, expected);
    if (expected > max)
        return ot_refuse(err, OT_E_LAYOUT,
                         "%" PRIu64 " bytes as a payload, at most %" PRIu64 " are accepted",
                         expected, max);
    return 0;
}

int ot_source_check_end(const struct ot_source *source, struct ot_error *err)
{
    if (source->is_folder)
        return 0;
    return ot_member_check_zeros(source->fd, source->size - OT_TRAILER_SIZE, OT_TRAILER_SIZE,
                                 "the trailer", err);
}
