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

struct ot_ps {
    char *state, *release;
    uint64_t pid, generation, age_ms, requests, errors, connections, cpu_ms, resident_bytes;
    struct ot_ps_cell *cells;
    size_t cell_count;
};

#define OT_AUTOPS OT_CLEANUP(ot_ps_free)
void ot_ps_free(struct ot_ps *ps);

/* Members that are not known are skipped. OT_FAILED. Free it also after an error. */
OT_MUST_USE int ot_ps_parse(struct ot_span line, struct ot_ps *out, struct ot_error *err);

/* Requests that functions have not answered yet. */
uint64_t ot_ps_in_flight(const struct ot_ps *ps);

/* One row for each cell; without `all` those that have never been started are only counted. */
void ot_ps_print(FILE *out, const struct ot_ps *ps, bool all);

/* "12s", "5m", "3h", "2d" */
void ot_ps_age(uint64_t ms, char out[24]);
