/* /metrics */
#include "gateway/exposition_parts.h"

#include <inttypes.h>
#include <stdio.h>

static void put_process(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    const struct ot_thread_counters *threads = &snapshot->threads;

    ot_metric_one(out, "onetube_uptime_seconds", "gauge", "Seconds since the gateway started.",
                  snapshot->uptime_ms / 1000);
    ot_metric_one(out, "onetube_requests_total", "counter", "Answered requests.",
                  ot_count_read(&threads->requests));
    ot_metric_one(out, "onetube_errors_total", "counter",
                  "Requests answered with a status from 500.", ot_count_read(&threads->errors));
    ot_metric_one(out, "onetube_client_errors_total", "counter",
                  "Requests answered with a status from 400 to 499.",
                  ot_count_read(&threads->client_errors));
    ot_metric_one(out, "onetube_metric_entries", "gauge", "Functions that are counted.",
                  snapshot->function_count);
    ot_metric_one(out, "onetube_connections_total", "counter", "Connections accepted from clients.",
                  ot_count_read(&threads->connections));
    ot_metric_one(out, "onetube_connections_open", "gauge", "Open connections of clients.",
                  snapshot->connections_open);
    ot_metric_one(out, "onetube_websockets_open", "gauge", "Open WebSockets.",
                  ot_count_read(&threads->websockets_open));
    ot_metric_one(out, "onetube_upstream_connections_opened_total", "counter",
                  "Connections made to engines.", ot_count_read(&threads->upstream_opened));
    ot_metric_one(out, "onetube_upstream_connections_reused_total", "counter",
                  "Requests sent over a connection that was there.",
                  ot_count_read(&threads->upstream_reused));
    ot_metric_one(out, "onetube_tokens_verified_total", "counter",
                  "Tokens whose signature was checked.", ot_count_read(&threads->tokens_verified));
    ot_metric_one(out, "onetube_tokens_cached_total", "counter", "Tokens that were known already.",
                  ot_count_read(&threads->tokens_cached));
    ot_metric_one(out, "onetube_log_lines_dropped_total", "counter",
                  "Log lines that nobody read in time.", snapshot->log_dropped);
    ot_metric_one(out, "onetube_resident_bytes", "gauge", "Memory of the gateway's own process.",
                  snapshot->memory.resident_bytes);
}

static void put_refusals(const struct ot_snapshot *snapshot, const struct ot_settings *settings,
                         struct ot_buf *out)
{
    ot_metric_family(out, "onetube_refusals_total", "counter",
                     "Requests that the gateway refused, by reason.");
    for (unsigned i = OT_REFUSAL_NONE + 1; i < OT_REFUSAL_COUNT; i++)
        ot_metric_sample(out, "onetube_refusals_total", "reason",
                         ot_refusal_reason((enum ot_refusal)i),
                         ot_count_read(&snapshot->threads.refused[i]));
    ot_metric_one(out, "onetube_rate_limit_enabled", "gauge", "1: requests are limited.",
                  settings->rate_limit);
}

/* One sample for each function. */
static void put_functions(const struct ot_snapshot *snapshot, struct ot_buf *out, const char *name,
                          const char *type, const char *help,
                          uint64_t (*value)(const struct ot_snapshot_function *function))
{
    ot_metric_family(out, name, type, help);
    for (size_t i = 0; i < snapshot->function_count; i++)
        ot_metric_sample(out, name, "function", snapshot->functions[i].name,
                         value(&snapshot->functions[i]));
}

static uint64_t invocations(const struct ot_snapshot_function *function)
{
    return ot_count_read(&function->counters->requests);
}

static uint64_t errors(const struct ot_snapshot_function *function)
{
    return ot_count_read(&function->counters->errors);
}

static uint64_t in_flight(const struct ot_snapshot_function *function)
{
    return ot_count_read(&function->counters->in_flight);
}

static uint64_t bytes_in(const struct ot_snapshot_function *function)
{
    return ot_count_read(&function->counters->bytes_in);
}

static uint64_t bytes_out(const struct ot_snapshot_function *function)
{
    return ot_count_read(&function->counters->bytes_out);
}

static uint64_t average_ms(const struct ot_snapshot_function *function)
{
    uint64_t count = ot_count_read(&function->counters->requests);

    return count > 0 ? (ot_count_read(&function->counters->latency_us) / count + 500) / 1000 : 0;
}

static uint64_t bundle(const struct ot_snapshot_function *function)
{
    return function->bundle_bytes;
}

static void put_classes(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    static const char *const classes[] = {"aborted", "1xx", "2xx", "3xx", "4xx", "5xx"};
    const char *name = "onetube_function_responses_total";

    ot_metric_family(out, name, "counter",
                     "Answers by status class; aborted: the client went away before one.");
    for (size_t i = 0; i < snapshot->function_count; i++) {
        for (size_t class = 0; class < OT_COUNT(classes); class ++) {
            ot_metric_labelled(out, name, "function", snapshot->functions[i].name);
            ot_buf_printf(out, ",class=\"%s\"} %" PRIu64 "\n", classes[class],
                          ot_count_read(&snapshot->functions[i].counters->classes[class]));
        }
    }
}

