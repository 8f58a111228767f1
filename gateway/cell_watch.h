/*
 * Looks after one engine process that is ready: how much memory it has (more than the most that it
 * may have the kernel refuses), and whether its event loop still turns. The latter is asked with a
 * connection that says nothing and ends at once: an engine that turns closes it within a
 * millisecond, however busy its functions are with waiting, and without running any of their code;
 * one whose JavaScript never gives way does not. Only an engine that uses CPU time is asked.
 *
 * On the control thread.
 */
#pragma once

#include "gateway/cell_limits.h"

#include <sys/types.h>
#include <uv.h>

enum ot_cell_excess {
    OT_EXCESS_NONE,
    OT_EXCESS_HEAVY,  /* above its memory limit for too long */
    OT_EXCESS_MEMORY, /* more than the most that it may have */
    OT_EXCESS_CPU,
    OT_EXCESS_WEDGED,
};

struct ot_cell_watch;

struct ot_cell_watch_options {
    pid_t pid;
    const char *path; /* of its socket; must live as long as this */
    struct ot_cell_limits limits;
    uint64_t *load; /* of all cells together, in thousandths of a processor; NULL: it is alone */
    uv_loop_t *loop;
    /* `text` says what it did: "used 300 MiB of memory, and may use 240". The last call, but for
     * OT_EXCESS_HEAVY, which comes every second while that lasts. */
    void (*exceeded)(void *context, enum ot_cell_excess excess, const char *text);
    void *context;
};

/* NULL when nothing is limited. */
struct ot_cell_watch *ot_cell_watch_new(const struct ot_cell_watch_options *options);
/* It was told to finish and accepts no more, so from now on its memory alone counts. NULL is fine.
 */
void ot_cell_watch_draining(struct ot_cell_watch *watch);
/* NULL is fine. Not from within `exceeded`. */
void ot_cell_watch_free(struct ot_cell_watch *watch);
