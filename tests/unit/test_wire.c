/* Wires over a pair of sockets, on a loop that says how often it went round. */
#include "tests/unit/unit.h"

#include "gateway/wire.h"

#include <sys/socket.h>
#include <unistd.h>

struct fixture {
    uv_loop_t loop;
    uv_prepare_t prepare;
    uv_timer_t end;
    struct ot_wire wire;
    int peer;
    unsigned turns, readable, broken;
};

static struct fixture fixture;

static void on_turn(uv_prepare_t *prepare)
{
    (void)prepare;
    fixture.turns++;
}

static void on_time(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void on_readable(struct ot_wire *wire)
{
    char byte;

    fixture.readable++;
    assert_int_equal(ot_wire_read(wire, &byte, 1), 0);
    ot_wire_read_on(wire, false);
}

static void on_broken(struct ot_wire *wire)
{
    (void)wire;
    fixture.broken++;
}

static void ignore(struct ot_wire *wire)
{
    (void)wire;
}

static int set_up(void **state)
{
    static const struct ot_wire_events events = {
        .readable = on_readable, .drained = ignore, .broken = on_broken, .closed = ignore};
    int ends[2];

    (void)state;
    fixture = (struct fixture){0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    fixture.peer = ends[1];
    uv_loop_init(&fixture.loop);
    uv_prepare_init(&fixture.loop, &fixture.prepare);
    uv_prepare_start(&fixture.prepare, on_turn);
    uv_timer_init(&fixture.loop, &fixture.end);
    ot_wire_open(&fixture.wire, &fixture.loop, ends[0], &events);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ot_wire_close(&fixture.wire);
    uv_close((uv_handle_t *)&fixture.prepare, NULL);
    uv_close((uv_handle_t *)&fixture.end, NULL);
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
    return uv_loop_close(&fixture.loop);
}

static void run_for(uint64_t milliseconds)
{
    fixture.turns = 0;
    uv_timer_start(&fixture.end, on_time, milliseconds, 0);
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
}

/* The kernel says it as long as it is so, and nobody wants to read. */
static void end_of_one_that_is_not_read(void **state)
{
    (void)state;
    ot_wire_read_on(&fixture.wire, false);
    run_for(1);
    close(fixture.peer);
    run_for(50);
    assert_in_range(fixture.turns, 1, 10);
    assert_int_equal(fixture.readable, 0);
    ot_wire_read_on(&fixture.wire, true);
    run_for(50);
    assert_int_equal(fixture.readable, 1);
    assert_in_range(fixture.turns, 1, 10);
    assert_int_equal(fixture.broken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(end_of_one_that_is_not_read, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
