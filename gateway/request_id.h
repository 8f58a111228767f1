/* Identifiers of a request. One struct ot_ids for each thread. */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/* UUID version 7 (RFC 9562 section 5.7) in text form, without NUL. */
#define OT_REQUEST_ID 36u

/* Start from `{0}`. */
struct ot_ids {
    uint64_t last_ms;
    uint32_t sequence; /* keeps identifiers of one thread ascending within a millisecond */
    uint8_t random[512];
    size_t used; /* of `random`; refilled from the system when it runs out */
    bool filled;
};

/*
 * `now_ms`: milliseconds since 1970. Each one sorts behind the one before (RFC 9562 section 6.2,
 * method 1), also when the clock stands still or goes back.
 */
void ot_request_id(struct ot_ids *ids, uint64_t now_ms, char out[OT_REQUEST_ID]);

/* https://www.w3.org/TR/trace-context/#traceparent-header: "00-<32 hex>-<16 hex>-<2 hex>", without
 * NUL. */
#define OT_TRACEPARENT 55u

/*
 * The traceparent to pass on: a valid one keeps its trace-id and the flags that the specification
 * defines (sampled, random) and gets a new parent-id; anything else (absent, malformed, all-zero
 * ids, version ff) is replaced by a new trace, not sampled. True when the given one was kept; if
 * not, `tracestate` must not be passed on either. Several fields are malformed: give none then.
 */
bool ot_traceparent(struct ot_ids *ids, struct ot_span given, char out[OT_TRACEPARENT]);
