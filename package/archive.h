/*
 * Writing the canonical archive of verify/layout.h: headers come from the function that
 * the verifier compares with, data is copied, and each member is hashed on its way
 * against the manifest.
 */
#pragma once

#include "verify/payload.h"

/* What an archive is made of. Exactly one of `dist` and `payload` is open, the other is -1. */
struct ot_archive_source {
    const struct ot_manifest *manifest;
    struct ot_span manifest_text;
    const uint8_t *statement_page; /* OT_PAGE_SIZE bytes */
    int dist;                      /* a folder: members are opened beneath it */
    int payload; /* a payload: members are read at their offsets, and what stands around them is
                    compared */
    int engine;  /* the program that the manifest names, if it is not in the dist; 0: it is */
    const char *shown; /* the folder or payload, for messages */
};

/*
 * Writes everything from OT_SIGNED_OFFSET on to `fd` (`out` names it). Every byte of the source is
 * read once, hashed and written; any difference is OT_REFUSED with E_LAYOUT or E_HASH, and then
 * what was written must not be used. `release` gets the digest.
 */
OT_MUST_USE int ot_archive_write(const struct ot_archive_source *source, int fd, const char *out,
                                 char release[OT_SHA256_HEX], struct ot_error *err);

/* Writes the first OT_SIGNED_OFFSET bytes: the signature page and its header. */
OT_MUST_USE int ot_archive_write_signatures(const struct ot_signature_page *page, int fd,
                                            const char *out, struct ot_error *err);

/*
 * The header of one of the three fixed members or of a member of a parsed manifest, whose
 * paths always fit.
 */
void ot_archive_header(const char *path, uint64_t size, uint8_t out[OT_BLOCK]);
