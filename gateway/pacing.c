#include "gateway/pacing.h"

#include "gateway/exchange_steps.h"

/* What a piece costs of the time of its stream and of its thread, and how much of that may be
 * spent ahead, in microseconds: 100 and 1,000 pieces a second, and a burst of a tenth of it. */
#define OF_STREAM 10000u
#define OF_THREAD 1000u
#define AHEAD 100000u
/* What came during a rest stands for at least two pieces: rests alone must not end all rests. */
#define OF_RESTED (2 * OF_THREAD)
/* Of what comes at once; many small ones that came during a rest may have this size together. */
#define LARGE 4096u
#define REST_MIN_MS 2u
#define REST_MAX_MS 50u

/* Whether more than `ahead` was spent; `spent` is the time up to which it would last. */
static bool spend(uint64_t *spent, uint64_t cost, uint64_t ahead, uint64_t now_us)
{
    bool too_much;

    if (*spent < now_us)
        *spent = now_us;
    too_much = *spent - now_us > ahead;
    if (!too_much)
        *spent += cost;
    return too_much;
}

/*
 * A read a millisecond, as long as nobody has to wait for too long. With few streams that is soon
 * enough to empty a socket (some 270 writes, however small) before its engine has to wait for it.
 */
static uint64_t rest_ms(const struct ot_resting *queue)
{
    if (queue->count < REST_MIN_MS)
        return REST_MIN_MS;
    return queue->count < REST_MAX_MS ? queue->count : REST_MAX_MS;
}

static void enqueue(struct ot_resting *queue, struct ot_exchange *exchange)
{
    exchange->rests = true;
    queue->count++;
    exchange->next_resting = NULL;
    exchange->previous_resting = queue->last;
    if (queue->last != NULL)
        queue->last->next_resting = exchange;
    else
        queue->first = exchange;
    queue->last = exchange;
}

void ot_pacing_end(struct ot_exchange *exchange)
{
    struct ot_resting *queue = &exchange->worker->resting;

    if (!exchange->rests)
        return;
    exchange->rests = false;
    queue->count--;
    if (exchange->previous_resting != NULL)
        exchange->previous_resting->next_resting = exchange->next_resting;
    else
        queue->first = exchange->next_resting;
    if (exchange->next_resting != NULL)
        exchange->next_resting->previous_resting = exchange->previous_resting;
    else
        queue->last = exchange->previous_resting;
}

bool ot_pacing_rests(struct ot_exchange *exchange, size_t bytes, bool rested)
{
    struct ot_worker *worker = exchange->worker;
    uint64_t now = ot_exchange_now(exchange);
    size_t large = rested ? OT_READ_SIZE : LARGE;
    uint64_t rest;
    bool own, all;

    if (exchange->phase != OT_PHASE_BODY || !exchange->body_over || bytes >= large)
        return false;
    /* rests end a little late: after some of them it is seen whether the stream is as fast still */
    own = spend(&exchange->pieces_until, OF_STREAM, rested ? AHEAD / 2 : AHEAD, now * 1000);
    all = spend(&worker->pieces_until, rested ? OF_RESTED : OF_THREAD, AHEAD, now * 1000);
    if (!own || !all)
        return false;
    rest = rest_ms(&worker->resting);
    exchange->pieces_until += rest * 1000; /* or it would be as if it had been slow meanwhile */
    exchange->rests_until = now + rest;
    enqueue(&worker->resting, exchange);
    if (worker->rest.due == OT_NEVER)
        ot_timer_set(&worker->rest, exchange->rests_until);
    return true;
}

/* Whichever is read may end others, or rest again: behind all that rest now. */
void ot_pacing_wake(struct ot_timer *timer)
{
    struct ot_worker *worker = timer->context;
    uint64_t now = uv_now(&worker->loop);
    struct ot_exchange *exchange;

    while ((exchange = worker->resting.first) != NULL && exchange->rests_until <= now) {
        ot_pacing_end(exchange);
        ot_exchange_read(exchange);
    }
    if (exchange != NULL)
        ot_timer_set(timer, exchange->rests_until);
}
