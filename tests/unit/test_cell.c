/* A cell with the real engine: started once for all who want it, replaced when it dies, drained,
 * killed. */
#include "tests/unit/cell_fixture.h"

#include "gateway/cell_output.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

static const char *const names[] = {"hello", "other"};

static void begin(struct world *world)
{
    world_begin(world, names, OT_COUNT(names));
}

static struct ot_cell_report report_of(struct ot_cell *cell)
{
    struct ot_cell_report report;

    ot_cell_report(cell, &report);
    return report;
}

/* However many want it at the same time, it is started once. */
static void test_single_flight(void **state)
{
    struct client clients[8];
    struct world world;
    struct ot_cell *cell;

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", NULL);
    assert_int_equal(ot_cell_state(cell), OT_CELL_IDLE);
    assert_int_equal(report_of(cell).starts, 0);
    for (unsigned i = 0; i < OT_COUNT(clients); i++)
        client_start(&clients[i], &world, cell, "/hello/x?y=1", 20);
    for (unsigned i = 0; i < OT_COUNT(clients); i++) {
        client_end(&clients[i]);
        assert_int_equal(clients[i].answered, 20);
        assert_string_equal(clients[i].body, "https:/hello/x");
    }
    assert_int_equal(report_of(cell).starts, 1);
    assert_int_equal(report_of(cell).crashes, 0);
    assert_int_equal(report_of(cell).state, OT_CELL_READY);
    assert_true(report_of(cell).pid > 0);
    assert_true(report_of(cell).resident_bytes > 1u << 20);
    end_cell(&world, cell);
    world_end(&world);
}

static void kill_engine(struct ot_cell *cell)
{
    pid_t pid = report_of(cell).pid;

    if (pid > 0)
        assert_int_equal(kill(pid, SIGKILL), 0);
}

static void short_backoff(struct ot_cell_options *options)
{
    options->backoff = (struct ot_backoff){20, 80, 1000000, 0};
}

/* Killed again and again under load: what was not answered was refused or broken off, nothing
 * waits for ever, and it comes back. */
static void test_crash_under_load(void **state)
{
    struct client clients[4], last;
    struct world world;
    struct ot_cell *cell;

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", short_backoff);
    for (unsigned i = 0; i < OT_COUNT(clients); i++)
        client_start(&clients[i], &world, cell, "/hello", UINT_MAX);
    for (unsigned kills = 0; kills < 8; kills++) {
        run_until(&world, ot_cell_state(cell) == OT_CELL_READY);
        for (unsigned answers = clients[0].answered; clients[0].answered < answers + 5;)
            uv_run(&world.loop, UV_RUN_NOWAIT);
        kill_engine(cell);
        run_until(&world, ot_cell_state(cell) != OT_CELL_READY);
    }
    for (unsigned i = 0; i < OT_COUNT(clients); i++)
        clients[i].enough = true;
    for (unsigned i = 0; i < OT_COUNT(clients); i++) {
        client_end(&clients[i]);
        assert_int_equal(clients[i].answered + clients[i].refused + clients[i].broken,
                         clients[i].asked);
    }
    run_until(&world, ot_cell_state(cell) == OT_CELL_READY || ot_cell_state(cell) == OT_CELL_IDLE);
    assert_int_equal(get(&last, &world, cell, "/hello"), 200);
    assert_int_equal(report_of(cell).crashes, 8);
    assert_int_equal(report_of(cell).starts, 9);
    assert_int_equal(report_of(cell).last_exit, OT_EXIT_CRASHED);
    assert_string_equal(ot_cell_exit_name(report_of(cell).last_exit), "crashed");
    end_cell(&world, cell);
    world_end(&world);
}

