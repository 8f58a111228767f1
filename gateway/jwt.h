/*
 * One JSON Web Token (RFC 7519) in compact form (RFC 7515 section 7.1): taken apart, and its claims
 * checked. Base64url and JSON are read strictly: a value has one spelling, no key stands twice.
 */
#pragma once

#include "gateway/auth.h"
#include "gateway/jws.h"

/* A longer header, decoded, is refused unread. */
#define OT_JOSE_HEADER_MAX 1024u

/* The parts of a token, decoded. Nothing in it can be believed before its signature is verified. */
struct ot_jwt {
    enum ot_jws_algorithm algorithm;
    bool has_kid;
    struct ot_span kid;
    struct ot_span payload;   /* JSON, not read yet */
    struct ot_span input;     /* what is signed: header and payload as they stand in the token */
    struct ot_span signature; /* as bytes */
    char bytes[OT_TOKEN_MAX]; /* where the others but `input` are */
};

/*
 * Takes a token apart. False: not three parts of strict base64url, a header that is no strict JSON
 * object, an algorithm that is not accepted, a `typ` other than JWT or at+jwt (RFC 7519
 * section 5.1, RFC 9068; letters in any case, with or without "application/"), so that tokens made
 * for another purpose are not taken (RFC 8725 section 3.11), or `crit` (no extension is understood,
 * RFC 7515 section 4.1.11). Keys and URLs in the header (jwk, jku, x5c, x5u) are never looked at.
 * `out` must not be moved.
 */
bool ot_jwt_parse(struct ot_span token, struct ot_jwt *out);

/* What claims must say. */
struct ot_claim_rules {
    const char *issuer, *audience; /* NULL: anything */
    uint64_t leeway_s;
};

struct ot_claims {
    struct ot_buf subject, email; /* UTF-8; empty when absent */
    uint64_t expires_s;           /* `exp`, since 1970 */
    bool is_service;              /* `role` is "service_role" */
};

#define OT_AUTOCLAIMS OT_CLEANUP(ot_claims_free)
void ot_claims_free(struct ot_claims *claims);

enum ot_claims_verdict {
    OT_CLAIMS_GOOD,
    OT_CLAIMS_EXPIRED, /* good but for `exp` */
    OT_CLAIMS_BAD,
};

/*
 * Reads and checks the claims (RFC 7519 section 4.1). `exp` must be there; `nbf` and `iat` must not
 * be in the future; each is a number from 0 to 2^53 - 1 without an exponent, of which a fraction is
 * cut off. `sub`, `email` and `iss` are strings if there (`email` may be null), `aud` is a string
 * or an array of strings. Start `out` from `{0}`.
 */
enum ot_claims_verdict ot_claims_read(struct ot_span payload, const struct ot_claim_rules *rules,
                                      uint64_t now_s, struct ot_claims *out);
