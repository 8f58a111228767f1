#include "gateway/cell.h"

#include "base/text.h"
#include "gateway/cell_process.h"
#include "gateway/cell_socket.h"
#include "gateway/usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often a process's memory is looked at. */
#define RESIDENT_MS 1000

struct ot_cell {
    struct ot_cell_options options;
    char *name;
    struct ot_list functions;
    struct ot_cell_socket socket;
    struct ot_cell_process *process; /* NULL: none runs */
    uv_timer_t *timer;               /* ends a back-off */
    uv_poll_t *waiting;              /* connections that no process takes */
    int64_t start_at;                /* of the process; ot_now_ms */
    unsigned failures;
    void (*stopped)(struct ot_cell *cell, void *context);
    void *stopped_context;

    /* read by any thread */
    _Atomic int state; /* leaves OT_CELL_IDLE for OT_CELL_STARTING in any thread */
    _Atomic int64_t retry_at;
    _Atomic pid_t pid;
    _Atomic uint64_t starts, crashes, over_memory, wedged, start_ms;
    _Atomic bool was_wedged;
    _Atomic int last_exit;
    _Atomic int64_t started_at;
    _Atomic int64_t resident_at;
    _Atomic uint64_t resident_bytes;
};

static void launch(struct ot_cell *cell);

const char *ot_cell_exit_name(enum ot_cell_exit why)
{
    static const char *const names[] = {
        [OT_EXIT_NONE] = "none",
        [OT_EXIT_CRASHED] = "crashed",
        [OT_EXIT_CLEAN] = "exited-clean",
        [OT_EXIT_KILLED] = "killed",
        [OT_EXIT_READINESS_TIMEOUT] = "readiness-timeout",
        [OT_EXIT_START_FAILED] = "start-failed",
        [OT_EXIT_DRAINED] = "drained",
        [OT_EXIT_MEMORY] = "memory",
        [OT_EXIT_WEDGED] = "wedged",
    };

    return names[why];
}

static void set_state(struct ot_cell *cell, enum ot_cell_state state)
{
    cell->state = state;
    if (cell->options.changed != NULL)
        cell->options.changed(cell, cell->options.context);
}