/* Those that wait in the backlog of a cell that died are served by the process that replaces it. */
static void test_waiting_connections(void **state)
{
    struct client waiting;
    struct world world;
    struct ot_cell *cell;
    siginfo_t info;

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", NULL);
    assert_int_equal(get(&waiting, &world, cell, "/hello"), 200);
    assert_int_equal(kill(report_of(cell).pid, SIGSTOP), 0);
    assert_int_equal(waitid(P_PID, (id_t)report_of(cell).pid, &info, WSTOPPED | WNOWAIT), 0);
    client_start(&waiting, &world, cell, "/hello", 1);
    usleep(50000); /* until it waits there; if it comes later it is served all the same */
    kill_engine(cell);
    client_end(&waiting);
    assert_int_equal(report_of(cell).starts, 2);
    if (waiting.status != 200)
        fail_msg("%d", waiting.status);
    end_cell(&world, cell);
    world_end(&world);
}

/* When the cell may start again, in milliseconds of the clock, as ot_cell_want tells. */
static int64_t retry_at(struct ot_cell *cell)
{
    int64_t low = ot_now_ms() - 1000, high = low + 10000;
    uint64_t seconds;

    while (low < high) { /* the first moment at which it is a second or less away */
        int64_t middle = (low + high) / 2;

        assert_int_equal(ot_cell_want(cell, (uint64_t)middle, &seconds), OT_CELL_REFUSED);
        if (seconds > 1)
            low = middle + 1;
        else
            high = middle;
    }
    return low + 1000;
}

static struct ot_engine_program broken_engine;

static void broken(struct ot_cell_options *options)
{
    options->program = &broken_engine;
    options->backoff = (struct ot_backoff){20, 80, 1000000, 0};
}

/* A shell script in the engine's place. */
static void write_engine(const struct world *world, const char *script)
{
    OT_AUTOFREE char *text = ot_asprintf("#!/bin/sh\n%s\n", script);
    OT_AUTOFREE char *path = ot_asprintf("%s/engine", world->dir);
    struct ot_error err;

    assert_succeeds(unit_write_file(path, ot_span_of(text), 0755, false, &err), err);
    assert_succeeds(ot_engine_program_open(&broken_engine, path, &err), err);
}

/* Refused at once while it backs off, twice as long each time. */
static void test_backoff_doubles(void **state)
{
    static const int64_t delays[] = {20, 40, 80, 80, 80};
    struct world world;
    struct ot_cell *cell;

    (void)state;
    begin(&world);
    write_engine(&world, "cat >/dev/null\necho 'no teapot' >&2\nexit 3");
    cell = make_cell(&world, "hello", broken);
    for (unsigned i = 0; i < OT_COUNT(delays); i++) {
        int64_t before = ot_now_ms(), at;
        uint64_t seconds;

        assert_int_equal(ot_cell_state(cell), OT_CELL_IDLE);
        assert_int_equal(ot_cell_want(cell, (uint64_t)before, &seconds), OT_CELL_CONNECT);
        assert_int_equal(ot_cell_state(cell), OT_CELL_STARTING);
        run_until(&world, ot_cell_state(cell) == OT_CELL_BACKOFF);
        at = retry_at(cell);
        assert_in_range(at, before + delays[i], ot_now_ms() + delays[i]);
        assert_int_equal(ot_cell_want(cell, (uint64_t)ot_now_ms(), &seconds), OT_CELL_REFUSED);
        assert_int_equal(seconds, 1);
        assert_int_equal(ot_cell_want(cell, (uint64_t)at - 59001, &seconds), OT_CELL_REFUSED);
        assert_int_equal(seconds, 60);
        run_until(&world, ot_cell_state(cell) != OT_CELL_BACKOFF);
        assert_true(ot_now_ms() >= at);
    }
    assert_int_equal(report_of(cell).starts, OT_COUNT(delays));
    assert_int_equal(report_of(cell).last_exit, OT_EXIT_START_FAILED);
    assert_int_equal(report_of(cell).crashes, 0);
    end_cell(&world, cell);
    ot_engine_program_close(&broken_engine);
    world_end(&world);
}

struct wanter {
    pthread_t thread;
    pthread_barrier_t *barrier;
    struct ot_cell *cell;
};

static void *want_once(void *argument)
{
    struct wanter *wanter = argument;
    uint64_t seconds;

    pthread_barrier_wait(wanter->barrier);
    ot_cell_want(wanter->cell, (uint64_t)ot_now_ms(), &seconds);
    return NULL;
}

