#include "gateway/exchange_steps.h"
#include "gateway/pacing.h"

#include <string.h>

bool ot_answer_keeps(const struct ot_headers *headers, size_t index)
{
    return !ot_header_is_hop_by_hop(headers, index) &&
           !(headers->fields[index] == OT_FIELD_INTERNAL &&
             ot_span_is_nocase(headers->items[index].name, "x-1tube-invocation-id"));
}

static void put(struct ot_buf *out, const char *text, struct ot_span value)
{
    ot_buf_puts(out, text);
    ot_buf_append(out, value.data, value.len);
    ot_buf_append(out, "\r\n", 2);
}

void ot_exchange_write_lines(struct ot_exchange *exchange, const struct ot_headers *own)
{
    struct ot_buf *out = &exchange->lines;

    ot_buf_clear(out);
    put(out, "x-1tube-invocation-id: ", (struct ot_span){exchange->id, OT_REQUEST_ID});
    if (own == NULL || own->first[OT_FIELD_DATE] == 0)
        put(out, "date: ", ot_span_of(ot_worker_date(exchange->worker)));
    if (exchange->target.kind == OT_TARGET_FUNCTION)
        ot_cors_write(exchange->worker->settings->cors, exchange->cors,
                      ot_header_value(&exchange->request->headers, OT_FIELD_ORIGIN), own, out);
    if (exchange->is_limited)
        ot_limit_write(&exchange->limit, out);
}

/* -- our own ----------------------------------------------------------------------------------- */

static void send_own(struct ot_exchange *exchange, struct ot_answer *answer)
{
    struct iovec body = {exchange->body.data, exchange->body.len};
    size_t count = body.iov_len > 0 && exchange->request->method != OT_METHOD_HEAD;

    answer->lines = ot_buf_span(&exchange->lines);
    answer->length = body.iov_len;
    answer->has_body = exchange->request->method != OT_METHOD_HEAD && answer->status != 204;
    exchange->status = answer->status;
    exchange->bytes_out = count > 0 ? body.iov_len : 0;
    exchange->front->send(exchange, answer, &body, count, true);
    ot_exchange_finish(exchange);
}

void ot_exchange_refuse_with(struct ot_exchange *exchange, enum ot_refusal refusal,
                             const struct ot_refusal_detail *detail)
{
    struct ot_answer answer = {.status = ot_refusal_status(refusal),
                               .refuses = true,
                               .closes = refusal == OT_BAD_REQUEST || refusal == OT_STOPPING};

    exchange->refusal = refusal;
    if (refusal == OT_FUNCTION_TIMEOUT || refusal == OT_FUNCTION_CRASHED)
        ot_exchange_record(exchange, OT_OUTCOME_ERROR);
    ot_exchange_write_lines(exchange, NULL);
    ot_refusal_headers(refusal, detail, &exchange->lines);
    ot_refusal_body(refusal, detail, &exchange->body);
    send_own(exchange, &answer);
}

void ot_exchange_refuse_plain(struct ot_exchange *exchange, enum ot_refusal refusal)
{
    static const struct ot_refusal_detail none;

    ot_exchange_refuse_with(exchange, refusal, &none);
}

void ot_exchange_answer(struct ot_exchange *exchange, const struct ot_endpoint_answer *given)
{
    struct ot_answer answer = {.status = given->status};

    exchange->refusal = given->refusal;
    ot_exchange_write_lines(exchange, NULL);
    if (given->content_type != NULL)
        put(&exchange->lines, "content-type: ", ot_span_of(given->content_type));
    ot_buf_append(&exchange->lines, given->headers.data, given->headers.len);
    ot_buf_append(&exchange->body, given->body.data, given->body.len);
    send_own(exchange, &answer);
}

