/*
 * Everything that the gateway tells of itself, taken at one moment: what /health, /metrics and
 * /1tube/warmup are written from.
 */
#pragma once

#include "gateway/endpoints.h"
#include "gateway/memory.h"

struct ot_snapshot_function {
    const char *name;
    const char *pool;         /* the name of its pool, as in ot_snapshot_cell */
    enum ot_cell_state state; /* of its pool */
    uint64_t bundle_bytes;    /* with every module that it can reach */
    uint64_t rpm;             /* 0: not limited */
    struct ot_breaker_state breaker;
    const struct ot_function_counters *counters; /* of all threads */
};

struct ot_snapshot_cell {
    const char *name;
    const char *pool;
    struct ot_cell_report report;
};

struct ot_snapshot {
    bool stopping, draining;
    bool ready; /* every cell that was asked to start is */
    uint64_t uptime_ms;
    uint64_t generation;
    uint64_t swaps, failed_swaps;
    uint64_t last_swap_us; /* from the request to the new generation's first; 0: there was none */
    struct ot_snapshot_function *functions;
    size_t function_count;
    struct ot_snapshot_cell *cells;
    size_t cell_count;
    uint64_t queued; /* requests in line */
    uint64_t starts; /* of all generations, and so are these: */
    uint64_t exits[OT_EXIT_COUNT];
    uint64_t start_ms[OT_START_BUCKETS];
    uint64_t start_ms_sum;
    struct ot_thread_counters threads; /* of all threads */
    uint64_t connections_open;
    uint64_t log_dropped;
    struct ot_memory memory; /* of this process */
    /* what the above points into */
    struct ot_generation *held;
    struct ot_counters counters;
};

#define OT_AUTOSNAPSHOT OT_CLEANUP(ot_snapshot_free)

void ot_snapshot_take(struct ot_endpoints *endpoints, struct ot_snapshot *out);
void ot_snapshot_free(struct ot_snapshot *snapshot);

/* Whether a function cannot be served: its engine ended or could not be started, and is not back.
 */
bool ot_snapshot_is_degraded(const struct ot_snapshot *snapshot);
/* Whether a cell in this state cannot serve. */
bool ot_cell_state_is_down(enum ot_cell_state state);
/* "idle", "starting", "ready", "backoff", "stopping", "stopped" */
const char *ot_cell_state_name(enum ot_cell_state state);

/* Of all engines. */
uint64_t ot_snapshot_engine_bytes(const struct ot_snapshot *snapshot);
/* Processes that took the place of one that had ended. */
uint64_t ot_snapshot_restarts(const struct ot_snapshot *snapshot);

/* {"status":"ok"}, "degraded", "draining" or "stopping"; with `details` everything else
 * (schemas/health.schema.json). */
void ot_health_write(const struct ot_snapshot *snapshot, bool details,
                     const struct ot_settings *settings, struct ot_buf *out);
/* How many functions' engines run; with `details` the functions' names too. */
void ot_warmup_write(const struct ot_snapshot *snapshot, bool details, struct ot_buf *out);
/* Prometheus text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format). */
void ot_exposition_write(const struct ot_snapshot *snapshot, const struct ot_settings *settings,
                         struct ot_buf *out);
