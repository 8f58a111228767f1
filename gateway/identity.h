/*
 * The header lines that tell a function who is calling (build/shim/identity.js reads them): values
 * are percent-encoded as JavaScript's encodeURIComponent does, so they survive in any script.
 */
#pragma once

#include "base/buf.h"

/* All lines together. A caller whose lines are longer is refused. */
#define OT_IDENTITY_MAX 24576u

/*
 * Appends the lines x-1tube-auth-user, -email, -token and -payload, each ended by CRLF; `payload`
 * is the JSON object of the claims. False, with nothing appended, when they are longer than
 * OT_IDENTITY_MAX.
 */
bool ot_identity_write(struct ot_span user, struct ot_span email, struct ot_span token,
                       struct ot_span payload, struct ot_buf *out);
