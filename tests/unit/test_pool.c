/* Places in engine processes: the line for them, their number, and whose is given away. */
#include "tests/unit/cell_fixture.h"

#include "gateway/places.h"
#include "gateway/pool.h"

static const char *const names[] = {"hello", "other", "third"};

static void begin(struct world *world)
{
    world_begin(world, names, OT_COUNT(names));
}

/* -- places: --max-cells ----------------------------------------------------------------------- */

static struct ot_places *common_places;

static void in_places(struct ot_cell_options *options)
{
    options->places = common_places;
}

static bool is_ready(const struct ot_cell *cell)
{
    return ot_cell_state(cell) == OT_CELL_READY;
}

static void use(struct ot_cell *cell, int64_t at)
{
    uint64_t taken;

    assert_true(ot_cell_take(cell, 0, &taken));
    ot_cell_give(cell, (uint64_t)at);
}

/* Three cells for two places; two of them are ready, and the second one was used last. */
static void make_three(struct world *world, struct ot_cell *cells[3])
{
    int64_t now;

    common_places = ot_places_new(2);
    for (size_t i = 0; i < 3; i++)
        cells[i] = make_cell(world, names[i], in_places);
    for (size_t i = 0; i < 2; i++)
        ot_cell_start(cells[i], false);
    run_until(world, is_ready(cells[0]) && is_ready(cells[1]));
    assert_true(ot_places_full(common_places));
    now = ot_now_ms();
    use(cells[0], now + 1000);
    use(cells[1], now + 2000);
}

static void end_three(struct world *world, struct ot_cell *cells[3])
{
    for (size_t i = 0; i < 3; i++)
        end_cell(world, cells[i]);
    ot_places_free(common_places);
    world_end(world);
}

static void least_recently_used_goes(void **state)
{
    struct ot_cell *cells[3];
    struct world world;

    (void)state;
    begin(&world);
    make_three(&world, cells);
    ot_cell_start(cells[2], false);
    run_until(&world, is_ready(cells[2]));
    assert_int_equal(ot_cell_state(cells[0]), OT_CELL_IDLE);
    assert_int_equal(ot_cell_last_exit(cells[0]), OT_EXIT_EVICTED);
    assert_true(is_ready(cells[1]));
    end_three(&world, cells);
}

static void busy_and_kept_stay(void **state)
{
    struct ot_cell *cells[3];
    struct world world;
    uint64_t taken;

    (void)state;
    begin(&world);
    make_three(&world, cells);
    ot_cell_keep(cells[0], true);
    assert_true(ot_cell_take(cells[1], 0, &taken));
    ot_cell_start(cells[2], false);
    ot_places_look(common_places);
    assert_int_equal(ot_cell_state(cells[2]), OT_CELL_STARTING);
    assert_int_equal(ot_cell_starts(cells[2]), 0);
    assert_true(is_ready(cells[0]) && is_ready(cells[1]));
    /* its request is over: it goes at once, although it was used last */
    ot_cell_give(cells[1], (uint64_t)ot_now_ms() + 9000);
    run_until(&world, is_ready(cells[2]));
    assert_int_equal(ot_cell_last_exit(cells[1]), OT_EXIT_EVICTED);
    assert_true(is_ready(cells[0]));
    end_three(&world, cells);
}

/* Who waits for a place when there are more than there should be needs two of them to go. */
static void more_than_there_should_be_go(void **state)
{
    struct ot_cell *cells[3];
    struct world world;

    (void)state;
    begin(&world);
    common_places = ot_places_new(1);
    for (size_t i = 0; i < 3; i++)
        cells[i] = make_cell(&world, names[i], in_places);
    for (size_t i = 0; i < 2; i++)
        ot_cell_start(cells[i], true);
    run_until(&world, is_ready(cells[0]) && is_ready(cells[1]));
    ot_cell_start(cells[2], false);
    run_until(&world, is_ready(cells[2]));
    assert_int_equal(ot_cell_state(cells[0]), OT_CELL_IDLE);
    assert_int_equal(ot_cell_state(cells[1]), OT_CELL_IDLE);
    end_three(&world, cells);
}

/* What is started ahead of requests may go beyond the limit; who waits then waits for two. */
static void anyway_and_given_up(void **state)
{
    struct ot_cell *cells[3];
    struct world world;
    uint64_t taken;

    (void)state;
    begin(&world);
    make_three(&world, cells);
    assert_true(ot_cell_take(cells[0], 0, &taken));
    assert_true(ot_cell_take(cells[1], 0, &taken));
    ot_cell_start(cells[2], true);
    run_until(&world, is_ready(cells[2]));
    assert_true(is_ready(cells[0]) && is_ready(cells[1]));
    ot_cell_end(cells[2], OT_EXIT_RESTARTED, OT_DRAIN_LONG);
    run_until(&world, ot_cell_state(cells[2]) == OT_CELL_IDLE);
    ot_cell_start(cells[2], false); /* waits, and is stopped while it does */
    assert_int_equal(ot_cell_state(cells[2]), OT_CELL_STARTING);
    assert_int_equal(ot_cell_starts(cells[2]), 1);
    ot_cell_give(cells[0], (uint64_t)ot_now_ms());
    ot_cell_give(cells[1], (uint64_t)ot_now_ms());
    end_three(&world, cells);
}

