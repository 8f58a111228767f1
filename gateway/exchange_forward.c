#include "gateway/exchange_steps.h"

#include "engine/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* How long a tunnel stays open one way. */
#define TUNNEL_END_MS 1000u

static void put(struct ot_buf *out, struct ot_span span)
{
    ot_buf_append(out, span.data, span.len);
}

static void put_line(struct ot_buf *out, const char *name, struct ot_span value)
{
    ot_buf_puts(out, name);
    put(out, value);
    ot_buf_append(out, "\r\n", 2);
}

/* What the function must not take from a client, or gets from us instead. */
static bool is_passed_on(const struct ot_headers *headers, size_t index)
{
    switch (headers->fields[index]) {
    case OT_FIELD_HOST:
    case OT_FIELD_EXPECT:
    case OT_FIELD_FORWARDED_FOR:
    case OT_FIELD_FORWARDED_PROTO:
    case OT_FIELD_FORWARDED_HOST:
    case OT_FIELD_REAL_IP:
    case OT_FIELD_TRACEPARENT:
    case OT_FIELD_INTERNAL:
        return false;
    default:
        return !ot_header_is_hop_by_hop(headers, index);
    }
}

/* All X-Forwarded-For fields of a trusted proxy, and who it is. */
static void put_forwarded_for(struct ot_exchange *exchange, struct ot_buf *out)
{
    const struct ot_headers *headers = &exchange->request->headers;
    size_t i = headers->first[OT_FIELD_FORWARDED_FOR];

    ot_buf_puts(out, "x-forwarded-for: ");
    for (; exchange->origin.through_proxy && i > 0 && i <= headers->count; i++) {
        if (headers->fields[i - 1] != OT_FIELD_FORWARDED_FOR)
            continue;
        put(out, headers->items[i - 1].value);
        ot_buf_puts(out, ", ");
    }
    put_line(out, "", ot_span_of(exchange->peer->text));
}

/* The engine keeps what it makes the URL's scheme of, so the function gets it in a field of its own
 * too. */
static void put_proto(const struct ot_exchange *exchange, struct ot_buf *out)
{
    const struct ot_request *request = exchange->request;
    bool is_https = request->is_https;

    if (exchange->origin.through_proxy) {
        struct ot_span given = ot_header_value(&request->headers, OT_FIELD_FORWARDED_PROTO);

        is_https =
            ot_span_is_nocase(given, "https") || (is_https && !ot_span_is_nocase(given, "http"));
    }
    ot_buf_puts(out, is_https ? "x-forwarded-proto: https\r\n" OT_ENGINE_PROTO_HEADER ": https\r\n"
                              : "x-forwarded-proto: http\r\n" OT_ENGINE_PROTO_HEADER ": http\r\n");
}

static void put_forwarded(struct ot_exchange *exchange, struct ot_buf *out)
{
    const struct ot_request *request = exchange->request;
    struct ot_span host = request->host;

    put_forwarded_for(exchange, out);
    put_proto(exchange, out);
    if (exchange->origin.through_proxy) {
        struct ot_span given = ot_header_value(&request->headers, OT_FIELD_FORWARDED_HOST);

        host = ot_is_host(given) ? given : host;
    }
    put_line(out, "x-forwarded-host: ", host);
}

static void put_framing(const struct ot_request *request, struct ot_buf *out)
{
    char line[64];

    if (request->upgrades) {
        ot_buf_puts(out, "connection: upgrade\r\nupgrade: websocket\r\n");
    } else if (request->content_length == OT_LENGTH_CHUNKED) {
        ot_buf_puts(out, "transfer-encoding: chunked\r\n");
    } else if (request->content_length > 0 || request->headers.first[OT_FIELD_CONTENT_LENGTH] > 0) {
        snprintf(line, sizeof(line), "content-length: %" PRIu64 "\r\n", request->content_length);
        ot_buf_puts(out, line);
    }
    ot_buf_append(out, "\r\n", 2);
}

