#include "package/kit.h"

#include "base/file.h"
#include "package/archive.h"
#include "verify/envelope.h"
#include "verify/member_io.h"
#include "verify/refusal.h"
#include "verify/trust_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK (256u << 10)
#define ATTESTATIONS "attestations/"
#define TRUST "trust/"

/* -- names and sizes ----------------------------------------------------------------------------
 */

/* "trust/07.json" */
static bool is_numbered(const char *name, const char *folder)
{
    size_t len = strlen(folder);
    char expected[OT_KIT_NAME_MAX];
    unsigned number;

    if (strncmp(name, folder, len) != 0 || name[len] < '0' || name[len] > '9' ||
        name[len + 1] < '0' || name[len + 1] > '9')
        return false;
    number = (unsigned)(name[len] - '0') * 10 + (unsigned)(name[len + 1] - '0');
    snprintf(expected, sizeof(expected), "%s%02u.json", folder, number);
    return number < OT_KIT_LIST_MAX && strcmp(name, expected) == 0;
}

/* 0: no member has this name. */
static uint64_t max_size(const char *name)
{
    if (strcmp(name, OT_KIT_PAYLOAD) == 0)
        return OT_PAYLOAD_MAX;
    if (strcmp(name, OT_KIT_SBOM) == 0 || strcmp(name, OT_KIT_PROVENANCE) == 0)
        return OT_KIT_TEXT_MAX;
    if (is_numbered(name, ATTESTATIONS))
        return OT_ENVELOPE_MAX;
    return is_numbered(name, TRUST) ? OT_TRUST_FILE_MAX : 0;
}

/* -- writing ------------------------------------------------------------------------------------
 */

static int copy(int from, uint64_t size, int to, const char *path, struct ot_error *err)
{
    static const char zeros[OT_BLOCK];
    OT_AUTOFREE char *room = ot_alloc(1, CHUNK);

    for (uint64_t at = 0; at < size;) {
        size_t len = size - at < CHUNK ? (size_t)(size - at) : CHUNK;

        if (ot_member_read(from, room, len, at, path, err) < 0 ||
            ot_write_all(to, room, len, path, err) < 0)
            return -1;
        at += len;
    }
    return ot_write_all(to, zeros, (size_t)(ot_padded(size) - size), path, err);
}

static int add(int out, const char *name, const char *path, uint64_t *bytes, struct ot_error *err)
{
    uint8_t header[OT_BLOCK];
    struct stat info;
    OT_AUTOCLOSE int fd = -1;

    if (path == NULL)
        return 0;
    fd = ot_open_regular(AT_FDCWD, path, max_size(name), &info, err);
    if (fd < 0)
        return -1;
    ot_archive_header(name, (uint64_t)info.st_size, header);
    *bytes += OT_BLOCK + ot_padded((uint64_t)info.st_size);
    if (ot_write_all(out, header, sizeof(header), path, err) < 0)
        return -1;
    return copy(fd, (uint64_t)info.st_size, out, path, err);
}

static int add_all(int out, const char *folder, const struct ot_list *paths, uint64_t *bytes,
                   struct ot_error *err)
{
    if (paths->count > OT_KIT_LIST_MAX)
        return ot_fail(err, OT_USAGE, "more than %u files for %s", OT_KIT_LIST_MAX, folder);
    for (size_t i = 0; i < paths->count; i++) {
        char name[OT_KIT_NAME_MAX];

        snprintf(name, sizeof(name), "%s%02zu.json", folder, i % 100);
        if (add(out, name, paths->items[i], bytes, err) < 0)
            return -1;
    }
    return 0;
}

int ot_kit_write(const struct ot_kit_options *options, uint64_t *bytes, struct ot_error *err)
{
    static const char trailer[OT_TRAILER_SIZE];
    OT_AUTOTEMP struct ot_temp_file out = OT_TEMP_INIT;

    *bytes = OT_TRAILER_SIZE;
    if (ot_temp_open(&out, options->out, 0644, err) < 0 ||
        add_all(out.fd, ATTESTATIONS, options->attestations, bytes, err) < 0 ||
        add(out.fd, OT_KIT_PAYLOAD, options->payload, bytes, err) < 0 ||
        add(out.fd, OT_KIT_PROVENANCE, options->provenance, bytes, err) < 0 ||
        add(out.fd, OT_KIT_SBOM, options->sbom, bytes, err) < 0 ||
        add_all(out.fd, TRUST, options->trust, bytes, err) < 0 ||
        ot_write_all(out.fd, trailer, sizeof(trailer), options->out, err) < 0)
        return -1;
    return ot_temp_commit(&out, false, err);
}

