/*
 * What the gateway answers itself, for GET and HEAD: `/` (liveness), `/health`, `/metrics`,
 * `/1tube/warmup`. Details and metrics need the internal key, as `Authorization: Bearer KEY`.
 */
#pragma once

#include "gateway/log.h"
#include "gateway/worker.h"

#include <pthread.h>

/*
 * What they tell of. The control thread fills it; what changes while workers run is atomic or
 * behind the lock.
 */
struct ot_endpoints {
    const struct ot_settings *settings;
    int64_t started_ms; /* ot_now_ms */
    pthread_mutex_t lock;
    struct ot_generation *current; /* with a reference; behind the lock */
    struct ot_worker **workers;    /* behind the lock */
    size_t worker_count;           /* behind the lock */
    const struct ot_log *log;      /* the control thread's */
    struct ot_connections *connections;
    _Atomic uint64_t swaps, failed_swaps, last_swap_us;
    struct ot_cell_counters cells; /* of all generations */
    _Atomic bool stopping, draining;
};

/* For ot_worker_options: `context` is a struct ot_endpoints. Any thread. */
bool ot_endpoints_answer(void *context, struct ot_worker *worker, const struct ot_request *request,
                         struct ot_span path, struct ot_endpoint_answer *answer);