static void make_head(struct ot_exchange *exchange, const struct ot_identity *identity)
{
    const struct ot_request *request = exchange->request;
    const struct ot_headers *headers = &request->headers;
    struct ot_buf *out = &exchange->up_head;

    put(out, request->method_text);
    ot_buf_append(out, " ", 1);
    put(out, exchange->target.path);
    put(out, exchange->target.query);
    put_line(out, " HTTP/1.1\r\nhost: ", request->host);
    for (size_t i = 0; i < headers->count; i++) {
        if (!is_passed_on(headers, i))
            continue;
        put(out, headers->items[i].name);
        ot_buf_append(out, ": ", 2);
        put_line(out, "", headers->items[i].value);
    }
    put_forwarded(exchange, out);
    put_line(out, "x-1tube-invocation-id: ", (struct ot_span){exchange->id, OT_REQUEST_ID});
    put_line(out, "traceparent: ", (struct ot_span){exchange->trace, OT_TRACEPARENT});
    if (identity != NULL)
        put(out, identity->headers);
    else if (!exchange->function->config->is_public)
        ot_buf_puts(out, "x-1tube-auth-preflight: 1\r\n"); /* nothing else gets here unknown */
    put_framing(request, out);
}

void ot_exchange_forward(struct ot_exchange *exchange, const struct ot_identity *identity)
{
    make_head(exchange, identity);
    exchange->deadline = ot_exchange_in(exchange, exchange->function->timeout_ms);
    ot_exchange_dispatch(exchange);
}

/* -- to a connection --------------------------------------------------------------------------- */

static void want_body(struct ot_exchange *exchange, bool wanted)
{
    if (exchange->body_wanted == wanted)
        return;
    exchange->body_wanted = wanted;
    exchange->body_until = wanted && exchange->phase != OT_PHASE_TUNNEL
                               ? ot_exchange_in(exchange, exchange->worker->settings->body_idle_ms)
                               : OT_NEVER;
    exchange->front->want_body(exchange, wanted);
}

static struct ot_upstream_pool *pool_of(const struct ot_exchange *exchange)
{
    struct ot_upstream_pool *pool = &exchange->view->pools[ot_cell_index(exchange->cell)];

    pool->worker = exchange->worker;
    pool->cell = exchange->cell;
    if (pool->starts != ot_cell_starts(exchange->cell)) /* idle ones lead to one that is gone */
        (void)ot_upstream_sweep(pool, UINT64_MAX);
    pool->starts = ot_cell_starts(exchange->cell);
    return pool;
}

/* An idle connection turned out to be dead before anything was sent on it. */
static bool replace_upstream(struct ot_exchange *exchange)
{
    ot_exchange_drop_upstream(exchange);
    exchange->retried = true;
    exchange->upstream = ot_upstream_take(pool_of(exchange), exchange, true);
    return exchange->upstream != NULL;
}

static void send_up(struct ot_exchange *exchange, const struct iovec *pieces, size_t count,
                    bool first)
{
    bool sent = ot_wire_write(&exchange->upstream->wire, pieces, count);

    if (!sent && first && exchange->upstream->reused && !exchange->retried) {
        if (!replace_upstream(exchange)) {
            ot_exchange_fail(exchange, OT_FUNCTION_CRASHED);
            return;
        }
        sent = ot_wire_write(&exchange->upstream->wire, pieces, count);
    }
    if (!sent)
        ot_exchange_lose_body(exchange);
    else
        exchange->upstream_full = ot_wire_queued(&exchange->upstream->wire) > 0;
}

static void send_head(struct ot_exchange *exchange)
{
    struct iovec head = {exchange->up_head.data, exchange->up_head.len};

    exchange->head_unsent = false;
    send_up(exchange, &head, 1, true);
}

