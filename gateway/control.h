/*
 * The control thread's state, shared by the files that it consists of: gateway.c (from start to
 * end), listening.c, swap.c, stop.c, keys.c, certificate.c, operating.c,
 * warming.c. Everything here runs on
 * that thread, but what is marked.
 */
#pragma once

#include "base/listen.h"
#include "gateway/endpoints.h"
#include "gateway/gateway.h"
#include "gateway/ops.h"
#include "gateway/tls.h"
#include "gateway/watcher.h"

enum ot_control_phase {
    OT_PHASE_OPENING, /* nothing is served yet */
    OT_PHASE_SERVING,
    OT_PHASE_STOPPING, /* workers finish their requests */
    OT_PHASE_ENDING,   /* cells stop */
};

/* Where clients connect. */
struct ot_listening {
    struct ot_listen *items;
    int *fds;  /* of each, for the workers */
    bool *tls; /* the same: whether it is spoken there */
    size_t count;
    uv_poll_t *polls; /* of each, while new connections are turned away */
    bool polling;
};

/* The next generation on its way. */
struct ot_swap {
    uv_work_t work;
    bool running; /* from the request until it serves or has failed */
    bool again;   /* asked for while one was running */
    int64_t began_ms;
    uint64_t count; /* numbers given to generations */
    int done;       /* what source.open returned, and with what */
    struct ot_payload *payload;
    struct ot_acceptance *acceptance; /* of the payload and of `next` */
    struct ot_engine_program carried; /* by the payload */
    struct ot_error err;
    char *description;                  /* ", shop 1.4.0 sequence 7" */
    struct ot_generation *next;         /* waits for its cells */
    struct ot_acceptance *unremembered; /* of the first generation, until it has answered */
};

/* The key set's refresh. */
struct ot_keys {
    uv_work_t work;
    uv_timer_t timer;
    bool running;
    _Atomic bool wanted; /* posted already; any thread */
    int done;
    struct ot_error err;
};

/* The control socket, and who waits for what there. */
struct ot_operating {
    struct ot_ops *ops;                                 /* NULL: there is none */
    struct ot_list listening;                           /* what `ps` shows */
    struct ot_ops_client *stoppers[OT_OPS_CLIENTS_MAX]; /* who wait for the end */
    size_t stopper_count;
};

struct ot_control {
    const struct ot_gateway_options *options;
    enum ot_control_phase phase;
    uv_loop_t loop;
    struct ot_mailbox mailbox;
    struct ot_log *log;
    struct ot_events *events;
    uv_timer_t log_timer;
    uv_prepare_t log_prepare; /* looks whether something waits to be logged */
    uv_signal_t signals[3];
    struct ot_listening listening;
    struct ot_connections *connections;
    struct ot_places *places;         /* NULL: no limit */
    struct ot_endpoints endpoints;    /* has the current generation and the workers */
    struct ot_engine_program program; /* installed; not open before a payload needs it */
    struct ot_swap swap;
    struct ot_keys keys;
    struct ot_operating operating;
    struct ot_list recent;      /* functions that were called lately, the last one first */
    uv_timer_t *recent_timer;   /* NULL: that is not kept */
    struct ot_watcher *watcher; /* NULL: nothing is watched */
    struct ot_tls *tls;         /* NULL: no TLS */
    uv_timer_t tls_timer;
    uv_work_t join;
    int64_t stop_asked_ms;
    _Atomic bool cut_off;
    int result;
    struct ot_error *err; /* of the result */
};

/* A message of the gateway in its log's format. */
void ot_control_say(const struct ot_control *control, enum ot_log_level level, const char *format,
                    ...) OT_PRINTF(3, 4);
/* An event of the gateway, with the current generation; `text` may be NULL. */
void ot_control_tell(const struct ot_control *control, enum ot_event_kind kind, const char *text);
/* What is served: "shop 1.4.0 sequence 7", "unsigned". */
const char *ot_control_release(const struct ot_control *control);
/* The same for the service manager: `state` such as "READY=1", and a status for people. */
void ot_control_notify(const struct ot_control *control, const char *state, const char *status);
/* -- listening.c -- */

/* Addresses without opening them; OT_USAGE. */
OT_MUST_USE int ot_listening_parse(struct ot_listening *listening,
                                   const struct ot_gateway_options *options, struct ot_error *err);
/* Binds and listens on all of them. OT_CONFIG. */
OT_MUST_USE int ot_listening_open(struct ot_listening *listening, struct ot_error *err);
/* Nobody accepts any more: turns away who still comes, so that clients try elsewhere at once.
 * Sockets that were passed to us are left alone. */
void ot_listening_refuse(struct ot_listening *listening, uv_loop_t *loop);
void ot_listening_close(struct ot_listening *listening);
/* After the loop's last run. */
void ot_listening_free(struct ot_listening *listening);

/* -- swap.c -- */

/* Opens the source on another thread; what comes of it becomes the first or the next generation.
 * Remembered when one is on its way already. */
void ot_swap_begin(struct ot_control *control);
/* No generation comes any more, and nothing is remembered. */
void ot_swap_cancel(struct ot_control *control);

/* Starts the workers with the first generation. */
OT_MUST_USE int ot_control_serve(struct ot_control *control, struct ot_generation *generation,
                                 struct ot_error *err);

/* -- stop.c -- */

/* Nothing can be served, so it ends: keeps the error for ot_gateway_run and begins the end. */
void ot_control_fail(struct ot_control *control, const struct ot_error *err);

/* The first call lets requests finish, another one cuts them off. */
void ot_stop(struct ot_control *control);
/* Lets requests finish for so long from now; called again it only sets another end. */
void ot_stop_within(struct ot_control *control, uint64_t drain_ms);

/* -- keys.c -- */

void ot_keys_open(struct ot_control *control);
/* Refreshes the key set on a thread of its own; nothing when that is under way. */
void ot_keys_refresh(struct ot_control *control);
/* Any thread: for ot_worker_options. */
void ot_keys_wanted(void *control);
void ot_keys_close(struct ot_control *control);

/* -- operating.c -- */

/* Listens where the options say, once the addresses of the gateway are known. OT_CONFIG when a
 * socket that was asked for cannot be made; one that was not is done without. */
OT_MUST_USE int ot_operating_open(struct ot_control *control, struct ot_error *err);
/* Tells those who wait that the gateway has stopped, and closes. */
void ot_operating_close(struct ot_control *control);

/* -- warming.c -- */

/* Reads which functions were called before, and keeps it up to date. */
void ot_warming_open(struct ot_control *control);
/* From the generation that serves, for the next one. */
void ot_warming_note(struct ot_control *control);
/* The same, and keeps it for the next gateway; while there is a generation. */
void ot_warming_close(struct ot_control *control);

/* -- certificate.c -- */

/* Reads what --tls-cert and --tls-key name, if they do. OT_CONFIG. */
OT_MUST_USE int ot_certificate_open(struct ot_control *control, struct ot_error *err);
/* Reads them again from time to time. */
void ot_certificate_watch(struct ot_control *control);
/* Reads them again now; when they are not fit the log says so, and nothing changes. */
void ot_certificate_reload(struct ot_control *control);
void ot_certificate_close(struct ot_control *control);
