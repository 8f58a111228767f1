/*
 * A reset: the roots of a trust file let a machine go back that has accepted a release with a
 * sequence that was too high, which nothing can follow. A DSSE envelope (verify/envelope.h), signed
 * by root keys, of an in-toto Statement v1 in exactly one spelling, one line without white space:
 *
 *     {"_type":"https://in-toto.io/Statement/v1",
 *      "subject":[{"name":"manifest.json","digest":{"sha256":"<64 hex>"}}],
 *      "predicateType":"urn:onetube:reset:v1",
 *      "predicate":{"name":"shop","number":1,"from":9007199254740991,"to":8,"trustVersion":3,
 *      "expires":1798761600}}
 *
 * It is of the state file that remembers the release `name` with this manifest and the floor
 * `from`, and whose last reset has a number below its own: any other is left alone. It makes the
 * floor `to`, from which the next release is accepted; when that has answered, the state file keeps
 * the reset's number, so it is used once. It holds up to `expires`, with a trust file of version
 * `trustVersion` or newer: one that has revoked the manifest, or the release that went too far
 * would come back.
 */
#pragma once

#include "verify/envelope.h"
#include "verify/state.h"
#include "verify/trust_file.h"

#define OT_RESET_TYPE "urn:onetube:reset:v1"

struct ot_reset {
    char manifest_sha256[OT_SHA256_HEX];
    char name[OT_STATEMENT_TEXT_MAX + 1];
    uint64_t number; /* at least 1 */
    uint64_t from;
    uint64_t to; /* below `from` */
    uint64_t trust_version;
    uint64_t expires; /* seconds since 1970 */
};

/* Appends the statement's text. */
void ot_reset_text(const struct ot_reset *reset, struct ot_buf *out);

/* Reads it. E_STATEMENT for anything but the one spelling, E_SCHEMA for a well-formed statement
 * with another predicate type. */
OT_MUST_USE int ot_reset_parse(struct ot_reset *reset, struct ot_span text, struct ot_error *err);

/* Whether it is of this state and was not used yet. */
bool ot_reset_is_of(const struct ot_reset *reset, const struct ot_state *state);
/* What becomes of the state. */
void ot_reset_apply(const struct ot_reset *reset, struct ot_state *state);

/*
 * Whether it is signed by the roots of `trust`, as many as their threshold says (E_UNTRUSTED,
 * E_SIGNATURE), the trust file is new enough (E_TRUST), and `now` is not past its end (E_EXPIRED).
 * `envelope` is the one that it was read from.
 */
OT_MUST_USE int ot_reset_check(const struct ot_reset *reset, const struct ot_envelope *envelope,
                               const struct ot_trust_file *trust, uint64_t now,
                               struct ot_error *err);

/*
 * Reads the file at `path`. If it is of `state`, ot_reset_check decides; then it is applied, and 1
 * returned. 0: it is not of this state. One that was used long ago may stand in a unit file, so no
 * more is asked of it then.
 */
OT_MUST_USE int ot_reset_use(const char *path, const struct ot_trust_file *trust, uint64_t now,
                             struct ot_state *state, struct ot_reset *reset, struct ot_error *err);