void ot_exchange_answer_preflight(struct ot_exchange *exchange)
{
    struct ot_answer answer = {.status = 204};
    struct ot_buf *out = &exchange->lines;

    ot_buf_clear(out);
    put(out, "x-1tube-invocation-id: ", (struct ot_span){exchange->id, OT_REQUEST_ID});
    put(out, "date: ", ot_span_of(ot_worker_date(exchange->worker)));
    ot_cors_write_preflight(exchange->worker->settings->cors, exchange->cors,
                            ot_header_value(&exchange->request->headers, OT_FIELD_ORIGIN), out);
    send_own(exchange, &answer);
}

/* -- the function's ---------------------------------------------------------------------------- */

/* All of it was given to the client. */
static void finish_answer(struct ot_exchange *exchange)
{
    struct ot_upstream *upstream = exchange->upstream;

    if (upstream->keep_alive && exchange->body_over && !exchange->body_lost &&
        ot_wire_queued(&upstream->wire) == 0 && exchange->phase == OT_PHASE_BODY) {
        exchange->upstream = NULL;
        ot_upstream_release(upstream);
    }
    ot_exchange_finish(exchange);
}

/* False: malformed. */
static bool gather(struct ot_exchange *exchange, struct ot_span *in, struct iovec *pieces,
                   size_t *count)
{
    for (*count = 0; in->len > 0 && *count < OT_ANSWER_PIECES;) {
        struct ot_span piece;

        if (ot_http1_body_read(&exchange->upstream->body, in, &piece) < 0)
            return false;
        if (piece.len == 0)
            break;
        pieces[(*count)++] = (struct iovec){(char *)(uintptr_t)piece.data, piece.len};
        exchange->bytes_out += piece.len;
    }
    return true;
}

/* Sends what has come of the body, behind the head when that is given. */
static void stream(struct ot_exchange *exchange, const struct ot_answer *head, struct ot_span in)
{
    struct ot_upstream *upstream = exchange->upstream;
    struct iovec pieces[OT_ANSWER_PIECES];
    bool end = false, ready = true;
    size_t count;

    do {
        if (!gather(exchange, &in, pieces, &count)) {
            if (head != NULL)
                exchange->front->send(exchange, head, NULL, 0, false);
            ot_exchange_break_off(exchange);
            return;
        }
        end = ot_http1_body_is_over(&upstream->body);
        if (head != NULL || count > 0 || end)
            ready = exchange->front->send(exchange, head, pieces, count, end);
        head = NULL;
    } while (in.len > 0 && !end);
    if (end) {
        upstream->keep_alive = upstream->keep_alive && in.len == 0;
        finish_answer(exchange);
        return;
    }
    exchange->answer_until = ot_exchange_in(exchange, exchange->worker->settings->stream_idle_ms);
    if (!ready && !exchange->client_full) {
        exchange->client_full = true;
        ot_wire_read_on(&upstream->wire, false);
    }
    ot_exchange_schedule(exchange);
}

/* The function wants nothing of cross-origin sharing: we answer its preflight. */
static bool lacks_preflight(const struct ot_exchange *exchange,
                            const struct ot_http1_response *response)
{
    return exchange->is_preflight && exchange->cors == OT_CORS_ALLOWED &&
           response->headers.first[OT_FIELD_ALLOW_ORIGIN] == 0;
}

static void begin_answer(struct ot_exchange *exchange, const struct ot_http1_response *response,
                         struct ot_span rest)
{
    bool is_head = exchange->request->method == OT_METHOD_HEAD;
    struct ot_answer answer = {
        .status = response->status,
        .reason = response->reason,
        .headers = &response->headers,
        .length = response->length == OT_LENGTH_UNTIL_END ? OT_LENGTH_CHUNKED : response->length,
        .has_body = !is_head && response->status != 204 && response->status != 304,
    };