static void broken_for_good(struct ot_cell_options *options)
{
    options->program = &broken_engine;
    options->backoff = (struct ot_backoff){1000000, 1000000, 1000000, 0};
}

/* The same, with all of them at the very same moment. */
static void test_single_flight_at_once(void **state)
{
    struct wanter wanters[8];
    pthread_barrier_t barrier;
    struct world world;

    (void)state;
    begin(&world);
    write_engine(&world, "exit 3");
    pthread_barrier_init(&barrier, NULL, OT_COUNT(wanters));
    for (int round = 0; round < 50; round++) {
        struct ot_cell *cell = make_cell(&world, "hello", broken_for_good);

        for (unsigned i = 0; i < OT_COUNT(wanters); i++) {
            wanters[i] = (struct wanter){.barrier = &barrier, .cell = cell};
            pthread_create(&wanters[i].thread, NULL, want_once, &wanters[i]);
        }
        for (unsigned i = 0; i < OT_COUNT(wanters); i++)
            pthread_join(wanters[i].thread, NULL);
        run_until(&world, ot_cell_state(cell) == OT_CELL_BACKOFF);
        uv_run(&world.loop, UV_RUN_NOWAIT);
        assert_int_equal(report_of(cell).starts, 1);
        end_cell(&world, cell);
    }
    pthread_barrier_destroy(&barrier);
    ot_engine_program_close(&broken_engine);
    world_end(&world);
}

static void good_after_nothing(struct ot_cell_options *options)
{
    options->backoff = (struct ot_backoff){1000000, 1000000, 0, 0};
}

static void never_good(struct ot_cell_options *options)
{
    options->backoff = (struct ot_backoff){1000000, 1000000, 1000000, 0};
}

/* Kills it `times` times, each time when it is ready; the state it is in then. */
static enum ot_cell_state kill_often(struct world *world, struct ot_cell *cell, unsigned times)
{
    ot_cell_start(cell, true);
    for (unsigned i = 0; i < times; i++) {
        run_until(world, ot_cell_state(cell) == OT_CELL_READY);
        kill_engine(cell);
        run_until(world, ot_cell_state(cell) != OT_CELL_READY);
    }
    return ot_cell_state(cell);
}

/* One that was ready is started again at once, the second time only after a good life. */
static void test_good_life(void **state)
{
    struct world world;
    struct ot_cell *cell;

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", good_after_nothing);
    assert_int_equal(kill_often(&world, cell, 4), OT_CELL_STARTING);
    end_cell(&world, cell);
    cell = make_cell(&world, "hello", never_good);
    assert_int_equal(kill_often(&world, cell, 1), OT_CELL_STARTING);
    assert_int_equal(kill_often(&world, cell, 1), OT_CELL_BACKOFF);
    end_cell(&world, cell);
    world_end(&world);
}

static void *connect_unasked(void *argument)
{
    struct client *client = argument;

    client->status = http_get(ot_cell_path(client->cell), client->target, client->body,
                              sizeof(client->body), NULL);
    ot_mailbox_post(&client->world->control, wake, client);
    return NULL;
}

/* Who was told to connect just before the end does not wait for ever. */
static void test_late_connection(void **state)
{
    struct client late = {.target = "/hello"};
    struct world world;
    struct ot_cell *cell;

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", never_good);
    assert_int_equal(kill_often(&world, cell, 2), OT_CELL_BACKOFF);
    late.world = &world;
    late.cell = cell;
    /* a connection without asking first */
    pthread_create(&late.thread, NULL, connect_unasked, &late);
    client_end(&late);
    assert_int_equal(late.status, BROKEN);
    end_cell(&world, cell);
    /* and when it may start again, it does */
    cell = make_cell(&world, "hello", short_backoff);
    assert_int_equal(kill_often(&world, cell, 2), OT_CELL_BACKOFF);
    run_until(&world, ot_cell_state(cell) == OT_CELL_IDLE);
    late.cell = cell;
    late.done = false;
    pthread_create(&late.thread, NULL, connect_unasked, &late);
    client_end(&late);
    assert_int_equal(late.status, 200);
    end_cell(&world, cell);
    world_end(&world);
}

