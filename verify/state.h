/*
 * The state file: the release that was accepted last on this machine, so that nothing older ever
 * runs again. One file is of one release name, and has exactly one spelling:
 *
 *     onetube-state-v1 <SHA-256 of all that follows, in hex>
 *     {"name":"shop","floor":7,"sequence":7,"manifestSha256":"...","manifestBytes":1834,"reset":0}
 *     the manifest that was accepted
 *
 * The checksum finds damage. It keeps nobody out who may write to the file, so only its owner may.
 */
#pragma once

#include "verify/statement.h"

#define OT_STATE_MAX (OT_MANIFEST_MAX + 4096u) /* bytes */

struct ot_state {
    char *path;                           /* where it is kept; NULL: nowhere */
    bool exists;                          /* nothing else is set when it is not there yet */
    char name[OT_STATEMENT_TEXT_MAX + 1]; /* of the release */
    uint64_t floor;                       /* a lower sequence is refused */
    uint64_t sequence;                    /* of the release that was accepted last */
    char manifest_sha256[OT_SHA256_HEX];  /* its manifest */
    struct ot_buf manifest;
    uint64_t reset;         /* number of the last reset that was used; 0: none */
    uint64_t trust_version; /* of the newest trust file that was used; 0: none */
    char trust_sha256[OT_SHA256_HEX];
};

void ot_state_free(struct ot_state *state);
void ot_state_cleanup(struct ot_state **state);
#define OT_AUTOSTATE OT_CLEANUP(ot_state_cleanup)

/* Reads the text into an empty `state`, to be freed also after an error. E_STATE. */
OT_MUST_USE int ot_state_parse(struct ot_span text, struct ot_state *state, struct ot_error *err);
void ot_state_write(const struct ot_state *state, struct ot_buf *out);

/*
 * Reads a file, with its name in the messages; one that is not there yet has not `exists`. E_STATE
 * for what cannot be believed: a link or no regular file, one that somebody else owns or may write
 * to or replace, damage. Such a file is never taken for a missing one.
 */
OT_MUST_USE int ot_state_load(const char *path, struct ot_state **out, struct ot_error *err);

/*
 * Whether a release may run after what was accepted before. `statement` is NULL where there is
 * none. E_STATE for a release of another name; E_ROLLBACK for a sequence below the floor, for the
 * accepted sequence with another manifest, and for what is unsigned, as nobody vouches for its
 * sequence.
 */
OT_MUST_USE int ot_state_check(const struct ot_state *state, const struct ot_statement *statement,
                               bool is_signed, struct ot_error *err);

/*
 * Whether this trust file may be used after the newest one that was: E_ROLLBACK for an older one,
 * E_TRUST for another one of the same version.
 */
OT_MUST_USE int ot_state_check_trust(const struct ot_state *state, uint64_t version,
                                     const char *sha256, struct ot_error *err);
