/* A gateway without descriptors for more connections. */
#include "tests/unit/gateway_fixture.h"

#include <sys/resource.h>

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

static void limit_descriptors(rlim_t count)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Who comes meanwhile waits, and is served when there are some again. */
static void test_waits(void **state)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)gateway.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    OT_AUTOCLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    OT_AUTOBUF struct ot_buf answer = {0};
    struct rlimit before;
    int next;

    (void)state;
    free(ask_for(&gateway, "/open/x"));
    while (ot_connections_open(gateway.connections) > 0)
        nanosleep(&pause, NULL);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    next = dup(fd);
    close(next);
    limit_descriptors((rlim_t)next);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    client_send(fd, "GET /functions/v1/open/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    nanosleep(&pause, NULL);
    assert_int_equal(ot_connections_open(gateway.connections), 0);
    limit_descriptors(before.rlim_cur);
    client_read(fd, NULL, &answer);
    assert_has(answer.data, "GET /open/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_waits, set_up, tear_down)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