static void budget_of_four(struct ot_cell_options *options)
{
    options->program = &broken_engine;
    options->backoff = (struct ot_backoff){1, 1000000, 1000000, 4};
}

static void start_quickly(struct ot_cell_options *options)
{
    options->program = &broken_engine;
    options->start_timeout_ms = 100;
}

/* Who has failed too often waits for the longest time; what is not ready in time is killed. */
static void test_budget_and_timeout(void **state)
{
    struct world world;
    struct ot_cell *cell;

    (void)state;
    begin(&world);
    write_engine(&world, "exit 3");
    cell = make_cell(&world, "hello", budget_of_four);
    for (unsigned starts = 1; starts <= 4; starts++) {
        run_until(&world, ot_cell_state(cell) == OT_CELL_IDLE);
        assert_false(ot_cell_is_spent(cell) && starts < 4);
        ot_cell_start(cell, true);
        run_until(&world, ot_cell_state(cell) == OT_CELL_BACKOFF);
        assert_int_equal(report_of(cell).starts, starts);
    }
    assert_true(ot_cell_is_spent(cell));
    assert_true(ot_cell_retry_at(cell) > ot_now_ms() + 100000);
    ot_cell_end(cell, OT_EXIT_RESTARTED, 0); /* the way back */
    assert_false(ot_cell_is_spent(cell));
    assert_int_equal(ot_cell_state(cell), OT_CELL_IDLE);
    end_cell(&world, cell);
    ot_engine_program_close(&broken_engine);
    write_engine(&world, "cat >/dev/null; exec sleep 1000");
    cell = make_cell(&world, "hello", start_quickly);
    ot_cell_start(cell, true);
    run_until(&world, ot_cell_state(cell) == OT_CELL_BACKOFF);
    assert_int_equal(report_of(cell).last_exit, OT_EXIT_READINESS_TIMEOUT);
    assert_int_equal(report_of(cell).pid, 0);
    end_cell(&world, cell);
    ot_engine_program_close(&broken_engine);
    world_end(&world);
}

static void note_exit(struct ot_cell *cell, void *context)
{
    if (ot_cell_state(cell) == OT_CELL_STOPPED)
        *(enum ot_cell_exit *)context = report_of(cell).last_exit;
}

static enum ot_cell_exit last_exit;

static void patient(struct ot_cell_options *options)
{
    options->changed = note_exit;
    options->context = &last_exit;
}

static void impatient(struct ot_cell_options *options)
{
    patient(options);
    options->drain_ms = 100;
}

/* Its process ends for a reason, and the cell can start the next one. */
static void test_end(void **state)
{
    struct client clients[2];
    struct world world;
    struct ot_cell *cell;
    uint64_t taken;

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", NULL);
    assert_false(ot_cell_take(cell, 0, &taken));
    assert_false(ot_cell_end_idle(cell, OT_EXIT_IDLE));
    assert_int_equal(get(&clients[0], &world, cell, "/hello"), 200);
    assert_true(ot_cell_take(cell, 1, &taken));
    assert_int_equal(taken, 1);
    assert_false(ot_cell_take(cell, 1, &taken));
    assert_int_equal(ot_cell_in_flight(cell), 1);
    assert_false(ot_cell_end_idle(cell, OT_EXIT_IDLE));
    ot_cell_end(cell, OT_EXIT_RECYCLED, OT_DRAIN_LONG);
    assert_int_equal(ot_cell_state(cell), OT_CELL_STOPPING);
    assert_false(ot_cell_take(cell, 0, &taken));
    assert_true(ot_cell_give(cell, (uint64_t)ot_now_ms()));
    run_until(&world, ot_cell_state(cell) == OT_CELL_IDLE);
    assert_int_equal(report_of(cell).last_exit, OT_EXIT_RECYCLED);
    assert_int_equal(report_of(cell).requests, 1);
    assert_int_equal(get(&clients[0], &world, cell, "/hello"), 200);
    assert_true(ot_cell_end_idle(cell, OT_EXIT_EVICTED));
    run_until(&world, ot_cell_state(cell) == OT_CELL_IDLE);
    assert_int_equal(report_of(cell).last_exit, OT_EXIT_EVICTED);
    /* at once, with a request that never ends */
    client_start(&clients[0], &world, cell, "/hello/slow?n=1000000", 1);
    while (!clients[0].begun)
        uv_run(&world.loop, UV_RUN_NOWAIT);
    ot_cell_end(cell, OT_EXIT_RESTARTED, 0);
    client_end(&clients[0]);
    assert_int_equal(clients[0].status, BROKEN);
    run_until(&world, ot_cell_state(cell) == OT_CELL_IDLE);
    assert_int_equal(report_of(cell).last_exit, OT_EXIT_RESTARTED);
    assert_int_equal(report_of(cell).crashes, 0);
    assert_int_equal(report_of(cell).starts, 3);
    end_cell(&world, cell);
    world_end(&world);
}

