/*
 * One engine process: started with no privileges to gain, an environment of named variables only,
 * no descriptors but its own, and the end of its parent as its own end. It belongs to the caller's
 * poll loop:
 *
 *     ot_engine_start(&options, &engine, &err);
 *     while (ot_engine_state(engine) != OT_ENGINE_ENDED) {
 *         size_t count = ot_engine_poll(engine, fds);
 *         poll(fds, count, ot_engine_timeout(engine));
 *         if (ot_engine_handle(engine, fds, &err) < 0) ...
 *     }
 *
 * SIGPIPE must be ignored.
 */
#pragma once

#include "engine/engine.h"

#include <poll.h>

enum ot_engine_state {
    OT_ENGINE_LOADING,  /* its configuration is being written */
    OT_ENGINE_STARTING, /* it has all of it: the configuration and the payload can be freed */
    OT_ENGINE_READY,    /* it accepts connections */
    OT_ENGINE_ENDED,
};

struct ot_engine_options {
    const struct ot_engine_program *program;
    struct ot_engine_config *config; /* must live until the state is past OT_ENGINE_LOADING */
    int listen_fd;                   /* a listening stream socket; stays the caller's */
    int stdout_fd;                   /* becomes its standard output */
    int stderr_fd;                   /* its standard error is copied there once it is ready */
    /* Takes its standard error instead, from within the functions below; NULL: stderr_fd does. Must
     * take all that it is given. */
    void (*errors)(void *context, struct ot_span text);
    void *errors_context;
    uint64_t start_timeout_ms; /* from start to ready */
};

struct ot_engine;

/* The program and all else in `options` but the config is only needed during the call. */
OT_MUST_USE int ot_engine_start(const struct ot_engine_options *options, struct ot_engine **out,
                                struct ot_error *err);

/* Kills it if it runs, waits for its end and frees. */
void ot_engine_free(struct ot_engine *engine);

#define OT_AUTOENGINE OT_CLEANUP(ot_engine_cleanup)
void ot_engine_cleanup(struct ot_engine **engine);

/* What to poll for; returns how many of `fds` are in use, always the same slots. */
#define OT_ENGINE_FDS 5u
/* The slot of its standard error; as long as it is not polled the engine waits with its log. */
#define OT_ENGINE_ERRORS 2u
/* The slot that tells of its end. */
#define OT_ENGINE_END 3u
size_t ot_engine_poll(const struct ot_engine *engine, struct pollfd fds[OT_ENGINE_FDS]);
/* Milliseconds to wait at most; -1: for ever. */
int ot_engine_timeout(const struct ot_engine *engine);
/*
 * Does what poll found, or what is due. -1 when it could not be started: it ended, or was not ready
 * in time, or what it said made no sense (then it was killed). OT_CONFIG for a date or flag that
 * the engine refuses, else OT_TOOL with its last lines. An end after it was ready is no error here.
 */
OT_MUST_USE int ot_engine_handle(struct ot_engine *engine, const struct pollfd fds[OT_ENGINE_FDS],
                                 struct ot_error *err);

enum ot_engine_state ot_engine_state(const struct ot_engine *engine);
/* 0 once it has ended. */
pid_t ot_engine_pid(const struct ot_engine *engine);
/* As waitpid gives it; only once it has ended. */
int ot_engine_status(const struct ot_engine *engine);

/*
 * Asks it to finish: it answers the requests that it has, accepts no more, and ends with code 0
 * (measured; open streams and WebSockets hold it as long as they last, a busy loop for ever, so the
 * caller needs a deadline and ot_engine_kill).
 */
void ot_engine_stop(struct ot_engine *engine);
void ot_engine_kill(struct ot_engine *engine);
