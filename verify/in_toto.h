/*
 * Private to verify/: what our in-toto statements have in common. Their one subject is a manifest.
 */
#pragma once

#include "base/digest.h"
#include "base/json.h"
#include "verify/statement.h"

#define OT_IN_TOTO_STATEMENT "https://in-toto.io/Statement/v1"

/* A printf format of all before "predicate"; it takes the manifest's SHA-256 in hex. */
#define OT_IN_TOTO_HEAD(predicate_type)                                                            \
    "{\"_type\":\"" OT_IN_TOTO_STATEMENT "\",\"subject\":[{\"name\":\"" OT_MANIFEST_NAME           \
    "\",\"digest\":{\"sha256\":\"%s\"}}],\"predicateType\":\"" predicate_type "\","

/* Reads that: E_SCHEMA for a well-formed statement with another predicate type, else OT_FAILED. */
OT_MUST_USE int ot_in_toto_head(struct ot_json *json, const char *predicate_type,
                                char manifest_sha256[OT_SHA256_HEX], struct ot_error *err);

/* A key and its value, which must be ot_is_statement_text. */
OT_MUST_USE int ot_in_toto_text(struct ot_json *json, const char *key,
                                char out[OT_STATEMENT_TEXT_MAX + 1], struct ot_error *err);
