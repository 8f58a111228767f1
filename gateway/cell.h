/*
 * A cell: some functions of one generation, and the engine process that runs them, behind a Unix
 * socket that nobody but this process can reach: its file is removed as soon as it is bound, and
 * connections go through a descriptor of ours. Connections that are made before the engine is up,
 * or while a new one replaces it, wait in the socket's backlog. Cells that run the same functions
 * are a pool (gateway/pool.h).
 *
 * Cells belong to the control thread; what is marked so may be used by any thread.
 */
#pragma once

#include "engine/process.h"
#include "gateway/cell_limits.h"
#include "gateway/events.h"
#include "gateway/log.h"
#include "gateway/mailbox.h"

#include <stdatomic.h>

/* Upper bounds of the histogram of starts in milliseconds; the last bucket has none. */
#define OT_START_BOUNDS                                                                            \
    {                                                                                              \
        10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000                                  \
    }
#define OT_START_BUCKETS 12u

enum ot_cell_state {
    OT_CELL_IDLE, /* no process; starts when it is wanted */
    OT_CELL_STARTING,
    OT_CELL_READY,
    OT_CELL_BACKOFF,  /* failed to start or crashed; refuses until it may try again */
    OT_CELL_STOPPING, /* finishes its requests, and is idle or stopped then */
    OT_CELL_STOPPED,
};

/* Why a process ended. */
enum ot_cell_exit {
    OT_EXIT_NONE,              /* "none": it has not ended yet */
    OT_EXIT_CRASHED,           /* "crashed": unasked, by a signal or with another code than 0 */
    OT_EXIT_CLEAN,             /* "exited-clean": unasked, with code 0 */
    OT_EXIT_KILLED,            /* "killed": asked to stop, and did not in time */
    OT_EXIT_READINESS_TIMEOUT, /* "readiness-timeout" */
    OT_EXIT_START_FAILED,      /* "start-failed" */
    OT_EXIT_DRAINED,           /* "drained": stopped as it was asked to */
    OT_EXIT_IDLE,              /* "idle-stopped": nobody had called it for idleTimeout */
    OT_EXIT_EVICTED,           /* "evicted": another cell needed its place (--max-cells) */
    OT_EXIT_RECYCLED,          /* "recycled": after ttl or maxRequests */
    OT_EXIT_RESTARTED,         /* "restarted": somebody asked for it */
    OT_EXIT_MEMORY,            /* "memory": used too much, or all of the engine's heap */
    OT_EXIT_WEDGED,            /* "wedged": its functions did not give the CPU back */
    OT_EXIT_COUNT
};
const char *ot_cell_exit_name(enum ot_cell_exit why);

/*
 * When a cell whose process failed may start the next one. At once after the first end of one that
 * was ready; else after first_ms, doubled with each failure up to max_ms. With more than `budget`
 * failures (0: no such limit) it is max_ms at once, and it starts only when it is wanted. A process
 * that was ready for good_life_ms makes the failures before it forgotten.
 */
struct ot_backoff {
    uint64_t first_ms, max_ms, good_life_ms;
    unsigned budget;
};
#define OT_BACKOFF_DEFAULT ((struct ot_backoff){1000, 60000, 60000, 0})

struct ot_cell;
struct ot_places;

/* What the cells of all generations have in common; belongs to the control thread. */
struct ot_cell_counters {
    _Atomic uint64_t starts;
    _Atomic uint64_t exits[OT_EXIT_COUNT];
    _Atomic uint64_t start_ms[OT_START_BUCKETS]; /* of those that were ready; not cumulative */
    _Atomic uint64_t start_ms_sum;
    uint64_t load; /* of the control thread: gateway/cell_watch.h */
};

/* What these point to must live as long as the cell, but for `name` and `functions`. */
struct ot_cell_options {
    const char *name;                /* of the pool; "hello.2" for a second cell of "hello" */
    size_t index;                    /* in its generation's list of cells */
    const struct ot_list *functions; /* of the payload; empty: all */
    bool direct;                     /* one function, reached without the router worker */
    const struct ot_payload *payload;
    const struct ot_list *env; /* names that the operator allows */
    const struct ot_engine_program *program;
    uint64_t start_timeout_ms, drain_ms;
    struct ot_cell_limits limits; /* of its process */
    struct ot_backoff backoff;
    struct ot_places *places;          /* NULL: it may always start */
    struct ot_cell_counters *counters; /* may be NULL */
    uv_loop_t *loop;                   /* the control thread's */
    struct ot_mailbox *control;        /* into it */
    struct ot_log *log;                /* the control thread's: engine output goes there */
    struct ot_events *events;          /* of its processes; may be NULL */
    uint64_t generation;               /* for events */
    enum ot_log_format log_format;
    void (*changed)(struct ot_cell *cell, void *context); /* its state did; may be NULL */
    /* It takes requests, but has too much memory, and should be replaced; may be NULL. */
    void (*heavy)(struct ot_cell *cell, void *context);
    void *context;
};

/* Makes its socket; starts nothing. OT_FAILED. */
OT_MUST_USE int ot_cell_new(const struct ot_cell_options *options, struct ot_cell **out,
                            struct ot_error *err);
