/* Places in processes: taken at once, or after a wait in line. */
#include "gateway/pool_parts.h"

#include <stdlib.h>

struct ot_cell *ot_pool_least_loaded(const struct ot_pool *pool)
{
    size_t made = atomic_load_explicit(&pool->made, memory_order_acquire);
    uint64_t least = pool->life.max_concurrency > 0 ? pool->life.max_concurrency : UINT64_MAX;
    struct ot_cell *best = NULL;

    for (size_t i = 0; i < made; i++) {
        struct ot_cell *cell = atomic_load_explicit(&pool->seats[i].cell, memory_order_relaxed);
        uint64_t in_flight;

        if (!ot_cell_is_open(cell))
            continue;
        in_flight = ot_cell_in_flight(cell);
        if (in_flight < least) {
            least = in_flight;
            best = cell;
        }
    }
    return best;
}

/* A request more: what its process has had enough of, or the pool too little. */
static void note_taken(struct ot_pool *pool, struct ot_cell *cell, uint64_t taken)
{
    const struct ot_pool_life *life = &pool->life;

    if (pool->is_fresh) {
        ot_cell_close(cell);
        ot_pool_wake(pool);
    } else if ((life->max_requests > 0 && taken >= life->max_requests) ||
               (atomic_load_explicit(&pool->may_grow, memory_order_relaxed) &&
                ot_cell_in_flight(cell) >=
                    (life->max_concurrency > 0 ? life->max_concurrency : OT_POOL_BUSY))) {
        ot_pool_wake(pool);
    }
}

static struct ot_cell *take(struct ot_pool *pool)
{
    struct ot_cell *cell;
    uint64_t taken;

    while ((cell = ot_pool_least_loaded(pool)) != NULL) {
        if (ot_cell_take(cell, pool->life.max_concurrency, &taken)) {
            note_taken(pool, cell, taken);
            return cell;
        }
    }
    return NULL;
}

enum ot_pool_answer ot_pool_take(struct ot_pool *pool, struct ot_cell **cell)
{
    *cell = atomic_load(&pool->queued) == 0 ? take(pool) : NULL;
    return *cell != NULL ? OT_POOL_TAKEN : OT_POOL_WAIT;
}

/* -- in line ----------------------------------------------------------------------------------- */

/* On the thread of the one that waited. */
static void on_told(void *loop_context, void *argument)
{
    struct ot_waiter *waiter = argument;

    (void)loop_context;
    if (waiter->context != NULL)
        waiter->told(waiter->context, waiter->answer, waiter->cell, waiter->retry_after_s);
    free(waiter);
}

static void unlink_waiter(struct ot_waiter *waiter)
{
    struct ot_pool *pool = waiter->pool;

    if (waiter->previous != NULL)
        waiter->previous->next = waiter->next;
    else
        pool->first = waiter->next;
    if (waiter->next != NULL)
        waiter->next->previous = waiter->previous;
    else
        pool->last = waiter->previous;
    waiter->queued = false;
    pool->queued--;
}

/* With the lock. Its thread waits for it, so that its mailbox is open. */
static void tell(struct ot_waiter *waiter, enum ot_pool_answer answer, struct ot_cell *cell,
                 uint64_t retry_after_s)
{
    unlink_waiter(waiter);
    waiter->answer = answer;
    waiter->cell = cell;
    waiter->retry_after_s = retry_after_s;
    (void)ot_mailbox_post(waiter->mailbox, on_told, waiter);
}

void ot_pool_hand_out(struct ot_pool *pool)
{
    struct ot_cell *cell;

    pthread_mutex_lock(&pool->lock);
    while (pool->first != NULL && (cell = take(pool)) != NULL)
        tell(pool->first, OT_POOL_TAKEN, cell, 0);
    pthread_mutex_unlock(&pool->lock);
}

void ot_pool_give(struct ot_pool *pool, struct ot_cell *cell, uint64_t now_ms)
{
    ot_cell_give(cell, now_ms);
    if (atomic_load(&pool->queued) > 0) {
        ot_pool_hand_out(pool);
        if (pool->draining)
            ot_pool_wake(pool);
    }
}

static bool is_down(int state)
{
    return state == OT_CELL_BACKOFF || state == OT_CELL_STOPPED;
}

static uint64_t retry_after(const struct ot_pool *pool)
{
    int64_t left = pool->retry_at - ot_now_ms();

    return left > 1000 ? ((uint64_t)left + 999) / 1000 : 1;
}

void ot_pool_set_state(struct ot_pool *pool, enum ot_cell_state state, int64_t retry_at)
{
    pthread_mutex_lock(&pool->lock);
    pool->state = state;
    pool->retry_at = retry_at;
    while (is_down(state) && pool->first != NULL)
        tell(pool->first, OT_POOL_REFUSED, NULL, retry_after(pool));
    pthread_mutex_unlock(&pool->lock);
}

/* With the lock. It is counted first: who gives a place back now looks whether somebody waits. */
static enum ot_pool_answer stand_in_line(struct ot_pool *pool, struct ot_waiter *waiter,
                                         struct ot_cell **cell)
{
    if (pool->queued >= pool->life.max_queue)
        return OT_POOL_FULL;
    pool->queued++;
    *cell = pool->first == NULL ? take(pool) : NULL;
    if (*cell != NULL) {
        pool->queued--;
        return OT_POOL_TAKEN;
    }
    waiter->queued = true;
    waiter->previous = pool->last;
    if (pool->last != NULL)
        pool->last->next = waiter;
    else
        pool->first = waiter;
    pool->last = waiter;
    return OT_POOL_WAIT;
}

enum ot_pool_answer ot_pool_wait(struct ot_pool *pool, struct ot_mailbox *mailbox,
                                 void (*told)(void *context, enum ot_pool_answer answer,
                                              struct ot_cell *cell, uint64_t retry_after_s),
                                 void *context, struct ot_waiter **waiter, struct ot_cell **cell,
                                 uint64_t *retry_after_s)
{
    struct ot_waiter *mine = ot_alloc(1, sizeof(*mine));
    enum ot_pool_answer answer = OT_POOL_REFUSED;

    *mine = (struct ot_waiter){.pool = pool, .mailbox = mailbox, .told = told, .context = context};
    pthread_mutex_lock(&pool->lock);
    if (is_down(pool->state))
        *retry_after_s = retry_after(pool);
    else
        answer = stand_in_line(pool, mine, cell);
    pthread_mutex_unlock(&pool->lock);
    if (answer == OT_POOL_WAIT)
        ot_pool_wake(pool);
    else
        free(OT_STEAL(mine));
    *waiter = mine;
    return answer;
}

void ot_waiter_forget(struct ot_waiter *waiter)
{
    struct ot_pool *pool = waiter->pool;
    bool queued;

    pthread_mutex_lock(&pool->lock);
    queued = waiter->queued;
    if (queued)
        unlink_waiter(waiter);
    pthread_mutex_unlock(&pool->lock);
    if (queued) {
        free(waiter);
        return;
    }
    /* it is on its way to on_told, when the pool may be gone */
    waiter->context = NULL;
    if (waiter->cell != NULL)
        ot_pool_give(pool, waiter->cell, (uint64_t)ot_now_ms());
}
