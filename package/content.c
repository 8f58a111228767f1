#include "package/content.h"

#include "base/text.h"
#include "verify/member_io.h"
#include "verify/refusal.h"

#include <stdlib.h>

#define CHUNK (256u << 10)

int ot_content_open(struct ot_content *content, const char *path, struct ot_error *err)
{
    content->path = path;
    if (ot_preview_open(path, &content->preview, err) < 0 ||
        ot_source_open(&content->source, path, err) < 0)
        return -1;
    content->is_open = true;
    return 0;
}

void ot_content_free(struct ot_content *content)
{
    if (content->is_open)
        ot_source_close(&content->source);
    content->is_open = false;
    ot_preview_free(&content->preview);
}

/* In a payload the header and the padding around it must be those that the manifest implies. */
static int check_frame(const struct ot_content *content, const struct ot_member *member,
                       struct ot_error *err)
{
    uint8_t header[OT_BLOCK];
    size_t padding = (size_t)(ot_padded(member->size) - member->size);

    if (content->source.is_folder)
        return 0;
    if (ot_member_header(ot_span_of(member->path), member->size, header) < 0)
        return ot_refuse(err, OT_E_LAYOUT, "%s: does not fit a ustar header", member->path);
    if (ot_member_check_header(content->source.fd, header, member->offset - OT_BLOCK, member->path,
                               err) < 0)
        return -1;
    return ot_member_check_zeros(content->source.fd, member->offset + member->size, padding,
                                 member->path, err);
}

/* Hashes it; with `out` keeps it, too. */
static int take(const struct ot_content *content, const struct ot_member *member,
                struct ot_buf *out, struct ot_error *err)
{
    OT_AUTOFREE char *room = out == NULL ? ot_alloc(1, CHUNK) : NULL;
    OT_AUTOCLOSE int file = -1;
    struct ot_sha256 hash;
    uint64_t at = 0;

    if (content->source.is_folder) {
        file = ot_member_open_sized(content->source.fd, member->path, member->size, err);
        if (file < 0)
            return -1;
    }
    ot_sha256_init(&hash);
    while (at < member->size) {
        uint64_t left = member->size - at;
        size_t len = left < CHUNK ? (size_t)left : CHUNK;
        char *to = out == NULL ? room : ot_buf_reserve(out, len);

        if (ot_member_read(file >= 0 ? file : content->source.fd, to, len,
                           file >= 0 ? at : member->offset + at, member->path, err) < 0)
            return -1;
        ot_sha256_update(&hash, to, len);
        if (out != NULL)
            out->len += len;
        at += len;
    }
    return ot_member_check_digest(member, &hash, err);
}

static int visit(const struct ot_content *content, const struct ot_content_visitor *visitor,
                 struct ot_buf *bytes, struct ot_error *err)
{
    const struct ot_manifest *manifest = content->preview.manifest;

    if (content->source.is_folder && ot_source_check_folder(&content->source, manifest, err) < 0)
        return -1;
    for (size_t i = 0; i < manifest->member_count; i++) {
        const struct ot_member *member = &manifest->members[i];
        bool wanted = visitor != NULL && member->size <= OT_CONTENT_TEXT_MAX &&
                      visitor->wanted(visitor->context, member);

        ot_buf_clear(bytes);
        if (check_frame(content, member, err) < 0 ||
            take(content, member, wanted ? bytes : NULL, err) < 0)
            return -1;
        if (wanted)
            visitor->taken(visitor->context, member, ot_buf_span(bytes));
    }
    return content->source.is_folder ? 0 : ot_source_check_end(&content->source, err);
}

int ot_content_visit(const struct ot_content *content, const struct ot_content_visitor *visitor,
                     struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf bytes = {0};

    if (visit(content, visitor, &bytes, err) < 0)
        return ot_error_prefix(err, "%s", content->path);
    return 0;
}

int ot_content_release(const struct ot_content *content, char sha256[OT_SHA256_HEX],
                       struct ot_error *err)
{
    OT_AUTOFREE char *room = ot_alloc(1, CHUNK);
    uint8_t digest[OT_SHA256_SIZE];
    struct ot_sha256 hash;

    ot_sha256_init(&hash);
    for (uint64_t at = OT_SIGNED_OFFSET; at < content->source.size; at += CHUNK) {
        uint64_t left = content->source.size - at;
        size_t len = left < CHUNK ? (size_t)left : CHUNK;

        if (ot_member_read(content->source.fd, room, len, at, content->path, err) < 0)
            return -1;
        ot_sha256_update(&hash, room, len);
    }
    ot_sha256_final(&hash, digest);
    ot_hex(sha256, digest, sizeof(digest));
    return 0;
}

int ot_content_read(const struct ot_content *content, const struct ot_member *member,
                    struct ot_buf *out, struct ot_error *err)
{
    if (member->size > OT_CONTENT_TEXT_MAX)
        return ot_fail(err, OT_FAILED, "%s: %s: too large to be shown", content->path,
                       member->path);
    if (take(content, member, out, err) < 0)
        return ot_error_prefix(err, "%s", content->path);
    return 0;
}
