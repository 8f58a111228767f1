/*
 * A gateway thread: one event loop with its share of the connections, its own connections to the
 * cells, its own token cache, counters and log. Threads share nothing but the generation, the
 * limiter and the key set.
 */
#pragma once

#include "gateway/connections.h"
#include "gateway/generation.h"
#include "gateway/metrics.h"
#include "gateway/refusal.h"
#include "gateway/settings.h"

struct ot_worker;
struct ot_tls;

struct ot_endpoint_answer {
    unsigned status;
    enum ot_refusal refusal;  /* for the log and the counters; OT_REFUSAL_NONE: it is none */
    const char *content_type; /* static */
    struct ot_buf headers; /* further header lines, each with its CRLF; cleared before the call */
    struct ot_buf body;    /* cleared before the call; not sent for HEAD */
};

/* What the pointers lead to must live as long as the worker. */
struct ot_worker_options {
    const struct ot_settings *settings;
    /* Listening, non-blocking sockets; stay the caller's; all threads accept. */
    const int *listeners;
    const bool *listener_tls; /* of each: whether TLS is spoken there; NULL: on all of them */
    size_t listener_count;
    struct ot_tls *tls;               /* NULL: no TLS */
    struct ot_generation *generation; /* a reference of its own is taken */
    int log_fd;
    /*
     * Answers what is not a function's: "/", "/health", "/metrics", "/1tube/...". Called on this
     * thread. False: not such a path, so it is 404. The answer is copied before it returns.
     */
    bool (*endpoint)(void *context, struct ot_worker *worker, const struct ot_request *request,
                     struct ot_span path, struct ot_endpoint_answer *answer);
    void *endpoint_context;
    /* A token asks for a key that is not there, or the keys are old; any thread. */
    void (*want_keys)(void *context);
    struct ot_connections *connections; /* of all threads together */
    const _Atomic bool *draining; /* while it is set no function is called; NULL: it never is */
};

/* Starts the thread; it accepts from now on. */
OT_MUST_USE int ot_worker_start(const struct ot_worker_options *options, struct ot_worker **out,
                                struct ot_error *err);

/* -- any thread; each returns at once -- */

/* New requests go to this generation (a reference is taken); the one before is released when its
 * last request here is over, or when drain_ms has passed. */
void ot_worker_adopt(struct ot_worker *worker, struct ot_generation *generation);
/* The key set changed: requests that wait for it go on. */
void ot_worker_keys_changed(struct ot_worker *worker);
/* Accept no more, close idle connections, answer `Connection: close` (HTTP/2: GOAWAY), and end when
 * the last request is over, or after `drain_ms`: then what is left is cut off. Called again it only
 * sets another deadline. */
void ot_worker_stop(struct ot_worker *worker, uint64_t drain_ms);

/* Waits for the thread's end, once. True when nothing had to be cut off. Until it is freed the
 * worker may still be told and asked everything. */
bool ot_worker_join(struct ot_worker *worker);
/* After ot_worker_join. */
void ot_worker_free(struct ot_worker *worker);

/* -- any thread -- */
const struct ot_thread_counters *ot_worker_counters(const struct ot_worker *worker);
/* Adds what this thread has counted for the functions of `generation` to `sum` (as many entries).
 */
void ot_worker_add_counters(const struct ot_worker *worker, const struct ot_generation *generation,
                            struct ot_counters *sum);
uint64_t ot_worker_log_dropped(const struct ot_worker *worker);
