#include "verify/member_io.h"

#include "base/file.h"
#include "base/text.h"
#include "verify/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

int ot_member_read(int fd, void *out, size_t len, uint64_t offset, const char *name,
                   struct ot_error *err)
{
    ssize_t got = ot_read_at(fd, out, len, offset, name, err);

    if (got < 0)
        return -1;
    if ((size_t)got < len)
        return ot_refuse(err, OT_E_LAYOUT, "%s: ends at byte %" PRIu64 ", %zu bytes early", name,
                         offset + (uint64_t)got, len - (size_t)got);
    return 0;
}

int ot_member_check_header(int fd, const uint8_t header[OT_BLOCK], uint64_t at, const char *name,
                           struct ot_error *err)
{
    uint8_t found[OT_BLOCK];
    size_t i = 0;

    if (ot_member_read(fd, found, OT_BLOCK, at, name, err) < 0)
        return -1;
    if (memcmp(found, header, OT_BLOCK) == 0)
        return 0;
    while (found[i] == header[i])
        i++;
    return ot_refuse(err, OT_E_LAYOUT,
                     "%s: not the header that must stand at byte %" PRIu64
                     ": byte %zu of it is 0x%02x, expected 0x%02x",
                     name, at, i, found[i], header[i]);
}

int ot_member_check_zeros(int fd, uint64_t at, size_t len, const char *name, struct ot_error *err)
{
    uint8_t found[OT_TRAILER_SIZE];

    if (ot_member_read(fd, found, len, at, name, err) < 0)
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (found[i] != 0)
            return ot_refuse(err, OT_E_LAYOUT,
                             "%s: byte %" PRIu64 " behind the data is 0x%02x, expected 0x00", name,
                             at + i, found[i]);
    }
    return 0;
}

int ot_member_open(int folder, const char *name, uint64_t *size, struct ot_error *err)
{
    struct stat info;
    int fd = ot_open_beneath(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, err);

    if (fd < 0) {
        int errnum = err->errnum;

        if (errnum == ENOENT || errnum == ENOTDIR)
            return ot_refuse(err, OT_E_LAYOUT, "%s: is missing", name);
        if (errnum == ELOOP || errnum == EXDEV)
            return ot_refuse(err, OT_E_LAYOUT, "%s: is a symbolic link or behind one", name);
        if (errnum == ENXIO || errnum == ENODEV)
            return ot_refuse(err, OT_E_LAYOUT, "%s: is not a regular file", name);
        return -1;
    }
    if (fstat(fd, &info) < 0) {
        ot_fail_errno(err, OT_FAILED, "%s", name);
    } else if (!S_ISREG(info.st_mode)) {
        ot_refuse(err, OT_E_LAYOUT, "%s: is not a regular file", name);
    } else {
        *size = (uint64_t)info.st_size;
        return fd;
    }
    close(fd);
    return -1;
}

int ot_member_open_sized(int folder, const char *name, uint64_t size, struct ot_error *err)
{
    uint64_t found;
    int fd = ot_member_open(folder, name, &found, err);

    if (fd >= 0 && found != size) {
        close(fd);
        return ot_refuse(err, OT_E_LAYOUT, "%s: %" PRIu64 " bytes, expected %" PRIu64, name, found,
                         size);
    }
    return fd;
}

int ot_member_check_digest(const struct ot_member *member, struct ot_sha256 *hash,
                           struct ot_error *err)
{
    uint8_t digest[OT_SHA256_SIZE];
    char found[OT_SHA256_HEX];
    char expected[OT_SHA256_HEX];

    ot_sha256_final(hash, digest);
    if (memcmp(digest, member->sha256, sizeof(digest)) == 0)
        return 0;
    ot_hex(found, digest, sizeof(digest));
    ot_hex(expected, member->sha256, sizeof(digest));
    return ot_refuse(err, OT_E_HASH, "%s: SHA-256 is %s, the manifest says %s", member->path, found,
                     expected);
}
