/*
 * Private to verify/: a key and its value, where a text has one order of keys and one spelling. All
 * fail when the next key is another one, with the place in the message (base/json.h).
 */
#pragma once

#include "base/digest.h"
#include "base/json.h"

/* An integer from 0 to `max`. */
OT_MUST_USE int ot_field_uint(struct ot_json *json, const char *key, uint64_t max, uint64_t *out,
                              struct ot_error *err);
/* A SHA-256 as 64 lower-case hexadecimal digits. */
OT_MUST_USE int ot_field_sha256(struct ot_json *json, const char *key, char out[OT_SHA256_HEX],
                                struct ot_error *err);
/* An array of strings that are `valid`; appended. */
OT_MUST_USE int ot_field_list(struct ot_json *json, const char *key, bool (*valid)(struct ot_span),
                              struct ot_list *out, struct ot_error *err);
