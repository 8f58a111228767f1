#include "gateway/cell_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void launch(struct ot_cell *cell, bool ahead);

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
        ot_cell_start(cell, false);
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

static void leave_place(struct ot_cell *cell)
{
    if (cell->options.places != NULL)
        ot_places_leave(cell->options.places, &cell->place);
}

/* It may be one that can go for another. */
static void look_at_places(const struct ot_cell *cell)
{
    if (cell->options.places != NULL)
        ot_places_look(cell->options.places);
}

/* It has no request any more. */
static void finish_process(struct ot_cell *cell)
{
    if (cell->signalled)
        return;
    cell->signalled = true;
    watch_waiting(cell, true); /* not before: who has a place may still connect */
    uv_timer_stop(cell->timer);
    ot_cell_process_stop(cell->process, cell->options.drain_ms);
}

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

static void count_start(struct ot_cell *cell, uint64_t ms)
{
    static const uint64_t bounds[] = OT_START_BOUNDS;
    struct ot_cell_counters *counters = cell->options.counters;
    size_t bucket = 0;

    _Static_assert(OT_COUNT(bounds) + 1 == OT_START_BUCKETS, "one bucket more than bounds");
    if (counters == NULL)
        return;
    while (bucket < OT_COUNT(bounds) && ms > bounds[bucket])
        bucket++;
    counters->start_ms[bucket]++;
    counters->start_ms_sum += ms;
}

static void count_exit(struct ot_cell *cell, enum ot_cell_exit why)
{
    cell->last_exit = why;
    cell->crashes += why == OT_EXIT_CRASHED;
    cell->over_memory += why == OT_EXIT_MEMORY;
    cell->wedged += why == OT_EXIT_WEDGED;
    if (cell->options.counters != NULL)
        cell->options.counters->exits[why]++;
}

static void on_ready(void *context)
{
    struct ot_cell *cell = context;

    int64_t now = ot_now_ms();

    cell->start_ms = (uint64_t)(now - cell->start_at);
    cell->ready_at = cell->used_at = now;
    cell->was_wedged = false;
    count_start(cell, cell->start_ms);
    tell(cell, (struct ot_event){.kind = OT_EVENT_READY, .pid = cell->pid, .ms = cell->start_ms},
         NULL);
    cell->state = OT_CELL_READY;
    ot_load_open(&cell->load);
    set_state(cell, OT_CELL_READY);
    look_at_places(cell); /* those it was started for may have gone */
}

/* Its process is about to be killed: those whose requests it has are told why, and others go
 * elsewhere. */
static void on_exceeded(void *context, enum ot_cell_exit why)
{
    struct ot_cell *cell = context;

    cell->was_wedged = why == OT_EXIT_WEDGED;
    ot_load_close(&cell->load);
}

static void on_heavy(void *context, const char *text)
{
    struct ot_cell *cell = context;

    if (cell->state != OT_CELL_READY || !ot_cell_is_open(cell) || cell->options.heavy == NULL)
        return; /* it ends anyway */
    say(cell, OT_LEVEL_WARNING, "the engine %s (another one takes its place)", text);
    cell->options.heavy(cell, cell->options.context);
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
    return delay < backoff->max_ms && !ot_cell_is_spent(cell) ? delay : backoff->max_ms;
}

static void on_timer(uv_timer_t *timer)
{
    struct ot_cell *cell = timer->data;

    if (cell->state == OT_CELL_BACKOFF)
        set_state(cell, OT_CELL_IDLE);
    else if (cell->process != NULL && cell->asked != OT_EXIT_NONE)
        ot_cell_process_stop(cell->process, 0); /* its requests took too long */
}

static void set_timer(struct ot_cell *cell, uint64_t milliseconds)
{
    uv_update_time(cell->options.loop); /* else it is early by the age of the loop's clock */
    uv_timer_start(cell->timer, on_timer, milliseconds, 0);
}

