/*
 * Connections to cells. Those that are idle wait in their cell's pool, the last one used on top, so
 * that the engine sees few connections that are all in use; one that it closes is noticed at once.
 */
#pragma once

#include "gateway/cell.h"
#include "gateway/http1_body.h"
#include "gateway/wire.h"

struct ot_exchange;
struct ot_upstream;
struct ot_worker;

struct ot_upstream_pool {
    struct ot_worker *worker; /* NULL: it was not used yet */
    struct ot_cell *cell;
    struct ot_upstream *idle; /* doubly linked, the last one used first */
    size_t idle_count;
    uint64_t starts; /* of the cell: they lead to this process of it */
};

/* More idle ones are closed. */
#define OT_UPSTREAM_IDLE_MAX 256u
/* An idle one is closed after so many milliseconds: before the engine does it (after 5 s at the
 * earliest), so that a request hardly ever meets a connection that is being closed. */
#define OT_UPSTREAM_IDLE_MS 4000u

struct ot_upstream {
    struct ot_wire wire;
    struct ot_upstream_pool *pool;
    struct ot_upstream *next, *previous; /* while idle */
    struct ot_exchange *exchange;        /* NULL: idle */
    uint64_t idle_since;                 /* of the loop's clock */
    bool reused;                         /* it has carried an exchange before */
    bool keep_alive;                     /* as far as its answer says */
    struct ot_http1_body body;           /* of the answer */
    struct ot_buf partial;               /* an answer's head that has not come whole */
};

/* What an exchange gets to know of its connection. */
struct ot_upstream_events {
    void (*readable)(struct ot_exchange *exchange);
    void (*drained)(struct ot_exchange *exchange);
    void (*broken)(struct ot_exchange *exchange); /* nothing more can be sent */
};
extern const struct ot_upstream_events ot_exchange_upstream_events;

/* An idle connection, or with `fresh` or when there is none a new one. NULL: none could be made now
 * (errno: EAGAIN when the engine's backlog is full). */
struct ot_upstream *ot_upstream_take(struct ot_upstream_pool *pool, struct ot_exchange *exchange,
                                     bool fresh);
/* Back into the pool. */
void ot_upstream_release(struct ot_upstream *upstream);
/* The engine aborts what it still does for it (measured: it sees that nobody reads any more). */
void ot_upstream_close(struct ot_upstream *upstream);
/* Closes those that have been idle since `since` or longer; returns how many stay. */
size_t ot_upstream_sweep(struct ot_upstream_pool *pool, uint64_t since);
