#include "gateway/worker.h"

#include "base/instant.h"
#include "gateway/exchange.h"
#include "gateway/http1.h"
#include "gateway/http2.h"
#include "gateway/pacing.h"
#include "gateway/thread.h"
#include "gateway/tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* How often those who could not connect to their cell try again. */
#define TICK_MS 2u
/* How long log lines may wait. */
#define FLUSH_MS 20u
/* How long nobody is accepted when there are no descriptors. */
#define ACCEPT_PAUSE_MS 100u
/* Connections over the limit that are told so at the same time; more are closed unheard. */
#define REFUSED_MAX 64u

struct ot_listener {
    uv_poll_t poll;
    struct ot_worker *worker;
    int fd;
    bool tls;
};

/* -- the time ---------------------------------------------------------------------------------- */

const char *ot_worker_date(struct ot_worker *worker)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    uint64_t now = ot_wall_ms() / 1000;
    time_t seconds = (time_t)now;
    struct tm tm;

    if (now == worker->date_s)
        return worker->date;
    worker->date_s = now;
    gmtime_r(&seconds, &tm);
    snprintf(worker->date, sizeof(worker->date), "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
             days + 3 * tm.tm_wday, (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon,
             (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
             (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
    return worker->date;
}

/* -- timers of the thread ---------------------------------------------------------------------- */

static void look_at_waiting(struct ot_worker *worker, enum ot_phase phase)
{
    struct ot_exchange *next;

    for (struct ot_exchange *exchange = worker->waiting; exchange != NULL; exchange = next) {
        next = exchange->next_waiting;
        if (exchange->phase == phase)
            ot_exchange_retry(exchange);
    }
}

static void on_tick(struct ot_timer *timer)
{
    struct ot_worker *worker = timer->context;

    look_at_waiting(worker, OT_PHASE_CELL);
    for (struct ot_exchange *exchange = worker->waiting; exchange != NULL;
         exchange = exchange->next_waiting) {
        if (exchange->phase == OT_PHASE_CELL) {
            ot_worker_tick_soon(worker);
            return;
        }
    }
}

void ot_worker_tick_soon(struct ot_worker *worker)
{
    if (worker->tick.due == OT_NEVER)
        ot_timer_set(&worker->tick, uv_now(&worker->loop) + TICK_MS);
}

static void on_sweep(struct ot_timer *timer)
{
    struct ot_worker *worker = timer->context;
    uint64_t now = uv_now(&worker->loop);
    size_t left = 0;

    for (struct ot_view *view = worker->views; view != NULL; view = view->next) {
        for (size_t i = 0; i < view->pool_count; i++)
            left += ot_upstream_sweep(&view->pools[i],
                                      now > OT_UPSTREAM_IDLE_MS ? now - OT_UPSTREAM_IDLE_MS : 0);
    }
    if (left > 0)
        ot_timer_set(timer, now + OT_UPSTREAM_IDLE_MS / 4);
}

void ot_worker_log_soon(struct ot_worker *worker)
{
    if (worker->flush.due == OT_NEVER)
        ot_timer_set(&worker->flush, uv_now(&worker->loop) + FLUSH_MS);
}

static void on_flush(struct ot_timer *timer)
{
    struct ot_worker *worker = timer->context;

    ot_log_flush(worker->log);
    if (ot_log_pending(worker->log))
        ot_worker_log_soon(worker);
}

/* -- views ------------------------------------------------------------------------------------- */

static void cut_view(struct ot_worker *worker, const struct ot_view *view)
{
    struct ot_exchange *next;

    for (struct ot_exchange *exchange = worker->exchanges; exchange != NULL; exchange = next) {
        next = exchange->next;
        if (view == NULL || exchange->view == view) {
            worker->was_cut = true;
            ot_exchange_cut(exchange);
        }
    }
}

static void on_view_drain(struct ot_timer *timer)
{
    struct ot_view *view = timer->context;

    cut_view(view->worker, view);
}

static void on_view_closed(uv_handle_t *handle)
{
    struct ot_view *view = handle->data;

    ot_counters_free(&view->counters);
    free(view->pools);
    free(view);
}

/* Nothing uses it any more. */
static void drop_view(struct ot_view *view)
{
    struct ot_worker *worker = view->worker;
    struct ot_view **place = &worker->views;

    pthread_mutex_lock(&worker->views_lock);
    while (*place != view)
        place = &(*place)->next;
    *place = view->next;
    pthread_mutex_unlock(&worker->views_lock);
    for (size_t i = 0; i < view->pool_count; i++)
        ot_upstream_sweep(&view->pools[i], UINT64_MAX);
    ot_generation_release(view->generation);
    ot_timer_close(&view->drain, on_view_closed);
}

static void make_pools(struct ot_view *view)
{
    struct ot_served_function *functions;

    view->pool_count = ot_generation_most_cells(view->generation);
    view->pools = ot_alloc(view->pool_count + 1, sizeof(*view->pools));
    ot_counters_init(&view->counters, ot_generation_functions(view->generation, &functions));
}

/* The caller's reference is taken over. */
static void add_view(struct ot_worker *worker, struct ot_generation *generation)
{
    struct ot_view *view = ot_alloc(1, sizeof(*view));
    struct ot_view *before = worker->views;

    view->worker = worker;
    view->generation = generation;
    make_pools(view);
    ot_timer_open(&view->drain, &worker->loop, on_view_drain, view);
    pthread_mutex_lock(&worker->views_lock);
    view->next = before;
    worker->views = view;
    pthread_mutex_unlock(&worker->views_lock);
    if (before == NULL)
        return;
    if (before->exchanges == 0)
        drop_view(before);
    else
        ot_timer_set(&before->drain, uv_now(&worker->loop) + worker->settings->drain_ms);
}

struct ot_view *ot_view_enter(struct ot_worker *worker)
{
    worker->views->exchanges++;
    return worker->views;
}

void ot_view_leave(struct ot_view *view)
{
    if (--view->exchanges == 0 && view != view->worker->views)
        drop_view(view);
}

/* -- connections ------------------------------------------------------------------------------- */

static void on_listener(uv_poll_t *poll, int status, int events);

static void on_accept(struct ot_timer *timer)
{
    struct ot_worker *worker = timer->context;

    for (size_t i = 0; i < worker->options.listener_count && !worker->stopping; i++)
        uv_poll_start(&worker->listeners[i].poll, UV_READABLE, on_listener);
}

/* Who cannot be accepted stays in the queue, and would wake us up again at once. */
static void pause_accepting(struct ot_worker *worker)
{
    for (size_t i = 0; i < worker->options.listener_count; i++)
        uv_poll_stop(&worker->listeners[i].poll);
    ot_timer_set(&worker->accept, uv_now(&worker->loop) + ACCEPT_PAUSE_MS);
}

static void accept_connection(struct ot_worker *worker, const struct ot_listener *listener)
{
    struct sockaddr_storage from = {0};
    socklen_t length = sizeof(from);
    const struct ot_settings *settings = worker->settings;
    struct ot_peer peer = {0};
    struct ot_client *client;
    bool is_exempt, has_room;
    const int on = 1;
    int fd = accept4(listener->fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            pause_accepting(worker);
        return;
    }
    ot_address_of((struct sockaddr *)&from, &peer.address);
    if (from.ss_family == AF_INET || from.ss_family == AF_INET6) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        ot_address_text(&peer.address, peer.text);
    } else {
        snprintf(peer.text, sizeof(peer.text), "unknown");
    }
    is_exempt =
        from.ss_family == AF_UNIX || ot_ranges_have(&settings->trusted_proxies, &peer.address);
    has_room = ot_connections_enter(worker->options.connections, &peer.address, is_exempt);
    /* a handshake costs more than the refusal is worth */
    if (!has_room && (worker->refused >= REFUSED_MAX || listener->tls)) {
        close(fd);
        return;
    }
    client = ot_client_open(worker, fd, &peer, is_exempt, has_room);
    if (!has_room)
        ot_client_refuse(client);
    else if (listener->tls)
        ot_client_begin_tls(client, ot_tls_accept(worker->options.tls));
    else
        ot_client_begin(client);
}

/* One for each wakeup: a thread that is busy comes round less often and takes fewer. */
static void on_listener(uv_poll_t *poll, int status, int events)
{
    struct ot_listener *listener = (struct ot_listener *)poll->data;

    (void)events;
    if (status == 0)
        accept_connection(listener->worker, listener);
}

static void open_listeners(struct ot_worker *worker)
{
    const struct ot_worker_options *options = &worker->options;

    worker->listeners = ot_alloc(options->listener_count + 1, sizeof(*worker->listeners));
    for (size_t i = 0; i < options->listener_count; i++) {
        struct ot_listener *listener = &worker->listeners[i];

        listener->worker = worker;
        listener->fd = options->listeners[i];
        listener->tls =
            options->tls != NULL && (options->listener_tls == NULL || options->listener_tls[i]);
        uv_poll_init(&worker->loop, &listener->poll, listener->fd);
        listener->poll.data = listener;
        uv_poll_start(&listener->poll, UV_READABLE, on_listener);
    }
}

/* -- the end ----------------------------------------------------------------------------------- */

static void close_all(struct ot_worker *worker)
{
    ot_timer_close(&worker->tick, NULL);
    ot_timer_close(&worker->sweep, NULL);
    ot_timer_close(&worker->flush, NULL);
    ot_timer_close(&worker->rest, NULL);
    ot_timer_close(&worker->accept, NULL);
    ot_timer_close(&worker->stop, NULL);
    uv_close((uv_handle_t *)&worker->prepare, NULL);
    ot_http1_free_spare_streams(worker);
    ot_http2_free_spare_streams(worker);
    drop_view(worker->views);
    ot_mailbox_close(&worker->mailbox);
}

void ot_worker_check_end(struct ot_worker *worker)
{
    if (!worker->stopping || worker->is_ending || worker->clients != NULL)
        return;
    worker->is_ending = true;
    close_all(worker);
}

static void on_stop(struct ot_timer *timer)
{
    struct ot_worker *worker = timer->context;
    struct ot_client *next;

    cut_view(worker, NULL);
    for (struct ot_client *client = worker->clients; client != NULL; client = next) {
        next = client->next;
        client->protocol->close(client);
    }
}

static void stop(void *context, void *argument)
{
    struct ot_worker *worker = context;
    uint64_t *drain_ms = argument;
    struct ot_client *next;

    if (!worker->is_ending)
        ot_timer_set(&worker->stop, uv_now(&worker->loop) + *drain_ms);
    if (!worker->stopping) {
        worker->stopping = true;
        for (size_t i = 0; i < worker->options.listener_count; i++)
            uv_close((uv_handle_t *)&worker->listeners[i].poll, NULL);
        for (struct ot_client *client = worker->clients; client != NULL; client = next) {
            next = client->next;
            client->protocol->stop(client);
        }
        ot_worker_check_end(worker);
    }
    free(drain_ms);
}

static void adopt(void *context, void *argument)
{
    struct ot_worker *worker = context;

    if (worker->is_ending)
        ot_generation_release(argument);
    else
        add_view(worker, argument);
}

static void keys_changed(void *context, void *argument)
{
    (void)argument;
    look_at_waiting(context, OT_PHASE_KEYS);
}

static void *run(void *argument)
{
    struct ot_worker *worker = argument;

    uv_run(&worker->loop, UV_RUN_DEFAULT);
    ot_log_flush(worker->log);
    return NULL;
}

/* -- from other threads ------------------------------------------------------------------------ */

void ot_worker_free(struct ot_worker *worker)
{
    uv_loop_close(&worker->loop);
    ot_log_free(worker->log);
    ot_buf_free(&worker->http2_out);
    ot_token_cache_free(worker->tokens);
    pthread_mutex_destroy(&worker->views_lock);
    free(worker->listeners);
    free(worker);
}

int ot_worker_start(const struct ot_worker_options *options, struct ot_worker **out,
                    struct ot_error *err)
{
    struct ot_worker *worker = ot_alloc(1, sizeof(*worker));
    int failed;

    worker->options = *options;
    worker->settings = options->settings;
    pthread_mutex_init(&worker->views_lock, NULL);
    failed = uv_loop_init(&worker->loop);
    if (failed != 0) {
        free(worker);
        return ot_fail(err, OT_FAILED, "event loop: %s", uv_strerror(failed));
    }
    if (ot_mailbox_open(&worker->mailbox, &worker->loop, worker, err) < 0) {
        uv_loop_close(&worker->loop);
        free(worker);
        return -1;
    }
    ot_timer_open(&worker->tick, &worker->loop, on_tick, worker);
    ot_timer_open(&worker->sweep, &worker->loop, on_sweep, worker);
    ot_timer_open(&worker->flush, &worker->loop, on_flush, worker);
    ot_timer_open(&worker->rest, &worker->loop, ot_pacing_wake, worker);
    ot_timer_open(&worker->accept, &worker->loop, on_accept, worker);
    ot_timer_open(&worker->stop, &worker->loop, on_stop, worker);
    uv_prepare_init(&worker->loop, &worker->prepare);
    worker->prepare.data = worker;
    worker->tokens = ot_token_cache_new(options->settings->cached_tokens);
    worker->log = ot_log_new(options->log_fd, options->settings->log_format);
    add_view(worker, ot_generation_hold(options->generation));
    open_listeners(worker);
    failed = pthread_create(&worker->thread, NULL, run, worker);
    if (failed != 0) {
        uint64_t *none = ot_alloc(1, sizeof(*none));

        stop(worker, none);
        uv_run(&worker->loop, UV_RUN_DEFAULT);
        ot_worker_free(worker);
        errno = failed;
        return ot_fail_errno(err, OT_FAILED, "starting a thread");
    }
    *out = worker;
    return 0;
}

void ot_worker_adopt(struct ot_worker *worker, struct ot_generation *generation)
{
    if (ot_mailbox_post(&worker->mailbox, adopt, ot_generation_hold(generation)) < 0)
        ot_generation_release(generation);
}

void ot_worker_keys_changed(struct ot_worker *worker)
{
    ot_mailbox_post(&worker->mailbox, keys_changed, NULL);
}

void ot_worker_stop(struct ot_worker *worker, uint64_t drain_ms)
{
    uint64_t *argument = ot_alloc(1, sizeof(*argument));

    *argument = drain_ms;
    if (ot_mailbox_post(&worker->mailbox, stop, argument) < 0)
        free(argument);
}

bool ot_worker_join(struct ot_worker *worker)
{
    pthread_join(worker->thread, NULL);
    return !worker->was_cut;
}

const struct ot_thread_counters *ot_worker_counters(const struct ot_worker *worker)
{
    return &worker->counters;
}

void ot_worker_add_counters(const struct ot_worker *worker, const struct ot_generation *generation,
                            struct ot_counters *sum)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&worker->views_lock;

    pthread_mutex_lock(lock);
    for (const struct ot_view *view = worker->views; view != NULL; view = view->next) {
        if (view->generation == generation)
            ot_counters_add(sum, &view->counters);
    }
    pthread_mutex_unlock(lock);
}

uint64_t ot_worker_log_dropped(const struct ot_worker *worker)
{
    return ot_log_dropped(worker->log);
}
