/*
 * Ed25519 public keys (RFC 8032, RFC 8410) and their identifiers: SHA-256 over the
 * SubjectPublicKeyInfo DER, as `openssl pkey -pubin -outform DER | sha256sum` prints it.
 */
#pragma once

#include "base/digest.h"

#define OT_PUBLIC_KEY_SIZE 32
#define OT_SIGNATURE_SIZE 64
#define OT_KEY_TEXT_MAX 4096 /* bytes of a key file */

struct ot_public_key {
    uint8_t bytes[OT_PUBLIC_KEY_SIZE];
    char id[OT_SHA256_HEX];
};

/* Computes the identifier of a raw key. */
void ot_public_key_init(struct ot_public_key *key, const uint8_t bytes[OT_PUBLIC_KEY_SIZE]);

/*
 * Reads a key's text: one PEM block (SPKI, as OpenSSL writes it), or 64 hexadecimal or 44 base64
 * characters of the raw bytes. White space around it is ignored. A private key, another algorithm
 * and a point outside the prime-order group (so every one of small order) each get an error that
 * says so (OT_USAGE).
 */
OT_MUST_USE int ot_public_key_parse(struct ot_public_key *key, struct ot_span text,
                                    struct ot_error *err);

/*
 * What `--trust` and `--revoked` take: the text itself, a file's path, or `env:NAME`. Errors are
 * OT_USAGE and name the source.
 */
OT_MUST_USE int ot_public_key_load(struct ot_public_key *key, const char *source,
                                   struct ot_error *err);

/* Pure Ed25519 as libsodium accepts it: no small-order keys, no non-canonical S. */
bool ot_public_key_verifies(const struct ot_public_key *key, struct ot_span message,
                            const uint8_t signature[OT_SIGNATURE_SIZE]);
