#include "gateway/metrics.h"

#include <stdlib.h>

static const uint64_t bounds[] = OT_LATENCY_BOUNDS;

_Static_assert(OT_COUNT(bounds) + 1 == OT_LATENCY_BUCKETS, "one bucket more than bounds");
/* Both kinds are summed up as arrays of counters. */
_Static_assert(sizeof(struct ot_function_counters) % sizeof(ot_counter) == 0, "counters only");
_Static_assert(sizeof(struct ot_thread_counters) % sizeof(ot_counter) == 0, "counters only");

void ot_counters_init(struct ot_counters *counters, size_t functions)
{
    counters->functions = ot_alloc(functions > 0 ? functions : 1, sizeof(*counters->functions));
    counters->function_count = functions;
}

void ot_counters_free(struct ot_counters *counters)
{
    free(counters->functions);
    *counters = (struct ot_counters){0};
}

void ot_counters_finish(struct ot_function_counters *counters, unsigned status,
                        uint64_t duration_us, uint64_t now_ms)
{
    unsigned class = status / 100;
    unsigned bucket = 0;

    ot_count(&counters->in_flight, UINT64_MAX); /* one less */
    ot_count(&counters->requests, 1);
    ot_count(&counters->classes[class < OT_COUNT(counters->classes) ? class : 5], 1);
    atomic_store_explicit(&counters->last_ms, now_ms, memory_order_relaxed);
    if (status == 0)
        return;
    if (status >= 500)
        ot_count(&counters->errors, 1);
    while (bucket < OT_COUNT(bounds) && duration_us > bounds[bucket])
        bucket++;
    ot_count(&counters->latency[bucket], 1);
    ot_count(&counters->latency_us, duration_us);
}

static void add(ot_counter *sum, const ot_counter *from, size_t size)
{
    for (size_t i = 0; i < size / sizeof(*sum); i++)
        ot_count(&sum[i], ot_count_read(&from[i]));
}

void ot_counters_add(struct ot_counters *sum, const struct ot_counters *from)
{
    for (size_t i = 0; i < sum->function_count && i < from->function_count; i++) {
        struct ot_function_counters *to = &sum->functions[i];
        uint64_t last_ms = ot_count_read(&to->last_ms);
        uint64_t from_last_ms;

        add(&to->requests, &from->functions[i].requests, sizeof(*to));
        from_last_ms = ot_count_read(&from->functions[i].last_ms);
        atomic_store_explicit(&to->last_ms, from_last_ms > last_ms ? from_last_ms : last_ms,
                              memory_order_relaxed);
    }
}

void ot_thread_counters_add(struct ot_thread_counters *sum, const struct ot_thread_counters *from)
{
    add(&sum->requests, &from->requests, sizeof(*sum));
}
