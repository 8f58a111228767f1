#include "gateway/exchange_steps.h"

#include "base/instant.h"
#include "gateway/pacing.h"

#include <string.h>

static void on_timer(struct ot_timer *timer);

void ot_exchange_init(struct ot_exchange *exchange, struct ot_worker *worker,
                      const struct ot_front *front)
{
    *exchange = (struct ot_exchange){.worker = worker, .front = front};
    ot_timer_open(&exchange->timer, &worker->loop, on_timer, exchange);
}

void ot_exchange_close(struct ot_exchange *exchange, uv_close_cb closed)
{
    ot_buf_free(&exchange->up_head);
    ot_buf_free(&exchange->lines);
    ot_buf_free(&exchange->body);
    ot_buf_free(&exchange->scratch);
    ot_timer_close(&exchange->timer, closed);
}

static void enlist(struct ot_exchange *exchange)
{
    struct ot_worker *worker = exchange->worker;

    exchange->previous = NULL;
    exchange->next = worker->exchanges;
    if (worker->exchanges != NULL)
        worker->exchanges->previous = exchange;
    worker->exchanges = exchange;
}

static void delist(struct ot_exchange *exchange)
{
    if (exchange->previous != NULL)
        exchange->previous->next = exchange->next;
    else
        exchange->worker->exchanges = exchange->next;
    if (exchange->next != NULL)
        exchange->next->previous = exchange->previous;
}

static void clear(struct ot_exchange *exchange, const struct ot_request *request,
                  const struct ot_peer *peer)
{
    struct ot_worker *worker = exchange->worker;

    memset(&exchange->phase, 0, sizeof(*exchange) - offsetof(struct ot_exchange, phase));
    ot_buf_clear(&exchange->up_head);
    ot_buf_clear(&exchange->lines);
    ot_buf_clear(&exchange->body);
    ot_buf_clear(&exchange->scratch);
    exchange->request = request;
    exchange->peer = peer;
    exchange->origin.client = peer->address;
    exchange->deadline = exchange->wait_until = OT_NEVER;
    exchange->body_until = exchange->answer_until = OT_NEVER;
    exchange->began_ms = ot_wall_ms();
    exchange->began_ns = uv_hrtime();
    ot_request_id(&worker->ids, exchange->began_ms, exchange->id);
    enlist(exchange);
}

void ot_exchange_begin(struct ot_exchange *exchange, const struct ot_request *request,
                       const struct ot_peer *peer)
{
    struct ot_span trace = ot_header_value(&request->headers, OT_FIELD_TRACEPARENT);

    clear(exchange, request, peer);
    ot_traceparent(&exchange->worker->ids, trace, exchange->trace);
    exchange->body_over = request->content_length == 0;
    exchange->view = ot_view_enter(exchange->worker);
    ot_exchange_decide(exchange);
}

void ot_exchange_refuse(struct ot_exchange *exchange, const struct ot_peer *peer,
                        enum ot_refusal refusal)
{
    static const struct ot_request none;

    clear(exchange, &none, peer);
    ot_exchange_refuse_plain(exchange, refusal);
}

/* -- time -------------------------------------------------------------------------------------- */

static uint64_t first_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void ot_exchange_schedule(struct ot_exchange *exchange)
{
    ot_timer_set(&exchange->timer,
                 first_of(first_of(exchange->deadline, exchange->wait_until),
                          first_of(exchange->body_until, exchange->answer_until)));
}

static bool is_waiting(const struct ot_exchange *exchange)
{
    return exchange->phase == OT_PHASE_KEYS || exchange->phase == OT_PHASE_LINE ||
           exchange->phase == OT_PHASE_CELL;
}

void ot_exchange_wait(struct ot_exchange *exchange, enum ot_phase phase, uint64_t milliseconds)
{
    struct ot_worker *worker = exchange->worker;
    bool before = is_waiting(exchange);

    exchange->phase = phase;
    if (phase == OT_PHASE_CELL)
        ot_worker_tick_soon(worker);
    if (before)
        return;
    exchange->wait_until = ot_exchange_now(exchange) + milliseconds;
    exchange->previous_waiting = NULL;
    exchange->next_waiting = worker->waiting;
    if (worker->waiting != NULL)
        worker->waiting->previous_waiting = exchange;
    worker->waiting = exchange;
    ot_exchange_schedule(exchange);
}

void ot_exchange_stop_waiting(struct ot_exchange *exchange)
{
    if (!is_waiting(exchange))
        return;
    if (exchange->previous_waiting != NULL)
        exchange->previous_waiting->next_waiting = exchange->next_waiting;
    else
        exchange->worker->waiting = exchange->next_waiting;
    if (exchange->next_waiting != NULL)
        exchange->next_waiting->previous_waiting = exchange->previous_waiting;
    exchange->phase = OT_PHASE_IDLE;
    exchange->wait_until = OT_NEVER;
}

void ot_exchange_retry(struct ot_exchange *exchange)
{
    if (exchange->phase == OT_PHASE_KEYS) {
        ot_exchange_authenticate(exchange, true);
    } else if (exchange->phase == OT_PHASE_CELL) {
        ot_exchange_dispatch(exchange);
    }
}

/* What it waited for did not come. */
static void give_up_waiting(struct ot_exchange *exchange)
{
    if (exchange->phase == OT_PHASE_KEYS)
        ot_exchange_authenticate(exchange, false);
    else
        ot_exchange_leave_line(exchange, false);
}

