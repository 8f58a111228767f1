/* Private to verify/: counting the distinct keys that have signed something. */
#pragma once

#include "verify/signatures.h"

/*
 * Appends to `signers` the identifiers of the keys that `find` knows (NULL for others) and whose
 * line verifies over `message`, each once. Returns 0, or the number, from 1, of the first line of a
 * known key that does not verify.
 */
OT_MUST_USE unsigned ot_quorum_count(const struct ot_signature_page *page, struct ot_span message,
                                     const struct ot_public_key *(*find)(const void *context,
                                                                         const char *id),
                                     const void *context, struct ot_list *signers);
