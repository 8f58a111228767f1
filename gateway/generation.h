/*
 * One verified payload being served: its functions, found by name, and their cells. Immutable after
 * ot_generation_new, but for what has its own locks, and counted: every thread that may still send
 * it requests holds a reference, and so does the control thread while it is the current one.
 */
#pragma once

#include "gateway/breaker.h"
#include "gateway/placement.h"

struct ot_pending_receipt;

struct ot_served_function {
    struct ot_span name;
    size_t index; /* in the manifest, and in ot_counters */
    const struct ot_function_config *config;
    struct ot_pool *pool;
    struct ot_breaker *breaker;
    uint64_t timeout_ms;  /* its own, or the gateway's; 0: none */
    uint64_t rpm;         /* its own, or the gateway's; 0: exempt */
    _Atomic bool awaited; /* its first answer is to be noted (ot_generation_answered) */
};

struct ot_generation;

/* What these point to must live as long as the generation. */
struct ot_generation_options {
    const struct ot_settings *settings;
    const struct ot_list *env; /* names that the operator allows; "*": all of the manifest */
    const struct ot_engine_program *program; /* used unless `carried` is open */
    struct ot_engine_program *carried;       /* of the payload; taken over if open; may be NULL */
    enum ot_isolation isolation;
    uint64_t start_timeout_ms;
    struct ot_backoff backoff;
    struct ot_places *places;          /* NULL: no limit */
    struct ot_cell_counters *counters; /* may be NULL */
    /* Start every cell now, not only those with a function that is `warm` or has min_replicas; a
     * few at a time. */
    bool warm;
    bool notes_answers; /* the first one of each function, for ot_generation_booted */
    /* Functions that were called before, the last one first: in this order cells start now. Only
     * needed during the call; may be NULL. */
    const struct ot_list *recent;
    /* A cell's state did; on the control thread; may be NULL. */
    void (*changed)(struct ot_generation *generation, void *context);
    void *context;
    uv_loop_t *loop;
    struct ot_mailbox *control;
    struct ot_log *log;
    struct ot_events *events; /* may be NULL */
    uint64_t number;          /* 1, 2, 3 ... */
};

/* Takes the payload over, also when it fails, as it does with `carried`. On the control thread. */
OT_MUST_USE int ot_generation_new(struct ot_payload *payload,
                                  const struct ot_generation_options *options,
                                  struct ot_generation **out, struct ot_error *err);

/* Any thread. The last release lets its cells finish and frees it on the control thread, whose
 * mailbox must not be closed before (ot_generations_wait). */
struct ot_generation *ot_generation_hold(struct ot_generation *generation);
void ot_generation_release(struct ot_generation *generation);

/* On the control thread: see ot_pool_drain. */
void ot_generation_drain(struct ot_generation *generation, bool draining);

/* Any thread; constant work. NULL when there is no such function. */
struct ot_served_function *ot_generation_find(const struct ot_generation *generation,
                                              struct ot_span name);

/* With `notes_answers`, on the control thread: the boot's receipt was appended, and what answers
 * follows it. Taken over; NULL is fine. */
void ot_generation_booted(struct ot_generation *generation, struct ot_pending_receipt *receipt);
/* Any thread that holds it: a function of it answered a request. */
void ot_generation_answered(struct ot_generation *generation, struct ot_served_function *function,
                            unsigned status);

const struct ot_manifest *ot_generation_manifest(const struct ot_generation *generation);
uint64_t ot_generation_number(const struct ot_generation *generation);
size_t ot_generation_functions(const struct ot_generation *generation,
                               struct ot_served_function **first);
size_t ot_generation_pools(const struct ot_generation *generation, struct ot_pool *const **first);
/* Those that were made so far; there may be more later, but never more than the most. */
size_t ot_generation_cells(const struct ot_generation *generation, struct ot_cell *const **first);
size_t ot_generation_most_cells(const struct ot_generation *generation);
/* The functions that were called in it, the last one first (one for each cell), and behind them
 * those that it was made with. On the control thread. */
void ot_generation_recent(const struct ot_generation *generation, struct ot_list *out);
/* Any thread. Whether every pool that was asked to start is ready; `failed` is set when one of them
 * could not start and waits for its next try. */
bool ot_generation_ready(const struct ot_generation *generation, bool *failed);
/* How many generations exist in this process; for the end of the program and for tests. */
unsigned ot_generations_alive(void);
/* Calls `gone` on the control thread when the last one was freed, at once if there is none. */
void ot_generations_wait(void (*gone)(void *context), void *context);
