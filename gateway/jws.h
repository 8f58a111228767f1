/*
 * Signatures of tokens (RFC 7515, RFC 7518 section 3): one algorithm belongs to one kind of key, so
 * that a token can never choose how its key is used (RFC 8725 section 3.1).
 */
#pragma once

#include "base/buf.h"

#include <openssl/evp.h>
#include <stdint.h>

enum ot_jws_algorithm {
    OT_JWS_NONE, /* none, or one that is not accepted */
    OT_JWS_HS256,
    OT_JWS_RS256,
    OT_JWS_ES256,
    OT_JWS_EDDSA, /* Ed25519 */
};

/* The longest signature: RSA with 8,192 bits. */
#define OT_JWS_SIGNATURE_MAX 1024u
#define OT_RSA_BITS_MIN 2048
#define OT_RSA_BITS_MAX 8192

/* Of a value of `alg`, exact to the letter: "EdDSA" (RFC 8037) and "Ed25519" (RFC 9864) are the
 * same.
 */
enum ot_jws_algorithm ot_jws_algorithm_of(struct ot_span name);

/* A secret for HS256. Any thread may use it at any time. */
struct ot_hmac;
struct ot_hmac *ot_hmac_new(struct ot_span secret);
void ot_hmac_free(struct ot_hmac *hmac);
/* Compared in constant time. */
bool ot_hmac_verify(const struct ot_hmac *hmac, struct ot_span input, struct ot_span signature);

/*
 * Whether `signature` is one of `input` by `key`, which must be of the kind that belongs to the
 * algorithm (ot_jwk_read makes sure). ES256 signatures are r and s, 32 bytes each, not DER.
 */
bool ot_jws_verify(enum ot_jws_algorithm algorithm, EVP_PKEY *key, struct ot_span input,
                   struct ot_span signature);