/* -- pools ------------------------------------------------------------------------------------- */

struct test_pool {
    struct world world;
    struct ot_pool *pool;
    struct ot_cell *cells[8];
    size_t count;
};

static void on_changed(struct ot_cell *cell, void *context)
{
    struct test_pool *test = context;

    if (test->pool != NULL)
        ot_pool_changed(test->pool, cell);
}

static struct ot_cell *make(void *context, struct ot_pool *pool, const char *name)
{
    struct test_pool *test = context;
    struct ot_cell_options options = cell_options(&test->world, name);
    OT_AUTOLIST struct ot_list functions = {0};
    struct ot_error err;

    (void)pool;
    ot_list_add(&functions, names[0]);
    options.functions = &functions;
    options.direct = true;
    options.changed = on_changed;
    options.context = test;
    assert_succeeds(ot_cell_new(&options, &test->cells[test->count], &err), err);
    return test->cells[test->count++];
}

static void begin_pool(struct test_pool *test, struct ot_pool_life life)
{
    const struct ot_pool_options options = {.name = names[0],
                                            .life = life,
                                            .make = make,
                                            .context = test,
                                            .loop = &test->world.loop,
                                            .control = &test->world.control};

    *test = (struct test_pool){0};
    begin(&test->world);
    test->pool = ot_pool_new(&options);
    assert_non_null(test->pool);
}

static void end_pool(struct test_pool *test)
{
    ot_pool_end(test->pool);
    for (size_t i = 0; i < test->count; i++)
        end_cell(&test->world, test->cells[i]);
    ot_pool_free(test->pool);
    world_end(&test->world);
}

/* A request: what came of it. */
struct caller {
    struct ot_waiter *waiter;
    struct ot_cell *cell;
    enum ot_pool_answer answer;
    uint64_t retry_after_s;
};

static void told(void *context, enum ot_pool_answer answer, struct ot_cell *cell,
                 uint64_t retry_after_s)
{
    *(struct caller *)context =
        (struct caller){.cell = cell, .answer = answer, .retry_after_s = retry_after_s};
}

static enum ot_pool_answer call(struct test_pool *test, struct caller *caller)
{
    *caller = (struct caller){0};
    caller->answer = ot_pool_take(test->pool, &caller->cell);
    if (caller->answer == OT_POOL_WAIT)
        caller->answer = ot_pool_wait(test->pool, &test->world.control, told, caller,
                                      &caller->waiter, &caller->cell, &caller->retry_after_s);
    return caller->answer;
}

static void over(struct test_pool *test, struct caller *caller)
{
    ot_pool_give(test->pool, OT_STEAL(caller->cell), (uint64_t)ot_now_ms());
}

#define life_of(most, ...)                                                                         \
    ((struct ot_pool_life){.replicas = most, .ttl_ms = OT_UNSET, __VA_ARGS__})

static void first_come_first_served(void **state)
{
    struct test_pool test;
    struct caller callers[5];

    (void)state;
    begin_pool(&test, life_of(1, .max_concurrency = 1, .max_queue = 3));
    for (int i = 0; i < 3; i++)
        assert_int_equal(call(&test, &callers[i]), OT_POOL_WAIT);
    assert_int_equal(call(&test, &callers[3]), OT_POOL_FULL);
    assert_null(callers[3].waiter);
    assert_int_equal(ot_pool_queued(test.pool), 3);
    run_until(&test.world, callers[0].cell != NULL);
    assert_int_equal(ot_cell_starts(callers[0].cell), 1);
    assert_int_equal(ot_pool_queued(test.pool), 2);
    assert_int_equal(call(&test, &callers[3]), OT_POOL_WAIT); /* nobody passes those in line */
    ot_waiter_forget(callers[1].waiter);
    assert_int_equal(ot_pool_queued(test.pool), 2);
    over(&test, &callers[0]);
    run_until(&test.world, callers[2].cell != NULL);
    assert_null(callers[3].cell);
    assert_int_equal(ot_cell_in_flight(callers[2].cell), 1);
    over(&test, &callers[2]);
    run_until(&test.world, callers[3].cell != NULL);
    over(&test, &callers[3]);
    assert_int_equal(ot_cell_taken(test.cells[0]), 3);
    end_pool(&test);
}

