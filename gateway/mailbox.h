/*
 * Calls into another thread's event loop, in order. The only way in which threads of the gateway
 * talk to each other, besides atomics.
 */
#pragma once

#include "base/buf.h"

#include <pthread.h>
#include <uv.h>

typedef void (*ot_mail_fn)(void *context, void *argument);

struct ot_mailbox {
    uv_async_t async;
    pthread_mutex_t lock;
    struct ot_mail *first, *last;
    void *context;
    bool closed;
};

/* On the loop's own thread. `context` is passed to every function that is posted. OT_FAILED. */
OT_MUST_USE int ot_mailbox_open(struct ot_mailbox *mailbox, uv_loop_t *loop, void *context,
                                struct ot_error *err);
/* Any thread. Runs `fn(context, argument)` on the loop's thread; after ot_mailbox_close it does
 * nothing and returns -1. */
int ot_mailbox_post(struct ot_mailbox *mailbox, ot_mail_fn fn, void *argument);
/* On the loop's thread, once. What is still in it is run before this returns. The struct must stay
 * until the loop has run on and nobody posts any more. */
void ot_mailbox_close(struct ot_mailbox *mailbox);