    ot_exchange_record(exchange, response->status >= 500 ? OT_OUTCOME_ERROR : OT_OUTCOME_OK);
    ot_generation_answered(exchange->view->generation, exchange->function, response->status);
    if (lacks_preflight(exchange, response)) {
        ot_exchange_answer_preflight(exchange);
        return;
    }
    if (!answer.has_body)
        answer.length = response->has_length ? response->declared : OT_LENGTH_CHUNKED;
    exchange->status = response->status;
    exchange->phase = OT_PHASE_BODY;
    if (!exchange->worker->settings->timeout_covers_stream)
        exchange->deadline = OT_NEVER;
    exchange->upstream->keep_alive = response->keep_alive;
    ot_http1_body_begin(&exchange->upstream->body, response->length);
    ot_exchange_write_lines(exchange, &response->headers);
    answer.lines = ot_buf_span(&exchange->lines);
    stream(exchange, &answer, rest);
}

static void send_raw(struct ot_exchange *exchange, const struct ot_answer *head, struct ot_span in)
{
    struct iovec piece = {(char *)(uintptr_t)in.data, in.len};

    exchange->bytes_out += in.len;
    exchange->answer_until =
        ot_exchange_in(exchange, exchange->worker->settings->websocket_idle_ms);
    if (!exchange->front->send(exchange, head, &piece, in.len > 0, false)) {
        exchange->client_full = true;
        ot_wire_read_on(&exchange->upstream->wire, false);
    }
    ot_exchange_schedule(exchange);
}

static void begin_tunnel(struct ot_exchange *exchange, const struct ot_http1_response *response,
                         struct ot_span rest)
{
    struct ot_answer answer = {
        .status = 101, .reason = response->reason, .headers = &response->headers};

    if (!exchange->request->upgrades) {
        ot_exchange_fail(exchange, OT_FUNCTION_CRASHED);
        return;
    }
    ot_exchange_record(exchange, OT_OUTCOME_OK);
    ot_generation_answered(exchange->view->generation, exchange->function, 101);
    ot_count(&exchange->worker->counters.websockets_open, 1);
    exchange->status = 101;
    exchange->phase = OT_PHASE_TUNNEL;
    exchange->deadline = OT_NEVER;
    ot_exchange_write_lines(exchange, &response->headers);
    answer.lines = ot_buf_span(&exchange->lines);
    send_raw(exchange, &answer, rest);
    exchange->body_over = false;
    exchange->body_wanted = true;
    exchange->front->want_body(exchange, true);
}

/* One head of the answer, interim ones too; what is behind it stays in `in`. */
static enum ot_http1_response_result take_head(struct ot_exchange *exchange, struct ot_span *in)
{
    struct ot_worker *worker = exchange->worker;
    struct ot_http1_head head = {.items = worker->answer_items,
                                 .fields = worker->answer_fields,
                                 .room = OT_ANSWER_FIELDS_MAX};
    struct ot_http1_response response;
    enum ot_http1_response_result result =
        ot_http1_response_parse(&response, &head, *in, exchange->request->method == OT_METHOD_HEAD);

    if (result == OT_RESPONSE_BAD)
        ot_exchange_fail(exchange, OT_FUNCTION_CRASHED);
    if (result != OT_RESPONSE_DONE)
        return result;
    in->data += response.size;
    in->len -= response.size;
    if (response.status == 101)
        begin_tunnel(exchange, &response, *in);
    else if (response.status >= 200)
        begin_answer(exchange, &response, *in);
    else if (response.status == 103)
        exchange->front->interim(exchange, 103, &response.headers);
    return response.status >= 200 || response.status == 101 ? OT_RESPONSE_BAD : OT_RESPONSE_DONE;
}

static void take_heads(struct ot_exchange *exchange, struct ot_span in)
{
    struct ot_upstream *upstream = exchange->upstream;
    OT_AUTOBUF struct ot_buf joined = {0};
    enum ot_http1_response_result result;

    if (upstream->partial.len > 0) {
        ot_buf_append(&upstream->partial, in.data, in.len);
        joined = upstream->partial;
        upstream->partial = (struct ot_buf){0};
        in = ot_buf_span(&joined);
    }
    do
        result = take_head(exchange, &in);
    while (result == OT_RESPONSE_DONE && in.len > 0);
    if (result == OT_RESPONSE_MORE)
        ot_buf_append(&upstream->partial, in.data, in.len);
}

