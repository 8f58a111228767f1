#include "gateway/snapshot.h"

#include "base/process.h"

#include <stdlib.h>

const char *ot_cell_state_name(enum ot_cell_state state)
{
    static const char *const names[] = {
        [OT_CELL_IDLE] = "idle",         [OT_CELL_STARTING] = "starting",
        [OT_CELL_READY] = "ready",       [OT_CELL_BACKOFF] = "backoff",
        [OT_CELL_STOPPING] = "stopping", [OT_CELL_STOPPED] = "stopped",
    };

    return names[state];
}

bool ot_cell_state_is_down(enum ot_cell_state state)
{
    return state == OT_CELL_BACKOFF || state == OT_CELL_STOPPED;
}

bool ot_snapshot_is_degraded(const struct ot_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->function_count; i++) {
        if (ot_cell_state_is_down(snapshot->functions[i].state))
            return true;
    }
    return false;
}

uint64_t ot_snapshot_engine_bytes(const struct ot_snapshot *snapshot)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < snapshot->cell_count; i++)
        sum += snapshot->cells[i].report.resident_bytes;
    return sum;
}

uint64_t ot_snapshot_restarts(const struct ot_snapshot *snapshot)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < snapshot->cell_count; i++) {
        if (snapshot->cells[i].report.starts > 1)
            sum += snapshot->cells[i].report.starts - 1;
    }
    return sum;
}

static uint64_t bundle_bytes(const struct ot_function *function)
{
    uint64_t sum = function->bundle->size;

    for (size_t i = 0; i < function->module_count; i++)
        sum += function->modules[i]->size;
    return sum;
}

static void take_functions(struct ot_snapshot *out, uint64_t now_ms)
{
    const struct ot_manifest *manifest = ot_generation_manifest(out->held);
    struct ot_served_function *served;

    out->function_count = ot_generation_functions(out->held, &served);
    out->functions = ot_alloc(out->function_count, sizeof(*out->functions));
    for (size_t i = 0; i < out->function_count; i++) {
        struct ot_snapshot_function *function = &out->functions[i];
        const struct ot_function *known = &manifest->functions[served[i].index];

        function->name = known->name;
        function->pool = ot_pool_name(served[i].pool);
        function->state = ot_pool_state(served[i].pool);
        function->bundle_bytes = bundle_bytes(known);
        function->rpm = served[i].rpm;
        function->counters = &out->counters.functions[served[i].index];
        ot_breaker_read(served[i].breaker, now_ms, &function->breaker);
    }
}

static void take_cells(const struct ot_pool *pool, struct ot_snapshot *out)
{
    struct ot_cell *cell;

    for (size_t i = 0; (cell = ot_pool_cell(pool, i)) != NULL; i++) {
        struct ot_snapshot_cell *taken = &out->cells[out->cell_count++];

        taken->name = ot_cell_name(cell);
        taken->pool = ot_pool_name(pool);
        ot_cell_report(cell, &taken->report);
    }
}

static void take_pools(const struct ot_cell_counters *counters, struct ot_snapshot *out)
{
    struct ot_pool *const *pools;
    size_t count = ot_generation_pools(out->held, &pools);

    out->cells = ot_alloc(ot_generation_most_cells(out->held), sizeof(*out->cells));
    for (size_t i = 0; i < count; i++) {
        take_cells(pools[i], out);
        out->queued += ot_pool_queued(pools[i]);
    }
    out->starts = counters->starts;
    for (size_t i = 0; i < OT_EXIT_COUNT; i++)
        out->exits[i] = counters->exits[i];
    for (size_t i = 0; i < OT_START_BUCKETS; i++)
        out->start_ms[i] = counters->start_ms[i];
    out->start_ms_sum = counters->start_ms_sum;
}

void ot_snapshot_take(struct ot_endpoints *endpoints, struct ot_snapshot *out)
{
    uint64_t now_ms = (uint64_t)ot_now_ms();
    bool failed = false;

    *out = (struct ot_snapshot){
        .stopping = endpoints->stopping,
        .draining = endpoints->draining,
        .uptime_ms = now_ms - (uint64_t)endpoints->started_ms,
        .swaps = endpoints->swaps,
        .failed_swaps = endpoints->failed_swaps,
        .last_swap_us = endpoints->last_swap_us,
        .connections_open = ot_connections_open(endpoints->connections),
        .log_dropped = endpoints->log != NULL ? ot_log_dropped(endpoints->log) : 0,
    };
    ot_memory_read("/proc/self", "/sys/fs/cgroup", &out->memory);
    pthread_mutex_lock(&endpoints->lock);
    out->held = ot_generation_hold(endpoints->current);
    ot_counters_init(&out->counters, ot_generation_manifest(out->held)->function_count);
    for (size_t i = 0; i < endpoints->worker_count; i++) {
        ot_thread_counters_add(&out->threads, ot_worker_counters(endpoints->workers[i]));
        ot_worker_add_counters(endpoints->workers[i], out->held, &out->counters);
        out->log_dropped += ot_worker_log_dropped(endpoints->workers[i]);
    }
    pthread_mutex_unlock(&endpoints->lock);
    out->generation = ot_generation_number(out->held);
    out->ready = ot_generation_ready(out->held, &failed);
    take_functions(out, now_ms);
    take_pools(&endpoints->cells, out);
}

void ot_snapshot_free(struct ot_snapshot *snapshot)
{
    free(snapshot->functions);
    free(snapshot->cells);
    ot_counters_free(&snapshot->counters);
    if (snapshot->held != NULL)
        ot_generation_release(snapshot->held);
    *snapshot = (struct ot_snapshot){0};
}
