/*
 * trust.json: who may release, who must have built again, who may change this file, and what is
 * refused. Read strictly (schemas/trust.schema.json), at most OT_TRUST_FILE_MAX bytes, exactly one
 * spelling: what ot_trust_file_write makes of it.
 *
 * What is signed is the SHA-256, in hex, of the file as it is without any signature
 * (`"signatures": []`), as ot_pae of OT_TRUST_TYPE: 110 bytes that no payload's signature covers. A
 * signature in it is a line of a payload's signature page (verify/signatures.h) without its
 * newline; the lines are sorted, none twice.
 *
 * A trust file is valid when its own root keys have signed it, as many as its root threshold says.
 * Which file is the first one is the operator's decision, as with a key. From then on version N+1
 * needs the root thresholds of N and of N+1, as in The Update Framework 1.0, section 5.3.4. (So a
 * root key that N+1 revokes still counts for N: else the only root key could not be replaced.)
 * Distinct keys are counted, never lines; each key has exactly one role.
 */
#pragma once

#include "base/instant.h"
#include "verify/signatures.h"

#define OT_TRUST_FILE_MAX (256u << 10) /* bytes */
#define OT_TRUST_FILE_KEYS_MAX 256u
#define OT_TRUST_FILE_TARGETS_MAX 256u
/* Signatures of two versions' root keys fit into one file, those of a release on one page. */
#define OT_ROOT_THRESHOLD_MAX (OT_SIGNATURES_MAX / 2)
#define OT_RELEASE_THRESHOLD_MAX OT_SIGNATURES_MAX
#define OT_TRUST_TYPE "application/vnd.onetube.trust.v1"

enum ot_role {
    OT_ROLE_ROOT,    /* signs trust files; threshold at least 1 */
    OT_ROLE_RELEASE, /* signs payloads; threshold at least 1 */
    OT_ROLE_REBUILD, /* signs rebuild attestations; 0: none is needed */
    OT_ROLE_COUNT
};

/* "root", "release", "rebuild". */
const char *ot_role_name(enum ot_role role);
/* OT_ROLE_COUNT when there is none of this name. */
enum ot_role ot_role_of(struct ot_span name);

struct ot_trust_key {
    struct ot_public_key key;
    enum ot_role role;
};

/* A kind of machine, and the names of the releases that may run there. */
struct ot_trust_target {
    char *name; /* ot_is_statement_text */
    struct ot_list payloads;
};

struct ot_trust_file {
    uint64_t version; /* 1 to OT_SAFE_INTEGER_MAX */
    uint64_t expires; /* seconds since 1970; OT_NO_TIME: never */
    unsigned thresholds[OT_ROLE_COUNT];
    unsigned growth; /* release keys that must have signed what may do more than what was accepted
                        before (verify/growth.h); 0: no more than the threshold */
    struct ot_trust_key *keys; /* sorted by id, distinct, none of them revoked */
    size_t key_count;
    struct ot_list revoked_keys; /* identifiers, sorted */
    struct ot_list
        revoked_manifests;           /* SHA-256 of manifests, sorted: what carries one never runs */
    uint64_t min_sequence;           /* of a release */
    struct ot_trust_target *targets; /* sorted by name; none: any release may run anywhere */
    size_t target_count;
    struct ot_list engines; /* SHA-256 of the engine programs that may run, sorted; none: any */
    struct ot_signature_page page;
    char sha256[OT_SHA256_HEX]; /* what is signed */
};

void ot_trust_file_free(struct ot_trust_file *file);
void ot_trust_file_cleanup(struct ot_trust_file **file);
#define OT_AUTOTRUSTFILE OT_CLEANUP(ot_trust_file_cleanup)

/*
 * Reads the text; nothing is verified. E_TRUST, or E_SCHEMA for another `schema`. Also refused are
 * a key in no or an unknown role, with an id that is not its own, twice, or revoked; a threshold
 * that the keys of its role cannot reach.
 */
OT_MUST_USE int ot_trust_file_parse(struct ot_span text, struct ot_trust_file **out,
                                    struct ot_error *err);
/* The same for a file, with its name in the messages. OT_FAILED when it cannot be read. */
OT_MUST_USE int ot_trust_file_load(const char *path, struct ot_trust_file **out,
                                   struct ot_error *err);

/* From now on the key has no role, as if it were none: for one that is revoked by other means. */
void ot_trust_file_ignore(struct ot_trust_file *file, const char *key_id);

/* Writes the text; `sign` false: without signatures. The lists must be sorted. */
void ot_trust_file_write(const struct ot_trust_file *file, bool sign, struct ot_buf *out);
/* Brings an edited file in order: sorts, computes what is signed; the same checks as reading it. */
OT_MUST_USE int ot_trust_file_seal(struct ot_trust_file *file, struct ot_error *err);
/* The bytes that a signature covers. */
void ot_trust_file_message(const struct ot_trust_file *file, struct ot_buf *out);

/*
 * Appends to `signers` the identifiers of the keys of `role` that have signed `message` on `page`,
 * each once. E_SIGNATURE for a line of such a key that does not verify; lines of other keys count
 * for nothing. `what` names in messages what is signed.
 */
OT_MUST_USE int ot_trust_file_count(const struct ot_trust_file *by, enum ot_role role,
                                    const char *what, const struct ot_signature_page *page,
                                    struct ot_span message, struct ot_list *signers,
                                    struct ot_error *err);

/*
 * Whether as many root keys of `by` as its root threshold says have signed `message`. E_UNTRUSTED
 * for fewer, E_SIGNATURE as above.
 */
OT_MUST_USE int ot_trust_file_root_signed(const struct ot_trust_file *by, const char *what,
                                          const struct ot_signature_page *page,
                                          struct ot_span message, struct ot_error *err);

/* The same of a trust file. */
OT_MUST_USE int ot_trust_file_signed_by(const struct ot_trust_file *file,
                                        const struct ot_trust_file *by, struct ot_error *err);

/*
 * Whether `next` may follow `previous`: the version behind it, signed by the roots of both. The
 * very same file may, too. A lower version is E_ROLLBACK; another file of the same version (a fork)
 * and a version that is left out are E_TRUST.
 */
OT_MUST_USE int ot_trust_file_follows(const struct ot_trust_file *next,
                                      const struct ot_trust_file *previous, struct ot_error *err);

/*
 * Whether the first is signed by its own roots, each of the others follows the one before it, and
 * the last has not expired at `now` (seconds since 1970). The codes are those of each check.
 */
OT_MUST_USE int ot_trust_file_chain(struct ot_trust_file *const *files, size_t count, uint64_t now,
                                    struct ot_error *err);

/* E_EXPIRED. Only the last file of a chain must not have expired. */
OT_MUST_USE int ot_trust_file_check_expiry(const struct ot_trust_file *file, uint64_t now,
                                           struct ot_error *err);

/* How many keys have the role. */
size_t ot_trust_file_keys(const struct ot_trust_file *file, enum ot_role role);