/* A place that was handed out to somebody who went away meanwhile is not lost. */
static void forgotten_place_is_given_back(void **state)
{
    struct test_pool test;
    struct caller callers[3];

    (void)state;
    begin_pool(&test, life_of(1, .max_concurrency = 1, .max_queue = 9));
    call(&test, &callers[0]);
    run_until(&test.world, callers[0].cell != NULL);
    call(&test, &callers[1]);
    call(&test, &callers[2]);
    over(&test, &callers[0]); /* it is callers[1]'s, who is not told yet */
    assert_int_equal(ot_pool_queued(test.pool), 1);
    ot_waiter_forget(callers[1].waiter);
    run_until(&test.world, callers[2].cell != NULL);
    assert_int_equal(callers[1].answer, OT_POOL_WAIT);
    over(&test, &callers[2]);
    assert_int_equal(ot_cell_in_flight(test.cells[0]), 0);
    end_pool(&test);
}

static void replicas_share_the_load(void **state)
{
    struct test_pool test;
    struct caller callers[4];

    (void)state;
    begin_pool(&test, life_of(2, .max_concurrency = 2, .max_queue = 9));
    for (int i = 0; i < 4; i++)
        call(&test, &callers[i]);
    run_until(&test.world, callers[3].cell != NULL);
    assert_int_equal(test.count, 2);
    for (int i = 0; i < 2; i++)
        assert_int_equal(ot_cell_in_flight(test.cells[i]), 2);
    /* the one that has fewer gets the next: 1 and 0 now */
    for (int i = 0, kept = 0; i < 4; i++) {
        if (callers[i].cell == test.cells[1] || kept++ > 0) /* of two in the first one */
            over(&test, &callers[i]);
    }
    assert_int_equal(ot_cell_in_flight(test.cells[0]), 1);
    for (int i = 0; i < 4; i++) {
        if (callers[i].cell != NULL)
            continue;
        assert_int_equal(call(&test, &callers[i]), OT_POOL_TAKEN);
        assert_ptr_equal(callers[i].cell, test.cells[1]);
        over(&test, &callers[i]);
    }
    for (int i = 0; i < 4; i++) {
        if (callers[i].cell != NULL)
            over(&test, &callers[i]);
    }
    end_pool(&test);
}

/* The next process is there before the old one goes, and that one finishes what it has. */
static void used_up_is_replaced(void **state)
{
    struct test_pool test;
    struct caller callers[3];

    (void)state;
    begin_pool(&test, life_of(1, .max_requests = 2, .max_queue = 9));
    call(&test, &callers[0]);
    run_until(&test.world, callers[0].cell != NULL);
    assert_int_equal(call(&test, &callers[1]), OT_POOL_TAKEN);
    assert_ptr_equal(callers[1].cell, callers[0].cell);
    run_until(&test.world, ot_cell_state(test.cells[0]) == OT_CELL_STOPPING);
    assert_true(is_ready(test.cells[1]));
    assert_int_equal(call(&test, &callers[2]), OT_POOL_TAKEN);
    assert_ptr_equal(callers[2].cell, test.cells[1]);
    over(&test, &callers[0]);
    assert_int_equal(ot_cell_state(test.cells[0]), OT_CELL_STOPPING);
    over(&test, &callers[1]);
    run_until(&test.world, ot_cell_state(test.cells[0]) == OT_CELL_IDLE);
    assert_int_equal(ot_cell_last_exit(test.cells[0]), OT_EXIT_RECYCLED);
    over(&test, &callers[2]);
    end_pool(&test);
}

/* Nobody who waits for what cannot start waits on. */
static void failure_refuses_those_in_line(void **state)
{
    struct test_pool test;
    struct caller callers[2];
    struct ot_engine_program engine;
    struct ot_error err;

    (void)state;
    begin_pool(&test, life_of(1, .max_concurrency = 1, .max_queue = 9));
    engine = test.world.engine;
    assert_succeeds(ot_engine_program_open(&test.world.engine, "/bin/false", &err), err);
    for (size_t i = 0; i < test.count; i++) /* made with the good one */
        end_cell(&test.world, test.cells[i]);
    ot_pool_end(test.pool);
    ot_pool_free(OT_STEAL(test.pool));
    test.count = 0;
    test.pool = ot_pool_new(&(const struct ot_pool_options){
        .name = names[0],
        .life = life_of(1, .max_concurrency = 1, .max_queue = 9),
        .make = make,
        .context = &test,
        .loop = &test.world.loop,
        .control = &test.world.control,
    });
    assert_int_equal(call(&test, &callers[0]), OT_POOL_WAIT);
    run_until(&test.world, callers[0].answer == OT_POOL_REFUSED);
    assert_int_equal(callers[0].retry_after_s, 1);
    assert_int_equal(call(&test, &callers[1]), OT_POOL_REFUSED);
    assert_int_equal(ot_pool_state(test.pool), OT_CELL_BACKOFF);
    ot_engine_program_close(&engine);
    end_pool(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_recently_used_goes),
        cmocka_unit_test(busy_and_kept_stay),
        cmocka_unit_test(more_than_there_should_be_go),
        cmocka_unit_test(anyway_and_given_up),
        cmocka_unit_test(first_come_first_served),
        cmocka_unit_test(forgotten_place_is_given_back),
        cmocka_unit_test(replicas_share_the_load),
        cmocka_unit_test(used_up_is_replaced),
        cmocka_unit_test(failure_refuses_those_in_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
