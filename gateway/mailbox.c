#include "gateway/mailbox.h"

#include "base/mem.h"

#include <stdlib.h>

struct ot_mail {
    struct ot_mail *next;
    ot_mail_fn fn;
    void *argument;
};

/* Runs the first call up to and with `last` (all, when that is NULL). One at a time, so that a call
 * may close the mailbox and run the others. */
static void deliver(struct ot_mailbox *mailbox, const struct ot_mail *last)
{
    for (bool done = false; !done;) {
        struct ot_mail *mail;

        pthread_mutex_lock(&mailbox->lock);
        mail = mailbox->first;
        if (mail != NULL)
            mailbox->first = mail->next;
        if (mailbox->first == NULL)
            mailbox->last = NULL;
        pthread_mutex_unlock(&mailbox->lock);
        done = mail == NULL || mail == last;
        if (mail != NULL)
            mail->fn(mailbox->context, mail->argument);
        free(mail);
    }
}

static void on_async(uv_async_t *async)
{
    struct ot_mailbox *mailbox = async->data;
    const struct ot_mail *last;

    pthread_mutex_lock(&mailbox->lock);
    last = mailbox->last;
    pthread_mutex_unlock(&mailbox->lock);
    /* what is posted meanwhile has woken us again: calls that call on never hold the loop up */
    if (last != NULL)
        deliver(mailbox, last);
}

int ot_mailbox_open(struct ot_mailbox *mailbox, uv_loop_t *loop, void *context,
                    struct ot_error *err)
{
    int failed;

    *mailbox = (struct ot_mailbox){.lock = PTHREAD_MUTEX_INITIALIZER, .context = context};
    mailbox->async.data = mailbox;
    failed = uv_async_init(loop, &mailbox->async, on_async);
    return failed == 0 ? 0 : ot_fail(err, OT_FAILED, "event loop: %s", uv_strerror(failed));
}

int ot_mailbox_post(struct ot_mailbox *mailbox, ot_mail_fn fn, void *argument)
{
    struct ot_mail *mail = ot_alloc(1, sizeof(*mail));
    bool closed;

    *mail = (struct ot_mail){.fn = fn, .argument = argument};
    pthread_mutex_lock(&mailbox->lock);
    closed = mailbox->closed;
    if (!closed) {
        if (mailbox->last != NULL)
            mailbox->last->next = mail;
        else
            mailbox->first = mail;
        mailbox->last = mail;
        /* within the lock, so that it is never sent to a handle that is being closed */
        uv_async_send(&mailbox->async);
    }
    pthread_mutex_unlock(&mailbox->lock);
    if (closed)
        free(mail);
    return closed ? -1 : 0;
}

void ot_mailbox_close(struct ot_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->closed = true;
    pthread_mutex_unlock(&mailbox->lock);
    uv_close((uv_handle_t *)&mailbox->async, NULL);
    deliver(mailbox, NULL);
}
