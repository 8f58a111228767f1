/*
 * Shared by verify/ and package/: where the bytes come from, a payload file or a dist folder. Both
 * are read into an image of the canonical archive: every header in it is made here, never copied; a
 * payload's must be equal, a folder's file must be regular and of exactly the size that the header
 * says. Each byte is read once.
 */
#pragma once

#include "base/digest.h"
#include "verify/image.h"
#include "verify/layout.h"
#include "verify/manifest.h"

struct ot_source {
    int fd; /* the payload or the folder */
    bool owns_fd;
    bool is_folder;
    bool has_pages; /* signatures and statement.json; only a folder may lack them, both together */
    uint64_t size;  /* of the payload; 0 for a folder */
};

/*
 * Opens `path` without following a link. OT_FAILED if that does not work, E_LAYOUT if it is neither
 * a regular file nor a folder. Messages name `path`.
 */
OT_MUST_USE int ot_source_open(struct ot_source *source, const char *path, struct ot_error *err);
/* The same for an open descriptor of a regular file, which stays the caller's. */
OT_MUST_USE int ot_source_from_fd(struct ot_source *source, int fd, struct ot_error *err);
void ot_source_close(struct ot_source *source);

/* E_LAYOUT unless a payload can have this size: OT_PAYLOAD_MIN to `max` bytes, whole blocks. */
OT_MUST_USE int ot_source_check_size(const struct ot_source *source, uint64_t max,
                                     struct ot_error *err);

/*
 * Puts header, data and padding of one member into the image, whose data begins at `offset`; the
 * image must be large enough. Updates `hash` with the data, if given. Threads may do this at the
 * same time for different members. E_LAYOUT, or OT_FAILED when reading fails.
 */
OT_MUST_USE int ot_source_take(const struct ot_source *source, struct ot_image *image,
                               const char *name, uint64_t offset, uint64_t size,
                               struct ot_sha256 *hash, struct ot_error *err);

/*
 * Puts the first 8,192 bytes into the image: the signature page and the statement's. For a folder
 * without them both are empty pages.
 */
OT_MUST_USE int ot_source_take_pages(const struct ot_source *source, struct ot_image *image,
                                     struct ot_error *err);

/*
 * The size of manifest.json in a folder, at most OT_MANIFEST_MAX; for what has no statement
 * to say it.
 */
OT_MUST_USE int ot_source_manifest_size(const struct ot_source *source, uint64_t *size,
                                        struct ot_error *err);

/*
 * E_LAYOUT unless a payload has the size that its manifest implies and a folder's archive is of at
 * most `max` bytes.
 */
OT_MUST_USE int ot_source_check_payload_size(const struct ot_source *source,
                                             const struct ot_manifest *manifest, uint64_t max,
                                             struct ot_error *err);

/* The last 1,024 bytes of a payload must be zeros. */
OT_MUST_USE int ot_source_check_end(const struct ot_source *source, struct ot_error *err);

/*
 * A folder must hold the manifest's members, its own three files, and nothing else: no other file
 * or folder, no link, nothing that is not a regular file.
 */
OT_MUST_USE int ot_source_check_folder(const struct ot_source *source,
                                       const struct ot_manifest *manifest, struct ot_error *err);
