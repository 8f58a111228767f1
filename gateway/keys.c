#include "gateway/control.h"

#include "base/process.h"

#define LOOK_EVERY_MS 30000

static void refresh(uv_work_t *work)
{
    struct ot_control *control = work->data;

    control->keys.done = ot_auth_refresh(control->options->settings->auth, &control->keys.err);
}

/* Requests that wait for a key go on, whatever came of it. */
static void tell_workers(struct ot_control *control)
{
    control->keys.wanted = false;
    for (size_t i = 0; i < control->endpoints.worker_count; i++)
        ot_worker_keys_changed(control->endpoints.workers[i]);
}

static void on_refreshed(uv_work_t *work, int status)
{
    struct ot_control *control = work->data;

    (void)status;
    control->keys.running = false;
    if (control->keys.done < 0)
        ot_control_say(control, OT_LEVEL_WARNING, "the key set stays as it was: %s",
                       control->keys.err.message);
    tell_workers(control);
}

void ot_keys_refresh(struct ot_control *control)
{
    if (control->keys.running || control->phase >= OT_PHASE_STOPPING)
        return;
    control->keys.running = true;
    control->keys.work.data = control;
    uv_queue_work(&control->loop, &control->keys.work, refresh, on_refreshed);
}

static bool is_due(const struct ot_control *control)
{
    return ot_auth_wants_refresh(control->options->settings->auth, (uint64_t)ot_now_ms());
}

static void on_wanted(void *context, void *argument)
{
    struct ot_control *control = context;

    (void)argument;
    if (is_due(control))
        ot_keys_refresh(control);
    if (!control->keys.running)
        tell_workers(control);
}

void ot_keys_wanted(void *context)
{
    struct ot_control *control = context;

    if (!atomic_exchange(&control->keys.wanted, true))
        (void)ot_mailbox_post(&control->mailbox, on_wanted, NULL);
}

static void on_timer(uv_timer_t *timer)
{
    if (is_due(timer->data))
        ot_keys_refresh(timer->data);
}

void ot_keys_open(struct ot_control *control)
{
    uv_timer_init(&control->loop, &control->keys.timer);
    control->keys.timer.data = control;
    uv_timer_start(&control->keys.timer, on_timer, 0, LOOK_EVERY_MS);
}

void ot_keys_close(struct ot_control *control)
{
    uv_close((uv_handle_t *)&control->keys.timer, NULL);
}
