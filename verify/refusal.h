/*
 * The stable codes of every refusal, as `code` in struct ot_error. Scripts and tests compare them.
 */
#pragma once

#define OT_E_LAYOUT "E_LAYOUT"       /* not the canonical archive or dist */
#define OT_E_UNTRUSTED "E_UNTRUSTED" /* too few signatures by trusted, non-revoked keys */
#define OT_E_SIGNATURE "E_SIGNATURE" /* a line by a trusted key whose signature does not verify */
#define OT_E_STATEMENT "E_STATEMENT" /* signed, but not a valid statement */
#define OT_E_SCHEMA                                                                                \
    "E_SCHEMA" /* a manifest schema or predicate type that this build does not read */
#define OT_E_MANIFEST                                                                              \
    "E_MANIFEST" /* the statement's digest does not match, or not a valid manifest */
#define OT_E_ENGINE                                                                                \
    "E_ENGINE" /* an engine that the trust file does not allow, or older than the payload's date   \
                */
#define OT_E_ROLLBACK                                                                              \
    "E_ROLLBACK"                 /* sequence below the floor, or one that another release has had */
#define OT_E_STATE "E_STATE"     /* the state file cannot be believed, or is of another release */
#define OT_E_EXPIRED "E_EXPIRED" /* past the statement's notAfter */
#define OT_E_HASH "E_HASH"       /* a member's bytes do not match its SHA-256 */
#define OT_E_TRUST "E_TRUST"     /* not a valid trust file, or not the next one of its chain */
#define OT_E_POLICY                                                                                \
    "E_POLICY" /* revoked by the trust file, not allowed on this target, or more power than enough \
                  keys have signed */
#define OT_E_REBUILD "E_REBUILD" /* too few rebuild attestations of this payload */
#define OT_E_RECEIPT "E_RECEIPT" /* a boot receipt does not follow the one before */
