/*
 * What a signature covers: the DSSE v1 pre-authentication encoding of a text and its type, so that
 * a signature of one kind of thing can never be taken for that of another.
 */
#pragma once

#include "base/buf.h"

/* An in-toto statement: of a release (verify/statement.h), of a rebuild (verify/attestation.h). */
#define OT_IN_TOTO_TYPE "application/vnd.in-toto+json"

/* Appends `DSSEv1 <length of type> <type> <length of text> <text>`. */
void ot_pae(const char *type, struct ot_span text, struct ot_buf *out);
