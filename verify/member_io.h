/*
 * Shared by verify/ and package/: reading what an archive or a dist holds and refusing what must
 * not be there, in the same words. Unless it says otherwise a refusal is E_LAYOUT, a failing read
 * OT_FAILED, and messages begin with `name`.
 */
#pragma once

#include "base/digest.h"
#include "verify/layout.h"
#include "verify/manifest.h"

/* Exactly `len` bytes at `offset`; fewer mean that the file is short or was cut meanwhile. */
OT_MUST_USE int ot_member_read(int fd, void *out, size_t len, uint64_t offset, const char *name,
                               struct ot_error *err);

/* The header at byte `at` of a payload must be this one. */
OT_MUST_USE int ot_member_check_header(int fd, const uint8_t header[OT_BLOCK], uint64_t at,
                                       const char *name, struct ot_error *err);

/* The `len` bytes at byte `at` of a payload, at most OT_TRAILER_SIZE, must be zeros. */
OT_MUST_USE int ot_member_check_zeros(int fd, uint64_t at, size_t len, const char *name,
                                      struct ot_error *err);

/*
 * Opens a file of a dist: regular, no link anywhere. Returns the descriptor or -1; `size`
 * gets its size.
 */
OT_MUST_USE int ot_member_open(int folder, const char *name, uint64_t *size, struct ot_error *err);
/* The same for one that must have `size` bytes. */
OT_MUST_USE int ot_member_open_sized(int folder, const char *name, uint64_t size,
                                     struct ot_error *err);

/* E_HASH unless what was hashed is the member's. Ends the hash. */
OT_MUST_USE int ot_member_check_digest(const struct ot_member *member, struct ot_sha256 *hash,
                                       struct ot_error *err);
