#include "package/archive.h"

#include "base/file.h"
#include "base/text.h"
#include "package/stream.h"
#include "verify/member_io.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

void ot_archive_header(const char *path, uint64_t size, uint8_t out[OT_BLOCK])
{
    if (ot_member_header(ot_span_of(path), size, out) < 0)
        abort(); /* ot_manifest_parse accepts no path or size that does not fit */
}

/* A payload's own header before a member must be the right one; a dist has none. */
static int check_header(const struct ot_archive_source *source, const char *name, uint64_t at,
                        const uint8_t header[OT_BLOCK], struct ot_error *err)
{
    if (source->payload < 0 || ot_member_check_header(source->payload, header, at, name, err) == 0)
        return 0;
    return ot_error_prefix(err, "%s", source->shown);
}

/* And so must the zeros behind it. */
static int check_zeros(const struct ot_archive_source *source, const char *name, uint64_t at,
                       size_t len, struct ot_error *err)
{
    if (source->payload < 0 || ot_member_check_zeros(source->payload, at, len, name, err) == 0)
        return 0;
    return ot_error_prefix(err, "%s", source->shown);
}

/* Copies a member's bytes from `offset` of `fd`, hashing what is written. */
static int copy_data(const struct ot_member *member, int fd, uint64_t offset,
                     struct ot_stream *stream, struct ot_error *err)
{
    struct ot_sha256 hash;
    uint64_t left = member->size;

    ot_sha256_init(&hash);
    while (left > 0) {
        char *at;
        size_t len;

        if (ot_stream_space(stream, &at, &len, err) < 0)
            return -1;
        len = len < left ? len : (size_t)left;
        if (ot_member_read(fd, at, len, offset, member->path, err) < 0)
            return -1;
        ot_sha256_update(&hash, at, len);
        ot_stream_advance(stream, len);
        offset += len;
        left -= len;
    }
    return ot_member_check_digest(member, &hash, err);
}

/* From a file of the dist, or from its place in the payload. */
static int copy_member(const struct ot_archive_source *source, const struct ot_member *member,
                       struct ot_stream *stream, struct ot_error *err)
{
    OT_AUTOCLOSE int file = -1;

    if (source->engine > 0 && member == source->manifest->engine)
        return copy_data(member, source->engine, 0, stream, err);
    if (source->dist < 0)
        return copy_data(member, source->payload, member->offset, stream, err);
    file = ot_member_open_sized(source->dist, member->path, member->size, err);
    return file < 0 ? -1 : copy_data(member, file, 0, stream, err);
}

static int write_member(const struct ot_archive_source *source, const struct ot_member *member,
                        struct ot_stream *stream, struct ot_error *err)
{
    uint8_t header[OT_BLOCK];
    size_t padding = (size_t)(ot_padded(member->size) - member->size);

    ot_archive_header(member->path, member->size, header);
    if (check_header(source, member->path, member->offset - OT_BLOCK, header, err) < 0 ||
        ot_stream_put(stream, header, sizeof(header), err) < 0)
        return -1;
    if (copy_member(source, member, stream, err) < 0)
        return ot_error_prefix(err, "%s", source->shown);
    if (check_zeros(source, member->path, member->offset + member->size, padding, err) < 0)
        return -1;
    return ot_stream_zeros(stream, padding, err);
}

/* A member that is in memory already. */
static int write_text(struct ot_stream *stream, const char *path, struct ot_span text,
                      struct ot_error *err)
{
    uint8_t header[OT_BLOCK];

    ot_archive_header(path, text.len, header);
    if (ot_stream_put(stream, header, sizeof(header), err) < 0 ||
        ot_stream_put(stream, text.data, text.len, err) < 0)
        return -1;
    return ot_stream_zeros(stream, (size_t)(ot_padded(text.len) - text.len), err);
}

int ot_archive_write(const struct ot_archive_source *source, int fd, const char *out,
                     char release[OT_SHA256_HEX], struct ot_error *err)
{
    const struct ot_manifest *manifest = source->manifest;
    struct ot_span statement = {(const char *)source->statement_page, OT_PAGE_SIZE};
    OT_AUTOSTREAM struct ot_stream *stream = NULL;
    uint8_t digest[OT_SHA256_SIZE];
    uint64_t end;

    if (ot_stream_open(&stream, fd, OT_SIGNED_OFFSET, out, err) < 0 ||
        write_text(stream, OT_STATEMENT_NAME, statement, err) < 0 ||
        write_text(stream, OT_MANIFEST_NAME, source->manifest_text, err) < 0)
        return -1;
    for (size_t i = 0; i < manifest->member_count; i++) {
        if (write_member(source, &manifest->members[i], stream, err) < 0)
            return -1;
    }
    if (check_zeros(source, "the trailer", manifest->payload_size - OT_TRAILER_SIZE,
                    OT_TRAILER_SIZE, err) < 0 ||
        ot_stream_zeros(stream, OT_TRAILER_SIZE, err) < 0 ||
        ot_stream_finish(stream, digest, &end, err) < 0)
        return -1;
    if (end != manifest->payload_size)
        return ot_fail(err, OT_FAILED,
                       "%s: %" PRIu64 " bytes were written, expected %" PRIu64
                       " (a defect of onetube)",
                       out, end, manifest->payload_size);
    ot_hex(release, digest, sizeof(digest));
    return 0;
}

int ot_archive_write_signatures(const struct ot_signature_page *page, int fd, const char *out,
                                struct ot_error *err)
{
    uint8_t bytes[OT_SIGNED_OFFSET];

    ot_archive_header(OT_SIGNATURES_NAME, OT_PAGE_SIZE, bytes);
    ot_signature_page_write(page, bytes + OT_SIGNATURES_OFFSET);
    if (lseek(fd, 0, SEEK_SET) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", out);
    return ot_write_all(fd, bytes, sizeof(bytes), out, err);
}