/* Requests that run when it is told to stop are finished, new ones refused. */
static void test_drain(void **state)
{
    struct client slow, late;
    struct world world;
    struct ot_cell *cell;
    bool stopped = false;

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", patient);
    client_start(&slow, &world, cell, "/hello/slow?n=500", 1);
    run_until(&world, ot_cell_state(cell) == OT_CELL_READY);
    while (!slow.begun)
        uv_run(&world.loop, UV_RUN_NOWAIT);
    ot_cell_stop(cell, on_stopped, &stopped);
    assert_int_equal(get(&late, &world, cell, "/hello"), REFUSED);
    assert_false(slow.done);
    assert_false(stopped);
    client_end(&slow);
    assert_int_equal(slow.status, 200);
    assert_non_null(strstr(slow.body, "last"));
    run_until(&world, stopped);
    assert_int_equal(last_exit, OT_EXIT_DRAINED);
    world_end(&world);
}

static void *hold_idle(void *argument)
{
    static const char request[] = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
    struct client *client = argument;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    OT_AUTOCLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char answer[4096];

    snprintf(to.sun_path, sizeof(to.sun_path), "%s", ot_cell_path(client->cell));
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 &&
        write(fd, request, sizeof(request) - 1) > 0 && read(fd, answer, sizeof(answer)) > 0)
        client->begun = true;
    do
        client->status = (int)read(fd, answer, sizeof(answer));
    while (client->status > 0); /* until it is closed */
    ot_mailbox_post(&client->world->control, wake, client);
    return NULL;
}

/* Connections that wait for a further request do not hold it. */
static void test_drain_idle(void **state)
{
    struct client idle;
    struct world world;
    struct ot_cell *cell;

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", patient);
    memset(&idle, 0, sizeof(idle));
    idle.world = &world;
    idle.cell = cell;
    ot_cell_start(cell, true);
    pthread_create(&idle.thread, NULL, hold_idle, &idle);
    run_until(&world, ot_cell_state(cell) == OT_CELL_READY);
    while (!idle.begun)
        uv_run(&world.loop, UV_RUN_NOWAIT);
    end_cell(&world, cell);
    assert_int_equal(last_exit, OT_EXIT_DRAINED);
    client_end(&idle);
    assert_int_equal(idle.status, 0);
    world_end(&world);
}

/* One that does not end in time is killed. */
static void test_kill_after_drain(void **state)
{
    struct client stuck, before;
    struct world world;
    struct ot_cell *cell;

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", impatient);
    assert_int_equal(get(&before, &world, cell, "/hello"), 200);
    client_start(&stuck, &world, cell, "/hello/slow?n=1000000", 1);
    while (!stuck.begun)
        uv_run(&world.loop, UV_RUN_NOWAIT);
    end_cell(&world, cell);
    client_end(&stuck);
    assert_int_equal(stuck.status, BROKEN);
    assert_int_equal(last_exit, OT_EXIT_KILLED);
    world_end(&world);
}

