/* A request whose connection to its cell is lost before the engine has read it. */
#include "tests/unit/gateway_fixture.h"

#include <signal.h>

static struct gateway gateway;

static int set_up(void **state)
{
    (void)state;
    gateway_begin(&gateway, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gateway_end(&gateway);
    return 0;
}

static void pause_ms(unsigned milliseconds)
{
    const struct timespec pause = {.tv_nsec = milliseconds * 1000000L};

    nanosleep(&pause, NULL);
}

/* The cell of "open", once it has another process than `before`. */
static pid_t pid_after(pid_t before)
{
    struct ot_cell *const *cells;
    struct ot_cell_report report;
    size_t count = ot_generation_cells(gateway.generation, &cells);

    for (unsigned i = 0; i < HANG_S * 1000; i++) {
        for (size_t k = 0; k < count; k++) {
            ot_cell_report(cells[k], &report);
            if (report.pid != 0 && report.pid != before)
                return report.pid;
        }
        pause_ms(1);
    }
    fail_msg("no other process");
    return 0;
}

#define HEAD "POST /functions/v1/open/length HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"

/* Its body comes while it waits for the next process. */
static void test_body_meanwhile(void **state)
{
    OT_AUTOCLOSE int client = client_open(&gateway);
    OT_AUTOCLOSE int holder = client_open(&gateway);
    OT_AUTOBUF struct ot_buf answer = {0};
    pid_t first, second;

    (void)state;
    free(ask_for(&gateway, "/open/x")); /* its connection to the cell is kept */
    first = pid_after(0);
    assert_int_equal(kill(first, SIGSTOP), 0);
    client_send(client, HEAD "Content-Length: 5\r\n\r\n");
    pause_ms(50); /* the head lies in the cell's socket */
    client_send(holder, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    sem_wait(&gateway.held);
    assert_int_equal(kill(first, SIGKILL), 0);
    second = pid_after(first);
    assert_int_equal(kill(second, SIGSTOP), 0); /* it starts, and is not ready */
    sem_post(&gateway.release);
    client_read(holder, "\r\n\r\n", &answer);
    client_send(client, "hello");
    pause_ms(50);
    assert_int_equal(kill(second, SIGCONT), 0);
    ot_buf_clear(&answer);
    client_read(client, NULL, &answer);
    assert_has(answer.data, "\r\n\r\n5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_body_meanwhile, set_up, tear_down)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