/*
 * RFC 9110 section 9.2.2. A Unix socket is reset when its peer closes it with something unread: the
 * engine was closing an idle connection and never saw the request, or it had ended and nobody took
 * a new one. One that ends in order was read, and the request may be what ended the engine.
 */
static bool may_retry(const struct ot_exchange *exchange, ssize_t why)
{
    const struct ot_upstream *upstream = exchange->upstream;

    if (why != OT_WIRE_BROKEN || exchange->phase != OT_PHASE_HEAD || upstream->partial.len > 0 ||
        exchange->bytes_in > 0)
        return false;
    return (upstream->reused && !exchange->retried) ||
           ot_cell_state(upstream->pool->cell) != OT_CELL_READY;
}

static void on_end(struct ot_exchange *exchange, ssize_t why)
{
    if (may_retry(exchange, why)) {
        exchange->retried = true;
        exchange->body_lost = false;
        ot_exchange_drop_upstream(exchange);
        ot_exchange_leave_cell(exchange);
        ot_exchange_dispatch(exchange);
    } else if (exchange->phase == OT_PHASE_HEAD) {
        ot_exchange_fail(exchange, ot_cell_was_wedged(exchange->upstream->pool->cell)
                                       ? OT_FUNCTION_TIMEOUT
                                       : OT_FUNCTION_CRASHED);
    } else if (exchange->phase == OT_PHASE_TUNNEL || exchange->upstream->body.until_end) {
        exchange->front->send(exchange, NULL, NULL, 0, true);
        ot_exchange_finish(exchange);
    } else {
        ot_exchange_break_off(exchange);
    }
}

static void on_readable(struct ot_exchange *exchange)
{
    struct ot_worker *worker = exchange->worker;
    struct ot_wire *wire = &exchange->upstream->wire;
    ssize_t got = ot_wire_read(wire, worker->input, sizeof(worker->input));
    struct ot_span in = {worker->input, got > 0 ? (size_t)got : 0};
    bool rests = got > 0 && ot_pacing_rests(exchange, in.len, !wire->reading);

    if (wire->reading == rests)
        ot_wire_read_on(wire, !rests);
    if (got == OT_WIRE_NOTHING)
        return;
    if (got <= 0)
        on_end(exchange, got);
    else if (exchange->phase == OT_PHASE_HEAD)
        take_heads(exchange, in);
    else if (exchange->phase == OT_PHASE_TUNNEL)
        send_raw(exchange, NULL, in);
    else
        stream(exchange, NULL, in);
}

static void on_drained(struct ot_exchange *exchange)
{
    exchange->upstream_full = false;
    if (exchange->body_over && exchange->phase == OT_PHASE_TUNNEL)
        ot_wire_shut(&exchange->upstream->wire);
    if (exchange->body_over || exchange->body_wanted)
        return;
    exchange->body_wanted = true;
    if (exchange->phase != OT_PHASE_TUNNEL)
        exchange->body_until = ot_exchange_in(exchange, exchange->worker->settings->body_idle_ms);
    exchange->front->want_body(exchange, true);
}

const struct ot_upstream_events ot_exchange_upstream_events = {
    .readable = on_readable,
    .drained = on_drained,
    .broken = ot_exchange_lose_body,
};

void ot_exchange_drained(struct ot_exchange *exchange)
{
    if (!exchange->client_full)
        return;
    exchange->client_full = false;
    if (exchange->upstream != NULL && !exchange->rests)
        ot_wire_read_on(&exchange->upstream->wire, true);
}

void ot_exchange_read(struct ot_exchange *exchange)
{
    if (!exchange->client_full)
        on_readable(exchange);
}