/* The head waits a moment for the first piece of the body, which is often there already. */
static void start(struct ot_exchange *exchange, struct ot_upstream *upstream)
{
    ot_exchange_stop_waiting(exchange);
    exchange->upstream = upstream;
    exchange->phase = OT_PHASE_HEAD;
    exchange->head_unsent = true;
    if (!exchange->body_over)
        want_body(exchange, true);
    if (exchange->phase == OT_PHASE_HEAD && exchange->head_unsent)
        send_head(exchange);
    if (exchange->phase == OT_PHASE_HEAD)
        ot_exchange_schedule(exchange);
}

/* What waits in the backlog is run even when we have given up on it, so nothing is sent before the
 * engine is there. */
static void connect_to_cell(struct ot_exchange *exchange)
{
    struct ot_upstream *upstream =
        ot_cell_state(exchange->cell) == OT_CELL_STARTING
            ? NULL
            : ot_upstream_take(pool_of(exchange), exchange, exchange->retried);

    if (upstream != NULL) {
        start(exchange, upstream);
        return;
    }
    ot_exchange_leave_cell(exchange);
    want_body(exchange, false); /* a connection that was lost may have wanted it already */
    ot_exchange_wait(exchange, OT_PHASE_CELL, exchange->worker->settings->retry_ms);
}

static void on_place(struct ot_exchange *exchange, enum ot_pool_answer answer,
                     uint64_t retry_after_s)
{
    struct ot_refusal_detail detail = {.retry_after_s = retry_after_s};

    if (answer == OT_POOL_TAKEN)
        connect_to_cell(exchange);
    else
        ot_exchange_refuse_with(
            exchange, answer == OT_POOL_FULL ? OT_FUNCTION_BUSY : OT_FUNCTION_UNAVAILABLE, &detail);
}

/* Its turn has come, or never will. */
static void on_told(void *context, enum ot_pool_answer answer, struct ot_cell *cell,
                    uint64_t retry_after_s)
{
    struct ot_exchange *exchange = context;

    exchange->waiter = NULL;
    exchange->cell = cell;
    ot_exchange_stop_waiting(exchange);
    on_place(exchange, answer, retry_after_s);
}

static void stand_in_line(struct ot_exchange *exchange)
{
    struct ot_worker *worker = exchange->worker;
    struct ot_pool *pool = exchange->function->pool;
    uint64_t retry_after_s = 1;
    enum ot_pool_answer answer = ot_pool_wait(pool, &worker->mailbox, on_told, exchange,
                                              &exchange->waiter, &exchange->cell, &retry_after_s);

    ot_count(&worker->counters.place_misses, 1);
    if (answer != OT_POOL_WAIT) {
        on_place(exchange, answer, retry_after_s);
        return;
    }
    want_body(exchange, false);
    ot_exchange_wait(exchange, OT_PHASE_LINE, worker->settings->retry_ms);
}

void ot_exchange_dispatch(struct ot_exchange *exchange)
{
    if (ot_pool_take(exchange->function->pool, &exchange->cell) == OT_POOL_TAKEN) {
        ot_count(&exchange->worker->counters.place_hits, 1);
        connect_to_cell(exchange);
    } else {
        stand_in_line(exchange);
    }
}

void ot_exchange_leave_line(struct ot_exchange *exchange, bool deadline_passed)
{
    static const struct ot_refusal_detail soon = {.retry_after_s = 1};
    bool is_up = ot_pool_state(exchange->function->pool) == OT_CELL_READY;

    if (is_up && !deadline_passed) { /* all are busy: that is no reason to give up yet */
        exchange->wait_until = OT_NEVER;
        ot_exchange_schedule(exchange);
        return;
    }
    ot_exchange_refuse_with(exchange, is_up ? OT_FUNCTION_BUSY : OT_FUNCTION_WARMING, &soon);
}

void ot_exchange_leave_cell(struct ot_exchange *exchange)
{
    if (exchange->waiter != NULL)
        ot_waiter_forget(OT_STEAL(exchange->waiter));
    if (exchange->cell != NULL)
        ot_pool_give(exchange->function->pool, OT_STEAL(exchange->cell), ot_exchange_now(exchange));
}

