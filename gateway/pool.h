/*
 * A pool: the cells that run the same functions, one engine process each. A request takes a place
 * in the process that has the fewest, or waits in line for one; processes are started when they are
 * wanted, further ones when all are busy, and they end when they are old, used up or idle.
 *
 * Pools belong to the control thread; what is marked so may be used by any thread.
 */
#pragma once

#include "gateway/cell.h"
#include "verify/manifest.h"

/* How its processes live. */
struct ot_pool_life {
    uint64_t replicas;        /* the most of them, 1 to OT_REPLICAS_MAX */
    uint64_t kept;            /* so many are always there, at most `replicas` */
    uint64_t max_concurrency; /* requests of one at the same time; 0: no limit */
    uint64_t max_requests;    /* one that had so many is replaced; 0: never */
    uint64_t ttl_ms;          /* one that is so old is replaced; 0: each request has its own;
                                 OT_UNSET: never */
    uint64_t idle_ms;         /* one that has nothing to do for so long is stopped; 0: never */
    uint64_t max_queue;       /* requests that may wait for a place */
};

struct ot_pool;

/* What these point to must live as long as the pool. */
struct ot_pool_options {
    const char *name;
    struct ot_pool_life life;
    /* Makes a further cell; NULL: it cannot. Cells are not the pool's: they are stopped and freed
     * without it, when it has ended. */
    struct ot_cell *(*make)(void *context, struct ot_pool *pool, const char *name);
    void *context;
    uv_loop_t *loop;
    struct ot_mailbox *control;
    struct ot_places *places; /* NULL: as many as they like */
};

/* NULL when its first cell cannot be made. */
OT_MUST_USE struct ot_pool *ot_pool_new(const struct ot_pool_options *options);
/* Starts nothing any more. */
void ot_pool_end(struct ot_pool *pool);
/* After ot_pool_end, when its cells were freed. */
void ot_pool_free(struct ot_pool *pool);

/* Starts one ahead, and as many as are kept. */
void ot_pool_start(struct ot_pool *pool);
/* A cell's state is another one. */
void ot_pool_changed(struct ot_pool *pool, struct ot_cell *cell);
/* Another process takes the place of this one, which finishes its requests and ends: `why`. */
void ot_pool_replace(struct ot_pool *pool, struct ot_cell *cell, enum ot_cell_exit why);
/* Another process takes the place of each, and of one that failed as soon as it is wanted: what
 * went wrong before is forgotten. */
void ot_pool_restart(struct ot_pool *pool);
/* While it drains no process is kept, and each ends when it has finished its requests; one starts
 * only for requests that stand in line already. */
void ot_pool_drain(struct ot_pool *pool, bool draining);

/* -- any thread -- */

const char *ot_pool_name(const struct ot_pool *pool);
const struct ot_pool_life *ot_pool_life(const struct ot_pool *pool);
/* OT_CELL_READY as soon as one cell is; OT_CELL_BACKOFF when none can be. */
enum ot_cell_state ot_pool_state(const struct ot_pool *pool);
uint64_t ot_pool_queued(const struct ot_pool *pool);
/* Its cells so far; the first is there from the beginning. NULL: no such one. */
struct ot_cell *ot_pool_cell(const struct ot_pool *pool, size_t number);

enum ot_pool_answer {
    OT_POOL_TAKEN,   /* a place in a process that is ready */
    OT_POOL_WAIT,    /* there is none now: ot_pool_wait */
    OT_POOL_REFUSED, /* it cannot be started before `retry_after_s` have passed */
    OT_POOL_FULL,    /* too many wait already */
};

/* Constant work for a pool of one cell, and no lock. Each place that was taken is given back. */
enum ot_pool_answer ot_pool_take(struct ot_pool *pool, struct ot_cell **cell);
void ot_pool_give(struct ot_pool *pool, struct ot_cell *cell, uint64_t now_ms);

/* A request in line. */
struct ot_waiter {
    struct ot_waiter *next, *previous;
    struct ot_pool *pool;
    struct ot_mailbox *mailbox; /* of the thread that waits */
    /* On that thread, unless it was forgotten: what came of it. The waiter is freed behind it. */
    void (*told)(void *context, enum ot_pool_answer answer, struct ot_cell *cell,
                 uint64_t retry_after_s);
    void *context;
    struct ot_cell *cell;
    enum ot_pool_answer answer;
    uint64_t retry_after_s;
    bool queued;
};

/*
 * Takes a place after all, or stands in line for one (OT_POOL_WAIT, with `waiter`, until it is told
 * or ot_waiter_forget); the first to come is the first to be served. Else `waiter` is NULL.
 */
enum ot_pool_answer ot_pool_wait(struct ot_pool *pool, struct ot_mailbox *mailbox,
                                 void (*told)(void *context, enum ot_pool_answer answer,
                                              struct ot_cell *cell, uint64_t retry_after_s),
                                 void *context, struct ot_waiter **waiter, struct ot_cell **cell,
                                 uint64_t *retry_after_s);
/* On the thread that waits. What it may have got is given back. */
void ot_waiter_forget(struct ot_waiter *waiter);
