/*
 * A cell: some functions of one generation, and the engine process that runs them, behind a Unix
 * socket that nobody but this process can reach: its file is removed as soon as it is bound, and
 * connections go through a descriptor of ours. Connections that are made before the engine is up,
 * or while a new one replaces it, wait in the socket's backlog.
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

enum ot_cell_state {
    OT_CELL_IDLE, /* no process; starts when it is wanted */
    OT_CELL_STARTING,
    OT_CELL_READY,
    OT_CELL_BACKOFF,  /* failed to start or crashed; refuses until it may try again */
    OT_CELL_STOPPING, /* finishes its requests */
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
    OT_EXIT_MEMORY,            /* "memory": used too much, or all of the engine's heap */
    OT_EXIT_WEDGED,            /* "wedged": its functions did not give the CPU back */
};
const char *ot_cell_exit_name(enum ot_cell_exit why);

/*
 * When a cell whose process failed may start the next one. At once after the first end of one that
 * was ready; else after first_ms, doubled with each failure up to max_ms. A process that was ready
 * for good_life_ms makes the failures before it forgotten.
 */
struct ot_backoff {
    uint64_t first_ms, max_ms, good_life_ms;
};
#define OT_BACKOFF_DEFAULT ((struct ot_backoff){1000, 60000, 60000})

struct ot_cell;

/* What these point to must live as long as the cell, but for `name` and `functions`. */
struct ot_cell_options {
    const char *name;                /* the function's, or the group's */
    const struct ot_list *functions; /* of the payload; empty: all */
    bool direct;                     /* one function, reached without the router worker */
    bool keep_running;               /* once started, it starts again after every back-off; else
                                        when it is wanted again */
    const struct ot_payload *payload;
    const struct ot_list *env; /* names that the operator allows */
    const struct ot_engine_program *program;
    uint64_t start_timeout_ms, drain_ms;
    struct ot_cell_limits limits; /* of its process */
    struct ot_backoff backoff;
    uv_loop_t *loop;            /* the control thread's */
    struct ot_mailbox *control; /* into it */
    struct ot_log *log;         /* the control thread's: engine output goes there */
    struct ot_events *events;   /* of its processes; may be NULL */
    uint64_t generation;        /* for events */
    enum ot_log_format log_format;
    void (*changed)(struct ot_cell *cell, void *context); /* its state did; may be NULL */
    void *context;
};

/* Makes its socket; starts nothing. OT_FAILED. */
OT_MUST_USE int ot_cell_new(const struct ot_cell_options *options, struct ot_cell **out,
                            struct ot_error *err);
/* Starts it if it is idle. */
void ot_cell_start(struct ot_cell *cell);
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
    enum ot_cell_exit last_exit;
    uint64_t start_ms;       /* how long the last start took until it was ready */
    uint64_t age_ms;         /* of the process */
    uint64_t resident_bytes; /* not older than a second; 0: not known */
};
void ot_cell_report(struct ot_cell *cell, struct ot_cell_report *out);
