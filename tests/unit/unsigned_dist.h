/* Opening a dist that a test has made, without signatures. */
#pragma once

#include "tests/unit/unit.h"

#include "verify/payload.h"

static inline struct ot_payload *unit_open_unsigned(const char *dir)
{
    struct ot_payload *payload = NULL;
    struct ot_trust trust;
    struct ot_error err;

    ot_trust_init(&trust);
    trust.allow_unsigned = true;
    assert_succeeds(ot_payload_open(dir, &trust, 1, NULL, &payload, &err), err);
    ot_trust_free(&trust);
    return payload;
}
