#include "gateway/gateway.h"

#include "base/notify.h"
#include "base/process.h"
#include "gateway/cell_socket.h"
#include "gateway/control.h"
#include "gateway/places.h"
#include "gateway/slice.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOG_DELAY_MS 50
#define WATCH_QUIET_MS 200
#define DEFAULT_THREADS 4u
#define EVENTS_KEPT 1024u

void ot_control_say(const struct ot_control *control, enum ot_log_level level, const char *format,
                    ...)
{
    char text[OT_ERROR_MAX + 256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ot_log_message(control->options->settings->log_format, level, text);
}

void ot_control_tell(const struct ot_control *control, enum ot_event_kind kind, const char *text)
{
    const struct ot_generation *current = control->endpoints.current;

    ot_events_add(
        control->events,
        (struct ot_event){.kind = kind,
                          .generation = current != NULL ? ot_generation_number(current) : 0},
        NULL, text);
}

const char *ot_control_release(const struct ot_control *control)
{
    const char *description = control->swap.description;

    return *description == ',' ? description + strlen(", ") : description;
}

void ot_control_notify(const struct ot_control *control, const char *state, const char *status)
{
    OT_AUTOBUF struct ot_buf message = {0};
    struct ot_error err;

    ot_buf_printf(&message, "%s\nMAINPID=%d\nSTATUS=%s", state, (int)getpid(), status);
    if (ot_notify(ot_buf_span(&message), &err) < 0)
        ot_control_say(control, OT_LEVEL_WARNING, "%s", err.message);
}

/* -- the log -- */

static void on_log_timer(uv_timer_t *timer)
{
    struct ot_control *control = timer->data;

    ot_log_flush(control->log);
}

/* Before the loop sleeps: what was said meanwhile is written soon. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct ot_control *control = prepare->data;

    if (ot_log_pending(control->log) && !uv_is_active((uv_handle_t *)&control->log_timer))
        uv_timer_start(&control->log_timer, on_log_timer, LOG_DELAY_MS, 0);
}

static void open_log(struct ot_control *control)
{
    control->log = ot_log_new(STDOUT_FILENO, control->options->settings->log_format);
    uv_timer_init(&control->loop, &control->log_timer);
    uv_prepare_init(&control->loop, &control->log_prepare);
    control->log_timer.data = control;
    control->log_prepare.data = control;
    uv_prepare_start(&control->log_prepare, on_prepare);
}

/* -- signals and changes -- */

static void reload(struct ot_control *control)
{
    OT_AUTOBUF struct ot_buf state = {0};

    if (control->phase != OT_PHASE_SERVING)
        return;
    /* sd_notify(3): the time tells this reload from one before */
    ot_buf_puts(&state, "RELOADING=1\nMONOTONIC_USEC=");
    ot_buf_uint(&state, uv_hrtime() / 1000);
    ot_control_notify(control, state.data, "opening the next payload");
    ot_keys_refresh(control);
    ot_certificate_reload(control);
    ot_swap_begin(control);
}

static void on_signal(uv_signal_t *handle, int number)
{
    if (number == SIGHUP)
        reload(handle->data);
    else
        ot_stop(handle->data);
}

static void open_signals(struct ot_control *control)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

    _Static_assert(OT_COUNT(numbers) == OT_COUNT(control->signals), "one handle for each");
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < OT_COUNT(numbers); i++) {
        uv_signal_init(&control->loop, &control->signals[i]);
        control->signals[i].data = control;
        uv_signal_start(&control->signals[i], on_signal, numbers[i]);
    }
}

static void on_change(void *context)
{
    ot_swap_begin(context);
}

/* -- serving -- */

static void tell_ready(struct ot_control *control)
{
    const struct ot_settings *settings = control->options->settings;
    size_t functions = ot_generation_manifest(control->endpoints.current)->function_count;
    OT_AUTOBUF struct ot_buf what = {0};
    struct ot_error err;

    ot_buf_printf(&what, "%zu function%s%s", functions, functions == 1 ? "" : "s",
                  control->swap.description);
    for (size_t i = 0; i < control->listening.count; i++) {
        OT_AUTOBUF struct ot_buf where = {0};

        ot_listen_describe(&control->listening.items[i],
                           control->listening.tls[i] && control->tls != NULL ? "https" : "http",
                           settings->prefix, &where);
        ot_control_say(control, OT_LEVEL_INFO, "listening on %s (%s)", where.data, what.data);
    }
    ot_control_notify(control, "READY=1", what.data);
    if (ot_ready_fd_tell(control->options->ready_fd, &err) < 0)
        ot_control_say(control, OT_LEVEL_WARNING, "%s", err.message);
}

