/*
 * One engine process of a cell, on the control thread's event loop: from its start to its end, with
 * what it writes going into the log.
 */
#pragma once

#include "gateway/cell.h"

struct ot_cell_process;

struct ot_cell_process_options {
    const char *name;                        /* the cell's; must live as long as the process */
    const struct ot_engine_program *program; /* only needed during the call */
    struct ot_engine_config *config; /* taken over, also on failure; freed once it is written */
    int listen_fd;
    const char *path; /* of its socket; must live as long as the process */
    struct ot_cell_limits limits;
    uint64_t *load; /* gateway/cell_watch.h */
    uint64_t start_timeout_ms;
    uv_loop_t *loop;
    struct ot_log *log;
    void (*ready)(void *context); /* it accepts connections */
    /* It has been above its memory limit for too long, as `text` says for people: it should be
     * replaced. Comes again as long as that lasts. */
    void (*heavy)(void *context, const char *text);
    /* It used too much, and is killed behind this call. */
    void (*exceeded)(void *context, enum ot_cell_exit why);
    /*
     * It has ended, `lived_ms` after it was ready (-1: it never was); `text` says how, for people.
     * The process frees itself behind this call.
     */
    void (*ended)(void *context, enum ot_cell_exit why, int64_t lived_ms, const char *text);
    void *context;
};

/* Starts it. The thread that calls this must not end before it: then the kernel kills it
 * (PR_SET_PDEATHSIG). OT_TOOL, OT_FAILED. */
OT_MUST_USE int ot_cell_process_start(const struct ot_cell_process_options *options,
                                      struct ot_cell_process **out, struct ot_error *err);
/* Lets it finish its requests for at most `drain_ms`; one that is not ready has none. `ended` is
 * called later, never from within. */
void ot_cell_process_stop(struct ot_cell_process *process, uint64_t drain_ms);
/* Kills it, waits for its end and frees, without a call to `ended`. */
void ot_cell_process_free(struct ot_cell_process *process);

pid_t ot_cell_process_pid(const struct ot_cell_process *process);
