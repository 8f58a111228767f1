/* /health and /1tube/warmup */
#include "gateway/snapshot.h"

#include "base/json_write.h"

#define MEBIBYTE (1u << 20)

static void write_megabytes(struct ot_json_writer *writer, const char *key, uint64_t bytes)
{
    if (bytes > 0)
        ot_jw_uint(writer, key, bytes / MEBIBYTE);
    else
        ot_jw_null(writer, key);
}

/* The limit is for the gateway and its engines together. */
static void write_memory(struct ot_json_writer *writer, const struct ot_snapshot *snapshot)
{
    uint64_t engines = ot_snapshot_engine_bytes(snapshot);
    uint64_t used = snapshot->memory.resident_bytes + engines;
    uint64_t limit = snapshot->memory.limit_bytes;

    ot_jw_object(writer, "memory");
    ot_jw_uint(writer, "rss_mb", snapshot->memory.resident_bytes / MEBIBYTE);
    ot_jw_uint(writer, "engines_mb", engines / MEBIBYTE);
    write_megabytes(writer, "limit_mb", limit);
    if (limit > 0)
        ot_jw_uint(writer, "headroom_pct",
                   used < limit ? (uint64_t)((double)(limit - used) * 100 / (double)limit) : 0);
    else
        ot_jw_null(writer, "headroom_pct");
    ot_jw_object_end(writer);
}

static void write_supervisor(struct ot_json_writer *writer, const struct ot_snapshot *snapshot)
{
    ot_jw_object(writer, "supervisor");
    for (size_t i = 0; i < snapshot->function_count; i++) {
        const struct ot_breaker_state *breaker = &snapshot->functions[i].breaker;

        if (breaker->invocations == 0)
            continue;
        ot_jw_object(writer, snapshot->functions[i].name);
        ot_jw_uint(writer, "invocations", breaker->invocations);
        ot_jw_uint(writer, "errors", breaker->errors);
        ot_jw_uint(writer, "windowSize", breaker->window_count);
        ot_jw_uint(writer, "windowErrors", breaker->window_errors);
        ot_jw_bool(writer, "breakerOpen", breaker->open);
        if (breaker->opened_at_ms > 0)
            ot_jw_uint(writer, "breakerOpenedAt", (uint64_t)breaker->opened_at_ms);
        else
            ot_jw_null(writer, "breakerOpenedAt");
        ot_jw_bool(writer, "recycleRecommended", breaker->recycle_recommended);
        ot_jw_object_end(writer);
    }
    ot_jw_object_end(writer);
}

