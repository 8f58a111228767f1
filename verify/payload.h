/*
 * Verification. An ot_payload is an opaque, verified payload or dist in private memory that only
 * ot_payload_open can make; the engine config encoder and `unpack` accept nothing else. The file is
 * opened once and its bytes are read exactly once; before the signatures are checked only its first
 * 8,192 bytes are looked at.
 */
#pragma once

#include "verify/envelope.h"
#include "verify/manifest.h"
#include "verify/refusal.h"
#include "verify/reset.h"
#include "verify/signatures.h"
#include "verify/state.h"
#include "verify/statement.h"
#include "verify/trust_file.h"

#define OT_TRUST_KEYS_MAX 256
#define OT_ATTESTATIONS_MAX 64 /* files */

/* Which public keys are trusted, how many must have signed, and what is refused. */
struct ot_trust {
    struct ot_public_key *keys; /* distinct */
    size_t key_count;
    struct ot_public_key *revoked;
    size_t revoked_count;
    unsigned threshold;     /* distinct keys, at least 1 */
    uint64_t min_sequence;  /* a lower sequence is E_ROLLBACK */
    struct ot_state *state; /* owned: what was accepted before (ot_state_check); NULL: nobody keeps
                               that */
    struct ot_reset *reset; /* owned: lowered the floor of `state`; NULL: none did */
    unsigned growth_threshold; /* distinct keys for what may do more than what `state` remembers; 0:
                                  no more than `threshold` */
    uint64_t now;              /* seconds since 1970, against notAfter */
    uint64_t max_size;         /* bytes; 0 means OT_PAYLOAD_MAX */
    const char *engine_date; /* the engine's own date: a newer compatibility date is E_ENGINE; NULL:
                                not checked here */
    bool allow_unsigned; /* a dist or payload without any signature line is accepted; what carries
                            lines is checked as ever */
    /*
     * Or NULL. Its release keys are `keys` then, and its floors are in the members above; the
     * verification checks that its own roots have signed it and that it has not expired, and all
     * that it says besides.
     */
    struct ot_trust_file *file;
    const char *target; /* the kind of this machine, where the file has targets */
    struct ot_envelope *attestations;
    size_t attestation_count;
};

/* Threshold 1, the system's clock, no keys. */
void ot_trust_init(struct ot_trust *trust);
void ot_trust_free(struct ot_trust *trust);
/*
 * Add a key from what ot_public_key_load takes; the same key twice counts once.
 * Errors are OT_USAGE.
 */
OT_MUST_USE int ot_trust_add(struct ot_trust *trust, const char *source, struct ot_error *err);
/* It counts for nothing from then on, in any role; a trust file must have been read before. */
OT_MUST_USE int ot_trust_revoke(struct ot_trust *trust, const char *source, struct ot_error *err);
/*
 * Reads a trust file, whose roots and expiry are checked with each payload. Nobody but root and the
 * caller may be able to write to it (OT_USAGE). E_TRUST and E_SCHEMA as in verify/trust_file.h.
 */
OT_MUST_USE int ot_trust_take_file(struct ot_trust *trust, const char *path, struct ot_error *err);
/* Reads a rebuild attestation. OT_USAGE when it cannot be read, E_LAYOUT for what is none. */
OT_MUST_USE int ot_trust_add_attestation(struct ot_trust *trust, const char *path,
                                         struct ot_error *err);
/* Add every `*.pem` of a folder, in name order. A missing folder adds nothing; one that anybody but
 * root and the caller may write to is an error. */
OT_MUST_USE int ot_trust_add_dir(struct ot_trust *trust, const char *dir, struct ot_error *err);

/* The checks, in the order in which they are made. */
enum ot_check {
    OT_CHECK_FILE,       /* opened, regular, size within bounds */
    OT_CHECK_SIGNATURES, /* page, threshold, every line of a trusted key */
    OT_CHECK_STATEMENT,
    OT_CHECK_MANIFEST, /* digest and schema, names, order */
    OT_CHECK_ENGINE,
    OT_CHECK_SEQUENCE,
    OT_CHECK_EXPIRY,
    OT_CHECK_POLICY, /* what the trust file says of the manifest, the target and the rebuilds */
    OT_CHECK_LAYOUT, /* every header, padding, the end; a dist: no missing, extra, linked or
                        non-regular file */
    OT_CHECK_HASHES,
    OT_CHECK_COUNT
};