static void keep(struct ot_cell *cell, void *context)
{
    (void)cell;
    *(bool *)context = true;
}

/* Stopped in whatever state it is. */
static void test_stop_anywhere(void **state)
{
    struct world world;
    struct ot_cell *cell;
    uint64_t seconds;
    bool stopped = false;
    char body[8];

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", NULL);
    ot_cell_stop(cell, on_stopped, &stopped); /* idle: at once */
    assert_true(stopped);
    cell = make_cell(&world, "hello", patient);
    stopped = false;
    ot_cell_stop(cell, keep, &stopped);
    assert_true(stopped);
    assert_int_equal(ot_cell_state(cell), OT_CELL_STOPPED);
    assert_int_equal(ot_cell_want(cell, 0, &seconds), OT_CELL_REFUSED);
    assert_int_equal(http_get(ot_cell_path(cell), "/hello", body, sizeof(body), NULL), BROKEN);
    ot_cell_free(cell);
    cell = make_cell(&world, "hello", patient);
    assert_int_equal(ot_cell_want(cell, 0, &seconds), OT_CELL_CONNECT);
    stopped = false;
    ot_cell_stop(cell, on_stopped, &stopped); /* wanted, but not started yet */
    assert_false(stopped);
    run_until(&world, stopped);
    cell = make_cell(&world, "hello", patient);
    ot_cell_start(cell, true);
    end_cell(&world, cell); /* starting */
    assert_int_equal(last_exit, OT_EXIT_KILLED);
    cell = make_cell(&world, "hello", never_good);
    assert_int_equal(kill_often(&world, cell, 2), OT_CELL_BACKOFF);
    end_cell(&world, cell);
    cell = make_cell(&world, "hello", NULL);
    ot_cell_start(cell, true);
    run_until(&world, ot_cell_state(cell) == OT_CELL_READY);
    ot_cell_free(cell); /* without stopping it */
    world_end(&world);
}

/* Stopped when the engine has said already that it is ready, but nobody has read it yet. */
static void test_stop_before_ready_is_read(void **state)
{
    const struct timespec longer_than_a_start = {.tv_nsec = 400000000};
    struct world world;
    struct ot_cell *cell;
    bool stopped = false;

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", patient);
    ot_cell_start(cell, true);
    uv_run(&world.loop, UV_RUN_NOWAIT); /* the engine gets its config */
    nanosleep(&longer_than_a_start, NULL);
    ot_cell_stop(cell, on_stopped, &stopped);
    run_until(&world, stopped);
    assert_int_equal(last_exit, OT_EXIT_KILLED);
    world_end(&world);
}

/* A process that has started an engine and does nothing more; it tells the engine's pid. */
static pid_t parent;
static int from_parent;

/* Before any test, so that a failure in it ends it. */
static void start_parent(void)
{
    struct world world;
    struct ot_cell *cell;
    int ends[2];
    pid_t engine;

    if (pipe2(ends, O_CLOEXEC) < 0 || (parent = fork()) < 0)
        abort();
    from_parent = ends[0];
    if (parent > 0) {
        close(ends[1]);
        return;
    }
    begin(&world);
    cell = make_cell(&world, "hello", NULL);
    ot_cell_start(cell, true);
    run_until(&world, ot_cell_state(cell) == OT_CELL_READY);
    engine = report_of(cell).pid;
    unit_remove_dir(world.dir);
    if (write(ends[1], &engine, sizeof(engine)) < 0)
        abort();
    for (;;)
        pause();
}

/* The end of the process that started it, however it comes, is the engine's end. */
static void test_no_orphan(void **state)
{
    struct pollfd end = {-1, POLLIN, 0};
    pid_t engine = 0;

    (void)state;
    assert_int_equal(read(from_parent, &engine, sizeof(engine)), sizeof(engine));
    end.fd = pidfd_open(engine, 0);
    assert_true(end.fd >= 0);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    assert_int_equal(poll(&end, 1, HANG_S * 1000), 1);
    close(end.fd);
    close(from_parent);
}

