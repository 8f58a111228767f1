#include "gateway/timer.h"

static void arm(struct ot_timer *timer);

static void on_timer(uv_timer_t *handle)
{
    struct ot_timer *timer = (struct ot_timer *)handle;

    timer->armed = OT_NEVER;
    if (timer->due > uv_now(handle->loop)) {
        arm(timer);
        return;
    }
    timer->due = OT_NEVER;
    timer->fired(timer);
}

/* Waking up early is harmless. */
static void arm(struct ot_timer *timer)
{
    uint64_t now = uv_now(timer->handle.loop);

    if (timer->due >= timer->armed)
        return;
    timer->armed = timer->due;
    uv_timer_start(&timer->handle, on_timer, timer->due > now ? timer->due - now : 0, 0);
}

void ot_timer_open(struct ot_timer *timer, uv_loop_t *loop, void (*fired)(struct ot_timer *timer),
                   void *context)
{
    uv_timer_init(loop, &timer->handle);
    timer->handle.data = context;
    timer->due = timer->armed = OT_NEVER;
    timer->fired = fired;
    timer->context = context;
}

void ot_timer_set(struct ot_timer *timer, uint64_t due)
{
    timer->due = due;
    arm(timer);
}

void ot_timer_close(struct ot_timer *timer, uv_close_cb closed)
{
    timer->due = OT_NEVER;
    uv_close((uv_handle_t *)&timer->handle, closed);
}
