#include "gateway/pool_parts.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

/* How soon it is tried again to replace a process that could not be replaced in time. */
#define REPLACE_AGAIN_MS 1000

/* What its cells do at the moment. */
struct tally {
    size_t open;     /* take requests */
    size_t starting; /* and replace none */
    size_t busy;     /* finish one that has no other process */
    bool failing;    /* one backs off */
    bool spent;      /* one has failed too often */
    int64_t retry_at;
};

static void settle(struct ot_pool *pool);

static struct ot_cell *cell_at(const struct ot_pool *pool, size_t i)
{
    return atomic_load_explicit(&pool->seats[i].cell, memory_order_relaxed);
}

static struct tally count(const struct ot_pool *pool)
{
    struct tally tally = {0};

    for (size_t i = 0; i < pool->made; i++) {
        const struct ot_cell *cell = cell_at(pool, i);
        enum ot_cell_state state = ot_cell_state(cell);

        tally.open += state == OT_CELL_READY && ot_cell_is_open(cell);
        tally.starting += state == OT_CELL_STARTING && pool->seats[i].replaces == NULL;
        tally.busy += pool->is_fresh && (state == OT_CELL_STOPPING || state == OT_CELL_READY) &&
                      !ot_cell_is_open(cell) && ot_cell_in_flight(cell) > 0;
        tally.spent = tally.spent || ot_cell_is_spent(cell);
        if (state == OT_CELL_BACKOFF) {
            tally.failing = true;
            if (ot_cell_retry_at(cell) > tally.retry_at)
                tally.retry_at = ot_cell_retry_at(cell);
        }
    }
    return tally;
}

/* -- starts ------------------------------------------------------------------------------------ */

static struct ot_seat *make_seat(struct ot_pool *pool)
{
    char name[OT_NAME_SIZE + 8];
    struct ot_seat *seat = &pool->seats[pool->made];
    struct ot_cell *cell;

    snprintf(name, sizeof(name), pool->made == 0 ? "%s" : "%s.%zu", pool->options.name,
             (size_t)pool->made + 1);
    cell = pool->options.make(pool->options.context, pool, name);
    if (cell == NULL)
        return NULL;
    atomic_store_explicit(&seat->cell, cell, memory_order_relaxed);
    atomic_fetch_add_explicit(&pool->made, 1, memory_order_release);
    return seat;
}

/* One without a process; NULL: none can be had now. */
static struct ot_seat *find_idle(struct ot_pool *pool)
{
    for (size_t i = 0; i < pool->made; i++) {
        if (ot_cell_state(cell_at(pool, i)) == OT_CELL_IDLE)
            return &pool->seats[i];
    }
    return pool->made < pool->seat_count ? make_seat(pool) : NULL;
}

/* Whether every process that takes requests has as many as it should have. */
static bool is_busy(const struct ot_pool *pool)
{
    const struct ot_cell *cell = ot_pool_least_loaded(pool);

    return cell == NULL ||
           (pool->life.max_concurrency == 0 && ot_cell_in_flight(cell) >= OT_POOL_BUSY);
}

/* How many processes should be starting. */
static size_t count_wanted(const struct ot_pool *pool, const struct tally *tally)
{
    const struct ot_pool_life *life = &pool->life;
    size_t running = tally->open + tally->busy;
    size_t queued = pool->queued;
    size_t wanted = 0;

    if (queued > 0)
        wanted = life->max_concurrency > 0
                     ? (queued + life->max_concurrency - 1) / life->max_concurrency
                     : tally->open == 0;
    if (pool->draining)
        return queued > 0 && wanted > 0 && running == 0;
    if (wanted == 0 && pool->is_started && tally->open > 0 && !pool->is_fresh && is_busy(pool))
        wanted = 1;
    if (pool->is_fresh && pool->is_started && tally->open == 0)
        wanted++; /* one ahead */
    if (!tally->spent && pool->is_started && tally->open + wanted < life->kept)
        wanted = life->kept - tally->open;
    if (running + wanted > life->replicas)
        wanted = running < life->replicas ? life->replicas - running : 0;
    return wanted;
}

static void start_wanted(struct ot_pool *pool)
{
    struct tally tally = count(pool);
    size_t wanted = tally.failing ? 0 : count_wanted(pool, &tally);

    while (tally.starting < wanted) {
        struct ot_seat *seat = find_idle(pool);

        if (seat == NULL)
            break;
        seat->replaces = NULL;
        ot_cell_start(atomic_load(&seat->cell), false);
        tally.starting++;
    }
}

/* -- ends -------------------------------------------------------------------------------------- */

static bool is_replaced(const struct ot_pool *pool, const struct ot_cell *cell)
{
    for (size_t i = 0; i < pool->made; i++) {
        if (pool->seats[i].replaces == cell)
            return true;
    }
    return false;
}

