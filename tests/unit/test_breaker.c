/* The circuit breaker: when it opens, for whom, and how it closes again. */
#include "tests/unit/unit.h"

#include "gateway/breaker.h"
#include "verify/manifest_reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define NOW 50000ull

static struct ot_breaker *make(uint64_t rate, uint64_t window, uint64_t cooldown_ms)
{
    struct ot_function_config config;

    ot_function_config_init(&config);
    config.error_rate_thousandths = rate;
    config.error_window = window;
    config.cooldown_ms = cooldown_ms;
    return ot_breaker_new(&config);
}

static enum ot_admission admit(struct ot_breaker *breaker, uint64_t now)
{
    uint64_t retry_after_s = 0;
    enum ot_admission admission = ot_breaker_admit(breaker, now, &retry_after_s);

    assert_true((retry_after_s > 0) == (admission == OT_OPEN));
    return admission;
}

static uint64_t retry_after(struct ot_breaker *breaker, uint64_t now)
{
    uint64_t retry_after_s = 0;

    assert_int_equal(ot_breaker_admit(breaker, now, &retry_after_s), OT_OPEN);
    return retry_after_s;
}

/* One admitted request of a client. */
static void request(struct ot_breaker *breaker, uint64_t client, enum ot_outcome outcome)
{
    assert_int_equal(admit(breaker, NOW), OT_ADMITTED);
    ot_breaker_record(breaker, OT_ADMITTED, outcome, client, NOW);
}

static bool is_open(struct ot_breaker *breaker, uint64_t now)
{
    struct ot_breaker_state state;

    ot_breaker_read(breaker, now, &state);
    return state.open;
}

/* The example "boom": 500, 500, 500, then refused, and one more each five seconds. */
static void boom(void **state)
{
    struct ot_breaker *breaker = make(1000, 3, 5000);
    struct ot_breaker_state read;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_false(is_open(breaker, NOW));
        request(breaker, 7, OT_OUTCOME_ERROR);
    }
    assert_int_equal(retry_after(breaker, NOW), 5);
    assert_int_equal(retry_after(breaker, NOW + 1), 5);
    assert_int_equal(retry_after(breaker, NOW + 4999), 1);
    assert_int_equal(retry_after(breaker, NOW - 10), 5); /* a thread that is behind */
    ot_breaker_read(breaker, NOW + 4999, &read);
    assert_true(read.open);
    assert_int_equal(read.window_count, 3);
    assert_int_equal(read.window_errors, 3);
    assert_int_equal(read.invocations, 3);
    assert_int_equal(read.errors, 3);
    assert_true(read.opened_at_ms / 1000 <= time(NULL) &&
                read.opened_at_ms / 1000 > time(NULL) - 600);

    assert_int_equal(admit(breaker, NOW + 5000), OT_PROBE);
    assert_int_equal(retry_after(breaker, NOW + 5000), 1);
    ot_breaker_record(breaker, OT_PROBE, OT_OUTCOME_ERROR, 7, NOW + 5100);
    assert_int_equal(retry_after(breaker, NOW + 5100), 5);
    assert_int_equal(retry_after(breaker, NOW + 10099), 1);

    assert_int_equal(admit(breaker, NOW + 10100), OT_PROBE);
    ot_breaker_record(breaker, OT_PROBE, OT_OUTCOME_OK, 7, NOW + 10200);
    assert_int_equal(admit(breaker, NOW + 10200), OT_ADMITTED);
    ot_breaker_read(breaker, NOW + 10200, &read);
    assert_false(read.open);
    assert_int_equal(read.window_count, 0);
    assert_int_equal(read.invocations, 5);
    assert_int_equal(read.errors, 4);
    ot_breaker_free(breaker);
}

