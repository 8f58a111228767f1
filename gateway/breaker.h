/*
 * A circuit breaker, one for each function, shared by all threads: opens when the share of errors
 * among the last outcomes reaches the function's errorRate, refuses for cooldownMs, and then lets
 * exactly one request try. One client alone cannot open it for others whose requests succeed: the
 * share must be reached among the clients in the window too.
 */
#pragma once

#include "verify/manifest.h"

#include <stdbool.h>

struct ot_breaker;

/* Defaults of `config`: errorRate 0.5 (0: never opens), errorWindow 20 (at most 1,000 are kept),
 * cooldownMs 30000. */
struct ot_breaker *ot_breaker_new(const struct ot_function_config *config);
void ot_breaker_free(struct ot_breaker *breaker);

enum ot_admission {
    OT_ADMITTED,
    OT_PROBE, /* admitted to find out whether it works again */
    OT_OPEN,  /* refused */
};

/* `retry_after_s` is set when refused: whole seconds, at least 1. */
enum ot_admission ot_breaker_admit(struct ot_breaker *breaker, uint64_t now_ms,
                                   uint64_t *retry_after_s);

enum ot_outcome {
    OT_OUTCOME_OK,
    OT_OUTCOME_ERROR,   /* a status from 500, a timeout, a cell that is gone */
    OT_OUTCOME_UNKNOWN, /* the client went away first: counts for nothing, a probe is given back */
};

/* What became of an admitted request; called exactly once for each. `client` tells clients apart.
 */
void ot_breaker_record(struct ot_breaker *breaker, enum ot_admission admission,
                       enum ot_outcome outcome, uint64_t client, uint64_t now_ms);

struct ot_breaker_state {
    uint64_t invocations, errors; /* ever */
    uint64_t window_count, window_errors;
    bool open;
    int64_t opened_at_ms;     /* wall clock; 0: never */
    bool recycle_recommended; /* invocations reached recycle.maxRequests */
};
void ot_breaker_read(struct ot_breaker *breaker, uint64_t now_ms, struct ot_breaker_state *out);