void ot_pool_replace(struct ot_pool *pool, struct ot_cell *cell, enum ot_cell_exit why)
{
    struct ot_seat *seat;

    if (is_replaced(pool, cell) || pool->ended)
        return;
    if (ot_cell_state(cell) != OT_CELL_READY ||
        (pool->options.places != NULL && ot_places_full(pool->options.places))) {
        ot_cell_end(cell, why, OT_DRAIN_LONG); /* who comes meanwhile waits */
        return;
    }
    seat = find_idle(pool);
    if (seat == NULL)
        return;
    seat->replaces = cell;
    seat->why = why;
    ot_cell_start(atomic_load(&seat->cell), false);
}

/* The successor is ready, or is not to come. */
static void follow(struct ot_pool *pool)
{
    for (size_t i = 0; i < pool->made; i++) {
        struct ot_seat *seat = &pool->seats[i];
        enum ot_cell_state state = ot_cell_state(cell_at(pool, i));

        if (seat->replaces == NULL || state == OT_CELL_STARTING)
            continue;
        if (state == OT_CELL_READY)
            ot_cell_end(OT_STEAL(seat->replaces), seat->why, OT_DRAIN_LONG);
        else
            seat->replaces = NULL;
    }
}

static bool is_overdue(const struct ot_pool *pool, const struct ot_cell *cell, int64_t now)
{
    const struct ot_pool_life *life = &pool->life;

    return (life->max_requests > 0 && ot_cell_taken(cell) >= life->max_requests) ||
           (life->ttl_ms != OT_UNSET && now - ot_cell_ready_at(cell) >= (int64_t)life->ttl_ms);
}

static void end_overdue(struct ot_pool *pool)
{
    int64_t now = ot_now_ms();
    bool failing = count(pool).failing;

    for (size_t i = 0; i < pool->made; i++) {
        struct ot_cell *cell = cell_at(pool, i);

        if (ot_cell_state(cell) != OT_CELL_READY)
            continue;
        if (pool->is_fresh) {
            if (!ot_cell_is_open(cell))
                ot_cell_end(cell, OT_EXIT_RECYCLED, OT_DRAIN_LONG);
        } else if (!failing && is_overdue(pool, cell, now)) {
            ot_pool_replace(pool, cell, OT_EXIT_RECYCLED);
        }
    }
}

/* The first ones are kept, the others end when they have had nothing to do for long enough. */
static void end_idle(struct ot_pool *pool)
{
    int64_t now = ot_now_ms();
    uint64_t ready = 0;

    for (size_t i = 0; i < pool->made; i++) {
        struct ot_cell *cell = cell_at(pool, i);

        if (ot_cell_state(cell) != OT_CELL_READY)
            continue;
        ot_cell_keep(cell, ready++ < pool->life.kept);
        if (!ot_cell_is_kept(cell) && pool->life.idle_ms > 0 &&
            now - ot_cell_used_at(cell) >= (int64_t)pool->life.idle_ms)
            (void)ot_cell_end_idle(cell, OT_EXIT_IDLE);
    }
}

/* Who stands in line keeps what there is; what is left then ends. */
static void end_drained(struct ot_pool *pool)
{
    for (size_t i = 0; pool->draining && pool->queued == 0 && i < pool->made; i++) {
        struct ot_cell *cell = cell_at(pool, i);

        if (ot_cell_state(cell) == OT_CELL_READY)
            ot_cell_end(cell, OT_EXIT_DRAINED, OT_DRAIN_LONG);
    }
}

/* -- time -------------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    settle(timer->data);
}

static int64_t first_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When something of a cell that is ready is due. */
static int64_t due_of(const struct ot_pool *pool, const struct ot_cell *cell, int64_t now)
{
    const struct ot_pool_life *life = &pool->life;
    int64_t due = INT64_MAX;

    if (life->ttl_ms != OT_UNSET && !pool->is_fresh) {
        due = ot_cell_ready_at(cell) + (int64_t)life->ttl_ms;
        if (due <= now) /* it was tried just now */
            due = now + REPLACE_AGAIN_MS;
    }
    if (life->idle_ms > 0 && !ot_cell_is_kept(cell))
        due = first_of(due, (ot_cell_in_flight(cell) > 0 ? now : ot_cell_used_at(cell)) +
                                (int64_t)life->idle_ms);
    return due;
}

static void set_timer(struct ot_pool *pool)
{
    int64_t now = ot_now_ms(), due = INT64_MAX;

    for (size_t i = 0; i < pool->made; i++) {
        const struct ot_cell *cell = cell_at(pool, i);

        if (ot_cell_state(cell) == OT_CELL_READY)
            due = first_of(due, due_of(pool, cell, now));
    }
    if (due == INT64_MAX) {
        if (pool->timer != NULL)
            uv_timer_stop(pool->timer);
        return;
    }
    if (pool->timer == NULL) {
        pool->timer = ot_alloc(1, sizeof(*pool->timer));
        uv_timer_init(pool->options.loop, pool->timer);
        pool->timer->data = pool;
    }
    uv_update_time(pool->options.loop);
    uv_timer_start(pool->timer, on_timer, due > now ? (uint64_t)(due - now) : 1, 0);
}

