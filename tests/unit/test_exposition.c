/* /metrics and /health, written from a snapshot. */
#include "tests/unit/exposition_reader.h"

#include "gateway/snapshot.h"

static struct ot_settings settings = {.rate_limit = true, .default_rpm = 120};

/* Two functions in cells of their own, the first of them called, the second down. */
struct sample {
    struct ot_function_counters counters[2];
    struct ot_snapshot_function functions[2];
    struct ot_snapshot_cell cells[2];
    struct ot_snapshot snapshot;
};

static void make_sample(struct sample *sample)
{
    *sample = (struct sample){0};
    ot_count(&sample->counters[0].requests, 4);
    ot_count(&sample->counters[0].errors, 1);
    ot_count(&sample->counters[0].classes[0], 1);
    ot_count(&sample->counters[0].classes[2], 2);
    ot_count(&sample->counters[0].classes[5], 1);
    ot_count(&sample->counters[0].latency[0], 1);
    ot_count(&sample->counters[0].latency[1], 2);
    ot_count(&sample->counters[0].latency[OT_LATENCY_BUCKETS - 1], 1);
    ot_count(&sample->counters[0].latency_us, 40001500);
    ot_count(&sample->counters[0].bytes_in, 11);
    ot_count(&sample->counters[0].bytes_out, 12);
    sample->functions[0] = (struct ot_snapshot_function){.name = "my-fn",
                                                         .state = OT_CELL_READY,
                                                         .bundle_bytes = 4096,
                                                         .rpm = 60,
                                                         .breaker = {.invocations = 4,
                                                                     .errors = 1,
                                                                     .window_count = 3,
                                                                     .window_errors = 3,
                                                                     .open = true,
                                                                     .opened_at_ms = 1795248470123,
                                                                     .recycle_recommended = true},
                                                         .counters = &sample->counters[0]};
    sample->functions[1] = (struct ot_snapshot_function){
        .name = "od\"d\\n\nx", .state = OT_CELL_BACKOFF, .counters = &sample->counters[1]};
    sample->cells[0] = (struct ot_snapshot_cell){
        .name = "my-fn",
        .report = {.state = OT_CELL_READY, .pid = 77, .starts = 3, .resident_bytes = 1 << 26}};
    sample->cells[1] =
        (struct ot_snapshot_cell){.name = "odd", .report = {.state = OT_CELL_BACKOFF, .starts = 1}};
    sample->snapshot = (struct ot_snapshot){
        .uptime_ms = 61999,
        .generation = 2,
        .swaps = 1,
        .last_swap_us = 12345,
        .functions = sample->functions,
        .function_count = 2,
        .cells = sample->cells,
        .cell_count = 2,
        .connections_open = 5,
        .memory = {.resident_bytes = 3 << 20},
    };
    ot_count(&sample->snapshot.threads.requests, 6);
    ot_count(&sample->snapshot.threads.refused[OT_RATE_LIMITED], 2);
}

static void write_metrics(const struct ot_snapshot *snapshot, struct ot_buf *out)
{
    struct exposition page = {0};

    ot_buf_clear(out);
    ot_exposition_write(snapshot, &settings, out);
    read_exposition(out->data, &page);
    exposition_free(&page);
}

static void has_line(const struct ot_buf *text, const char *line)
{
    OT_AUTOFREE char *whole = ot_asprintf("\n%s\n", line);

    if (strstr(text->data, whole) == NULL)
        fail_msg("not there: %s", line);
}

