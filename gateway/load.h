/*
 * How busy an engine process is: requests that it has now, and how many it was given, in one word
 * that every thread changes without a lock. It takes requests only while it is open.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef _Atomic uint64_t ot_load;

#define OT_LOAD_CLOSED (UINT64_C(1) << 63)
#define OT_LOAD_ONE_TAKEN (UINT64_C(1) << 24) /* the 39 bits from here on */
#define OT_LOAD_IN_FLIGHT (OT_LOAD_ONE_TAKEN - 1)

static inline uint64_t ot_load_in_flight(uint64_t load)
{
    return load & OT_LOAD_IN_FLIGHT;
}

/* Requests since it was opened. */
static inline uint64_t ot_load_taken(uint64_t load)
{
    return (load & ~OT_LOAD_CLOSED) / OT_LOAD_ONE_TAKEN;
}

static inline bool ot_load_is_open(uint64_t load)
{
    return (load & OT_LOAD_CLOSED) == 0;
}

/* One request more, if it is open and has fewer than `max` (0: no limit); `after` is what it has
 * then. */
static inline bool ot_load_take(ot_load *load, uint64_t max, uint64_t *after)
{
    uint64_t before = atomic_fetch_add(load, OT_LOAD_ONE_TAKEN + 1);

    *after = before + OT_LOAD_ONE_TAKEN + 1;
    if (ot_load_is_open(before) && (max == 0 || ot_load_in_flight(before) < max))
        return true;
    atomic_fetch_sub(load, OT_LOAD_ONE_TAKEN + 1);
    return false;
}

/* One is over; what is left. */
static inline uint64_t ot_load_give(ot_load *load)
{
    return atomic_fetch_sub(load, 1) - 1;
}

/* Takes no more. */
static inline uint64_t ot_load_close(ot_load *load)
{
    return atomic_fetch_or(load, OT_LOAD_CLOSED);
}

/* The same, but only if it is open and has none. */
static inline bool ot_load_close_idle(ot_load *load)
{
    uint64_t now = atomic_load(load);

    while (ot_load_is_open(now) && ot_load_in_flight(now) == 0) {
        if (atomic_compare_exchange_weak(load, &now, now | OT_LOAD_CLOSED))
            return true;
    }
    return false;
}

/* For a new process. Requests of the one before that are not given back yet still count. */
static inline void ot_load_open(ot_load *load)
{
    uint64_t now = atomic_load(load);

    while (!atomic_compare_exchange_weak(load, &now, ot_load_in_flight(now)))
        ;
}
