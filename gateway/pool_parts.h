/* A pool from inside: for pool.c and pool_queue.c alone. */
#pragma once

#include "gateway/places.h"
#include "gateway/pool.h"

#include <pthread.h>

/* In each process of a pool that may have more, and says no maxConcurrency: so many requests make
 * it busy. */
#define OT_POOL_BUSY 4u

struct ot_seat {
    _Atomic(struct ot_cell *) cell;
    struct ot_cell *replaces; /* ends when this one is ready */
    enum ot_cell_exit why;
};

struct ot_pool {
    struct ot_pool_options options;
    struct ot_pool_life life;
    struct ot_seat *seats; /* as many again as there may be processes: for those that finish */
    size_t seat_count;
    _Atomic size_t made;
    uv_timer_t *timer; /* until a process is old, or idle for too long; NULL: not needed yet */
    bool is_fresh;     /* each request has a process of its own */
    bool is_started;   /* processes are kept, or were wanted */
    bool settling, settle_again, ended;

    /* any thread */
    _Atomic int state;
    _Atomic bool woken;    /* the control thread will look at it */
    _Atomic bool may_grow; /* it could start one more */
    _Atomic bool draining;
    _Atomic uint64_t queued;
    pthread_mutex_t lock; /* of what follows, and of changes of `state` */
    struct ot_waiter *first, *last;
    int64_t retry_at;
};

/* pool.c: the control thread looks at it soon. */
void ot_pool_wake(struct ot_pool *pool);
/* The open cell with the fewest requests, fewer than its limit; NULL: none. */
struct ot_cell *ot_pool_least_loaded(const struct ot_pool *pool);
/* pool_queue.c: places for those in line, as far as there are any. */
void ot_pool_hand_out(struct ot_pool *pool);
/* Sets the state; when nothing can be started those in line are refused. */
void ot_pool_set_state(struct ot_pool *pool, enum ot_cell_state state, int64_t retry_at);
