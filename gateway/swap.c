#include "gateway/control.h"

#include "base/process.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The signed one wins, unless the operator says in words that it shall not. */
static int open_engine(struct ot_control *control, struct ot_engine_program **out,
                       struct ot_error *err)
{
    const struct ot_gateway_options *options = control->options;
    struct ot_swap *swap = &control->swap;

    *out = &swap->carried;
    if (ot_payload_manifest(swap->payload)->engine != NULL && !options->replace_engine)
        return ot_engine_program_take(&swap->carried, swap->payload, err);
    *out = &control->program;
    return control->program.fd >= 0
               ? 0
               : ot_engine_program_open(&control->program, options->engine, err);
}

static int note_engine(struct ot_engine_program *program, struct ot_pending_receipt *receipt,
                       struct ot_error *err)
{
    if (receipt == NULL)
        return 0;
    if (ot_engine_program_hash(program, err) < 0)
        return -1;
    ot_pending_receipt_set_engine(receipt, program->sha256);
    return 0;
}

static void open_source(uv_work_t *work)
{
    struct ot_control *control = work->data;
    struct ot_swap *swap = &control->swap;
    const struct ot_gateway_source *source = &control->options->source;
    struct ot_engine_program *program;

    swap->payload = NULL;
    swap->acceptance = NULL;
    swap->done = source->open(source->context, &swap->payload, &swap->acceptance, &swap->err);
    if (swap->done == 0)
        swap->done = open_engine(control, &program, &swap->err);
    if (swap->done == 0)
        swap->done = note_engine(program, ot_acceptance_receipt(swap->acceptance), &swap->err);
}

static void finish(struct ot_control *control)
{
    control->swap.running = false;
    if (control->swap.again && control->phase == OT_PHASE_SERVING) {
        control->swap.again = false;
        ot_swap_begin(control);
    }
}

static void forget(struct ot_acceptance **acceptance)
{
    ot_acceptance_free(OT_STEAL(*acceptance));
}

/* Its engines answer: from now on nothing older is served. */
static int remember(struct ot_control *control, struct ot_generation *generation,
                    struct ot_acceptance **acceptance, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf told = {0};
    int done = 0;

    if (*acceptance != NULL)
        done = ot_acceptance_commit(*acceptance, &told, err);
    if (done == 0)
        ot_generation_booted(generation, ot_acceptance_take_receipt(*acceptance));
    forget(acceptance);
    if (told.len > 0)
        ot_control_say(control, OT_LEVEL_INFO, "%s", told.data);
    return done;
}

/* The first payload is all there is to serve; after it the one before goes on. */
static void fail(struct ot_control *control, const struct ot_error *err)
{
    forget(&control->swap.acceptance);
    if (control->phase == OT_PHASE_OPENING) {
        ot_control_fail(control, err);
        return;
    }
    control->endpoints.failed_swaps++;
    ot_control_tell(control, OT_EVENT_SWAP_FAILED, err->message);
    ot_control_say(control, OT_LEVEL_ERROR, "generation %" PRIu64 " goes on: %s%s%s",
                   ot_generation_number(control->endpoints.current),
                   err->code != NULL ? err->code : "", err->code != NULL ? ": " : "", err->message);
    ot_control_notify(control, "READY=1", "the next payload was not fit to serve");
    finish(control);
}

static void adopt(struct ot_control *control)
{
    struct ot_endpoints *endpoints = &control->endpoints;
    struct ot_generation *old = endpoints->current;
    struct ot_generation *next = OT_STEAL(control->swap.next);
    size_t functions = ot_generation_manifest(next)->function_count;

    pthread_mutex_lock(&endpoints->lock);
    endpoints->current = next;
    pthread_mutex_unlock(&endpoints->lock);
    forget(&control->swap.unremembered);
    for (size_t i = 0; i < endpoints->worker_count; i++)
        ot_worker_adopt(endpoints->workers[i], next);
    ot_generation_release(old);
    endpoints->last_swap_us = (uint64_t)(ot_now_ms() - control->swap.began_ms) * 1000 + 1;
    endpoints->swaps++;
    ot_control_tell(control, OT_EVENT_SWAP, ot_control_release(control));
    ot_control_say(control, OT_LEVEL_INFO, "generation %" PRIu64 " serves now: %zu function%s%s",
                   ot_generation_number(next), functions, functions == 1 ? "" : "s",
                   control->swap.description);
    ot_control_notify(control, "READY=1", control->swap.description);
    finish(control);
}

static void check_next(void *context, void *argument)
{
    struct ot_control *control = context;
    struct ot_generation *next = control->swap.next;
    struct ot_error err;
    bool failed, ready;

    (void)argument;
    if (next == NULL)
        return;
    ready = ot_generation_ready(next, &failed);
    if (ready && remember(control, next, &control->swap.acceptance, &err) == 0) {
        adopt(control);
    } else if (ready || failed) {
        ot_generation_release(OT_STEAL(control->swap.next));
        if (!ready)
            (void)ot_fail(&err, OT_TOOL, "an engine of the next one could not be started");
        fail(control, &err);
    }
}

static bool has_answered(const struct ot_generation *generation)
{
    struct ot_pool *const *pools;
    size_t count = ot_generation_pools(generation, &pools);

    for (size_t i = 0; i < count; i++) {
        if (ot_pool_state(pools[i]) == OT_CELL_READY)
            return true;
    }
    return false;
}

/* The first generation serves at once and is remembered when an engine of it is there. What cannot
 * be remembered is not served. */
