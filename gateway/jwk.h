/* One key of a key set. */
#pragma once

#include "base/json.h"
#include "gateway/jwks.h"

/*
 * Reads the JSON object of one key. -1: the text is not valid JSON, and reading cannot go on. Else
 * 0: when the key can be used `out` is filled, and `*why` is NULL; when not, `*why` says (a static
 * text) why it is passed over.
 */
OT_MUST_USE int ot_jwk_read(struct ot_json *json, struct ot_jwk *out, const char **why,
                            struct ot_error *err);
void ot_jwk_free(struct ot_jwk *jwk);
