/*
 * What one process of a cell may use, and when it has used too much. Decisions only: no clock, no
 * file and no process is looked at here (gateway/cell_watch.h does).
 */
#pragma once

#include "verify/manifest.h"

struct ot_cell_limits {
    uint64_t memory_bytes; /* resident; 0: no limit */
    uint64_t cpu_ms;       /* CPU time without a turn of its event loop; 0: no limit */
    uint64_t silence_ms;   /* as long as its event loop may make no turn at all; 0: no limit */
};

/* From the functions of a cell to its limits; begins zeroed. */
struct ot_limit_sum {
    uint64_t memory_mb, cpu_ms, timeout_ms;
    bool no_memory, no_cpu, no_timeout; /* a function has no limit */
};
/* What `config` does not say is `memory_mb`, `cpu_ms` and `timeout_ms`, 0: no limit. */
void ot_limit_sum_add(struct ot_limit_sum *sum, const struct ot_function_config *config,
                      uint64_t memory_mb, uint64_t cpu_ms, uint64_t timeout_ms);
/*
 * Memory adds up; of times the longest applies, because nobody can tell which function of a process
 * uses its CPU. When one function has no limit, neither has the cell. Memory is 1.5 times memoryMB,
 * and 64 MiB for the engine itself.
 */
struct ot_cell_limits ot_limit_sum_end(const struct ot_limit_sum *sum);

/* -- memory -- */

/* So many looks in a row above the limit, of those that are so far apart, are too many. */
#define OT_MEMORY_SAMPLES 3u
#define OT_MEMORY_SAMPLE_MS 1000u

/* Of one process; zeroed at its start. */
struct ot_memory_watch {
    unsigned above;     /* samples in a row */
    uint64_t sample_at; /* when the next one counts */
};

/* One and a half times its limit: what it may never have more of. */
uint64_t ot_memory_most(const struct ot_cell_limits *limits);
enum ot_memory_verdict {
    OT_MEMORY_FINE,
    OT_MEMORY_ABOVE,    /* above its limit for too long; said again as long as that lasts */
    OT_MEMORY_TOO_MUCH, /* more than the most */
};
enum ot_memory_verdict ot_memory_judge(struct ot_memory_watch *watch,
                                       const struct ot_cell_limits *limits, uint64_t resident_bytes,
                                       uint64_t now_ms);
/*
 * In how many milliseconds to look again: before a process that allocates 2 GiB a second can have
 * reached the most that it may have, but no sooner than in 10 and no later than in
 * OT_MEMORY_SAMPLE_MS.
 */
uint64_t ot_memory_next_look(const struct ot_cell_limits *limits, uint64_t resident_bytes);

/* -- the event loop -- */

enum ot_silence {
    OT_SILENCE_FINE,
    OT_SILENCE_CPU,    /* more CPU time than cpuMs */
    OT_SILENCE_WEDGED, /* no turn of the event loop for as long as a request may take */
};

/*
 * A process that was asked for a turn of its event loop `silent_ms` ago and has made none, although
 * the thread that runs JavaScript has had `cpu_ms` of CPU time since. One that got hardly any (a
 * busy machine, a stopped process) is given four times as long.
 */
enum ot_silence ot_silence_judge(const struct ot_cell_limits *limits, uint64_t silent_ms,
                                 uint64_t cpu_ms);
/* How often, in milliseconds, to look: often enough for the precision that the limits need, at
 * least every 250 and at most every 10. */
uint64_t ot_silence_interval(const struct ot_cell_limits *limits);
/* Whether it keeps a processor busy: so much CPU time without a turn of its event loop (20 ms) that
 * others should not wait for it. */
bool ot_hogs(uint64_t cpu_us);
/* Whether one that uses so many thousandths of a processor should let those pass that use `others`
 * of them, all together: it has a quarter or more, and they have work. */
bool ot_is_busy(uint64_t own, uint64_t others);
/* Whether it is to be asked, after so much CPU time since a turn of its event loop (10 ms): one
 * that rests is not. */
bool ot_silence_asks(uint64_t cpu_us);