/* "file", "signatures", ... */
const char *ot_check_name(enum ot_check check);

/*
 * Told of each check that was passed, with one line of detail ("2 of 2 keys, threshold 1"), as
 * it is passed.
 */
struct ot_check_observer {
    void (*passed)(void *context, enum ot_check check, const char *detail);
    void *context;
};

struct ot_payload;

/*
 * Opens and verifies `path`, a payload or a dist folder, never through a link in its last
 * component. `observer` may be NULL. On a refusal `err` has kind OT_REFUSED and its code; a path
 * that cannot be opened or read is OT_FAILED. Messages begin with `path`. Uses up to `threads`
 * threads for hashing (0: one per core, at most 8).
 *
 * A dist holds exactly the manifest's members, manifest.json, and either both or none of signatures
 * and statement.json. Without them it is unsigned, and having no sequence it is E_ROLLBACK for a
 * min_sequence above 0.
 *
 * All of it, with the calls of `observer`, happens on threads that can neither use the network nor
 * start programs (base/confine.h).
 */
OT_MUST_USE int ot_payload_open(const char *path, const struct ot_trust *trust, unsigned threads,
                                const struct ot_check_observer *observer, struct ot_payload **out,
                                struct ot_error *err);

/* Releases everything, the mapped bytes too; every span that came from it becomes invalid. */
void ot_payload_free(struct ot_payload *payload);

#define OT_AUTOPAYLOAD OT_CLEANUP(ot_payload_cleanup)
void ot_payload_cleanup(struct ot_payload **payload);

const struct ot_manifest *ot_payload_manifest(const struct ot_payload *payload);
/* NULL for an unsigned dist that has no statement. */
const struct ot_statement *ot_payload_statement(const struct ot_payload *payload);
/* The trusted keys that signed, in page order: their identifiers. */
const struct ot_list *ot_payload_signers(const struct ot_payload *payload);
/* What a trust file has said to a payload. */
struct ot_policy {
    uint64_t version;           /* of the trust file */
    char sha256[OT_SHA256_HEX]; /* of the trust file, as it is signed */
    struct ot_list rebuilders;  /* the rebuild keys that counted */
    struct ot_list engines;     /* SHA-256 of the engines that may run it; none: any */
};
/* NULL when it was verified without a trust file. */
const struct ot_policy *ot_payload_policy(const struct ot_payload *payload);
/* Appends ", shop 1.4.0 sequence 7" (nothing for an unsigned dist without statement) and, where no
 * trusted key signed, ", unsigned". */
void ot_payload_describe(const struct ot_payload *payload, struct ot_buf *out);
/* The verified bytes of a member. */
struct ot_span ot_payload_bytes(const struct ot_payload *payload, const struct ot_member *member);
/*
 * Writes the engine's program, which the manifest must name, to `fd`. The payload does not have it
 * any more then (its bytes are none): the memory goes back while it is written, so that it is never
 * held twice.
 */
OT_MUST_USE int ot_payload_take_engine(struct ot_payload *payload, int fd, struct ot_error *err);
struct ot_span ot_payload_manifest_text(const struct ot_payload *payload);
/*
 * The whole canonical archive; for a dist as it would be packaged with its signatures. That of a
 * dist without statement has two empty pages, so it is no payload.
 */
struct ot_span ot_payload_image(const struct ot_payload *payload);

/*
 * For `inspect` and for signing tools, which trust nothing: reads the first pages and the manifest
 * of a payload or dist and checks their form, the manifest's digest and the payload's size, but no
 * signature and no member. The result must never be executed or unpacked, and its type is another
 * one on purpose.
 */
struct ot_preview {
    struct ot_signature_page signatures;
    bool has_statement;
    struct ot_statement statement;
    uint8_t statement_page[OT_PAGE_SIZE];
    struct ot_manifest *manifest;
    struct ot_buf manifest_text;
    uint64_t size;
};

OT_MUST_USE int ot_preview_open(const char *path, struct ot_preview *preview, struct ot_error *err);
void ot_preview_free(struct ot_preview *preview);
