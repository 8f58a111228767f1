/* A timer that is moved far more often than it fires: moving it later costs nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define OT_NEVER UINT64_MAX

struct ot_timer {
    uv_timer_t handle;
    uint64_t due;   /* of the loop's clock, ms; OT_NEVER: off */
    uint64_t armed; /* when libuv will call; OT_NEVER: not at all */
    void (*fired)(struct ot_timer *timer);
    void *context;
};

void ot_timer_open(struct ot_timer *timer, uv_loop_t *loop, void (*fired)(struct ot_timer *timer),
                   void *context);
/* `due` is a time of the loop's clock (uv_now). */
void ot_timer_set(struct ot_timer *timer, uint64_t due);
/* `closed` may be NULL; the handle's data is `context`. */
void ot_timer_close(struct ot_timer *timer, uv_close_cb closed);
