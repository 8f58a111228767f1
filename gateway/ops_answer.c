#include "gateway/ops_answer.h"

#include "base/instant.h"
#include "base/json_write.h"
#include "base/text.h"
#include "gateway/usage.h"

#include <unistd.h>

static void begin(struct ot_json_writer *writer, const char *type, struct ot_buf *out)
{
    ot_jw_begin(writer, out, true);
    ot_jw_object(writer, NULL);
    ot_jw_string(writer, "type", type);
}

static void end(struct ot_json_writer *writer)
{
    ot_jw_object_end(writer);
    ot_jw_end(writer);
}

static void write_pid(struct ot_json_writer *writer, pid_t pid)
{
    if (pid > 0)
        ot_jw_uint(writer, "pid", (uint64_t)pid);
    else
        ot_jw_null(writer, "pid");
}

void ot_ops_write_error(const char *text, const char *reason, struct ot_buf *out)
{
    OT_AUTOBUF struct ot_buf readable = {0};
    struct ot_json_writer writer;

    ot_buf_puts(&readable, "");
    ot_buf_readable(&readable, ot_span_of(text));
    ot_jw_begin(&writer, out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_span(&writer, "error", ot_buf_span(&readable));
    ot_jw_string(&writer, "reason", reason);
    end(&writer);
}

/* -- events ------------------------------------------------------------------------------------ */

void ot_ops_write_event(const struct ot_event *event, struct ot_buf *out)
{
    struct ot_json_writer writer;
    char time[OT_INSTANT_TEXT];

    ot_instant_text(event->time_ms, time);
    begin(&writer, "event", out);
    ot_jw_uint(&writer, "number", event->number);
    ot_jw_string(&writer, "time", time);
    ot_jw_string(&writer, "event", ot_event_kind_name(event->kind));
    if (*event->cell != '\0')
        ot_jw_string(&writer, "cell", event->cell);
    if (event->generation > 0)
        ot_jw_uint(&writer, "generation", event->generation);
    if (event->pid > 0)
        ot_jw_uint(&writer, "pid", (uint64_t)event->pid);
    if (event->reason != NULL)
        ot_jw_string(&writer, "reason", event->reason);
    if (event->kind == OT_EVENT_READY)
        ot_jw_uint(&writer, "startMs", event->ms);
    if (*event->text != '\0')
        ot_jw_string(&writer, "text", event->text);
    end(&writer);
}

void ot_ops_write_lost(uint64_t count, struct ot_buf *out)
{
    struct ot_json_writer writer;

    begin(&writer, "lost", out);
    ot_jw_uint(&writer, "count", count);
    end(&writer);
}

void ot_ops_write_end(struct ot_buf *out)
{
    struct ot_json_writer writer;

    begin(&writer, "end", out);
    end(&writer);
}

/* -- drain, stop, restart ---------------------------------------------------------------------- */

void ot_ops_write_stopping(uint64_t grace_ms, struct ot_buf *out)
{
    struct ot_json_writer writer;

    begin(&writer, "stopping", out);
    ot_jw_uint(&writer, "graceMs", grace_ms);
    end(&writer);
}

void ot_ops_write_stopped(bool cut_off, struct ot_buf *out)
{
    struct ot_json_writer writer;

    begin(&writer, "stopped", out);
    ot_jw_bool(&writer, "cutOff", cut_off);
    end(&writer);
}

void ot_ops_write_draining(bool draining, struct ot_buf *out)
{
    struct ot_json_writer writer;

    begin(&writer, "draining", out);
    ot_jw_bool(&writer, "draining", draining);
    end(&writer);
}

void ot_ops_write_restarting(struct ot_pool *const *pools, size_t count, struct ot_buf *out)
{
    struct ot_json_writer writer;
    struct ot_cell_report report;
    struct ot_cell *cell;

    begin(&writer, "restarting", out);
    ot_jw_array(&writer, "pids");
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; (cell = ot_pool_cell(pools[i], k)) != NULL; k++) {
            ot_cell_report(cell, &report);
            if (report.state == OT_CELL_READY && report.pid > 0)
                ot_jw_uint(&writer, NULL, (uint64_t)report.pid);
        }
    }
    ot_jw_array_end(&writer);
    end(&writer);
}

/* -- ps ---------------------------------------------------------------------------------------- */

/* Requests for functions that are not answered, wherever they wait. */
static uint64_t count_open(const struct ot_snapshot *snapshot)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < snapshot->function_count; i++)
        sum += ot_count_read(&snapshot->functions[i].counters->in_flight);
    return sum;
}

