/* The steps of an exchange, which only its own files call. */
#pragma once

#include "gateway/exchange.h"
#include "gateway/thread.h"

/* exchange_policy.c: decides and then forwards, refuses, answers, or waits for keys. */
void ot_exchange_decide(struct ot_exchange *exchange);
/* Authentication and what follows; again when the key set has changed. */
void ot_exchange_authenticate(struct ot_exchange *exchange, bool may_wait);

/* exchange_forward.c: makes the request's head for the cell, and sends it as soon as one takes it.
 * `identity` is NULL for nobody. */
void ot_exchange_forward(struct ot_exchange *exchange, const struct ot_identity *identity);
/* Takes a place in a cell, or stands in line for one, and connects. */
void ot_exchange_dispatch(struct ot_exchange *exchange);
/* It has waited in line for as long as it may. */
void ot_exchange_leave_line(struct ot_exchange *exchange, bool deadline_passed);
/* Gives its place back, and gets out of the line. */
void ot_exchange_leave_cell(struct ot_exchange *exchange);
/* The cell takes no more of the request's body; what still comes is read and dropped. */
void ot_exchange_lose_body(struct ot_exchange *exchange);

/* exchange_answer.c: our own answers, and the header lines of all. */
void ot_exchange_refuse_with(struct ot_exchange *exchange, enum ot_refusal refusal,
                             const struct ot_refusal_detail *detail);
void ot_exchange_refuse_plain(struct ot_exchange *exchange, enum ot_refusal refusal);
void ot_exchange_answer(struct ot_exchange *exchange, const struct ot_endpoint_answer *answer);
void ot_exchange_answer_preflight(struct ot_exchange *exchange);
/* Starts `lines` with what every answer says. `own`: the function's fields. */
void ot_exchange_write_lines(struct ot_exchange *exchange, const struct ot_headers *own);

/* Reads what has come of the answer of one that rested. */
void ot_exchange_read(struct ot_exchange *exchange);

/* exchange.c */
/* One that waits already goes on to do so, for as long as it was to. */
void ot_exchange_wait(struct ot_exchange *exchange, enum ot_phase phase, uint64_t milliseconds);
void ot_exchange_stop_waiting(struct ot_exchange *exchange);
/* Sets the timer to the first of its times. */
void ot_exchange_schedule(struct ot_exchange *exchange);
/* Tells the breaker, once. */
void ot_exchange_record(struct ot_exchange *exchange, enum ot_outcome outcome);
/* Nothing more will be sent: counts, logs, gives everything back and calls `over`. */
void ot_exchange_finish(struct ot_exchange *exchange);
/* Cuts the answer off and finishes. */
void ot_exchange_break_off(struct ot_exchange *exchange);
/* Refuses when no answer was begun, else breaks it off. */
void ot_exchange_fail(struct ot_exchange *exchange, enum ot_refusal refusal);
void ot_exchange_drop_upstream(struct ot_exchange *exchange);

static inline uint64_t ot_exchange_now(const struct ot_exchange *exchange)
{
    return uv_now(&exchange->worker->loop);
}

/* A limit of 0 is none. */
static inline uint64_t ot_exchange_in(const struct ot_exchange *exchange, uint64_t milliseconds)
{
    return milliseconds > 0 ? ot_exchange_now(exchange) + milliseconds : OT_NEVER;
}
