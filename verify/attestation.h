/*
 * A rebuild attestation: somebody built a release again from its source and got the very same
 * manifest, so the same bytes throughout. A DSSE envelope (verify/envelope.h) of an in-toto
 * Statement v1 in exactly one spelling, one line without white space and newline:
 *
 *     {"_type":"https://in-toto.io/Statement/v1",
 *      "subject":[{"name":"manifest.json","digest":{"sha256":"<64 hex>"}}],
 *      "predicateType":"urn:onetube:rebuild:v1",
 *      "predicate":{"name":"shop","version":"1.4.0","onetube":"0.1.0","esbuild":"0.25.11"}}
 *
 * The subject is what counts: the manifest's SHA-256, which the release's statement carries too.
 * `name` and `version` are those of the statement, or of what was rebuilt; `onetube` and `esbuild`
 * are the versions that built it again. All four are ot_is_statement_text. It speaks of "equal"
 * only: of a rebuild that differs nothing is attested.
 *
 * To make one: fill in the struct, ot_attestation_text, sign its ot_pae(OT_IN_TOTO_TYPE, ...) (or
 * let package/attest.h do both), ot_envelope_write.
 */
#pragma once

#include "verify/envelope.h"
#include "verify/statement.h"

#define OT_REBUILD_TYPE "urn:onetube:rebuild:v1"

struct ot_attestation {
    char manifest_sha256[OT_SHA256_HEX];
    char name[OT_STATEMENT_TEXT_MAX + 1];
    char version[OT_STATEMENT_TEXT_MAX + 1];
    char onetube[OT_STATEMENT_TEXT_MAX + 1];
    char esbuild[OT_STATEMENT_TEXT_MAX + 1];
};

/* Appends the statement's text. */
void ot_attestation_text(const struct ot_attestation *attestation, struct ot_buf *out);

/*
 * Reads the text of a verified envelope. E_STATEMENT for anything but the one spelling, E_SCHEMA
 * for a well-formed statement with another predicate type.
 */
OT_MUST_USE int ot_attestation_parse(struct ot_attestation *attestation, struct ot_span text,
                                     struct ot_error *err);
