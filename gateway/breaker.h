/*
 * A circuit breaker, one for each function, shared by all threads: opens when the share of errors
 * among the last outcomes reaches the function's errorRate, refuses for cooldownMs, and then lets
 * exactly one request try. One client alone cannot open it for others whose requests succeed: the
 * share must be reached among the clients in the window too, where a client counts as failing when
 * its own share reaches it.
 */
#pragma once

#include "verify/manifest.h"

#include <stdbool.h>

struct ot_breaker;

/* Defaults of `config`: errorRate 0.5 (0: never opens), errorWindow 20 (at most 1,000 are kept),
 * cooldownMs 30000. It opens only when the window is full. */
struct ot_breaker *ot_breaker_new(const struct ot_function_config *config);
void ot_breaker_free(struct ot_breaker *breaker);

enum ot_admission {
    OT_ADMITTED,
    OT_PROBE, /* admitted to find out whether it works again */
    OT_OPEN,  /* refused */
};

/*
 * `now_ms` is the monotonic clock, and may differ a little between threads. `retry_after_s` is set
 * when refused: whole seconds, at least 1. A probe that has no outcome after cooldownMs more, or
 * 10 s when that is longer, is followed by another one.
 */
enum ot_admission ot_breaker_admit(struct ot_breaker *breaker, uint64_t now_ms,
                                   uint64_t *retry_after_s);

enum ot_outcome {
    OT_OUTCOME_OK,
    OT_OUTCOME_ERROR,   /* a status from 500, a timeout, a cell that is gone */
    OT_OUTCOME_UNKNOWN, /* the client went away first: counts for nothing, a probe is given back */
};

/*
 * What became of an admitted request; called exactly once for each, as soon as it is known: others
 * wait for a probe's. `client` tells clients apart; a keyed hash, so that nobody can choose it (one
 * half of an ot_limit_key). Outcomes of requests that were admitted before it opened are counted,
 * but change nothing while it is open.
 */
void ot_breaker_record(struct ot_breaker *breaker, enum ot_admission admission,
                       enum ot_outcome outcome, uint64_t client, uint64_t now_ms);

struct ot_breaker_state {
    uint64_t invocations, errors;         /* ever */
    uint64_t window_count, window_errors; /* while it is open: those that opened it */
    bool open;                            /* requests are refused now */
    int64_t opened_at_ms;                 /* wall clock, the last time; 0: never */
    bool recycle_recommended;             /* invocations reached recycle.maxRequests (0: never) */
};
void ot_breaker_read(struct ot_breaker *breaker, uint64_t now_ms, struct ot_breaker_state *out);