/* The buckets are read once and added up, so that they agree with the count. */
static void put_histogram(const struct ot_snapshot_function *function, const char *name,
                          struct ot_buf *out)
{
    static const uint64_t bounds[] = OT_LATENCY_BOUNDS;
    char series[64];
    uint64_t sum = 0;

    _Static_assert(OT_COUNT(bounds) + 1 == OT_LATENCY_BUCKETS, "the last bucket has no bound");
    snprintf(series, sizeof(series), "%s_bucket", name);
    for (size_t i = 0; i < OT_LATENCY_BUCKETS; i++) {
        sum += ot_count_read(&function->counters->latency[i]);
        ot_metric_labelled(out, series, "function", function->name);
        ot_buf_puts(out, ",le=\"");
        if (i < OT_COUNT(bounds))
            ot_metric_seconds(out, bounds[i]);
        else
            ot_buf_puts(out, "+Inf");
        ot_buf_printf(out, "\"} %" PRIu64 "\n", sum);
    }
    snprintf(series, sizeof(series), "%s_sum", name);
    ot_metric_labelled(out, series, "function", function->name);
    ot_buf_puts(out, "} ");
    ot_metric_seconds(out, ot_count_read(&function->counters->latency_us));
    snprintf(series, sizeof(series), "%s_count", name);
    ot_buf_putc(out, '\n');
    ot_metric_sample(out, series, "function", function->name, sum);
}

static void put_calls(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    const char *duration = "onetube_function_duration_seconds";

    put_functions(snapshot, out, "onetube_function_invocations_total", "counter",
                  "Answered requests of a function.", invocations);
    put_functions(snapshot, out, "onetube_function_errors_total", "counter",
                  "Those with a status from 500.", errors);
    put_classes(snapshot, out);
    put_functions(snapshot, out, "onetube_function_in_flight", "gauge",
                  "Requests that are not answered yet.", in_flight);
    put_functions(snapshot, out, "onetube_function_duration_ms_avg", "gauge",
                  "Mean duration since the generation began.", average_ms);
    ot_metric_family(out, duration, "histogram",
                     "How long requests took, to the end of the answer.");
    for (size_t i = 0; i < snapshot->function_count; i++)
        put_histogram(&snapshot->functions[i], duration, out);
    put_functions(snapshot, out, "onetube_function_request_bytes_total", "counter",
                  "Bytes of request bodies.", bytes_in);
    put_functions(snapshot, out, "onetube_function_response_bytes_total", "counter",
                  "Bytes of answer bodies.", bytes_out);
}

static bool was_called(const struct ot_snapshot_function *function)
{
    return function->breaker.invocations > 0;
}

static void put_breakers(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    static const char *const names[] = {"onetube_function_breaker_open",
                                        "onetube_function_recycle_recommended"};
    static const char *const helps[] = {
        "1: requests are refused until the function has had time to recover.",
        "1: the function was called recycle.maxRequests times."};

    for (size_t row = 0; row < OT_COUNT(names); row++) {
        ot_metric_family(out, names[row], "gauge", helps[row]);
        for (size_t i = 0; i < snapshot->function_count; i++) {
            const struct ot_snapshot_function *function = &snapshot->functions[i];

            if (was_called(function))
                ot_metric_sample(out, names[row], "function", function->name,
                                 row == 0 ? function->breaker.open
                                          : function->breaker.recycle_recommended);
        }
    }
    ot_metric_family(out, "onetube_function_error_rate", "gauge",
                     "Share of errors among the last outcomes.");
    for (size_t i = 0; i < snapshot->function_count; i++) {
        const struct ot_breaker_state *breaker = &snapshot->functions[i].breaker;
        uint64_t rate =
            breaker->window_count > 0 ? breaker->window_errors * 10000 / breaker->window_count : 0;

        if (!was_called(&snapshot->functions[i]))
            continue;
        ot_metric_labelled(out, "onetube_function_error_rate", "function",
                           snapshot->functions[i].name);
        ot_buf_printf(out, "} %" PRIu64 ".%04" PRIu64 "\n", rate / 10000, rate % 10000);
    }
}

static void put_bundles(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    put_functions(snapshot, out, "onetube_workerd_bundle_bytes", "gauge",
                  "Code of a function, with all that it shares.", bundle);
}

static void put_swaps(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    const char *name = "onetube_swaps_total";
    uint64_t tenths = (snapshot->last_swap_us + 50) / 100;

    ot_metric_family(out, name, "counter", "Attempts to serve another payload, by outcome.");
    ot_metric_sample(out, name, "result", "ok", snapshot->swaps);
    ot_metric_sample(out, name, "result", "failed", snapshot->failed_swaps);
    if (snapshot->last_swap_us == 0)
        return;
    name = "onetube_workerd_last_reload_duration_ms";
    ot_metric_family(out, name, "gauge", "How long the last of them took.");
    ot_buf_printf(out, "%s %" PRIu64 ".%" PRIu64 "\n", name, tenths / 10, tenths % 10);
}

void ot_exposition_write(const struct ot_snapshot *snapshot, const struct ot_settings *settings,
                         struct ot_buf *out)
{
    put_process(snapshot, out);
    put_refusals(snapshot, settings, out);
    put_calls(snapshot, out);
    put_breakers(snapshot, out);
    ot_exposition_write_cells(snapshot, out);
    put_bundles(snapshot, out);
    put_swaps(snapshot, out);
}
