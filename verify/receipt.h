/*
 * Boot receipts: a file with one line of JSON for each boot, and one for the first answer that each
 * function gave a gateway after it, each with the digest of the line before it, so that no line can
 * be changed or taken out unnoticed (schemas/receipt.schema.json).
 * Lines are only ever appended. What a kill or a full disk left of a line stays where it is; the
 * next receipt names its digest. That lines are missing at the end is seen by who knows the digest
 * of a later one.
 */
#pragma once

#include "verify/payload.h"

#define OT_RECEIPT_MAX (8u << 20)    /* bytes of one line */
#define OT_RECEIPTS_MAX (512u << 20) /* bytes of a file that is checked */

/* What ties a line to those before it. */
struct ot_receipt_link {
    char previous_sha256[OT_SHA256_HEX]; /* of the receipt before, without its newline; zeros */
    char torn_sha256[OT_SHA256_HEX];     /* of what stands between the two, if anything; or "" */
};

struct ot_receipt {
    uint64_t time;                        /* seconds since 1970 */
    char program[16];                     /* "onetube" or "onetube-serve" */
    bool has_release;                     /* false: a dist without a statement */
    char release_sha256[OT_SHA256_HEX];   /* of everything from byte 4096 on */
    char name[OT_STATEMENT_TEXT_MAX + 1]; /* of the release, and so on */
    char version[OT_STATEMENT_TEXT_MAX + 1];
    uint64_t sequence;
    char manifest_sha256[OT_SHA256_HEX];
    struct ot_list signers;            /* identifiers of the keys that counted */
    char policy_sha256[OT_SHA256_HEX]; /* ot_receipt_policy */
    char engine_sha256[OT_SHA256_HEX]; /* of the program that was started */
    struct ot_list functions;          /* that are served, sorted */
    struct ot_receipt_link link;
};

/* The first answer that a function gave after a boot. */
struct ot_answer_receipt {
    uint64_t time;                   /* when it was written, in seconds since 1970 */
    char boot_sha256[OT_SHA256_HEX]; /* of the boot's line, which stands before it */
    char function[OT_NAME_SIZE];
    char bundle_sha256[OT_SHA256_HEX];
    uint64_t status;   /* 101, or 200 to 999 */
    uint64_t after_ms; /* since the boot's line was written */
    struct ot_receipt_link link;
};

void ot_receipt_free(struct ot_receipt *receipt);
#define OT_AUTORECEIPT OT_CLEANUP(ot_receipt_free)

/* One line without its newline. OT_FAILED for anything but the one spelling. */
OT_MUST_USE int ot_receipt_parse(struct ot_span line, struct ot_receipt *receipt,
                                 struct ot_error *err);
void ot_receipt_write(const struct ot_receipt *receipt, struct ot_buf *out);
/* The same for the other kind; nothing in it has to be freed. */
OT_MUST_USE int ot_answer_receipt_parse(struct ot_span line, struct ot_answer_receipt *answer,
                                        struct ot_error *err);
void ot_answer_receipt_write(const struct ot_answer_receipt *answer, struct ot_buf *out);

/*
 * The digest of a trust policy: of the lines "onetube-policy-v1", "threshold N", "min-sequence N",
 * "engine-date DATE", "growth-threshold N", "trust-file SHA256" (what its signatures cover),
 * "target NAME" and "allow-unsigned" where they are said, then "key ID" and "revoked ID", sorted.
 */
void ot_receipt_policy(const struct ot_trust *trust, char out[OT_SHA256_HEX]);

/* A chain as it is read, line by line, between ot_receipt_chain_begin and ot_receipt_chain_end. */
struct ot_receipt_chain {
    uint64_t count;           /* receipts so far, of both kinds */
    uint64_t answers;         /* of them: of first answers */
    uint64_t line;            /* lines so far, from 1 */
    char head[OT_SHA256_HEX]; /* digest of the last receipt; zeros before the first */
    uint64_t torn;            /* bytes behind it that are no receipt */
    struct ot_sha256 torn_hash;
    uint64_t torn_before; /* how many times there were such bytes before a receipt */
    void *boots;          /* digests of the boots so far */
};

void ot_receipt_chain_begin(struct ot_receipt_chain *chain);
void ot_receipt_chain_end(struct ot_receipt_chain *chain);
/*
 * Takes the next line. OT_REFUSED with E_RECEIPT when a receipt does not follow the one before, or
 * an answer belongs to no boot before it; with `anywhere` that is not looked at, for who knows only
 * the end of a file.
 */
OT_MUST_USE int ot_receipt_chain_take(struct ot_receipt_chain *chain, struct ot_span line,
                                      bool anywhere, struct ot_error *err);
/* Of the chain's next. */
void ot_receipt_follow(const struct ot_receipt_chain *chain, struct ot_receipt_link *link);

/* -- receipts.c: the file of a machine ----------------------------------------------------------
 */

/* A boot's receipt that is not written yet, and the open file. */
struct ot_pending_receipt;

/*
 * Opens or makes the file (0600), and fills in what is known of a verified payload; `functions`
 * are those that are started, empty: all. OT_CONFIG when it cannot be written.
 */
OT_MUST_USE int ot_pending_receipt_new(const char *path, const char *program,
                                       const struct ot_payload *payload,
                                       const struct ot_trust *trust,
                                       const struct ot_list *functions,
                                       struct ot_pending_receipt **out, struct ot_error *err);
void ot_pending_receipt_free(struct ot_pending_receipt *pending);
void ot_pending_receipt_set_engine(struct ot_pending_receipt *pending,
                                   const char sha256[OT_SHA256_HEX]);
/*
 * Appends it behind what stands there by then, under a lock, and flushes it to the disk. `told`
 * gets a warning when the line before was torn. OT_FAILED when it cannot be written, or when
 * another process has it locked for 10 seconds.
 */
OT_MUST_USE int ot_pending_receipt_append(struct ot_pending_receipt *pending, struct ot_buf *told,
                                          struct ot_error *err);
/*
 * Likewise the first answer of a function, after the boot's own receipt was: `answer` has function,
 * bundle_sha256 and status, the rest is filled in. `at_ms`: when it was given (ot_now_ms). One
 * thread at a time.
 */
OT_MUST_USE int ot_pending_receipt_append_answer(struct ot_pending_receipt *pending,
                                                 struct ot_answer_receipt *answer, int64_t at_ms,
                                                 struct ot_buf *told, struct ot_error *err);