/* Only a full window counts: 9 errors of 10 pass, the tenth opens it. */
static void full_window(void **state)
{
    struct ot_breaker *breaker = make(500, 10, 1000);

    (void)state;
    for (int i = 0; i < 9; i++)
        request(breaker, 1, OT_OUTCOME_ERROR);
    assert_int_equal(admit(breaker, NOW), OT_ADMITTED);
    ot_breaker_record(breaker, OT_ADMITTED, OT_OUTCOME_UNKNOWN, 1, NOW);
    assert_int_equal(admit(breaker, NOW), OT_ADMITTED);
    request(breaker, 1, OT_OUTCOME_ERROR);
    assert_int_equal(admit(breaker, NOW), OT_OPEN);
    ot_breaker_free(breaker);
}

static void defaults(void **state)
{
    struct ot_breaker *breaker = make(OT_UNSET, OT_UNSET, OT_UNSET);

    (void)state;
    for (int i = 0; i < 11; i++)
        request(breaker, 1, OT_OUTCOME_OK);
    for (int i = 0; i < 9; i++)
        request(breaker, 1, OT_OUTCOME_ERROR);
    assert_false(is_open(breaker, NOW)); /* 9 of 20 */
    request(breaker, 1, OT_OUTCOME_ERROR);
    assert_true(is_open(breaker, NOW)); /* 10 of 20 */
    assert_int_equal(retry_after(breaker, NOW), 30);
    ot_breaker_free(breaker);
}

static void never(void **state)
{
    struct ot_breaker *breaker = make(0, 3, 1000);

    (void)state;
    for (int i = 0; i < 100; i++)
        request(breaker, 1, OT_OUTCOME_ERROR);
    ot_breaker_free(breaker);
}

/* The window slides: what left it does not count. */
static void slides(void **state)
{
    struct ot_breaker *breaker = make(500, 4, 1000);
    struct ot_breaker_state read;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        request(breaker, 1, i % 3 == 0 ? OT_OUTCOME_ERROR : OT_OUTCOME_OK);
        if (i % 3 == 0)
            request(breaker, 1, OT_OUTCOME_OK); /* E O O O E O O O */
        ot_breaker_read(breaker, NOW, &read);
        assert_true(read.window_count <= 4 && read.window_errors <= 1);
    }
    ot_breaker_read(breaker, NOW, &read);
    assert_int_equal(read.window_count, 4);
    ot_breaker_free(breaker);
}

/* A client whose requests all fail does not take the function away from those whose succeed. */
static void one_client(void **state)
{
    struct ot_breaker *breaker = make(500, 20, 1000);
    struct ot_breaker_state read;

    (void)state;
    for (int i = 0; i < 200; i++) {
        request(breaker, 666, OT_OUTCOME_ERROR);
        if (i % 6 == 0) {
            request(breaker, 1, OT_OUTCOME_OK);
            request(breaker, 2, OT_OUTCOME_OK);
        }
    }
    ot_breaker_read(breaker, NOW, &read);
    assert_true(read.window_errors > 10);
    assert_false(read.open);
    /* now it fails for others too */
    request(breaker, 3, OT_OUTCOME_ERROR);
    assert_true(is_open(breaker, NOW));
    ot_breaker_free(breaker);
}

/* Half of all requests fail, to everybody alike. */
static void everybody(void **state)
{
    struct ot_breaker *breaker = make(500, 20, 1000);

    (void)state;
    for (uint64_t i = 0; i < 20; i++)
        request(breaker, i / 2, i % 2 == 0 ? OT_OUTCOME_ERROR : OT_OUTCOME_OK);
    assert_true(is_open(breaker, NOW));
    ot_breaker_free(breaker);
}

/* A large window is cut to 1,000, and clients that leave it make room for others. */
static void many_clients(void **state)
{
    struct ot_breaker *breaker = make(500, 10000, 1000);
    struct ot_breaker_state read;

    (void)state;
    for (uint64_t i = 0; i < 50000; i++)
        request(breaker, i * 1024, i % 5 == 0 ? OT_OUTCOME_ERROR : OT_OUTCOME_OK);
    ot_breaker_read(breaker, NOW, &read);
    assert_int_equal(read.window_count, 1000);
    assert_int_equal(read.window_errors, 200);
    assert_int_equal(read.invocations, 50000);
    for (uint64_t i = 0; i < 375; i++) {
        assert_false(is_open(breaker, NOW));
        request(breaker, i, OT_OUTCOME_ERROR);
    }
    assert_true(is_open(breaker, NOW)); /* 375 and a fifth of 625 are 500 */
    ot_breaker_free(breaker);
}