static void back_off(struct ot_cell *cell, uint64_t delay)
{
    cell->retry_at = ot_now_ms() + (int64_t)delay;
    set_state(cell, OT_CELL_BACKOFF);
    watch_waiting(cell, true);
    set_timer(cell, delay);
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

static const char *when_wanted(const struct ot_cell *cell)
{
    return ot_cell_is_spent(cell) ? ", when it is wanted: it failed too often" : "";
}

static void fail_start(struct ot_cell *cell, const char *text)
{
    uint64_t delay = next_delay(cell, -1);

    say(cell, OT_LEVEL_ERROR, "it does not start (next try in %.1f s%s): %s", (double)delay / 1000,
        when_wanted(cell), text);
    back_off(cell, delay);
}

/* It failed: starts it again, at once or later. */
static void recover(struct ot_cell *cell, int64_t lived_ms, const char *text)
{
    uint64_t delay = next_delay(cell, lived_ms);

    if (delay > 0) {
        say(cell, OT_LEVEL_ERROR, "the engine %s (next start in %.1f s%s)", text,
            (double)delay / 1000, when_wanted(cell));
        back_off(cell, delay);
    } else {
        say(cell, OT_LEVEL_ERROR, "the engine %s (it is started again)", text);
        cell->state = OT_CELL_STARTING;
        launch(cell, true);
    }
}

static void on_ended(void *context, enum ot_cell_exit why, int64_t lived_ms, const char *text)
{
    struct ot_cell *cell = context;
    enum ot_cell_exit asked = cell->asked;
    bool in_order = why == OT_EXIT_DRAINED || why == OT_EXIT_KILLED;

    if (asked != OT_EXIT_NONE && in_order)
        why = asked;
    tell_exit(cell, cell->pid, why, text);
    cell->process = NULL;
    cell->pid = 0;
    cell->asked = OT_EXIT_NONE;
    cell->served += ot_load_taken(ot_load_close(&cell->load));
    atomic_fetch_and(&cell->load, OT_LOAD_CLOSED | OT_LOAD_IN_FLIGHT);
    count_exit(cell, why);
    uv_timer_stop(cell->timer);
    leave_place(cell);
    if (cell->stopped != NULL) {
        if (lived_ms >= 0 && why != OT_EXIT_DRAINED)
            say(cell, OT_LEVEL_WARNING, "its requests were cut off: the engine %s", text);
        end_stop(cell);
    } else if (asked != OT_EXIT_NONE) {
        if (!in_order)
            say(cell, OT_LEVEL_ERROR, "it was being replaced, but the engine %s", text);
        watch_waiting(cell, true);
        set_state(cell, OT_CELL_IDLE);
    } else if (lived_ms < 0) {
        fail_start(cell, text);
    } else {
        recover(cell, lived_ms, text);
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
    struct ot_cell_process_options process = {
        .name = cell->name,
        .program = options->program,
        .listen_fd = cell->socket.listen_fd,
        .path = cell->socket.path,
        .limits = options->limits,
        .load = options->counters != NULL ? &options->counters->load : NULL,
        .start_timeout_ms = options->start_timeout_ms,
        .loop = options->loop,
        .log = options->log,
        .ready = on_ready,
        .heavy = on_heavy,
        .exceeded = on_exceeded,
        .ended = on_ended,
        .context = cell};

    if (ot_engine_config_make(options->payload, &plan, &process.config, err) < 0)
        return -1;
    return ot_cell_process_start(&process, &cell->process, err);
}

/* Its state is OT_CELL_STARTING, and it has no process. */
void ot_cell_place_found(struct ot_cell *cell)
{
    struct ot_error err = {0};

    watch_waiting(cell, false);
    cell->starts++;
    if (cell->options.counters != NULL)
        cell->options.counters->starts++;
    cell->start_at = ot_now_ms();
    if (start_process(cell, &err) < 0) {
        count_exit(cell, OT_EXIT_START_FAILED);
        tell_exit(cell, 0, OT_EXIT_START_FAILED, err.message);
        leave_place(cell);
        fail_start(cell, err.message);
        return;
    }
    cell->started_at = cell->start_at;
    cell->resident_at = 0;
    cell->signalled = false;
    cell->pid = ot_cell_process_pid(cell->process);
    tell(cell, (struct ot_event){.kind = OT_EVENT_START, .pid = cell->pid}, NULL);
    set_state(cell, OT_CELL_STARTING);
}

static void launch(struct ot_cell *cell, bool ahead)
{
    if (cell->options.places == NULL ||
        ot_places_enter(cell->options.places, &cell->place, cell, ahead))
        ot_cell_place_found(cell);
}

void ot_cell_start_wanted(void *context, void *argument)
{
    struct ot_cell *cell = argument;

    (void)context;
    if (cell->state == OT_CELL_STOPPING)
        end_stop(cell);
    else
        launch(cell, false);
}

void ot_cell_start(struct ot_cell *cell, bool ahead)
{
    if (take_idle(cell))
        launch(cell, ahead);
}

/* -- its end -- */

/* What a request that is just over may call for; `argument` has none now. */
static void on_idle(void *context, void *argument)
{
    struct ot_cell *cell = argument;

    (void)context;
    if (cell->asked != OT_EXIT_NONE && ot_cell_in_flight(cell) == 0)
        finish_process(cell);
    look_at_places(cell);
}

void ot_cell_tell_idle(struct ot_cell *cell)
{
    (void)ot_mailbox_post(cell->options.control, on_idle, cell);
}

void ot_cell_end(struct ot_cell *cell, enum ot_cell_exit why, uint64_t drain_ms)
{
    if (cell->state == OT_CELL_BACKOFF) {
        cell->failures = 0;
        uv_timer_stop(cell->timer);
        set_state(cell, OT_CELL_IDLE);
        return;
    }
    if (cell->process == NULL || cell->stopped != NULL)
        return;
    cell->asked = why;
    cell->state = OT_CELL_STOPPING;
    ot_load_close(&cell->load);
    if (drain_ms == 0)
        ot_cell_process_stop(cell->process, 0);
    else if (ot_cell_in_flight(cell) == 0)
        finish_process(cell);
    else if (drain_ms != OT_DRAIN_LONG)
        set_timer(cell, drain_ms);
    set_state(cell, OT_CELL_STOPPING);
}

bool ot_cell_end_idle(struct ot_cell *cell, enum ot_cell_exit why)
{
    if (cell->state != OT_CELL_READY || !ot_load_close_idle(&cell->load))
        return false;
    ot_cell_end(cell, why, OT_DRAIN_LONG);
    return true;
}

void ot_cell_stop(struct ot_cell *cell, void (*stopped)(struct ot_cell *cell, void *context),
                  void *context)
{
    int before = atomic_exchange(&cell->state, OT_CELL_STOPPING);
    bool waits = cell->place.state == OT_PLACE_WAITS;

    cell->stopped = stopped;
    cell->stopped_context = context;
    uv_timer_stop(cell->timer);
    ot_load_close(&cell->load);
    if (cell->process != NULL) {
        cell->asked = OT_EXIT_NONE;
        watch_waiting(cell, true);
        ot_cell_process_stop(cell->process, cell->options.drain_ms);
        set_state(cell, OT_CELL_STOPPING);
        return;
    }
    if (waits)
        leave_place(cell);
    if (before != OT_CELL_STARTING || waits) /* else it was wanted, and that is still to come */
        end_stop(cell);
}

/* -- making and freeing -- */

int ot_cell_new(const struct ot_cell_options *options, struct ot_cell **out, struct ot_error *err)
{
    struct ot_cell *cell = ot_alloc(1, sizeof(*cell));
    int failed;

    cell->options = *options;
    cell->load = OT_LOAD_CLOSED;
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
    leave_place(cell);
    if (cell->timer != NULL)
        uv_close((uv_handle_t *)cell->timer, free_handle);
    close_listener(cell);
    ot_cell_socket_close(&cell->socket);
    ot_list_free(&cell->functions);
    free(cell->name);
    free(cell);
}
