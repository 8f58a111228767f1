/* Stays with the engine from its start to its end: readiness, signals, draining. */
#pragma once

#include "base/listen.h"
#include "engine/process.h"

struct ot_watch {
    struct ot_engine *engine;
    struct ot_listen *listen;
    uint64_t drain_ms;
    int signals;                     /* signalfd of SIGTERM and SIGINT, which must be blocked */
    void (*stopping)(void *context); /* told once, when the first signal comes */
    void (*loaded)(void *context);   /* told once, when the engine has all of its configuration */
    void *context;
};

/* Until the engine is ready: 1, or 0 when a signal came before (then it was killed), or -1 when it
 * could not start. */
OT_MUST_USE int ot_watch_start(struct ot_watch *watch, struct ot_error *err);

/*
 * Until the engine has ended. On the first signal nothing new is accepted and the engine finishes
 * what it has, at most `drain_ms`; a second signal ends it at once. 0: it finished after a signal.
 * OT_FAILED: it was cut off; OT_TOOL: it ended by itself.
 */
OT_MUST_USE int ot_watch_run(struct ot_watch *watch, struct ot_error *err);
