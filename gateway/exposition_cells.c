/* /metrics: cells and their processes. */
#include "gateway/exposition_parts.h"

#include <inttypes.h>

/* One sample for each cell. */
static void put_cells(const struct ot_snapshot *snapshot, struct ot_buf *out, const char *name,
                      const char *type, const char *help,
                      uint64_t (*value)(const struct ot_cell_report *report))
{
    ot_metric_family(out, name, type, help);
    for (size_t i = 0; i < snapshot->cell_count; i++)
        ot_metric_sample(out, name, "cell", snapshot->cells[i].name,
                         value(&snapshot->cells[i].report));
}

static uint64_t is_up(const struct ot_cell_report *report)
{
    return report->state == OT_CELL_READY;
}

static uint64_t starts(const struct ot_cell_report *report)
{
    return report->starts;
}

static uint64_t crashes(const struct ot_cell_report *report)
{
    return report->crashes;
}

static void put_kills(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    const char *name = "onetube_cell_limit_kills_total";

    ot_metric_family(out, name, "counter",
                     "Engine processes that ended because of a limit, by reason.");
    for (size_t i = 0; i < snapshot->cell_count; i++) {
        const struct ot_cell_report *report = &snapshot->cells[i].report;

        for (int wedged = 0; wedged < 2; wedged++) {
            ot_metric_labelled(out, name, "cell", snapshot->cells[i].name);
            ot_buf_printf(out, ",reason=\"%s\"} %" PRIu64 "\n", wedged ? "wedged" : "memory",
                          wedged ? report->wedged : report->over_memory);
        }
    }
}

static uint64_t start_ms(const struct ot_cell_report *report)
{
    return report->start_ms;
}

static uint64_t cell_bytes(const struct ot_cell_report *report)
{
    return report->resident_bytes;
}

static uint64_t cell_pid(const struct ot_cell_report *report)
{
    return (uint64_t)report->pid;
}

static uint64_t requests(const struct ot_cell_report *report)
{
    return report->requests;
}

static uint64_t in_flight(const struct ot_cell_report *report)
{
    return report->in_flight;
}

static void put_states(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    const char *name = "onetube_cell_processes";
    uint64_t counts[OT_CELL_STOPPED + 1] = {0};

    for (size_t i = 0; i < snapshot->cell_count; i++)
        counts[snapshot->cells[i].report.state]++;
    ot_metric_family(out, name, "gauge", "Engine processes by state; idle: there is none.");
    for (size_t i = 0; i < OT_COUNT(counts); i++)
        ot_metric_sample(out, name, "state", ot_cell_state_name((enum ot_cell_state)i), counts[i]);
}

static void put_ends(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    const char *name = "onetube_cell_exits_total";

    ot_metric_family(out, name, "counter", "Ends of engine processes by reason.");
    for (size_t i = OT_EXIT_NONE + 1; i < OT_EXIT_COUNT; i++)
        ot_metric_sample(out, name, "reason", ot_cell_exit_name((enum ot_cell_exit)i),
                         snapshot->exits[i]);
    ot_metric_one(out, "onetube_cell_evictions_total", "counter",
                  "Engine processes that were stopped to make room for another.",
                  snapshot->exits[OT_EXIT_EVICTED]);
}

static void put_start_times(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    static const uint64_t bounds[] = OT_START_BOUNDS;
    const char *name = "onetube_cell_start_seconds";
    uint64_t sum = 0;

    ot_metric_family(out, name, "histogram", "How long engine processes took until ready.");
    for (size_t i = 0; i < OT_START_BUCKETS; i++) {
        sum += snapshot->start_ms[i];
        ot_buf_printf(out, "%s_bucket{le=\"", name);
        if (i < OT_COUNT(bounds))
            ot_buf_printf(out, "%g", (double)bounds[i] / 1000);
        else
            ot_buf_puts(out, "+Inf");
        ot_buf_printf(out, "\"} %" PRIu64 "\n", sum);
    }
    ot_buf_printf(out, "%s_sum ", name);
    ot_metric_seconds(out, snapshot->start_ms_sum * 1000);
    ot_buf_printf(out, "\n%s_count %" PRIu64 "\n", name, sum);
}

static void put_places(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    uint64_t hits = ot_count_read(&snapshot->threads.place_hits);
    uint64_t all = hits + ot_count_read(&snapshot->threads.place_misses);

    ot_metric_family(out, "onetube_cell_hit_ratio", "gauge", "Hits among hits and misses so far.");
    ot_buf_printf(out, "onetube_cell_hit_ratio %.4f\n", all > 0 ? (double)hits / (double)all : 1.0);
    ot_metric_one(out, "onetube_cell_hits_total", "counter",
                  "Requests that found a place in an engine at once.",
                  ot_count_read(&snapshot->threads.place_hits));
    ot_metric_one(out, "onetube_cell_misses_total", "counter",
                  "Requests that had to wait for one, or were refused.",
                  ot_count_read(&snapshot->threads.place_misses));
    ot_metric_one(out, "onetube_cell_queued", "gauge", "Requests that wait for a place now.",
                  snapshot->queued);
}

void ot_exposition_write_cells(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    put_cells(snapshot, out, "onetube_cell_up", "gauge", "1: its engine takes requests.", is_up);
    put_cells(snapshot, out, "onetube_cell_starts_total", "counter", "Engine processes so far.",
              starts);
    put_cells(snapshot, out, "onetube_cell_crashes_total", "counter",
              "Engine processes that crashed.", crashes);
    put_kills(snapshot, out);
    put_cells(snapshot, out, "onetube_cell_start_ms", "gauge", "How long the last start took.",
              start_ms);
    put_cells(snapshot, out, "onetube_cell_resident_bytes", "gauge", "Memory of its engine.",
              cell_bytes);
    put_cells(snapshot, out, "onetube_cell_requests_total", "counter",
              "Requests that its engines were given.", requests);
    put_cells(snapshot, out, "onetube_cell_in_flight", "gauge", "Those that are not over.",
              in_flight);
    put_places(snapshot, out);
    put_states(snapshot, out);
    put_ends(snapshot, out);
    put_start_times(snapshot, out);
    ot_metric_one(out, "onetube_workerd_up", "gauge", "0: a function's engine is down.",
                  !ot_snapshot_is_degraded(snapshot));
    put_cells(snapshot, out, "onetube_workerd_pid", "gauge", "Process of the engine; 0: none.",
              cell_pid);
    ot_metric_one(out, "onetube_workerd_generation", "counter", "Payloads served so far.",
                  snapshot->generation);
    ot_metric_one(out, "onetube_workerd_recycles_total", "counter",
                  "Engine processes that took the place of one that had ended.",
                  ot_snapshot_restarts(snapshot));
    ot_metric_one(out, "onetube_workerd_rss_bytes", "gauge", "Memory of all engines.",
                  ot_snapshot_engine_bytes(snapshot));
}
