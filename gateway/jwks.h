/*
 * Key sets (RFC 7517). Only public keys that verify signatures are kept: RSA (RFC 7518 section 6.3)
 * of 2,048 to 8,192 bits for RS256, EC P-256 (section 6.2) for ES256, OKP Ed25519 (RFC 8037) for
 * EdDSA. A key of any other kind, for another use or malformed is passed over (RFC 7517 section 5).
 */
#pragma once

#include "gateway/jws.h"

#define OT_JWKS_MAX_BYTES (1u << 20)
#define OT_JWKS_MAX_KEYS 64u

struct ot_jwk {
    enum ot_jws_algorithm algorithm;
    char *kid; /* NULL: it has none */
    EVP_PKEY *key;
};

/* Immutable, and counted. */
struct ot_jwks {
    struct ot_jwk keys[OT_JWKS_MAX_KEYS];
    size_t count;
    _Atomic size_t references;
};

/*
 * Reads a document. OT_FAILED: no key set, one with more than OT_JWKS_MAX_KEYS keys (usable or
 * not), or without a key that can be used (the message says what is wrong with the first).
 */
OT_MUST_USE int ot_jwks_read(struct ot_span text, struct ot_jwks **out, struct ot_error *err);

struct ot_jwks *ot_jwks_hold(struct ot_jwks *jwks);
/* NULL is allowed. */
void ot_jwks_release(struct ot_jwks *jwks);
