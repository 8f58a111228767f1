/*
 * Counters. Each thread has its own and is their only writer; a reader adds them up at any time.
 * Label sets are bounded: functions of the running generation, status classes, refusal reasons.
 */
#pragma once

#include "gateway/refusal.h"

#include <stdatomic.h>

/* Upper bounds of the latency histogram in microseconds; the last bucket has none. */
#define OT_LATENCY_BOUNDS                                                                          \
    {                                                                                              \
        500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000,      \
            5000000, 10000000, 30000000                                                            \
    }
#define OT_LATENCY_BUCKETS 16u

typedef _Atomic uint64_t ot_counter;

struct ot_function_counters {
    ot_counter requests;   /* that are over, whatever became of them: the sum of `classes` */
    ot_counter errors;     /* status from 500 */
    ot_counter classes[6]; /* by first digit of the status; 0: the client went away before one */
    ot_counter in_flight;
    ot_counter latency[OT_LATENCY_BUCKETS]; /* of those that were answered; not cumulative */
    ot_counter latency_us;                  /* their sum */
    ot_counter bytes_in, bytes_out;         /* bodies */
    ot_counter last_ms;                     /* wall clock of the last one */
};

/* Of one thread, for one generation: `functions` in the manifest's order. */
struct ot_counters {
    struct ot_function_counters *functions;
    size_t function_count;
};

/* Of one thread, for its whole life. */
struct ot_thread_counters {
    ot_counter requests, errors; /* all, those without a function too; errors: status from 500 */
    ot_counter client_errors;    /* 400 to 499 */
    ot_counter refused[OT_REFUSAL_COUNT];
    ot_counter connections, connections_open;
    ot_counter websockets_open;
    ot_counter upstream_opened, upstream_reused;
    ot_counter place_hits, place_misses; /* requests that found a place at once, or did not */
    ot_counter tokens_verified, tokens_cached;
};

/* Adds to a counter that only this thread writes: no locked instruction. */
static inline void ot_count(ot_counter *counter, uint64_t by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

static inline uint64_t ot_count_read(const ot_counter *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* All zero, for so many functions. */
void ot_counters_init(struct ot_counters *counters, size_t functions);
void ot_counters_free(struct ot_counters *counters);

/* A request of a function begins, on the thread that finishes it. */
static inline void ot_counters_begin(struct ot_function_counters *counters)
{
    ot_count(&counters->in_flight, 1);
}

/* It is over. `status` 0: the client went away before an answer. `now_ms`: wall clock. */
void ot_counters_finish(struct ot_function_counters *counters, unsigned status,
                        uint64_t duration_us, uint64_t now_ms);

/*
 * Adds what another thread has counted, for the same generation, to a sum that only the caller
 * writes. Each number is whole and never goes back; together they are those of no one moment.
 */
void ot_counters_add(struct ot_counters *sum, const struct ot_counters *from);
void ot_thread_counters_add(struct ot_thread_counters *sum, const struct ot_thread_counters *from);
