/* A payload being served: its functions by name, its cells, and its end when nobody holds it. */
#include "tests/unit/cell_fixture.h"

#include "gateway/generation.h"

/* Sorted. */
static const char *const names[] = {"a", "b", "constructor", "hello", "toString"};

static void begin(struct world *world)
{
    world_begin(world, names, OT_COUNT(names));
}

static const struct ot_settings settings = {
    .prefix = "/functions/v1", .timeout_ms = 1234, .default_rpm = 77, .drain_ms = HANG_S * 1000};

static struct ot_generation_options generation_options(struct world *world)
{
    return (struct ot_generation_options){.settings = &settings,
                                          .program = &world->engine,
                                          .start_timeout_ms = HANG_S * 1000,
                                          .backoff = OT_BACKOFF_DEFAULT,
                                          .loop = &world->loop,
                                          .control = &world->control,
                                          .log = world->log,
                                          .number = 5};
}

/* Takes the world's payload. */
static struct ot_generation *make(struct world *world, const struct ot_generation_options *options)
{
    struct ot_generation *generation = NULL;
    struct ot_error err;

    assert_succeeds(ot_generation_new(OT_STEAL(world->payload), options, &generation, &err), err);
    return generation;
}

static void note_gone(void *context)
{
    *(bool *)context = true;
}

/* Until the last generation is gone. */
static void wait_for_all(struct world *world)
{
    bool gone = false;

    ot_generations_wait(note_gone, &gone);
    run_until(world, gone);
    assert_int_equal(ot_generations_alive(), 0);
}

