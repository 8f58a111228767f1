/*
 * From a dist to a signed payload: key pairs, signatures, the canonical archive, unpacking
 * a verified one.
 */
#pragma once

#include "verify/payload.h"

/* A private Ed25519 key in guarded memory, wiped when freed. */
struct ot_secret_key;

/*
 * What `--sign-key` takes: the text itself (PKCS#8 PEM as OpenSSL writes it, or 64 hex / 44 base64
 * characters of the raw 32-byte seed), a file's path, `env:NAME`, or `-` for standard input. Errors
 * are OT_USAGE and never quote the key.
 */
OT_MUST_USE int ot_secret_key_load(const char *source, struct ot_secret_key **out,
                                   struct ot_error *err);
void ot_secret_key_free(struct ot_secret_key *key);
const struct ot_public_key *ot_secret_key_public(const struct ot_secret_key *key);

/*
 * Makes a fresh pair and writes NAME.key.pem (0600) and NAME.pub.pem (0644), byte for
 * byte what OpenSSL would write. Both files are made or none; an existing one is
 * never overwritten (OT_FAILED).
 */
OT_MUST_USE int ot_keygen(const char *name, struct ot_public_key *public_key, struct ot_error *err);

/*
 * Who signs; exactly one of `key`, `command` and `signature` is set.
 *
 * - `key`: a key in memory.
 * - `command`: run by `/bin/sh -c` with our environment; it gets the message on its standard input,
 * ends with status 0 and writes the 64 raw bytes of the signature. `public_key` is needed, to name
 * and check the signature.
 * - `signature`: 64 bytes made elsewhere, for `key_id`. It is checked if `public_key` is given;
 * else it is taken as it is.
 *
 * Whatever can be checked is: a signature that does not verify is never written.
 */
struct ot_signer {
    const struct ot_secret_key *key;
    const char *command;
    const uint8_t *signature;
    const struct ot_public_key *public_key;
    const char *key_id; /* 64 lower-case hex; for `signature` only, else derived */
};

struct ot_package_options {
    const char *in;     /* a dist folder */
    const char *out;    /* the payload to write; not inside `in` */
    const char *engine; /* a program that the payload carries as its engine; NULL: none */
    /*
     * NULL, or the SHA-256 in hex that the manifest must have: what was built just before, so that
     * nobody changes it in between (E_MANIFEST)
     */
    const char *expect_manifest;
    const char *name,
        *version; /* NULL: "onetube"; the first 16 hex digits of the manifest's SHA-256 */
    uint64_t sequence;
    bool has_not_after;
    uint64_t not_after; /* seconds since 1970 */
    const struct ot_signer *signers;
    size_t signer_count; /* 0 only where the caller asked for an unsigned payload */
};

struct ot_package_report {
    uint64_t bytes;
    size_t function_count, member_count;
    size_t closed_count;                /* of the functions: not public */
    char release_sha256[OT_SHA256_HEX]; /* of everything from byte 4096 on: the release's digest */
    char manifest_sha256[OT_SHA256_HEX];
    struct ot_statement statement;
    struct ot_list signers; /* key identifiers, in the order of `signers` */
};

/*
 * Hashes every member against the manifest while it is copied, and signs only when all of them
 * match. The file at `out` is replaced whole or not at all; who has the old one open keeps it. A
 * dist that is not what its manifest says is OT_REFUSED (E_MANIFEST, E_LAYOUT, E_HASH), a wrong
 * option OT_USAGE, a failing signing program OT_TOOL.
 */
OT_MUST_USE int ot_package(const struct ot_package_options *options,
                           struct ot_package_report *report, struct ot_error *err);
void ot_package_report_free(struct ot_package_report *report);

/* How long a signing run waits for the lock on the payload. */
#define OT_LOCK_SECONDS 10

struct ot_sign_options {
    const char *path;           /* the payload */
    const char *expect_release; /* NULL, or the release's digest: 64 lower-case hex */
    const struct ot_signer *signers;
    size_t signer_count;
};

struct ot_sign_report {
    char release_sha256[OT_SHA256_HEX]; /* of everything from byte 4096 on */
    struct ot_list added;               /* key identifiers, in the order of `signers` */
};

/*
 * Adds signatures to a payload by replacing it with a copy whose first 4,096 bytes differ. What is
 * to be signed is checked like a dist in ot_package: every header, member and padding; another
 * release than the expected one is OT_REFUSED (E_HASH). A key that has signed already is an error
 * (OT_FAILED). Two runs on one file wait for each other, OT_LOCK_SECONDS at most (OT_FAILED). Free
 * the report also after an error.
 */
OT_MUST_USE int ot_sign_payload(const struct ot_sign_options *options,
                                struct ot_sign_report *report, struct ot_error *err);
void ot_sign_report_free(struct ot_sign_report *report);

/*
 * Writes a verified payload's signatures, statement, manifest and members as a dist, as `tar -x`
 * would. `dir` must not exist or be empty.
 */
OT_MUST_USE int ot_unpack(const struct ot_payload *payload, const char *dir, struct ot_error *err);