static void write_cells(struct ot_json_writer *writer, const struct ot_snapshot *snapshot)
{
    ot_jw_array(writer, "cells");
    for (size_t i = 0; i < snapshot->cell_count; i++) {
        const struct ot_cell_report *report = &snapshot->cells[i].report;

        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "name", snapshot->cells[i].name);
        ot_jw_string(writer, "state", ot_cell_state_name(report->state));
        if (report->pid > 0)
            ot_jw_uint(writer, "pid", (uint64_t)report->pid);
        else
            ot_jw_null(writer, "pid");
        ot_jw_uint(writer, "starts", report->starts);
        ot_jw_uint(writer, "crashes", report->crashes);
        ot_jw_uint(writer, "requests", report->requests);
        ot_jw_uint(writer, "openRequests", report->in_flight);
        ot_jw_string(writer, "lastExit", ot_cell_exit_name(report->last_exit));
        ot_jw_uint(writer, "startMs", report->start_ms);
        ot_jw_uint(writer, "ageMs", report->age_ms);
        ot_jw_uint(writer, "residentBytes", report->resident_bytes);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

static void write_engines(struct ot_json_writer *writer, const struct ot_snapshot *snapshot)
{
    ot_jw_object(writer, "workerd");
    ot_jw_uint(writer, "generation", snapshot->generation);
    ot_jw_uint(writer, "recycles", ot_snapshot_restarts(snapshot));
    ot_jw_uint(writer, "rss_bytes", ot_snapshot_engine_bytes(snapshot));
    if (snapshot->last_swap_us > 0)
        ot_jw_uint(writer, "last_reload_duration_ms", snapshot->last_swap_us / 1000);
    else
        ot_jw_null(writer, "last_reload_duration_ms");
    ot_jw_uint(writer, "swaps", snapshot->swaps);
    ot_jw_uint(writer, "failedSwaps", snapshot->failed_swaps);
    ot_jw_object(writer, "bundle_bytes");
    for (size_t i = 0; i < snapshot->function_count; i++)
        ot_jw_uint(writer, snapshot->functions[i].name, snapshot->functions[i].bundle_bytes);
    ot_jw_object_end(writer);
    ot_jw_object_end(writer);
}

static void write_functions(struct ot_json_writer *writer, const struct ot_snapshot *snapshot)
{
    ot_jw_object(writer, "functions");
    for (size_t i = 0; i < snapshot->function_count; i++) {
        const struct ot_snapshot_function *function = &snapshot->functions[i];

        ot_jw_object(writer, function->name);
        ot_jw_string(writer, "state", ot_cell_state_name(function->state));
        ot_jw_uint(writer, "rpm", function->rpm);
        ot_jw_uint(writer, "invocations", ot_count_read(&function->counters->requests));
        ot_jw_uint(writer, "errors", ot_count_read(&function->counters->errors));
        ot_jw_uint(writer, "openRequests", ot_count_read(&function->counters->in_flight));
        ot_jw_uint(writer, "totalDurationMs",
                   ot_count_read(&function->counters->latency_us) / 1000);
        if (ot_count_read(&function->counters->last_ms) > 0)
            ot_jw_uint(writer, "lastInvocation", ot_count_read(&function->counters->last_ms));
        else
            ot_jw_null(writer, "lastInvocation");
        ot_jw_object_end(writer);
    }
    ot_jw_object_end(writer);
}

static void write_limiter(struct ot_json_writer *writer, const struct ot_snapshot *snapshot,
                          const struct ot_settings *settings)
{
    ot_jw_object(writer, "limiter");
    ot_jw_bool(writer, "enabled", settings->rate_limit);
    ot_jw_uint(writer, "defaultRpm", settings->default_rpm);
    ot_jw_uint(writer, "refused", ot_count_read(&snapshot->threads.refused[OT_RATE_LIMITED]));
    ot_jw_object_end(writer);
}

/* The functions in one of these states; NULL: all. */
static void write_names(struct ot_json_writer *writer, const struct ot_snapshot *snapshot,
                        const char *key, bool (*in)(enum ot_cell_state state))
{
    ot_jw_array(writer, key);
    for (size_t i = 0; i < snapshot->function_count; i++) {
        if (in == NULL || in(snapshot->functions[i].state))
            ot_jw_string(writer, NULL, snapshot->functions[i].name);
    }
    ot_jw_array_end(writer);
}

static void write_details(struct ot_json_writer *writer, const struct ot_snapshot *snapshot,
                          const struct ot_settings *settings)
{
    ot_jw_uint(writer, "uptime_ms", snapshot->uptime_ms);
    ot_jw_uint(writer, "function_count", snapshot->function_count);
    write_names(writer, snapshot, "functionList", NULL);
    write_names(writer, snapshot, "unavailable", ot_cell_state_is_down);
    write_memory(writer, snapshot);
    write_supervisor(writer, snapshot);
    write_engines(writer, snapshot);
    write_cells(writer, snapshot);
    write_limiter(writer, snapshot, settings);
    ot_jw_uint(writer, "total_requests", ot_count_read(&snapshot->threads.requests));
    ot_jw_uint(writer, "total_errors", ot_count_read(&snapshot->threads.errors));
    ot_jw_uint(writer, "connections", snapshot->connections_open);
    write_functions(writer, snapshot);
}

void ot_health_write(const struct ot_snapshot *snapshot, bool details,
                     const struct ot_settings *settings, struct ot_buf *out)
{
    struct ot_json_writer writer;

    ot_jw_begin(&writer, out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "status",
                 snapshot->stopping                  ? "stopping"
                 : snapshot->draining                ? "draining"
                 : ot_snapshot_is_degraded(snapshot) ? "degraded"
                                                     : "ok");
    if (details)
        write_details(&writer, snapshot, settings);
    ot_jw_object_end(&writer);
}

static bool is_loading(enum ot_cell_state state)
{
    return state == OT_CELL_STARTING;
}

static bool is_idle(enum ot_cell_state state)
{
    return state == OT_CELL_IDLE;
}

static size_t count_loaded(const struct ot_snapshot *snapshot)
{
    size_t loaded = 0;

    for (size_t i = 0; i < snapshot->function_count; i++)
        loaded += snapshot->functions[i].state == OT_CELL_READY;
    return loaded;
}

void ot_warmup_write(const struct ot_snapshot *snapshot, bool details, struct ot_buf *out)
{
    struct ot_json_writer writer;

    ot_jw_begin(&writer, out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "backend", "workerd");
    ot_jw_bool(&writer, "ready", snapshot->ready);
    ot_jw_uint(&writer, "total", snapshot->function_count);
    ot_jw_uint(&writer, "loaded", count_loaded(snapshot));
    if (details) {
        write_names(&writer, snapshot, "loading", is_loading);
        write_names(&writer, snapshot, "queued", is_idle);
        write_names(&writer, snapshot, "failed", ot_cell_state_is_down);
    }
    ot_jw_object_end(&writer);
}