static void test_find(void **state)
{
    static const char *const unknown[] = {"",
                                          "A",
                                          "aa",
                                          "hello ",
                                          "Hello",
                                          "__proto__",
                                          "hasOwnProperty",
                                          "shared",
                                          "a/b",
                                          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct ot_generation_options options;
    struct ot_generation *generation;
    struct ot_served_function *first;
    struct ot_cell *const *cells;
    struct world world;

    (void)state;
    begin(&world);
    options = generation_options(&world);
    generation = make(&world, &options);
    assert_int_equal(ot_generation_functions(generation, &first), OT_COUNT(names));
    assert_int_equal(ot_generation_cells(generation, &cells), OT_COUNT(names));
    for (size_t i = 0; i < OT_COUNT(names); i++) {
        struct ot_served_function *function = ot_generation_find(generation, ot_span_of(names[i]));

        assert_ptr_equal(function, &first[i]);
        assert_int_equal(function->index, i);
        assert_ptr_equal(ot_pool_cell(function->pool, 0), cells[i]);
        assert_string_equal(ot_cell_name(ot_pool_cell(function->pool, 0)), names[i]);
        assert_int_equal(function->timeout_ms, 1234);
        assert_int_equal(function->rpm, 77);
        assert_int_equal(ot_cell_state(ot_pool_cell(function->pool, 0)), OT_CELL_IDLE);
    }
    for (size_t i = 0; i < OT_COUNT(unknown); i++)
        assert_null(ot_generation_find(generation, ot_span_of(unknown[i])));
    assert_null(ot_generation_find(generation, (struct ot_span){"hello\0", 6}));
    assert_int_equal(ot_generation_number(generation), 5);
    assert_int_equal(ot_generation_manifest(generation)->function_count, OT_COUNT(names));
    ot_generation_release(generation);
    wait_for_all(&world);
    world_end(&world);
}

/* The same request, whether a function has a cell of its own or shares one. */
static void test_isolation(void **state)
{
    static const enum ot_isolation kinds[] = {OT_ISOLATE_FUNCTION, OT_ISOLATE_NOTHING};

    (void)state;
    for (size_t k = 0; k < OT_COUNT(kinds); k++) {
        struct ot_generation_options options;
        struct ot_generation *generation;
        struct ot_cell *const *cells;
        struct world world;
        struct client client;

        begin(&world);
        options = generation_options(&world);
        options.isolation = kinds[k];
        generation = make(&world, &options);
        assert_int_equal(ot_generation_cells(generation, &cells),
                         kinds[k] == OT_ISOLATE_FUNCTION ? OT_COUNT(names) : 1);
        for (size_t i = 0; i < OT_COUNT(names); i++) {
            OT_AUTOFREE char *target = ot_asprintf("/%s/x?y=1", names[i]);
            OT_AUTOFREE char *body = ot_asprintf("https:/%s/x", names[i]);
            struct ot_cell *cell =
                ot_pool_cell(ot_generation_find(generation, ot_span_of(names[i]))->pool, 0);

            assert_int_equal(get(&client, &world, cell, target), 200);
            assert_string_equal(client.body, body);
        }
        ot_generation_release(generation);
        wait_for_all(&world);
        world_end(&world);
    }
}

struct holder {
    pthread_t thread;
    struct ot_generation *generation;
};

static void *hold_and_release(void *argument)
{
    struct holder *holder = argument;

    for (unsigned i = 0; i < 10000; i++) {
        ot_generation_hold(holder->generation);
        assert_non_null(ot_generation_find(holder->generation, OT_SPAN("hello")));
        ot_generation_release(holder->generation);
    }
    ot_generation_release(holder->generation);
    return NULL;
}

/* It goes with its last reference, wherever that is released, and lets its requests finish. */
static void test_references(void **state)
{
    struct ot_generation_options options;
    struct ot_generation *generation;
    struct holder holders[8];
    struct world world;
    struct client slow;
    bool gone = false;

    (void)state;
    begin(&world);
    options = generation_options(&world);
    generation = make(&world, &options);
    client_start(&slow, &world,
                 ot_pool_cell(ot_generation_find(generation, OT_SPAN("hello"))->pool, 0),
                 "/hello/slow?n=500", 1);
    while (!slow.begun)
        uv_run(&world.loop, UV_RUN_NOWAIT);
    for (unsigned i = 0; i < OT_COUNT(holders); i++) {
        holders[i].generation = ot_generation_hold(generation);
        pthread_create(&holders[i].thread, NULL, hold_and_release, &holders[i]);
    }
    ot_generation_release(generation);
    for (unsigned i = 0; i < OT_COUNT(holders); i++)
        pthread_join(holders[i].thread, NULL);
    assert_int_equal(ot_generations_alive(), 1);
    ot_generations_wait(note_gone, &gone);
    client_end(&slow);
    assert_int_equal(slow.status, 200);
    assert_non_null(strstr(slow.body, "last"));
    run_until(&world, gone);
    assert_int_equal(ot_generations_alive(), 0);
    world_end(&world);
}

static void count_changes(struct ot_generation *generation, void *context)
{
    struct ot_generation **expected = context;

    assert_ptr_equal(generation, *expected);
}

/* All of them start, a few at a time, and it is told when they are ready, or cannot be. */
static void test_warm(void **state)
{
    struct ot_generation_options options;
    struct ot_generation *generation = NULL;
    struct ot_cell *const *cells;
    struct world world;
    bool failed = true;
    size_t count;

    (void)state;
    begin(&world);
    options = generation_options(&world);
    options.warm = true;
    options.changed = count_changes;
    options.context = &generation;
    generation = make(&world, &options);
    assert_false(ot_generation_ready(generation, &failed));
    assert_false(failed);
    run_until(&world, ot_generation_ready(generation, &failed));
    assert_false(failed);
    count = ot_generation_cells(generation, &cells);
    for (size_t i = 0; i < count; i++) {
        struct ot_cell_report report;

        ot_cell_report(cells[i], &report);
        assert_int_equal(report.state, OT_CELL_READY);
        assert_int_equal(report.starts, 1);
    }
    ot_generation_release(generation);
    wait_for_all(&world);
    world_end(&world);
}

static void test_cannot_start(void **state)
{
    struct ot_engine_program nothing = {.fd = 1000000, .name = (char[]){"nothing"}};
    struct ot_generation_options options;
    struct ot_generation *generation;
    struct world world;
    bool failed = false;

    (void)state;
    begin(&world);
    options = generation_options(&world);
    options.warm = true;
    options.program = &nothing;
    generation = make(&world, &options);
    do {
        run_once(&world);
        assert_false(ot_generation_ready(generation, &failed));
    } while (!failed);
    ot_generation_release(generation);
    wait_for_all(&world);
    world_end(&world);
}

/* Released before anything of it has begun. */
static void test_released_at_once(void **state)
{
    struct ot_generation_options options;
    struct world world;
    uint64_t seconds;

    (void)state;
    begin(&world);
    options = generation_options(&world);
    options.warm = true;
    for (unsigned i = 0; i < 2; i++) {
        struct ot_generation *generation;

        if (world.payload == NULL)
            world.payload = unit_open_unsigned(world.dir);
        generation = make(&world, &options);
        if (i == 1)
            ot_cell_want(ot_pool_cell(ot_generation_find(generation, OT_SPAN("b"))->pool, 0), 0,
                         &seconds);
        ot_generation_release(generation);
    }
    assert_int_equal(ot_generations_alive(), 2);
    wait_for_all(&world);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),         cmocka_unit_test(test_isolation),
        cmocka_unit_test(test_references),   cmocka_unit_test(test_warm),
        cmocka_unit_test(test_cannot_start), cmocka_unit_test(test_released_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