static void test_metrics(void **state)
{
    static const char *const lines[] = {
        "onetube_uptime_seconds 61",
        "# TYPE onetube_requests_total counter",
        "onetube_requests_total 6",
        "onetube_connections_open 5",
        "onetube_refusals_total{reason=\"rate_limited\"} 2",
        "onetube_refusals_total{reason=\"body_timeout\"} 0",
        "onetube_function_invocations_total{function=\"my-fn\"} 4",
        "onetube_function_invocations_total{function=\"od\\\"d\\\\n\\nx\"} 0",
        "onetube_function_errors_total{function=\"my-fn\"} 1",
        "onetube_function_responses_total{function=\"my-fn\",class=\"2xx\"} 2",
        "onetube_function_responses_total{function=\"my-fn\",class=\"aborted\"} 1",
        "onetube_function_duration_ms_avg{function=\"my-fn\"} 10000",
        "# TYPE onetube_function_duration_seconds histogram",
        "onetube_function_duration_seconds_bucket{function=\"my-fn\",le=\"0.000500\"} 1",
        "onetube_function_duration_seconds_bucket{function=\"my-fn\",le=\"30.000000\"} 3",
        "onetube_function_duration_seconds_bucket{function=\"my-fn\",le=\"+Inf\"} 4",
        "onetube_function_duration_seconds_sum{function=\"my-fn\"} 40.001500",
        "onetube_function_duration_seconds_count{function=\"my-fn\"} 4",
        "onetube_function_breaker_open{function=\"my-fn\"} 1",
        "onetube_function_error_rate{function=\"my-fn\"} 1.0000",
        "onetube_function_recycle_recommended{function=\"my-fn\"} 1",
        "onetube_cell_up{cell=\"my-fn\"} 1",
        "onetube_cell_up{cell=\"odd\"} 0",
        "onetube_workerd_up 0",
        "onetube_workerd_pid{cell=\"my-fn\"} 77",
        "onetube_workerd_pid{cell=\"odd\"} 0",
        "onetube_workerd_generation 2",
        "onetube_workerd_recycles_total 2",
        "onetube_workerd_rss_bytes 67108864",
        "onetube_workerd_last_reload_duration_ms 12.3",
        "onetube_workerd_bundle_bytes{function=\"my-fn\"} 4096",
        "onetube_swaps_total{result=\"ok\"} 1",
    };
    OT_AUTOBUF struct ot_buf text = {0};
    struct sample sample;

    (void)state;
    make_sample(&sample);
    write_metrics(&sample.snapshot, &text);
    for (size_t i = 0; i < OT_COUNT(lines); i++)
        has_line(&text, lines[i]);
    /* a function that was never called has no breaker */
    assert_null(strstr(text.data, "breaker_open{function=\"od"));
    /* no swap, no duration; every engine up; nothing at all to serve */
    sample.snapshot.last_swap_us = 0;
    sample.functions[1].state = OT_CELL_IDLE;
    write_metrics(&sample.snapshot, &text);
    assert_null(strstr(text.data, "reload_duration"));
    has_line(&text, "onetube_workerd_up 1");
    sample.snapshot.function_count = 0;
    sample.snapshot.cell_count = 0;
    write_metrics(&sample.snapshot, &text);
}

static void test_health(void **state)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct sample sample;

    (void)state;
    make_sample(&sample);
    ot_health_write(&sample.snapshot, false, &settings, &text);
    assert_string_equal(text.data, "{\"status\":\"degraded\"}");
    sample.functions[1].state = OT_CELL_STARTING;
    ot_buf_clear(&text);
    ot_health_write(&sample.snapshot, false, &settings, &text);
    assert_string_equal(text.data, "{\"status\":\"ok\"}");
    sample.snapshot.stopping = true;
    ot_buf_clear(&text);
    ot_health_write(&sample.snapshot, false, &settings, &text);
    assert_string_equal(text.data, "{\"status\":\"stopping\"}");
}

/* No limit: null; else the share that is left for the gateway and its engines, never below 0. */
static void test_headroom(void **state)
{
    static const struct {
        uint64_t limit_mb;
        const char *expected;
    } rows[] = {
        {0, "\"memory\":{\"rss_mb\":3,\"engines_mb\":64,\"limit_mb\":null,\"headroom_pct\":null}"},
        {512, "\"memory\":{\"rss_mb\":3,\"engines_mb\":64,\"limit_mb\":512,\"headroom_pct\":86}"},
        {67, "\"limit_mb\":67,\"headroom_pct\":0}"},
        {20, "\"limit_mb\":20,\"headroom_pct\":0}"},
    };
    struct sample sample;

    (void)state;
    make_sample(&sample);
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        OT_AUTOBUF struct ot_buf text = {0};

        sample.snapshot.memory.limit_bytes = rows[i].limit_mb << 20;
        ot_health_write(&sample.snapshot, true, &settings, &text);
        if (strstr(text.data, rows[i].expected) == NULL)
            fail_msg("%s: %s", rows[i].expected, text.data);
    }
}

static void test_warmup(void **state)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct sample sample;

    (void)state;
    make_sample(&sample);
    sample.functions[1].name = "other";
    ot_warmup_write(&sample.snapshot, false, &text);
    assert_string_equal(text.data,
                        "{\"backend\":\"workerd\",\"ready\":false,\"total\":2,\"loaded\":1}");
    sample.snapshot.ready = true;
    ot_buf_clear(&text);
    ot_warmup_write(&sample.snapshot, true, &text);
    assert_string_equal(text.data,
                        "{\"backend\":\"workerd\",\"ready\":true,\"total\":2,\"loaded\":1,"
                        "\"loading\":[],\"queued\":[],\"failed\":[\"other\"]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_headroom),
        cmocka_unit_test(test_warmup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