static void open_breaker(struct ot_breaker *breaker)
{
    while (!is_open(breaker, NOW))
        request(breaker, 1, OT_OUTCOME_ERROR);
}

static void probe_given_back(void **state)
{
    struct ot_breaker *breaker = make(500, 2, 100);

    (void)state;
    open_breaker(breaker);
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(admit(breaker, NOW + 100 + i), OT_PROBE);
        assert_int_equal(admit(breaker, NOW + 100 + i), OT_OPEN);
        assert_true(is_open(breaker, NOW + 100 + i));
        ot_breaker_record(breaker, OT_PROBE, OT_OUTCOME_UNKNOWN, 1, NOW + 100 + i);
        assert_false(is_open(breaker, NOW + 100 + i));
    }
    assert_int_equal(admit(breaker, NOW + 200), OT_PROBE);
    ot_breaker_record(breaker, OT_PROBE, OT_OUTCOME_OK, 1, NOW + 200);
    assert_int_equal(admit(breaker, NOW + 200), OT_ADMITTED);
    ot_breaker_free(breaker);
}

/* One that never ends is followed by another. */
static void probe_lost(void **state)
{
    struct ot_breaker *breaker = make(500, 2, 20000);

    (void)state;
    open_breaker(breaker);
    assert_int_equal(admit(breaker, NOW + 20000), OT_PROBE);
    assert_int_equal(admit(breaker, NOW + 39999), OT_OPEN);
    assert_int_equal(admit(breaker, NOW + 40000), OT_PROBE);
    assert_int_equal(admit(breaker, NOW + 40000), OT_OPEN);
    ot_breaker_record(breaker, OT_PROBE, OT_OUTCOME_OK, 1, NOW + 40001);
    assert_int_equal(admit(breaker, NOW + 40001), OT_ADMITTED);
    ot_breaker_record(breaker, OT_PROBE, OT_OUTCOME_ERROR, 1, NOW + 40002);
    assert_int_equal(admit(breaker, NOW + 40002), OT_ADMITTED);
    ot_breaker_free(breaker);
    /* however short the cooldown is, a probe has time */
    breaker = make(500, 2, 0);
    request(breaker, 1, OT_OUTCOME_ERROR);
    request(breaker, 1, OT_OUTCOME_ERROR);
    assert_int_equal(admit(breaker, NOW), OT_PROBE);
    assert_int_equal(admit(breaker, NOW + 9999), OT_OPEN);
    assert_int_equal(admit(breaker, NOW + 10000), OT_PROBE);
    ot_breaker_free(breaker);
}

/* What was admitted before it opened ends while it is open, or while one tries. */
static void late_outcomes(void **state)
{
    struct ot_breaker *breaker = make(500, 2, 100);
    struct ot_breaker_state read;

    (void)state;
    open_breaker(breaker);
    ot_breaker_record(breaker, OT_ADMITTED, OT_OUTCOME_OK, 1, NOW + 50);
    assert_int_equal(admit(breaker, NOW + 50), OT_OPEN);
    assert_int_equal(admit(breaker, NOW + 100), OT_PROBE);
    ot_breaker_record(breaker, OT_ADMITTED, OT_OUTCOME_OK, 1, NOW + 100);
    ot_breaker_record(breaker, OT_ADMITTED, OT_OUTCOME_ERROR, 1, NOW + 100);
    assert_int_equal(admit(breaker, NOW + 100), OT_OPEN);
    ot_breaker_read(breaker, NOW + 100, &read);
    assert_int_equal(read.invocations, 5);
    assert_int_equal(read.errors, 3);
    assert_int_equal(read.window_count, 2);
    ot_breaker_free(breaker);
}