/* -- reading ------------------------------------------------------------------------------------
 */

/* Name and size of a header that has the one spelling. */
static int read_header(int fd, uint64_t at, struct ot_kit_member *member, struct ot_error *err)
{
    uint8_t header[OT_BLOCK], expected[OT_BLOCK];
    uint64_t size = 0;

    if (ot_member_read(fd, header, sizeof(header), at, "a header", err) < 0)
        return -1;
    for (size_t i = 124; i < 135; i++) {
        if (header[i] < '0' || header[i] > '7')
            return ot_refuse(err, OT_E_LAYOUT, "byte %" PRIu64 ": no header of a kit", at);
        size = size * 8 + (uint64_t)(header[i] - '0');
    }
    memcpy(member->name, header, sizeof(member->name));
    if (memchr(member->name, '\0', sizeof(member->name)) == NULL || max_size(member->name) == 0)
        return ot_refuse(err, OT_E_LAYOUT, "byte %" PRIu64 ": no member of a kit", at);
    if (size > max_size(member->name))
        return ot_refuse(err, OT_E_LAYOUT, "%s: %" PRIu64 " bytes, at most %" PRIu64, member->name,
                         size, max_size(member->name));
    if (ot_member_header(ot_span_of(member->name), size, expected) < 0 ||
        memcmp(header, expected, sizeof(header)) != 0)
        return ot_refuse(err, OT_E_LAYOUT, "%s: its header is another than the only right one",
                         member->name);
    member->offset = at + OT_BLOCK;
    member->size = size;
    return 0;
}

static int read_next(int fd, uint64_t end, uint64_t *at, struct ot_kit *kit, struct ot_error *err)
{
    struct ot_kit_member *member = &kit->members[kit->count];
    size_t padding;

    if (kit->count == OT_KIT_MEMBERS_MAX)
        return ot_refuse(err, OT_E_LAYOUT, "more members than a kit has");
    if (read_header(fd, *at, member, err) < 0)
        return -1;
    if (kit->count > 0 && strcmp(member[-1].name, member->name) >= 0)
        return ot_refuse(err, OT_E_LAYOUT, "%s: stands twice or is not in order", member->name);
    if (ot_padded(member->size) > end - member->offset)
        return ot_refuse(err, OT_E_LAYOUT, "%s: reaches beyond the end", member->name);
    padding = (size_t)(ot_padded(member->size) - member->size);
    if (ot_member_check_zeros(fd, member->offset + member->size, padding, member->name, err) < 0)
        return -1;
    *at = member->offset + ot_padded(member->size);
    kit->count++;
    return 0;
}

int ot_kit_index(int fd, uint64_t size, struct ot_kit *kit, struct ot_error *err)
{
    uint64_t at = 0, end = size - OT_TRAILER_SIZE;

    *kit = (struct ot_kit){.count = 0};
    if (size < OT_TRAILER_SIZE + OT_BLOCK || size % OT_BLOCK != 0)
        return ot_refuse(err, OT_E_LAYOUT, "%" PRIu64 " bytes: no kit has so many", size);
    while (at < end) {
        if (read_next(fd, end, &at, kit, err) < 0)
            return -1;
    }
    if (ot_member_check_zeros(fd, end, OT_TRAILER_SIZE, "the trailer", err) < 0)
        return -1;
    if (ot_kit_find(kit, OT_KIT_PAYLOAD) == NULL)
        return ot_refuse(err, OT_E_LAYOUT, "%s is missing", OT_KIT_PAYLOAD);
    return 0;
}

const struct ot_kit_member *ot_kit_find(const struct ot_kit *kit, const char *name)
{
    for (size_t i = 0; i < kit->count; i++) {
        if (strcmp(kit->members[i].name, name) == 0)
            return &kit->members[i];
    }
    return NULL;
}
