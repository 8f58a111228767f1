#include "gateway/control.h"

#include "base/process.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

/* Who stops a whole process group may reach us twice; that is not somebody's second thought. */
#define SAME_SIGNAL_MS 500

/* Nothing is served any more: closes everything, so that the loop ends. */
static void on_generations_gone(void *context)
{
    struct ot_control *control = context;

    for (size_t i = 0; i < OT_COUNT(control->signals); i++)
        uv_close((uv_handle_t *)&control->signals[i], NULL);
    uv_close((uv_handle_t *)&control->log_timer, NULL);
    uv_close((uv_handle_t *)&control->log_prepare, NULL);
    ot_keys_close(control);
    ot_certificate_close(control);
    ot_operating_close(control);
    ot_listening_close(&control->listening);
    ot_mailbox_close(&control->mailbox);
}

/* A function that never ends would hold its engine for drain_ms once more. */
static void kill_engines(const struct ot_generation *generation)
{
    struct ot_cell *const *cells;
    size_t count = ot_generation_cells(generation, &cells);

    for (size_t i = 0; i < count; i++) {
        struct ot_cell_report report;

        ot_cell_report(cells[i], &report);
        if (report.pid > 0)
            kill(report.pid, SIGKILL);
    }
}

static void end_generations(struct ot_control *control)
{
    struct ot_generation *last;

    ot_warming_close(control);
    last = OT_STEAL(control->endpoints.current);
    control->phase = OT_PHASE_ENDING;
    if (last != NULL && control->cut_off)
        kill_engines(last);
    if (last != NULL)
        ot_generation_release(last);
    ot_generations_wait(on_generations_gone, control);
}

static void join_workers(uv_work_t *work)
{
    struct ot_control *control = work->data;

    for (size_t i = 0; i < control->endpoints.worker_count; i++) {
        if (!ot_worker_join(control->endpoints.workers[i]))
            control->cut_off = true;
    }
}

/* The last request was answered, so nobody asks the endpoints any more. */
static void on_joined(uv_work_t *work, int status)
{
    struct ot_control *control = work->data;

    (void)status;
    for (size_t i = 0; i < control->endpoints.worker_count; i++)
        ot_worker_free(control->endpoints.workers[i]);
    control->endpoints.worker_count = 0;
    end_generations(control);
}

static void stop_workers(struct ot_control *control, uint64_t drain_ms)
{
    for (size_t i = 0; i < control->endpoints.worker_count; i++)
        ot_worker_stop(control->endpoints.workers[i], drain_ms);
}

static void end_workers(struct ot_control *control, uint64_t drain_ms)
{
    if (control->endpoints.worker_count == 0) {
        end_generations(control);
        return;
    }
    stop_workers(control, drain_ms);
    control->join.data = control;
    uv_queue_work(&control->loop, &control->join, join_workers, on_joined);
}

static void begin(struct ot_control *control, uint64_t drain_ms)
{
    control->phase = OT_PHASE_STOPPING;
    control->stop_asked_ms = ot_now_ms();
    ot_control_tell(control, OT_EVENT_STOP, NULL);
    control->endpoints.stopping = true;
    ot_watcher_close(OT_STEAL(control->watcher));
    ot_swap_cancel(control);
    end_workers(control, drain_ms);
}

void ot_stop_within(struct ot_control *control, uint64_t drain_ms)
{
    if (control->phase == OT_PHASE_OPENING) {
        begin(control, 0);
    } else if (control->phase == OT_PHASE_SERVING) {
        ot_control_say(control, OT_LEVEL_INFO,
                       "stopping; requests may take %" PRIu64 " ms to finish", drain_ms);
        ot_control_notify(control, "STOPPING=1", "finishing requests");
        ot_listening_refuse(&control->listening, &control->loop);
        begin(control, drain_ms);
    } else {
        control->cut_off = control->cut_off || drain_ms == 0;
        stop_workers(control, drain_ms);
    }
}

void ot_stop(struct ot_control *control)
{
    if (control->phase < OT_PHASE_STOPPING)
        ot_stop_within(control, control->options->settings->drain_ms);
    else if (ot_now_ms() - control->stop_asked_ms > SAME_SIGNAL_MS)
        ot_stop_within(control, 0);
}

void ot_control_fail(struct ot_control *control, const struct ot_error *err)
{
    *control->err = *err;
    control->result = -1;
    begin(control, 0);
}