static void write_gateway(struct ot_json_writer *writer, const struct ot_snapshot *snapshot,
                          const struct ot_ops_gateway *gateway)
{
    ot_jw_object(writer, "gateway");
    ot_jw_uint(writer, "pid", (uint64_t)getpid());
    ot_jw_string(writer, "version", OT_VERSION);
    ot_jw_string(writer, "state", gateway->state);
    ot_jw_uint(writer, "ageMs", snapshot->uptime_ms);
    ot_jw_uint(writer, "generation", snapshot->generation);
    ot_jw_string(writer, "release", gateway->release);
    ot_jw_list(writer, "listening", gateway->listening);
    ot_jw_uint(writer, "requests", ot_count_read(&snapshot->threads.requests));
    ot_jw_uint(writer, "errors", ot_count_read(&snapshot->threads.errors));
    ot_jw_uint(writer, "openRequests", count_open(snapshot));
    ot_jw_uint(writer, "connections", snapshot->connections_open);
    ot_jw_uint(writer, "cpuMs", ot_usage_cpu_ms(getpid()));
    ot_jw_uint(writer, "residentBytes", snapshot->memory.resident_bytes);
    ot_jw_object_end(writer);
}

/* Of all generations, but for those in line. */
static void write_pool(struct ot_json_writer *writer, const struct ot_snapshot *snapshot)
{
    static const uint64_t bounds[] = OT_START_BOUNDS;

    ot_jw_object(writer, "pool");
    ot_jw_uint(writer, "hits", ot_count_read(&snapshot->threads.place_hits));
    ot_jw_uint(writer, "misses", ot_count_read(&snapshot->threads.place_misses));
    ot_jw_uint(writer, "queued", snapshot->queued);
    ot_jw_uint(writer, "starts", snapshot->starts);
    ot_jw_uint(writer, "evictions", snapshot->exits[OT_EXIT_EVICTED]);
    ot_jw_array(writer, "startTimes");
    for (size_t i = 0; i < OT_START_BUCKETS; i++) {
        ot_jw_object(writer, NULL);
        if (i < OT_COUNT(bounds))
            ot_jw_uint(writer, "atMostMs", bounds[i]);
        else
            ot_jw_null(writer, "atMostMs");
        ot_jw_uint(writer, "count", snapshot->start_ms[i]);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
    ot_jw_object_end(writer);
}

static void write_cell(struct ot_json_writer *writer, const struct ot_snapshot *snapshot,
                       const struct ot_snapshot_cell *cell)
{
    const struct ot_cell_report *report = &cell->report;

    ot_jw_object(writer, NULL);
    ot_jw_string(writer, "cell", cell->name);
    ot_jw_array(writer, "functions");
    for (size_t i = 0; i < snapshot->function_count; i++) {
        const struct ot_snapshot_function *function = &snapshot->functions[i];

        if (function->pool == cell->pool)
            ot_jw_string(writer, NULL, function->name);
    }
    ot_jw_array_end(writer);
    ot_jw_string(writer, "state", ot_cell_state_name(report->state));
    write_pid(writer, report->pid);
    ot_jw_uint(writer, "requests", report->requests);
    ot_jw_uint(writer, "errors", report->errors);
    ot_jw_uint(writer, "openRequests", report->in_flight);
    ot_jw_uint(writer, "cpuMs", report->pid > 0 ? ot_usage_cpu_ms(report->pid) : 0);
    ot_jw_uint(writer, "residentBytes", report->resident_bytes);
    ot_jw_uint(writer, "ageMs", report->age_ms);
    ot_jw_uint(writer, "starts", report->starts);
    ot_jw_uint(writer, "crashes", report->crashes);
    ot_jw_uint(writer, "startMs", report->start_ms);
    ot_jw_string(writer, "lastExit", ot_cell_exit_name(report->last_exit));
    ot_jw_object_end(writer);
}

void ot_ops_write_ps(const struct ot_snapshot *snapshot, const struct ot_ops_gateway *gateway,
                     struct ot_buf *out)
{
    struct ot_json_writer writer;

    begin(&writer, "ps", out);
    write_gateway(&writer, snapshot, gateway);
    write_pool(&writer, snapshot);
    ot_jw_array(&writer, "cells");
    for (size_t i = 0; i < snapshot->cell_count; i++)
        write_cell(&writer, snapshot, &snapshot->cells[i]);
    ot_jw_array_end(&writer);
    end(&writer);
}