static void on_timer(struct ot_timer *timer)
{
    struct ot_exchange *exchange = timer->context;
    uint64_t now = ot_exchange_now(exchange);

    if (exchange->phase == OT_PHASE_IDLE)
        return;
    if (exchange->wait_until <= now)
        give_up_waiting(exchange);
    else if (exchange->deadline <= now && exchange->waiter != NULL)
        ot_exchange_leave_line(exchange, true);
    else if (exchange->deadline <= now)
        ot_exchange_fail(exchange, OT_FUNCTION_TIMEOUT);
    else if (exchange->body_until <= now)
        ot_exchange_fail(exchange, OT_BODY_TIMEOUT);
    else if (exchange->answer_until <= now)
        ot_exchange_break_off(exchange);
    else
        ot_exchange_schedule(exchange);
}

/* -- the end ----------------------------------------------------------------------------------- */

void ot_exchange_record(struct ot_exchange *exchange, enum ot_outcome outcome)
{
    struct ot_limit_key client;

    if (!exchange->is_admitted)
        return;
    exchange->is_admitted = false;
    client = ot_limit_by_address(exchange->worker->settings->limiter, exchange->function->name,
                                 &exchange->origin.client);
    ot_breaker_record(exchange->function->breaker, exchange->admission, outcome, client.hash[0],
                      ot_exchange_now(exchange));
}

void ot_exchange_drop_upstream(struct ot_exchange *exchange)
{
    if (exchange->upstream != NULL)
        ot_upstream_close(exchange->upstream);
    exchange->upstream = NULL;
}

static void log_it(struct ot_exchange *exchange, uint64_t duration_us)
{
    char client[OT_ADDRESS_TEXT];
    const struct ot_request *request = exchange->request;
    struct ot_span target = request->target;
    const char *query = target.len > 0 ? memchr(target.data, '?', target.len) : NULL;
    struct ot_log_request line = {
        .time_ms = exchange->began_ms,
        .id = exchange->id,
        .method = request->method_text,
        .path = {target.data, query != NULL ? (size_t)(query - target.data) : target.len},
        .status = exchange->status,
        .duration_us = duration_us,
        .bytes_in = exchange->bytes_in,
        .bytes_out = exchange->bytes_out,
        .user = {exchange->user, exchange->user_length},
    };

    if (exchange->worker->settings->log_format == OT_LOG_OFF)
        return;
    if (exchange->trace[0] != '\0')
        line.trace = (struct ot_span){exchange->trace, OT_TRACEPARENT};
    if (exchange->function != NULL)
        line.function = exchange->function->name;
    if (exchange->refusal != OT_REFUSAL_NONE)
        line.reason = ot_refusal_reason(exchange->refusal);
    if (exchange->origin.through_proxy) {
        ot_address_text(&exchange->origin.client, client);
        line.client = ot_span_of(client);
    } else {
        line.client = ot_span_of(exchange->peer->text);
    }
    ot_log_request(exchange->worker->log, &line);
    ot_worker_log_soon(exchange->worker);
}

static void count_it(struct ot_exchange *exchange, uint64_t duration_us)
{
    struct ot_thread_counters *counters = &exchange->worker->counters;
    unsigned status = exchange->status;

    ot_count(&counters->requests, 1);
    if (status >= 500)
        ot_count(&counters->errors, 1);
    else if (status >= 400)
        ot_count(&counters->client_errors, 1);
    if (exchange->refusal != OT_REFUSAL_NONE)
        ot_count(&counters->refused[exchange->refusal], 1);
    if (exchange->counters == NULL)
        return;
    ot_count(&exchange->counters->bytes_in, exchange->bytes_in);
    ot_count(&exchange->counters->bytes_out, exchange->bytes_out);
    ot_counters_finish(exchange->counters, status, duration_us, ot_wall_ms());
}

void ot_exchange_finish(struct ot_exchange *exchange)
{
    struct ot_worker *worker = exchange->worker;
    uint64_t duration_us = (uv_hrtime() - exchange->began_ns) / 1000;

    if (exchange->phase == OT_PHASE_TUNNEL)
        ot_count(&worker->counters.websockets_open, (uint64_t)-1);
    ot_exchange_stop_waiting(exchange);
    ot_pacing_end(exchange);
    ot_exchange_drop_upstream(exchange);
    if (exchange->cell != NULL && exchange->status >= 500)
        ot_cell_count_error(exchange->cell);
    ot_exchange_leave_cell(exchange);
    ot_exchange_record(exchange, OT_OUTCOME_UNKNOWN);
    count_it(exchange, duration_us);
    log_it(exchange, duration_us);
    exchange->phase = OT_PHASE_IDLE;
    exchange->timer.due = OT_NEVER;
    delist(exchange);
    if (exchange->view != NULL)
        ot_view_leave(exchange->view);
    exchange->view = NULL;
    exchange->front->over(exchange);
}

void ot_exchange_break_off(struct ot_exchange *exchange)
{
    exchange->is_cut = true;
    ot_exchange_record(exchange, OT_OUTCOME_ERROR);
    exchange->front->cut(exchange);
    ot_exchange_finish(exchange);
}

void ot_exchange_fail(struct ot_exchange *exchange, enum ot_refusal refusal)
{
    if (exchange->status == 0)
        ot_exchange_refuse_plain(exchange, refusal);
    else
        ot_exchange_break_off(exchange);
}

void ot_exchange_gone(struct ot_exchange *exchange)
{
    if (exchange->status == 0)
        ot_exchange_record(exchange, OT_OUTCOME_UNKNOWN);
    ot_exchange_finish(exchange);
}

void ot_exchange_cut(struct ot_exchange *exchange)
{
    ot_exchange_fail(exchange, OT_STOPPING);
}