static bool take_idle(struct ot_cell *cell)
{
    int idle = OT_CELL_IDLE;

    return atomic_compare_exchange_strong(&cell->state, &idle, OT_CELL_STARTING);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

/* -- connections that no process takes -- */

static void on_waiting(uv_poll_t *poll, int status, int events)
{
    struct ot_cell *cell = poll->data;

    (void)status;
    (void)events;
    if (cell->state == OT_CELL_IDLE)
        ot_cell_start(cell);
    else
        ot_cell_socket_refuse(&cell->socket);
}

/*
 * While there is no process to take them, connections of those who were told to connect just before
 * it ended are closed (or, when it may start again, start it): none waits for ever.
 */
static void watch_waiting(struct ot_cell *cell, bool watch)
{
    if (watch)
        uv_poll_start(cell->waiting, UV_READABLE, on_waiting);
    else
        uv_poll_stop(cell->waiting);
}

/* -- start, end, and start again -- */

static void say(const struct ot_cell *cell, enum ot_log_level level, const char *format, ...)
    OT_PRINTF(3, 4);

static void say(const struct ot_cell *cell, enum ot_log_level level, const char *format, ...)
{
    char text[OT_ERROR_MAX];
    va_list args;
    int len = snprintf(text, sizeof(text), "cell %s: ", cell->name);

    va_start(args, format);
    vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
    va_end(args);
    ot_log_message(cell->options.log_format, level, text);
}

static void tell(const struct ot_cell *cell, struct ot_event event, const char *text)
{
    event.generation = cell->options.generation;
    ot_events_add(cell->options.events, event, cell->name, text);
}

static void tell_exit(const struct ot_cell *cell, pid_t pid, enum ot_cell_exit why,
                      const char *text)
{
    tell(cell,
         (struct ot_event){.kind = OT_EVENT_EXIT, .pid = pid, .reason = ot_cell_exit_name(why)},
         text);
}

static void on_ready(void *context)
{
    struct ot_cell *cell = context;

    cell->start_ms = (uint64_t)(ot_now_ms() - cell->start_at);
    cell->was_wedged = false;
    tell(cell, (struct ot_event){.kind = OT_EVENT_READY, .pid = cell->pid, .ms = cell->start_ms},
         NULL);
    set_state(cell, OT_CELL_READY);
}

/* Its process is about to be killed: those whose requests it has are told why. */
static void on_exceeded(void *context, enum ot_cell_exit why)
{
    struct ot_cell *cell = context;

    cell->was_wedged = why == OT_EXIT_WEDGED;
}

/* Milliseconds until the next start, after a process that was ready for `lived_ms` (-1: never). */
static uint64_t next_delay(struct ot_cell *cell, int64_t lived_ms)
{
    const struct ot_backoff *backoff = &cell->options.backoff;
    uint64_t delay = backoff->first_ms;

    if (lived_ms >= 0 && (uint64_t)lived_ms >= backoff->good_life_ms)
        cell->failures = 0;
    /* only what has worked before is tried again at once */
    if (cell->failures == 0 && lived_ms < 0)
        cell->failures = 1;
    for (unsigned i = 1; i < cell->failures && delay < backoff->max_ms; i++)
        delay *= 2;
    if (cell->failures++ == 0)
        return 0;
    return delay < backoff->max_ms ? delay : backoff->max_ms;
}

static void on_backoff_over(uv_timer_t *timer)
{
    struct ot_cell *cell = timer->data;

    if (cell->options.keep_running) {
        cell->state = OT_CELL_STARTING;
        launch(cell);
    } else {
        set_state(cell, OT_CELL_IDLE);
    }
}

static void back_off(struct ot_cell *cell, uint64_t delay)
{
    cell->retry_at = ot_now_ms() + (int64_t)delay;
    set_state(cell, OT_CELL_BACKOFF);
    watch_waiting(cell, true);
    uv_update_time(cell->options.loop); /* else it is early by the age of the loop's clock */
    uv_timer_start(cell->timer, on_backoff_over, delay, 0);
}

/* Nobody listens any more. The path stays ours, so that it never leads to somebody else. */
static void close_listener(struct ot_cell *cell)
{
    if (cell->waiting != NULL)
        uv_close((uv_handle_t *)OT_STEAL(cell->waiting), free_handle);
    ot_autoclose(&cell->socket.listen_fd);
}

static void end_stop(struct ot_cell *cell)
{
    close_listener(cell);
    set_state(cell, OT_CELL_STOPPED);
    cell->stopped(cell, cell->stopped_context);
}

static void fail_start(struct ot_cell *cell, const char *text)
{
    uint64_t delay = next_delay(cell, -1);

    say(cell, OT_LEVEL_ERROR, "it does not start (next try in %.1f s): %s", (double)delay / 1000,
        text);
    back_off(cell, delay);
}

static void on_ended(void *context, enum ot_cell_exit why, int64_t lived_ms, const char *text)
{
    struct ot_cell *cell = context;
    uint64_t delay;

    tell_exit(cell, cell->pid, why, text);
    cell->process = NULL;
    cell->pid = 0;
    cell->last_exit = why;
    cell->crashes += why == OT_EXIT_CRASHED;
    cell->over_memory += why == OT_EXIT_MEMORY;
    cell->wedged += why == OT_EXIT_WEDGED;
    if (cell->state == OT_CELL_STOPPING) {
        if (lived_ms >= 0 && why != OT_EXIT_DRAINED)
            say(cell, OT_LEVEL_WARNING, "its requests were cut off: the engine %s", text);
        end_stop(cell);
    } else if (lived_ms < 0) {
        fail_start(cell, text);
    } else {
        delay = next_delay(cell, lived_ms);
        if (delay > 0) {
            say(cell, OT_LEVEL_ERROR, "the engine %s (next start in %.1f s)", text,
                (double)delay / 1000);
            back_off(cell, delay);
        } else {
            say(cell, OT_LEVEL_ERROR, "the engine %s (it is started again)", text);
            cell->state = OT_CELL_STARTING;
            launch(cell);
        }
    }
}

static int start_process(struct ot_cell *cell, struct ot_error *err)
{
    const struct ot_cell_options *options = &cell->options;
    const struct ot_engine_plan plan = {.functions = &cell->functions,
                                        .route_prefix = "",
                                        .env = options->env,
                                        .trust_identity_headers = true,
                                        .trust_proto = true,
                                        .direct = options->direct};
    struct ot_cell_process_options process = {.name = cell->name,
                                              .program = options->program,
                                              .listen_fd = cell->socket.listen_fd,
                                              .path = cell->socket.path,
                                              .limits = options->limits,
                                              .start_timeout_ms = options->start_timeout_ms,
                                              .loop = options->loop,
                                              .log = options->log,
                                              .ready = on_ready,
                                              .exceeded = on_exceeded,
                                              .ended = on_ended,
                                              .context = cell};

    if (ot_engine_config_make(options->payload, &plan, &process.config, err) < 0)
        return -1;
    return ot_cell_process_start(&process, &cell->process, err);
}

/* Its state is OT_CELL_STARTING, and it has no process. */
static void launch(struct ot_cell *cell)
{
    struct ot_error err = {0};

    watch_waiting(cell, false);
    cell->starts++;
    cell->start_at = ot_now_ms();
    if (start_process(cell, &err) < 0) {
        cell->last_exit = OT_EXIT_START_FAILED;
        tell_exit(cell, 0, OT_EXIT_START_FAILED, err.message);
        fail_start(cell, err.message);
        return;
    }
    cell->started_at = cell->start_at;
    cell->resident_at = 0;
    cell->pid = ot_cell_process_pid(cell->process);
    tell(cell, (struct ot_event){.kind = OT_EVENT_START, .pid = cell->pid}, NULL);
    set_state(cell, OT_CELL_STARTING);
}

/* Somebody wanted it. */
static void on_wanted(void *context, void *argument)
{
    struct ot_cell *cell = argument;

    (void)context;
    if (cell->state == OT_CELL_STOPPING)
        end_stop(cell);
    else
        launch(cell);
}

void ot_cell_start(struct ot_cell *cell)
{
    if (take_idle(cell))
        launch(cell);
}

void ot_cell_stop(struct ot_cell *cell, void (*stopped)(struct ot_cell *cell, void *context),
                  void *context)
{
    int before = atomic_exchange(&cell->state, OT_CELL_STOPPING);

    cell->stopped = stopped;
    cell->stopped_context = context;
    uv_timer_stop(cell->timer);
    if (cell->process != NULL) {
        watch_waiting(cell, true);
        ot_cell_process_stop(cell->process, cell->options.drain_ms);
        set_state(cell, OT_CELL_STOPPING);
    } else if (before != OT_CELL_STARTING) { /* else it was wanted, and on_wanted comes */
        end_stop(cell);
    }
}

/* -- making and freeing -- */

int ot_cell_new(const struct ot_cell_options *options, struct ot_cell **out, struct ot_error *err)
{
    struct ot_cell *cell = ot_alloc(1, sizeof(*cell));
    int failed;

    cell->options = *options;
    cell->name = ot_strdup(options->name);
    cell->options.name = cell->name;
    for (size_t i = 0; options->functions != NULL && i < options->functions->count; i++)
        ot_list_add(&cell->functions, options->functions->items[i]);
    cell->options.functions = &cell->functions;
    if (ot_cell_socket_open(&cell->socket, OT_PROC_FDS, err) < 0) {
        ot_error_prefix(err, "cell %s", cell->name);
        ot_cell_free(cell);
        return -1;
    }
    cell->waiting = ot_alloc(1, sizeof(*cell->waiting));
    failed = uv_poll_init(options->loop, cell->waiting, cell->socket.listen_fd);
    if (failed != 0) {
        free(OT_STEAL(cell->waiting));
        ot_cell_free(cell);
        return ot_fail(err, OT_FAILED, "cell %s: event loop: %s", options->name,
                       uv_strerror(failed));
    }
    cell->waiting->data = cell;
    cell->timer = ot_alloc(1, sizeof(*cell->timer));
    uv_timer_init(options->loop, cell->timer);
    cell->timer->data = cell;
    *out = cell;
    return 0;
}

void ot_cell_free(struct ot_cell *cell)
{
    if (cell == NULL)
        return;
    ot_cell_process_free(cell->process);
    if (cell->timer != NULL)
        uv_close((uv_handle_t *)cell->timer, free_handle);
    close_listener(cell);
    ot_cell_socket_close(&cell->socket);
    ot_list_free(&cell->functions);
    free(cell->name);
    free(cell);
}

/* -- any thread -- */

static enum ot_cell_answer refuse(const struct ot_cell *cell, uint64_t now_ms,
                                  uint64_t *retry_after_s)
{
    int64_t left = cell->retry_at - (int64_t)now_ms;

    *retry_after_s = left > 1000 ? ((uint64_t)left + 999) / 1000 : 1;
    return OT_CELL_REFUSED;
}

enum ot_cell_answer ot_cell_want(struct ot_cell *cell, uint64_t now_ms, uint64_t *retry_after_s)
{
    int state = atomic_load_explicit(&cell->state, memory_order_acquire);

    if (state == OT_CELL_READY || state == OT_CELL_STARTING)
        return OT_CELL_CONNECT;
    if (state != OT_CELL_IDLE)
        return refuse(cell, now_ms, retry_after_s);
    if (!take_idle(cell))
        return ot_cell_want(cell, now_ms, retry_after_s);
    if (ot_mailbox_post(cell->options.control, on_wanted, cell) < 0) {
        cell->state = OT_CELL_IDLE;
        return refuse(cell, now_ms, retry_after_s);
    }
    return OT_CELL_CONNECT;
}

const char *ot_cell_path(const struct ot_cell *cell)
{
    return cell->socket.path;
}

const char *ot_cell_name(const struct ot_cell *cell)
{
    return cell->name;
}

enum ot_cell_state ot_cell_state(const struct ot_cell *cell)
{
    return (enum ot_cell_state)cell->state;
}

bool ot_cell_was_wedged(const struct ot_cell *cell)
{
    return cell->was_wedged;
}

void ot_cell_report(struct ot_cell *cell, struct ot_cell_report *out)
{
    int64_t now = ot_now_ms();
    int64_t seen = cell->resident_at;

    *out = (struct ot_cell_report){.state = ot_cell_state(cell),
                                   .pid = cell->pid,
                                   .starts = cell->starts,
                                   .crashes = cell->crashes,
                                   .over_memory = cell->over_memory,
                                   .wedged = cell->wedged,
                                   .last_exit = (enum ot_cell_exit)cell->last_exit,
                                   .start_ms = cell->start_ms};
    if (out->pid == 0)
        return;
    out->age_ms = (uint64_t)(now - cell->started_at);
    if ((seen == 0 || now - seen >= RESIDENT_MS) &&
        atomic_compare_exchange_strong(&cell->resident_at, &seen, now))
        cell->resident_bytes = ot_usage_resident_bytes(out->pid);
    out->resident_bytes = cell->resident_bytes;
}