/* -- all of it --------------------------------------------------------------------------------- */

static enum ot_cell_state state_of(const struct tally *tally)
{
    if (tally->open > 0)
        return OT_CELL_READY;
    if (tally->starting > 0)
        return OT_CELL_STARTING;
    if (tally->failing)
        return OT_CELL_BACKOFF;
    return tally->busy > 0 ? OT_CELL_READY : OT_CELL_IDLE;
}

static void settle_once(struct ot_pool *pool)
{
    struct tally tally;

    follow(pool);
    end_overdue(pool);
    end_idle(pool);
    start_wanted(pool);
    tally = count(pool);
    pool->may_grow = !pool->is_fresh && !pool->draining && tally.starting == 0 && !tally.failing &&
                     tally.open < pool->life.replicas;
    ot_pool_set_state(pool, state_of(&tally), tally.retry_at);
    ot_pool_hand_out(pool);
    end_drained(pool);
    set_timer(pool);
}

/* Brings its cells in line with what is wanted. They tell of what happens to them meanwhile. */
static void settle(struct ot_pool *pool)
{
    pool->settle_again = true;
    if (pool->settling || pool->ended)
        return;
    pool->settling = true;
    while (pool->settle_again) {
        pool->settle_again = false;
        settle_once(pool);
    }
    pool->settling = false;
}

void ot_pool_changed(struct ot_pool *pool, struct ot_cell *cell)
{
    /* it was not wanted, and nobody wants one in its place */
    if (ot_cell_state(cell) == OT_CELL_IDLE && pool->life.kept == 0 &&
        (ot_cell_last_exit(cell) == OT_EXIT_IDLE || ot_cell_last_exit(cell) == OT_EXIT_EVICTED))
        pool->is_started = false;
    settle(pool);
}

static void on_woken(void *context, void *argument)
{
    struct ot_pool *pool = argument;

    (void)context;
    pool->woken = false;
    pool->is_started = true;
    settle(pool);
}

void ot_pool_wake(struct ot_pool *pool)
{
    if (!atomic_load(&pool->woken) && !atomic_exchange(&pool->woken, true))
        (void)ot_mailbox_post(pool->options.control, on_woken, pool);
}

void ot_pool_restart(struct ot_pool *pool)
{
    size_t made = pool->made; /* those that take their places are not meant */

    for (size_t i = 0; i < made; i++) {
        struct ot_cell *cell = cell_at(pool, i);

        if (ot_cell_state(cell) == OT_CELL_READY)
            ot_pool_replace(pool, cell, OT_EXIT_RESTARTED);
        else if (ot_cell_state(cell) == OT_CELL_BACKOFF)
            ot_cell_end(cell, OT_EXIT_RESTARTED, 0);
    }
    settle(pool);
}

void ot_pool_drain(struct ot_pool *pool, bool draining)
{
    pool->draining = draining;
    settle(pool);
}

void ot_pool_start(struct ot_pool *pool)
{
    pool->is_started = true;
    if (ot_pool_state(pool) == OT_CELL_IDLE)
        ot_cell_start(ot_pool_cell(pool, 0), true);
    settle(pool);
}

/* -- making and freeing ------------------------------------------------------------------------ */

struct ot_pool *ot_pool_new(const struct ot_pool_options *options)
{
    struct ot_pool *pool = ot_alloc(1, sizeof(*pool));

    pool->options = *options;
    pool->life = options->life;
    pool->is_fresh = options->life.ttl_ms == 0;
    if (pool->is_fresh)
        pool->life.max_concurrency = 1;
    pool->seat_count = 2 * (size_t)pool->life.replicas;
    pool->seats = ot_alloc(pool->seat_count, sizeof(*pool->seats));
    pthread_mutex_init(&pool->lock, NULL);
    if (make_seat(pool) == NULL) {
        ot_pool_free(pool);
        return NULL;
    }
    return pool;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void ot_pool_end(struct ot_pool *pool)
{
    pool->ended = true;
    pool->may_grow = false;
    if (pool->timer != NULL)
        uv_close((uv_handle_t *)OT_STEAL(pool->timer), free_handle);
    ot_pool_set_state(pool, OT_CELL_STOPPED, 0);
}

void ot_pool_free(struct ot_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_destroy(&pool->lock);
    free(pool->seats);
    free(pool);
}

/* -- what is in it ----------------------------------------------------------------------------- */

const char *ot_pool_name(const struct ot_pool *pool)
{
    return pool->options.name;
}

const struct ot_pool_life *ot_pool_life(const struct ot_pool *pool)
{
    return &pool->life;
}

enum ot_cell_state ot_pool_state(const struct ot_pool *pool)
{
    return (enum ot_cell_state)pool->state;
}

uint64_t ot_pool_queued(const struct ot_pool *pool)
{
    return pool->queued;
}

struct ot_cell *ot_pool_cell(const struct ot_pool *pool, size_t number)
{
    return number < atomic_load_explicit(&pool->made, memory_order_acquire) ? cell_at(pool, number)
                                                                            : NULL;
}
