/*
 * Private Ed25519 keys as the rest of this room sees them. The text of a key never leaves guarded
 * memory (sodium_malloc: not swapped, fenced by unreadable pages, wiped when freed). A process that
 * holds some is no longer dumpable (prctl(2), PR_SET_DUMPABLE): it leaves no core, and another one
 * of the same user cannot trace it or read its memory. What it executes is dumpable again.
 */
#pragma once

#include "package/package.h"

#define OT_SEED_SIZE 32
/* PKCS#8 PEM of an Ed25519 key as OpenSSL 3 writes it, without a final NUL. */
#define OT_SECRET_PEM_SIZE 119u

/*
 * Reads a key's text: PKCS#8 PEM, 64 hexadecimal or 44 base64 characters. Errors are OT_USAGE and
 * never quote it.
 */
OT_MUST_USE int ot_secret_key_parse(struct ot_span text, struct ot_secret_key **out,
                                    struct ot_error *err);

/* A fresh key from the system's random numbers. */
OT_MUST_USE int ot_secret_key_generate(struct ot_secret_key **out, struct ot_error *err);

/* Writes the key's PEM into `out`, which the caller keeps in guarded memory (ot_guarded_alloc). */
void ot_secret_key_pem(const struct ot_secret_key *key, char out[OT_SECRET_PEM_SIZE]);

/* Pure Ed25519 (RFC 8032). */
void ot_secret_key_sign(const struct ot_secret_key *key, struct ot_span message,
                        uint8_t signature[OT_SIGNATURE_SIZE]);

/* Guarded memory, in a process that is not dumpable from then on; aborts when there is none, like
 * ot_alloc. Freed, and wiped, by OT_AUTOGUARDED. */
void *ot_guarded_alloc(size_t size);
void ot_guarded_cleanup(void *pointer_to_pointer);
#define OT_AUTOGUARDED OT_CLEANUP(ot_guarded_cleanup)