/* What functions write is in the log; one that floods it waits, and nobody else does. */
static void test_log_flood(void **state)
{
    struct client quiet, flood, others[20];
    struct ot_cell *cell, *other;
    struct world world;
    OT_AUTOFREE char *text = NULL;
    int64_t start = ot_now_ms();
    size_t lines = 0;

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", impatient);
    other = make_cell(&world, "other", NULL);
    assert_int_equal(get(&quiet, &world, cell, "/hello/log?n=3"), 200);
    assert_int_equal(get(&quiet, &world, cell, "/hello/warn?n=3"), 200);
    assert_int_equal(get(&quiet, &world, cell, "/hello/long?n=200000"), 200);
    client_start(&flood, &world, cell, "/hello/log?n=100000000", 1);
    for (unsigned i = 0; i < OT_COUNT(others); i++) /* the first of them starts a process, too */
        assert_int_equal(get(&others[i], &world, other, "/other/log?n=1"), 200);
    assert_false(flood.done);
    end_cell(&world, cell); /* it is stuck in its flood */
    client_end(&flood);
    end_cell(&world, other);
    assert_int_equal(last_exit, OT_EXIT_KILLED);
    text = world_log(&world);
    assert_non_null(strstr(text, "[hello] log: line 2\n"));
    assert_non_null(strstr(text, "[hello] error: warning 2\n"));
    assert_non_null(strstr(text, "[hello] log: xxx"));
    assert_non_null(strstr(text, "[hello] log: line 5000\n"));
    assert_non_null(strstr(text, "[other] log: line 0\n"));
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    /* no more than it may write in the windows that have begun, and what one read brings */
    assert_true(lines < (size_t)((ot_now_ms() - start) / OT_OUTPUT_WINDOW_MS + 3) *
                            (OT_OUTPUT_WINDOW_BYTES / OT_OUTPUT_LINE_COST));
    world_end(&world);
}

/* The sanitizer's, for which this compiler has no header. */
size_t __sanitizer_get_current_allocated_bytes(void);

/* Bytes that are allocated now. */
static size_t allocated(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return __sanitizer_get_current_allocated_bytes();
#else
    return mallinfo2().uordblks;
#endif
}

#define MANY 500u

/* The engine's config is memory only as long as it is being written. */
static void test_config_memory(void **state)
{
    const struct ot_engine_plan plan = {.route_prefix = ""};
    struct ot_engine_config *config;
    struct ot_cell_options options;
    char names_of_many[MANY][8];
    const char *many[MANY];
    struct ot_cell *cell;
    struct client client;
    struct world world;
    struct ot_error err;
    size_t before, one;

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(names_of_many[i], sizeof(names_of_many[i]), "f%05u", i);
        many[i] = names_of_many[i];
    }
    world_begin(&world, many, MANY);
    before = allocated();
    assert_succeeds(ot_engine_config_make(world.payload, &plan, &config, &err), err);
    one = allocated() - before;
    ot_engine_config_free(config);
    assert_true(one > 64u << 10);
    options = cell_options(&world, "shared");
    assert_succeeds(ot_cell_new(&options, &cell, &err), err);
    assert_int_equal(get(&client, &world, cell, "/f00499/x"), 200);
    assert_string_equal(client.body, "https:/f00499/x");
    before = allocated();
    end_cell(&world, cell);
    assert_true(before - allocated() < one / 2);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_orphan),
        cmocka_unit_test(test_single_flight),
        cmocka_unit_test(test_single_flight_at_once),
        cmocka_unit_test(test_crash_under_load),
        cmocka_unit_test(test_waiting_connections),
        cmocka_unit_test(test_backoff_doubles),
        cmocka_unit_test(test_good_life),
        cmocka_unit_test(test_late_connection),
        cmocka_unit_test(test_budget_and_timeout),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_drain_idle),
        cmocka_unit_test(test_kill_after_drain),
        cmocka_unit_test(test_stop_anywhere),
        cmocka_unit_test(test_stop_before_ready_is_read),
        cmocka_unit_test(test_log_flood),
        cmocka_unit_test(test_config_memory),
    };

    start_parent();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
