/* In which order engines start: by the last use of their functions, also after a new start. */
#include "gateway/control.h"

#include "gateway/recent.h"

#include <stdlib.h>
#include <string.h>

/* How often it is kept, for a gateway that is killed. */
#define KEEP_MS 60000u

static void free_timer(uv_handle_t *handle)
{
    free(handle);
}

void ot_warming_note(struct ot_control *control)
{
    if (control->endpoints.current == NULL)
        return;
    ot_list_free(&control->recent);
    control->recent = (struct ot_list){0};
    ot_generation_recent(control->endpoints.current, &control->recent);
}

static void keep(struct ot_control *control)
{
    struct ot_error err;

    ot_warming_note(control);
    if (ot_recent_write(control->options->recent_file, &control->recent, &err) < 0)
        ot_control_say(control, OT_LEVEL_WARNING, "--warm-order: %s", err.message);
}

static void on_timer(uv_timer_t *timer)
{
    keep(timer->data);
}

void ot_warming_open(struct ot_control *control)
{
    struct ot_error err;

    if (control->options->recent_file == NULL)
        return;
    if (ot_recent_read(control->options->recent_file, &control->recent, &err) < 0)
        ot_control_say(control, OT_LEVEL_WARNING, "--warm-order: %s", err.message);
    control->recent_timer = ot_alloc(1, sizeof(*control->recent_timer));
    uv_timer_init(&control->loop, control->recent_timer);
    control->recent_timer->data = control;
    uv_timer_start(control->recent_timer, on_timer, KEEP_MS, KEEP_MS);
}

void ot_warming_close(struct ot_control *control)
{
    if (control->recent_timer == NULL)
        return;
    uv_close((uv_handle_t *)OT_STEAL(control->recent_timer), free_timer);
    if (control->endpoints.current != NULL)
        keep(control);
}
