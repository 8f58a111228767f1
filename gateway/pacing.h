/*
 * Answers that come in many small pieces. A piece costs its thread a wakeup, a read and a write
 * whatever its size, and the client the same; some streams of a thousand pieces a second would take
 * the time of everybody else's requests. So once a thread has more than 1,000 of them a second, a
 * stream with more than 100 begins to rest: it is read every 2 to 50 milliseconds, the later the
 * more of them there are, all that has come by then at once. It goes on while something has come
 * each time, except that it is read piece by piece again now and then to see whether it is as fast
 * still. Streams of large pieces never begin; neither do tunnels and answers that start before
 * their request's end, where someone may wait for each piece.
 */
#pragma once

#include "gateway/exchange.h"

/*
 * So many bytes were read, after a rest or as they came. Whether its stream rests from now on: it
 * is read again by ot_exchange_read, with others.
 */
bool ot_pacing_rests(struct ot_exchange *exchange, size_t bytes, bool rested);
/* Reads those that rested for long enough. */
void ot_pacing_wake(struct ot_timer *timer);
/* It does not any more: its answer is over. */
void ot_pacing_end(struct ot_exchange *exchange);
