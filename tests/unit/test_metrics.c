/* Counters: one writer each, added up by readers while they are written. */
#include "tests/unit/unit.h"

#include "gateway/metrics.h"

#include <pthread.h>

#define THREADS 4
#define FUNCTIONS 3
#define REQUESTS 20000u /* of each thread */

static uint64_t sum(const ot_counter *counters, size_t count)
{
    uint64_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += ot_count_read(&counters[i]);
    return total;
}

static void outcomes(void **state)
{
    struct ot_counters counters;
    struct ot_function_counters *one;
    static const unsigned statuses[] = {200, 204, 301, 404, 499, 500, 503, 599, 101, 0, 999};
    static const uint64_t classes[] = {1, 1, 2, 1, 2, 4};

    (void)state;
    ot_counters_init(&counters, 2);
    assert_int_equal(counters.function_count, 2);
    one = &counters.functions[1];
    for (size_t i = 0; i < OT_COUNT(statuses); i++) {
        ot_counters_begin(one);
        assert_int_equal(ot_count_read(&one->in_flight), 1);
        ot_counters_finish(one, statuses[i], 700, 1000 + i);
        assert_int_equal(ot_count_read(&one->in_flight), 0);
    }
    assert_int_equal(ot_count_read(&one->requests), OT_COUNT(statuses));
    assert_int_equal(ot_count_read(&one->errors), 4);
    for (size_t i = 0; i < OT_COUNT(classes); i++)
        assert_int_equal(ot_count_read(&one->classes[i]), classes[i]);
    assert_int_equal(ot_count_read(&one->last_ms), 1010);
    assert_int_equal(ot_count_read(&one->latency[1]), 10);
    assert_int_equal(sum(one->latency, OT_LATENCY_BUCKETS), 10);
    assert_int_equal(ot_count_read(&one->latency_us), 7000);
    assert_int_equal(ot_count_read(&counters.functions[0].requests), 0);
    ot_counters_free(&counters);
    assert_null(counters.functions);
}

/* A bound belongs to the bucket that it names ("le"). */
static void buckets(void **state)
{
    static const uint64_t bounds[] = OT_LATENCY_BOUNDS;
    struct ot_counters counters;
    struct ot_function_counters *one;

    (void)state;
    ot_counters_init(&counters, 1);
    one = &counters.functions[0];
    for (size_t i = 0; i < OT_COUNT(bounds); i++) {
        ot_counters_finish(one, 200, bounds[i], 1);
        assert_int_equal(ot_count_read(&one->latency[i]), i > 0 ? 2 : 1);
        ot_counters_finish(one, 200, bounds[i] + 1, 1);
        assert_int_equal(ot_count_read(&one->latency[i + 1]), 1);
    }
    ot_counters_finish(one, 200, 0, 1);
    assert_int_equal(ot_count_read(&one->latency[0]), 2);
    ot_counters_free(&counters);
}

struct writer {
    pthread_t thread;
    unsigned number;
    struct ot_counters counters;
    struct ot_thread_counters mine;
};

static void *write_some(void *argument)
{
    struct writer *writer = argument;

    for (unsigned i = 0; i < REQUESTS; i++) {
        struct ot_function_counters *one = &writer->counters.functions[i % FUNCTIONS];

        ot_counters_begin(one);
        ot_count(&one->bytes_in, 2);
        ot_count(&writer->mine.requests, 1);
        ot_count(&writer->mine.refused[OT_REFUSAL_COUNT - 1], 1);
        ot_count(&writer->mine.tokens_cached, 3);
        ot_counters_finish(one, i % 2 == 0 ? 200 : 500, i, 1000 + writer->number);
    }
    return NULL;
}

static void add_all(struct writer *writers, struct ot_counters *all, struct ot_thread_counters *own)
{
    ot_counters_init(all, FUNCTIONS);
    *own = (struct ot_thread_counters){0};
    for (unsigned i = 0; i < THREADS; i++) {
        ot_counters_add(all, &writers[i].counters);
        ot_thread_counters_add(own, &writers[i].mine);
    }
}

static void added_up(void **state)
{
    struct writer writers[THREADS] = {0};
    struct ot_counters all;
    struct ot_thread_counters own;
    uint64_t last = 0;

    (void)state;
    for (unsigned i = 0; i < THREADS; i++) {
        writers[i].number = i;
        ot_counters_init(&writers[i].counters, FUNCTIONS);
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_some, &writers[i]), 0);
    }
    for (int i = 0; i < 100; i++) {
        add_all(writers, &all, &own);
        assert_true(ot_count_read(&own.requests) >= last);
        last = ot_count_read(&own.requests);
        ot_counters_free(&all);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(writers[i].thread, NULL);
    add_all(writers, &all, &own);
    assert_int_equal(ot_count_read(&own.requests), THREADS * REQUESTS);
    assert_int_equal(ot_count_read(&own.refused[OT_REFUSAL_COUNT - 1]), THREADS * REQUESTS);
    assert_int_equal(ot_count_read(&own.tokens_cached), 3 * THREADS * REQUESTS);
    assert_int_equal(ot_count_read(&own.errors), 0);
    last = 0;
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        assert_int_equal(ot_count_read(&all.functions[i].in_flight), 0);
        assert_int_equal(ot_count_read(&all.functions[i].last_ms), 1000 + THREADS - 1);
        assert_int_equal(ot_count_read(&all.functions[i].bytes_in),
                         2 * ot_count_read(&all.functions[i].requests));
        assert_int_equal(sum(all.functions[i].classes, 6),
                         ot_count_read(&all.functions[i].requests));
        last += ot_count_read(&all.functions[i].requests);
    }
    assert_int_equal(last, THREADS * REQUESTS);
    ot_counters_free(&all);
    for (unsigned i = 0; i < THREADS; i++)
        ot_counters_free(&writers[i].counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes),
        cmocka_unit_test(buckets),
        cmocka_unit_test(added_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
