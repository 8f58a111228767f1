/* What `ps` of a gateway answers, read and shown as a table. */
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>

struct ot_ps_cell {
    char *name, *state, *last_exit;
    uint64_t pid; /* 0: none */
    uint64_t requests, errors, in_flight, cpu_ms, resident_bytes, age_ms, starts;
};

/* How many engines were ready within so many milliseconds; 0: it took longer than all others. */
struct ot_ps_starts {
    uint64_t at_most_ms, count;
};
#define OT_PS_STARTS_MAX 32u

struct ot_ps {
    char *state, *release;
    uint64_t pid, generation, age_ms, requests, errors, in_flight, connections, cpu_ms;
    uint64_t resident_bytes;
    uint64_t hits, misses, queued, starts, evictions; /* of places in engines */
    struct ot_ps_starts start_times[OT_PS_STARTS_MAX];
    size_t start_time_count;
    struct ot_ps_cell *cells;
    size_t cell_count;
};

#define OT_AUTOPS OT_CLEANUP(ot_ps_free)
void ot_ps_free(struct ot_ps *ps);

/* Members that are not known are skipped. OT_FAILED. Free it also after an error. */
OT_MUST_USE int ot_ps_parse(struct ot_span line, struct ot_ps *out, struct ot_error *err);

/* Engine processes that run. */
size_t ot_ps_running(const struct ot_ps *ps);

/* The lines about the gateway and its pool, above the table. */
void ot_ps_print_gateway(FILE *out, const struct ot_ps *ps);
/* One row for each cell; without `all` those that have never been started are only counted. */
void ot_ps_print(FILE *out, const struct ot_ps *ps, bool all);

/* "12s", "5m", "3h", "2d" */
void ot_ps_age(uint64_t ms, char out[24]);