/* Starts it if it is idle. `ahead`: whether or not there is a place for it. */
void ot_cell_start(struct ot_cell *cell, bool ahead);
/* The place that it waited for (gateway/places.h) is there. */
void ot_cell_place_found(struct ot_cell *cell);
/*
 * Ends its process: it gets no more requests, finishes those that it has for at most drain_ms
 * (OT_DRAIN_LONG: however long they take; 0: they are cut off), and ends. The cell is idle then.
 * One that backs off forgets its failures and is idle. Nothing happens when it has no process, or
 * is being stopped.
 */
void ot_cell_end(struct ot_cell *cell, enum ot_cell_exit why, uint64_t drain_ms);
#define OT_DRAIN_LONG UINT64_MAX
/* The same with `drain_ms` 0 for one that has no request; false: it has, or takes none now. */
bool ot_cell_end_idle(struct ot_cell *cell, enum ot_cell_exit why);
/* Whether it is kept when it has nothing to do. */
void ot_cell_keep(struct ot_cell *cell, bool kept);
bool ot_cell_is_kept(const struct ot_cell *cell);
/* Whether it failed more often than its budget allows, and has not been well since. */
bool ot_cell_is_spent(const struct ot_cell *cell);
/* Lets it finish its requests for at most drain_ms and calls `stopped` once it has ended (at once
 * when there is no process); the cell may be freed in it. It never starts again. Connections that
 * its process has not taken are closed. */
void ot_cell_stop(struct ot_cell *cell, void (*stopped)(struct ot_cell *cell, void *context),
                  void *context);
/* Kills what still runs, waits for its end, closes everything and frees. No other thread may use
 * the cell any more, and what such have posted must be done: ot_cell_stop sees to the latter. */
void ot_cell_free(struct ot_cell *cell);

/* -- any thread -- */

enum ot_cell_answer {
    OT_CELL_CONNECT, /* connect now; if it is not up yet the connection waits */
    OT_CELL_REFUSED, /* `retry_after_s` is set */
};
/*
 * For each request, before it is sent on: starts an idle cell (once, however many ask at the same
 * time). Constant work, no lock when it is ready. `now_ms` is the monotonic clock. A connection
 * that was made and that no process comes to take is closed.
 */
enum ot_cell_answer ot_cell_want(struct ot_cell *cell, uint64_t now_ms, uint64_t *retry_after_s);
/*
 * A request for it: false when it takes none, or has `max_concurrency` (0: no limit) already.
 * `taken`: how many its process was given so far.
 */
bool ot_cell_take(struct ot_cell *cell, uint64_t max_concurrency, uint64_t *taken);
/* A request that it took is over. True when it was the last one that it had. */
bool ot_cell_give(struct ot_cell *cell, uint64_t now_ms);
/* A request that it took came to nothing. */
void ot_cell_count_error(struct ot_cell *cell);
/* It gets no more, but goes on with those that it has. */
void ot_cell_close(struct ot_cell *cell);
/* Whether it takes requests. */
bool ot_cell_is_open(const struct ot_cell *cell);
uint64_t ot_cell_in_flight(const struct ot_cell *cell);
/* Those that all of its processes were given. */
uint64_t ot_cell_requests(const struct ot_cell *cell);
uint64_t ot_cell_taken(const struct ot_cell *cell);
/* ot_now_ms of its process's readiness, and of the last end of a request. */
int64_t ot_cell_ready_at(const struct ot_cell *cell);
int64_t ot_cell_used_at(const struct ot_cell *cell);
/* When one that backs off may start again. */
int64_t ot_cell_retry_at(const struct ot_cell *cell);
/* Processes so far. */
uint64_t ot_cell_starts(const struct ot_cell *cell);
enum ot_cell_exit ot_cell_last_exit(const struct ot_cell *cell);
/* In its generation's list of cells. */
size_t ot_cell_index(const struct ot_cell *cell);

/* The path to connect to; lives as long as the cell. A full backlog is EAGAIN, not a wait. */
const char *ot_cell_path(const struct ot_cell *cell);
const char *ot_cell_name(const struct ot_cell *cell);
enum ot_cell_state ot_cell_state(const struct ot_cell *cell);
/* Whether its last process was stopped because it did not give the CPU back, for requests that were
 * cut off. */
bool ot_cell_was_wedged(const struct ot_cell *cell);

struct ot_cell_report {
    enum ot_cell_state state;
    pid_t pid;                    /* 0: none */
    uint64_t starts;              /* processes so far */
    uint64_t crashes;             /* those of them that ended as OT_EXIT_CRASHED */
    uint64_t over_memory, wedged; /* the same: OT_EXIT_MEMORY, OT_EXIT_WEDGED */
    uint64_t requests;            /* that it was given so far */
    uint64_t errors;              /* of them: answered with a status from 500 */
    uint64_t in_flight;           /* those that are not over */
    enum ot_cell_exit last_exit;
    uint64_t start_ms;       /* how long the last start took until it was ready */
    uint64_t age_ms;         /* of the process */
    uint64_t resident_bytes; /* not older than a second; 0: not known */
};
void ot_cell_report(struct ot_cell *cell, struct ot_cell_report *out);