static void recycle(void **state)
{
    struct ot_function_config config;
    struct ot_breaker *breaker;
    struct ot_breaker_state read;

    (void)state;
    ot_function_config_init(&config);
    config.max_requests = 3;
    breaker = ot_breaker_new(&config);
    for (uint64_t i = 1; i <= 4; i++) {
        request(breaker, 1, OT_OUTCOME_OK);
        ot_breaker_read(breaker, NOW, &read);
        assert_int_equal(read.invocations, i);
        assert_int_equal(read.recycle_recommended, i >= 3);
        assert_int_equal(read.opened_at_ms, 0);
    }
    ot_breaker_free(breaker);
    breaker = make(0, 2, 1);
    request(breaker, 1, OT_OUTCOME_OK);
    ot_breaker_read(breaker, NOW, &read);
    assert_false(read.recycle_recommended);
    ot_breaker_free(breaker);
}

/* -- threads ----------------------------------------------------------------------------------- */

#define THREADS 4
#define ROUNDS 500
#define REQUESTS 20000u

static struct ot_breaker *shared;
static pthread_barrier_t barrier;
static _Atomic unsigned probes, admitted;

/* Each round: all ask at the same time, one tries, and its error opens the next round. */
static void *race(void *argument)
{
    uint64_t now = NOW;

    (void)argument;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t retry_after_s;
        enum ot_admission admission;

        now += 20000;
        pthread_barrier_wait(&barrier);
        admission = ot_breaker_admit(shared, now, &retry_after_s);
        atomic_fetch_add(&probes, admission == OT_PROBE);
        atomic_fetch_add(&admitted, admission == OT_ADMITTED);
        pthread_barrier_wait(&barrier);
        if (admission == OT_PROBE)
            ot_breaker_record(shared, OT_PROBE, i % 2 == 0 ? OT_OUTCOME_ERROR : OT_OUTCOME_UNKNOWN,
                              1, now);
    }
    return NULL;
}

static void *send(void *argument)
{
    uint64_t client = *(unsigned *)argument;

    for (unsigned i = 0; i < REQUESTS; i++) {
        uint64_t retry_after_s;
        enum ot_admission admission = ot_breaker_admit(shared, NOW, &retry_after_s);

        atomic_fetch_add(&admitted, admission == OT_ADMITTED);
        ot_breaker_record(shared, admission, i % 4 == 0 ? OT_OUTCOME_ERROR : OT_OUTCOME_OK, client,
                          NOW);
    }
    return NULL;
}

static void run_threads(void *(*body)(void *))
{
    pthread_t ids[THREADS];
    unsigned numbers[THREADS];

    atomic_store(&probes, 0);
    atomic_store(&admitted, 0);
    for (unsigned i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&ids[i], NULL, body, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
}

static void single_probe(void **state)
{
    (void)state;
    shared = make(500, 2, 20000);
    open_breaker(shared);
    assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    run_threads(race);
    assert_int_equal(atomic_load(&probes), ROUNDS);
    assert_int_equal(atomic_load(&admitted), 0);
    pthread_barrier_destroy(&barrier);
    ot_breaker_free(shared);
}

static void totals(void **state)
{
    struct ot_breaker_state read;

    (void)state;
    shared = make(900, 1000, 1000);
    run_threads(send);
    ot_breaker_read(shared, NOW, &read);
    assert_int_equal(atomic_load(&admitted), THREADS * REQUESTS);
    assert_int_equal(read.invocations, THREADS * REQUESTS);
    assert_int_equal(read.errors, THREADS * REQUESTS / 4);
    assert_int_equal(read.window_count, 1000);
    ot_breaker_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boom),
        cmocka_unit_test(full_window),
        cmocka_unit_test(defaults),
        cmocka_unit_test(never),
        cmocka_unit_test(slides),
        cmocka_unit_test(one_client),
        cmocka_unit_test(everybody),
        cmocka_unit_test(many_clients),
        cmocka_unit_test(probe_given_back),
        cmocka_unit_test(probe_lost),
        cmocka_unit_test(late_outcomes),
        cmocka_unit_test(recycle),
        cmocka_unit_test(single_probe),
        cmocka_unit_test(totals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