/* -- the request's body ------------------------------------------------------------------------ */

void ot_exchange_lose_body(struct ot_exchange *exchange)
{
    exchange->body_lost = true;
    exchange->upstream_full = false;
    if (!exchange->body_over)
        want_body(exchange, true);
}

static uint64_t total(const struct iovec *pieces, size_t count)
{
    uint64_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += pieces[i].iov_len;
    return size;
}

/* Pieces of the body in the request's framing, behind the head if that was not sent yet. */
static void send_pieces(struct ot_exchange *exchange, const struct iovec *pieces, size_t count,
                        uint64_t size, bool end)
{
    struct iovec out[OT_WIRE_PIECES];
    char chunk[24];
    size_t n = 0;
    bool is_chunked = exchange->request->content_length == OT_LENGTH_CHUNKED &&
                      exchange->phase != OT_PHASE_TUNNEL;

    bool first = exchange->head_unsent;

    if (first)
        out[n++] = (struct iovec){exchange->up_head.data, exchange->up_head.len};
    exchange->head_unsent = false;
    if (is_chunked && size > 0) {
        int length = snprintf(chunk, sizeof(chunk), "%" PRIx64 "\r\n", size);

        out[n++] = (struct iovec){chunk, (size_t)length};
    }
    for (size_t i = 0; i < count; i++)
        out[n++] = pieces[i];
    if (is_chunked && size > 0)
        out[n++] = (struct iovec){(char *)(uintptr_t) "\r\n", 2};
    if (is_chunked && end)
        out[n++] = (struct iovec){(char *)(uintptr_t) "0\r\n\r\n", 5};
    send_up(exchange, out, n, first);
}

/* False: it was too much, and refused. */
static bool count_body(struct ot_exchange *exchange, uint64_t size)
{
    struct ot_refusal_detail detail = {.max_bytes = exchange->worker->settings->body_max};

    exchange->bytes_in += size;
    if (exchange->phase == OT_PHASE_TUNNEL || detail.max_bytes == 0 ||
        exchange->bytes_in <= detail.max_bytes)
        return true;
    if (exchange->status == 0)
        ot_exchange_refuse_with(exchange, OT_BODY_TOO_LARGE, &detail);
    else
        ot_exchange_break_off(exchange);
    return false;
}

/* The client sends no more. The engine ends the other way too, at once, unless the function has
 * been told of the end in WebSocket's own way and leaves it at that. */
static void end_tunnel(struct ot_exchange *exchange)
{
    if (!exchange->upstream_full)
        ot_wire_shut(&exchange->upstream->wire);
    exchange->answer_until = ot_exchange_in(exchange, TUNNEL_END_MS);
}

void ot_exchange_body(struct ot_exchange *exchange, const struct iovec *pieces, size_t count,
                      bool end)
{
    uint64_t size = total(pieces, count);

    if (!count_body(exchange, size))
        return;
    if (end) {
        exchange->body_over = true;
        exchange->body_wanted = false;
        exchange->body_until = OT_NEVER;
    } else if (exchange->phase == OT_PHASE_TUNNEL) {
        exchange->answer_until =
            ot_exchange_in(exchange, exchange->worker->settings->websocket_idle_ms);
    } else {
        exchange->body_until = ot_exchange_in(exchange, exchange->worker->settings->body_idle_ms);
    }
    if (!exchange->body_lost)
        send_pieces(exchange, pieces, count, size, end);
    if (exchange->phase == OT_PHASE_IDLE)
        return;
    if (end && exchange->phase == OT_PHASE_TUNNEL)
        end_tunnel(exchange);
    if (exchange->upstream_full && !exchange->body_over)
        want_body(exchange, false);
    ot_exchange_schedule(exchange);
}

void ot_exchange_body_failed(struct ot_exchange *exchange, enum ot_refusal why)
{
    ot_exchange_fail(exchange, why);
}