static bool answer_endpoint(void *context, struct ot_worker *worker,
                            const struct ot_request *request, struct ot_span path,
                            struct ot_endpoint_answer *answer)
{
    struct ot_control *control = context;

    return ot_endpoints_answer(&control->endpoints, worker, request, path, answer);
}

static unsigned count_threads(unsigned wanted)
{
    unsigned cores = uv_available_parallelism();

    if (wanted > 0)
        return wanted;
    return cores < DEFAULT_THREADS ? cores : DEFAULT_THREADS;
}

static int start_workers(struct ot_control *control, struct ot_error *err)
{
    const struct ot_worker_options options = {
        .settings = control->options->settings,
        .listeners = control->listening.fds,
        .listener_tls = control->listening.tls,
        .listener_count = control->listening.count,
        .tls = control->tls,
        .generation = control->endpoints.current,
        .log_fd = STDOUT_FILENO,
        .endpoint = answer_endpoint,
        .endpoint_context = control,
        .want_keys = ot_keys_wanted,
        .connections = control->connections,
        .draining = &control->endpoints.draining,
    };

    unsigned threads = count_threads(control->options->threads);

    control->endpoints.workers = ot_alloc(threads, sizeof(*control->endpoints.workers));
    for (unsigned i = 0; i < threads; i++) {
        struct ot_worker *worker;

        if (ot_worker_start(&options, &worker, err) < 0)
            return -1;
        pthread_mutex_lock(&control->endpoints.lock);
        control->endpoints.workers[control->endpoints.worker_count++] = worker;
        pthread_mutex_unlock(&control->endpoints.lock);
    }
    return 0;
}

int ot_control_serve(struct ot_control *control, struct ot_generation *generation,
                     struct ot_error *err)
{
    const struct ot_list *watch = control->options->source.watch;

    control->endpoints.current = generation;
    if (ot_operating_open(control, err) < 0 || start_workers(control, err) < 0)
        return -1;
    if (watch != NULL && watch->count > 0 &&
        ot_watcher_open(&control->loop, watch, WATCH_QUIET_MS, on_change, control,
                        &control->watcher, err) < 0)
        return -1;
    control->phase = OT_PHASE_SERVING;
    ot_control_tell(control, OT_EVENT_SERVING, ot_control_release(control));
    tell_ready(control);
    return 0;
}

/* -- from start to end -- */

/* Every connection is a descriptor, and two when it has one to a cell. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void run(struct ot_control *control)
{
    const struct ot_settings *settings = control->options->settings;

    raise_descriptor_limit();
    ot_cell_socket_sweep();
    control->connections =
        ot_connections_new(settings->connections_max, settings->connections_per_address);
    control->events = ot_events_new(EVENTS_KEPT);
    if (control->options->cells_max > 0)
        control->places = ot_places_new(control->options->cells_max);
    open_log(control);
    open_signals(control);
    ot_keys_open(control);
    ot_certificate_watch(control);
    ot_warming_open(control);
    control->endpoints.settings = settings;
    control->endpoints.connections = control->connections;
    control->endpoints.log = control->log;
    control->endpoints.started_ms = ot_now_ms();
    ot_swap_begin(control);
    uv_run(&control->loop, UV_RUN_DEFAULT);
    ot_log_free(control->log);
    ot_events_free(control->events);
    ot_places_free(control->places);
    ot_list_free(&control->recent);
    ot_connections_free(control->connections);
    free(control->endpoints.workers);
    free(control->swap.description);
}

int ot_gateway_run(const struct ot_gateway_options *options, struct ot_error *err)
{
    struct ot_control control = {.program = OT_ENGINE_PROGRAM_INIT,
                                 .swap.carried = OT_ENGINE_PROGRAM_INIT,
                                 .options = options,
                                 .err = err,
                                 .endpoints.lock = PTHREAD_MUTEX_INITIALIZER};
    int result = -1;

    ot_slice_gateway();
    if (ot_listening_parse(&control.listening, options, err) < 0 ||
        ot_ready_fd_check(options->ready_fd, err) < 0 ||
        (options->engine != NULL &&
         ot_engine_program_open(&control.program, options->engine, err) < 0) ||
        ot_certificate_open(&control, err) < 0) {
        /* nothing was started */
    } else if (uv_loop_init(&control.loop) < 0) {
        result = ot_fail(err, OT_FAILED, "cannot make an event loop");
    } else if (ot_mailbox_open(&control.mailbox, &control.loop, &control, err) == 0) {
        run(&control);
        uv_loop_close(&control.loop);
        result = control.result;
        if (result == 0 && control.cut_off)
            result = ot_fail(err, OT_FAILED,
                             "stopped before every request was answered (see --drain-ms)");
    }
    ot_listening_free(&control.listening);
    ot_tls_free(control.tls);
    ot_engine_program_close(&control.program);
    return result;
}
