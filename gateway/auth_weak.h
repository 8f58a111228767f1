/* Secrets that are none. */
#pragma once

#include "base/buf.h"

/* RFC 7518 section 3.2: a key for HS256 has at least as many bits as the hash. */
#define OT_JWT_SECRET_MIN 32u
#define OT_SERVICE_KEY_MIN 16u

/*
 * NULL, or what is wrong, a static text: printed in public documentation, looks like a placeholder,
 * hardly any different characters, too short. A service key that is a token signed with a public
 * secret is public itself.
 */
const char *ot_weakness_of_secret(struct ot_span secret);
const char *ot_weakness_of_service_key(struct ot_span key);
