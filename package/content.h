/*
 * What a payload or dist holds, for those who compare and explain and need no key: signatures are
 * not checked, but every member that is read must be what the manifest says. Its bytes are only to
 * be looked at, never to be run or unpacked.
 */
#pragma once

#include "verify/payload.h"
#include "verify/source.h"

#define OT_CONTENT_TEXT_MAX (64u << 20) /* bytes of a member that is read as a whole */

/* Start from `{0}` and free it also after a failure. */
struct ot_content {
    const char *path; /* the caller's */
    struct ot_preview preview;
    struct ot_source source;
    bool is_open;
};

/* Reads pages and manifest. Errors: as ot_preview_open's. */
OT_MUST_USE int ot_content_open(struct ot_content *content, const char *path, struct ot_error *err);
void ot_content_free(struct ot_content *content);
#define OT_AUTOCONTENT OT_CLEANUP(ot_content_free)

/*
 * Reads every member once and checks its digest, and that there is nothing else; `taken` (may be
 * NULL) is called with the bytes of each member for which it is `wanted` and that is of at most
 * OT_CONTENT_TEXT_MAX bytes. Errors: E_LAYOUT, E_HASH; messages begin with the path.
 */
struct ot_content_visitor {
    bool (*wanted)(void *context, const struct ot_member *member);
    void (*taken)(void *context, const struct ot_member *member, struct ot_span bytes);
    void *context;
};

OT_MUST_USE int ot_content_visit(const struct ot_content *content,
                                 const struct ot_content_visitor *visitor, struct ot_error *err);

/* The release's digest: of a payload's bytes from OT_SIGNED_OFFSET on. Errors: OT_FAILED, E_LAYOUT.
 */
OT_MUST_USE int ot_content_release(const struct ot_content *content, char sha256[OT_SHA256_HEX],
                                   struct ot_error *err);

/* Appends the bytes of one member of at most OT_CONTENT_TEXT_MAX bytes. Errors: the same. */
OT_MUST_USE int ot_content_read(const struct ot_content *content, const struct ot_member *member,
                                struct ot_buf *out, struct ot_error *err);
