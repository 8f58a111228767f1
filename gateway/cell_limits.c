#include "gateway/cell_limits.h"

#define MEBIBYTE (UINT64_C(1) << 20)
#define ENGINE_MB 64u
#define MB_MAX (UINT64_C(1) << 32)
/* So much memory a process can have taken in a millisecond. */
#define GROWTH_PER_MS (2 * MEBIBYTE)
#define ASK_US 10000u
#define HOG_US 20000u
#define BUSY_THOUSANDTHS 250u
#define WORK_THOUSANDTHS 10u
#define LOOK_MIN_MS 10u
#define LOOK_MAX_MS 250u
#define STARVED_FACTOR 4u

static void take_longest(uint64_t *longest, bool *none, uint64_t value)
{
    *none = *none || value == 0;
    if (value > *longest)
        *longest = value;
}

void ot_limit_sum_add(struct ot_limit_sum *sum, const struct ot_function_config *config,
                      uint64_t memory_mb, uint64_t cpu_ms, uint64_t timeout_ms)
{
    uint64_t memory = config->memory_mb != OT_UNSET ? config->memory_mb : memory_mb;
    uint64_t timeout = config->timeout_ms != OT_UNSET ? config->timeout_ms : timeout_ms;
    uint64_t cpu = config->cpu_ms != OT_UNSET ? config->cpu_ms : cpu_ms;

    sum->no_memory = sum->no_memory || memory == 0;
    sum->memory_mb += memory;
    take_longest(&sum->cpu_ms, &sum->no_cpu, cpu);
    take_longest(&sum->timeout_ms, &sum->no_timeout, timeout);
}

struct ot_cell_limits ot_limit_sum_end(const struct ot_limit_sum *sum)
{
    struct ot_cell_limits limits = {.cpu_ms = sum->no_cpu ? 0 : sum->cpu_ms,
                                    .silence_ms = sum->no_timeout ? 0 : sum->timeout_ms};

    if (!sum->no_memory && sum->memory_mb > 0 && sum->memory_mb < MB_MAX)
        limits.memory_bytes = sum->memory_mb * MEBIBYTE * 3 / 2 + ENGINE_MB * MEBIBYTE;
    return limits;
}

uint64_t ot_memory_most(const struct ot_cell_limits *limits)
{
    return limits->memory_bytes * 3 / 2;
}

enum ot_memory_verdict ot_memory_judge(struct ot_memory_watch *watch,
                                       const struct ot_cell_limits *limits, uint64_t resident_bytes,
                                       uint64_t now_ms)
{
    if (limits->memory_bytes == 0)
        return OT_MEMORY_FINE;
    if (resident_bytes > ot_memory_most(limits))
        return OT_MEMORY_TOO_MUCH;
    if (resident_bytes <= limits->memory_bytes) {
        watch->above = 0;
        return OT_MEMORY_FINE;
    }
    if (watch->above > 0 && now_ms < watch->sample_at)
        return OT_MEMORY_FINE;
    watch->sample_at = now_ms + OT_MEMORY_SAMPLE_MS;
    return ++watch->above >= OT_MEMORY_SAMPLES ? OT_MEMORY_ABOVE : OT_MEMORY_FINE;
}

uint64_t ot_memory_next_look(const struct ot_cell_limits *limits, uint64_t resident_bytes)
{
    uint64_t most = ot_memory_most(limits);
    uint64_t ms = most > resident_bytes ? (most - resident_bytes) / GROWTH_PER_MS : 0;

    if (limits->memory_bytes == 0 || ms > OT_MEMORY_SAMPLE_MS)
        return OT_MEMORY_SAMPLE_MS;
    return ms > LOOK_MIN_MS ? ms : LOOK_MIN_MS;
}

bool ot_hogs(uint64_t cpu_us)
{
    return cpu_us >= HOG_US;
}

bool ot_is_busy(uint64_t own, uint64_t others)
{
    return own >= BUSY_THOUSANDTHS && others >= WORK_THOUSANDTHS;
}

bool ot_silence_asks(uint64_t cpu_us)
{
    return cpu_us >= ASK_US;
}

/* At least one percent of the time. */
static bool has_run(uint64_t passed_ms, uint64_t cpu_ms)
{
    return cpu_ms * 100 >= passed_ms;
}

enum ot_silence ot_silence_judge(const struct ot_cell_limits *limits, uint64_t silent_ms,
                                 uint64_t cpu_ms)
{
    if (limits->cpu_ms > 0 && cpu_ms > limits->cpu_ms)
        return OT_SILENCE_CPU;
    if (limits->silence_ms == 0 || silent_ms < limits->silence_ms)
        return OT_SILENCE_FINE;
    if (has_run(silent_ms, cpu_ms) || silent_ms / STARVED_FACTOR >= limits->silence_ms)
        return OT_SILENCE_WEDGED;
    return OT_SILENCE_FINE;
}

uint64_t ot_silence_interval(const struct ot_cell_limits *limits)
{
    uint64_t interval = LOOK_MAX_MS;

    if (limits->cpu_ms > 0 && limits->cpu_ms / 4 < interval)
        interval = limits->cpu_ms / 4;
    if (limits->silence_ms > 0 && limits->silence_ms / 8 < interval)
        interval = limits->silence_ms / 8;
    return interval > LOOK_MIN_MS ? interval : LOOK_MIN_MS;
}
