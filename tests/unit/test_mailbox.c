/* Calls from many threads into one loop: none lost, each thread's in order, none after the end. */
#include "tests/unit/unit.h"

#include "gateway/mailbox.h"

#include <stdatomic.h>
#include <string.h>

#define SENDERS 8u
#define CALLS 2000u

struct sender {
    pthread_t thread;
    struct ot_mailbox *mailbox;
    uintptr_t received, sent;
    _Atomic bool refused;
};

struct receiver {
    struct ot_mailbox mailbox;
    struct sender senders[SENDERS];
    uintptr_t total;
};

static struct receiver receiver;

static void on_call(void *context, void *argument)
{
    struct receiver *to = context;
    struct sender *from = argument;

    from->received++;
    to->total++;
    if (to->total == SENDERS * CALLS)
        ot_mailbox_close(&to->mailbox);
}

static void *send_all(void *argument)
{
    struct sender *sender = argument;

    for (unsigned i = 0; i < CALLS; i++) {
        if (ot_mailbox_post(sender->mailbox, on_call, sender) < 0)
            sender->refused = true;
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    struct ot_error err;
    uv_loop_t loop;

    (void)state;
    receiver = (struct receiver){.total = 0};
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_succeeds(ot_mailbox_open(&receiver.mailbox, &loop, &receiver, &err), err);
    for (unsigned i = 0; i < SENDERS; i++) {
        receiver.senders[i].mailbox = &receiver.mailbox;
        pthread_create(&receiver.senders[i].thread, NULL, send_all, &receiver.senders[i]);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    for (unsigned i = 0; i < SENDERS; i++) {
        pthread_join(receiver.senders[i].thread, NULL);
        assert_int_equal(receiver.senders[i].received, CALLS);
        assert_false(receiver.senders[i].refused);
    }
    assert_int_equal(ot_mailbox_post(&receiver.mailbox, on_call, &receiver.senders[0]), -1);
    assert_int_equal(receiver.total, SENDERS * CALLS);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static char letters[] = "abcdex";
static char order[16];

static void note(void *context, void *argument)
{
    (void)context;
    order[strlen(order)] = *(char *)argument;
}

/* A call that calls on, and closes the mailbox while others wait behind it. */
static void close_and_call(void *context, void *argument)
{
    struct ot_mailbox *mailbox = argument;

    note(context, &letters[2]);
    assert_int_equal(ot_mailbox_post(mailbox, note, &letters[4]), 0);
    ot_mailbox_close(mailbox);
    assert_int_equal(ot_mailbox_post(mailbox, note, &letters[5]), -1);
}

static void test_order_and_end(void **state)
{
    struct ot_mailbox mailbox;
    struct ot_error err;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_succeeds(ot_mailbox_open(&mailbox, &loop, NULL, &err), err);
    assert_int_equal(ot_mailbox_post(&mailbox, note, &letters[0]), 0);
    assert_int_equal(ot_mailbox_post(&mailbox, note, &letters[1]), 0);
    assert_int_equal(ot_mailbox_post(&mailbox, close_and_call, &mailbox), 0);
    assert_int_equal(ot_mailbox_post(&mailbox, note, &letters[3]), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_string_equal(order, "abcde");
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_threads),
        cmocka_unit_test(test_order_and_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
