/* A cell from inside: for cell.c and cell_report.c alone. */
#pragma once

#include "gateway/cell.h"
#include "gateway/cell_process.h"
#include "gateway/cell_socket.h"
#include "gateway/load.h"
#include "gateway/places.h"

struct ot_cell {
    struct ot_cell_options options;
    char *name;
    struct ot_list functions;
    struct ot_cell_socket socket;
    struct ot_cell_process *process; /* NULL: none runs */
    struct ot_place place;
    uv_timer_t *timer;       /* ends a back-off, or cuts requests off */
    uv_poll_t *waiting;      /* connections that no process takes */
    int64_t start_at;        /* of the process; ot_now_ms */
    enum ot_cell_exit asked; /* why its process is to end; OT_EXIT_NONE: it is not, or for good */
    bool signalled;          /* and it was told so */
    bool kept;
    unsigned failures;
    void (*stopped)(struct ot_cell *cell, void *context);
    void *stopped_context;

    /* read by any thread */
    _Atomic int state; /* leaves OT_CELL_IDLE for OT_CELL_STARTING in any thread */
    ot_load load;      /* open while it is ready */
    _Atomic int64_t used_at, ready_at;
    _Atomic int64_t retry_at;
    _Atomic pid_t pid;
    _Atomic uint64_t starts, crashes, over_memory, wedged, start_ms;
    _Atomic bool was_wedged;
    _Atomic uint64_t errors;
    _Atomic uint64_t served; /* by the processes before */
    _Atomic int last_exit;
    _Atomic int64_t started_at;
    _Atomic int64_t resident_at;
    _Atomic uint64_t resident_bytes;
};

/* cell.c: for a mailbox; its state became OT_CELL_STARTING because somebody wanted it. */
void ot_cell_start_wanted(void *context, void *argument);
/* Any thread: the last of its requests is over. */
void ot_cell_tell_idle(struct ot_cell *cell);