static void check_first(void *context, void *argument)
{
    struct ot_control *control = context;
    struct ot_error err;

    (void)argument;
    if (control->phase == OT_PHASE_SERVING && control->swap.unremembered != NULL &&
        has_answered(control->endpoints.current) &&
        remember(control, control->endpoints.current, &control->swap.unremembered, &err) < 0)
        ot_control_fail(control, &err);
}

/* Within a cell's own callback nothing of its generation may be released. */
static void on_cells_changed(struct ot_generation *generation, void *context)
{
    struct ot_control *control = context;

    if (generation == control->swap.next)
        (void)ot_mailbox_post(&control->mailbox, check_next, NULL);
    else if (control->swap.unremembered != NULL)
        (void)ot_mailbox_post(&control->mailbox, check_first, NULL);
}

/* Engines start with their first request; what is to be remembered has to answer before that. */
static void start_one(const struct ot_generation *generation)
{
    struct ot_pool *const *pools;

    if (ot_generation_pools(generation, &pools) > 0)
        ot_pool_start(pools[0]);
}

/* What runs now is wanted: its successor is running before it takes over. */
static void start_alike(const struct ot_generation *old, const struct ot_generation *next)
{
    struct ot_pool *const *old_pools, *const *next_pools;
    size_t old_count = ot_generation_pools(old, &old_pools);
    size_t next_count = ot_generation_pools(next, &next_pools);

    for (size_t i = 0; i < old_count; i++) {
        if (ot_pool_state(old_pools[i]) != OT_CELL_READY)
            continue;
        for (size_t j = 0; j < next_count; j++) {
            if (strcmp(ot_pool_name(old_pools[i]), ot_pool_name(next_pools[j])) == 0)
                ot_pool_start(next_pools[j]);
        }
    }
}

static void describe(struct ot_control *control)
{
    OT_AUTOBUF struct ot_buf text = {0};

    ot_buf_puts(&text, "");
    ot_payload_describe(control->swap.payload, &text);
    free(control->swap.description);
    control->swap.description = ot_strdup(text.data);
}

static int make_generation(struct ot_control *control, struct ot_generation **out,
                           struct ot_error *err)
{
    const struct ot_gateway_options *options = control->options;
    const struct ot_generation_options generation = {
        .settings = options->settings,
        .env = options->env,
        .program = &control->program,
        .carried = &control->swap.carried,
        .isolation = options->isolation,
        .start_timeout_ms = options->start_timeout_ms,
        .backoff = control->options->backoff,
        .places = control->places,
        .counters = &control->endpoints.cells,
        .warm = options->warm,
        .notes_answers = ot_acceptance_receipt(control->swap.acceptance) != NULL,
        .recent = &control->recent,
        .changed = on_cells_changed,
        .context = control,
        .loop = &control->loop,
        .control = &control->mailbox,
        .log = control->log,
        .events = control->events,
        .number = ++control->swap.count,
    };

    if (ot_engine_program_check(control->swap.carried.fd >= 0 ? &control->swap.carried
                                                              : &control->program,
                                control->swap.payload, err) < 0)
        return -1;
    describe(control);
    if (control->swap.carried.fd >= 0 && options->engine != NULL)
        ot_control_say(control, OT_LEVEL_WARNING,
                       "--engine: the payload's own engine runs (--replace-engine changes that)");
    ot_warming_note(control);
    return ot_generation_new(OT_STEAL(control->swap.payload), &generation, out, err);
}

static int take(struct ot_control *control, struct ot_error *err)
{
    struct ot_generation *generation;

    if (control->phase == OT_PHASE_OPENING && ot_listening_open(&control->listening, err) < 0)
        return -1;
    if (make_generation(control, &generation, err) < 0)
        return -1;
    if (control->phase == OT_PHASE_OPENING) {
        control->swap.running = false;
        control->swap.unremembered = OT_STEAL(control->swap.acceptance);
        if (control->swap.unremembered != NULL)
            start_one(generation);
        return ot_control_serve(control, generation, err);
    }
    control->swap.next = generation;
    ot_generation_drain(generation, control->endpoints.draining);
    start_alike(control->endpoints.current, generation);
    if (control->swap.acceptance != NULL)
        start_one(generation);
    (void)ot_mailbox_post(&control->mailbox, check_next, NULL);
    return 0;
}

static void on_opened(uv_work_t *work, int status)
{
    struct ot_control *control = work->data;
    struct ot_error err;

    (void)status;
    if (control->phase >= OT_PHASE_STOPPING)
        forget(&control->swap.acceptance);
    else if (control->swap.done < 0)
        fail(control, &control->swap.err);
    else if (take(control, &err) < 0)
        fail(control, &err);
    ot_payload_free(OT_STEAL(control->swap.payload));
    ot_engine_program_close(&control->swap.carried);
}

void ot_swap_begin(struct ot_control *control)
{
    struct ot_swap *swap = &control->swap;

    if (control->phase >= OT_PHASE_STOPPING)
        return;
    if (swap->running) {
        swap->again = true;
        return;
    }
    swap->running = true;
    swap->began_ms = ot_now_ms();
    swap->work.data = control;
    uv_queue_work(&control->loop, &swap->work, open_source, on_opened);
}

void ot_swap_cancel(struct ot_control *control)
{
    forget(&control->swap.unremembered);
    if (control->swap.next == NULL) /* the acceptance may be the other thread's */
        return;
    forget(&control->swap.acceptance);
    ot_generation_release(OT_STEAL(control->swap.next));
}
