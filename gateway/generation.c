#include "gateway/generation_parts.h"

#include "gateway/first_answers.h"
#include "verify/receipt.h"

#include <stdlib.h>
#include <string.h>

/* The longest name a function can have. */
#define NAME_MAX_LEN 63u

/* All generations of this process, and who waits for the end of the last one; the latter belongs to
 * the control thread. */
static _Atomic unsigned alive;
static void (*on_all_gone)(void *context);
static void *all_gone_context;

/* FNV-1a (draft-eastlake-fnv). The table holds signed names only: nobody can fill it with
 * collisions. */
static uint32_t hash(struct ot_span name)
{
    uint32_t sum = 2166136261u;

    for (size_t i = 0; i < name.len; i++)
        sum = (sum ^ (unsigned char)name.data[i]) * 16777619u;
    return sum;
}

static void make_table(struct ot_generation *generation)
{
    uint32_t size = 2;

    while (size < 2 * generation->function_count)
        size *= 2;
    generation->table = ot_alloc(size, sizeof(*generation->table));
    generation->table_mask = size - 1;
    for (uint32_t i = 0; i < generation->function_count; i++) {
        uint32_t at = hash(generation->functions[i].name) & generation->table_mask;

        while (generation->table[at] != 0)
            at = (at + 1) & generation->table_mask;
        generation->table[at] = i + 1;
    }
}

struct ot_served_function *ot_generation_find(const struct ot_generation *generation,
                                              struct ot_span name)
{
    uint32_t at;

    if (name.len == 0 || name.len > NAME_MAX_LEN)
        return NULL;
    for (at = hash(name) & generation->table_mask; generation->table[at] != 0;
         at = (at + 1) & generation->table_mask) {
        struct ot_served_function *function = &generation->functions[generation->table[at] - 1];

        if (ot_span_equal(function->name, name))
            return function;
    }
    return NULL;
}

/* -- cells -- */

void ot_generation_drain(struct ot_generation *generation, bool draining)
{
    generation->draining = draining;
    for (size_t i = 0; i < generation->pool_count; i++)
        ot_pool_drain(generation->pools[i], draining);
}

static void start_warming(void *context, void *argument)
{
    (void)context;
    ot_generation_warm_more(argument);
}

static void on_cell_changed(struct ot_cell *cell, void *context)
{
    struct pool_slot *slot = context;
    struct ot_generation *generation = slot->generation;

    if (slot->pool != NULL)
        ot_pool_changed(slot->pool, cell);
    if (slot->warming && ot_pool_state(slot->pool) != OT_CELL_STARTING) {
        slot->warming = false;
        generation->warming--;
        ot_generation_warm_more(generation);
    }
    if (generation->options.changed != NULL)
        generation->options.changed(generation, generation->options.context);
}

static void on_cell_heavy(struct ot_cell *cell, void *context)
{
    struct pool_slot *slot = context;

    ot_pool_replace(slot->pool, cell, OT_EXIT_MEMORY);
}

/* -- making -- */

static uint64_t own_or(uint64_t own, uint64_t common)
{
    return own != OT_UNSET ? own : common;
}

/* Of a cell with these functions; of all when there are none. */
static struct ot_cell_limits limits_of(const struct ot_generation *generation,
                                       const struct ot_list *names)
{
    const struct ot_manifest *manifest = ot_payload_manifest(generation->payload);
    const struct ot_settings *settings = generation->options.settings;
    struct ot_limit_sum sum = {0};

    for (size_t i = 0; i < manifest->function_count; i++) {
        if (names->count == 0 || ot_list_has(names, manifest->functions[i].name))
            ot_limit_sum_add(&sum, &manifest->functions[i].config, settings->cell_memory_mb,
                             settings->cell_cpu_ms, settings->timeout_ms);
    }
    return ot_limit_sum_end(&sum);
}

static struct ot_cell *make_cell(void *context, struct ot_pool *pool, const char *name)
{
    struct pool_slot *slot = context;
    struct ot_generation *generation = slot->generation;
    const struct ot_generation_options *options = &generation->options;
    const struct ot_cell_options cell = {
        .name = name,
        .index = generation->cell_count,
        .functions = &slot->group->functions,
        .direct = slot->group->functions.count == 1,
        .payload = generation->payload,
        .env = options->env,
        .program = generation->carried.fd >= 0 ? &generation->carried : options->program,
        .start_timeout_ms = options->start_timeout_ms,
        .drain_ms = options->settings->drain_ms,
        .limits = limits_of(generation, &slot->group->functions),
        .backoff = options->backoff,
        .places = options->places,
        .counters = options->counters,
        .loop = options->loop,
        .control = options->control,
        .log = options->log,
        .events = options->events,
        .generation = options->number,
        .log_format = options->settings->log_format,
        .changed = on_cell_changed,
        .heavy = on_cell_heavy,
        .context = slot};
    struct ot_error err;

    (void)pool;
    if (ot_cell_new(&cell, &generation->cells[generation->cell_count],
                    generation->err != NULL ? generation->err : &err) < 0) {
        if (generation->err == NULL)
            ot_log_message(options->settings->log_format, OT_LEVEL_ERROR, err.message);
        return NULL;
    }
    return generation->cells[generation->cell_count++];
}

static int add_pools(struct ot_generation *generation, struct ot_error *err)
{
    const struct ot_generation_options *options = &generation->options;
    size_t count = generation->placement.count;

    generation->pools = ot_alloc(count + 1, sizeof(struct ot_pool *));
    generation->slots = ot_alloc(count + 1, sizeof(*generation->slots));
    for (size_t i = 0; i < count; i++)
        generation->most_cells += 2 * generation->placement.groups[i].life.replicas;
    generation->cells = ot_alloc(generation->most_cells + 1, sizeof(struct ot_cell *));
    generation->err = err;
    for (size_t i = 0; i < count; i++) {
        const struct ot_group *group = &generation->placement.groups[i];
        struct pool_slot *slot = &generation->slots[i];
        const struct ot_pool_options pool = {.name = group->name,
                                             .life = group->life,
                                             .make = make_cell,
                                             .context = slot,
                                             .loop = options->loop,
                                             .control = options->control,
                                             .places = options->places};

        *slot = (struct pool_slot){.generation = generation, .group = group};
        slot->pool = ot_pool_new(&pool);
        if (slot->pool == NULL)
            return -1;
        generation->pools[generation->pool_count++] = slot->pool;
    }
    generation->err = NULL;
    return 0;
}

static void add_functions(struct ot_generation *generation)
{
    const struct ot_manifest *manifest = ot_payload_manifest(generation->payload);
    const struct ot_settings *settings = generation->options.settings;

    for (size_t i = 0; i < manifest->function_count; i++) {
        const struct ot_function *function = &manifest->functions[i];
        const struct ot_function_config *config = &function->config;

        generation->functions[generation->function_count++] = (struct ot_served_function){
            .name = ot_span_of(function->name),
            .index = i,
            .config = config,
            .pool = generation->pools[generation->placement.group_of[i]],
            .breaker = ot_breaker_new(config),
            .timeout_ms = own_or(config->timeout_ms, settings->timeout_ms),
            .rpm = own_or(config->rpm, settings->default_rpm),
            .awaited = generation->answers != NULL,
        };
    }
}

static void free_generation(struct ot_generation *generation)
{
    for (size_t i = 0; i < generation->pool_count; i++)
        ot_pool_end(generation->pools[i]);
    for (size_t i = 0; i < generation->cell_count; i++)
        ot_cell_free(generation->cells[i]);
    for (size_t i = 0; i < generation->pool_count; i++)
        ot_pool_free(generation->pools[i]);
    for (size_t i = 0; i < generation->function_count; i++)
        ot_breaker_free(generation->functions[i].breaker);
    ot_first_answers_free(generation->answers);
    free(generation->functions);
    free(generation->table);
    free(generation->warm_order);
    ot_list_free(&generation->recent);
    free(generation->pools);
    free(generation->cells);
    free(generation->slots);
    ot_placement_free(&generation->placement);
    ot_payload_free(generation->payload);
    ot_engine_program_close(&generation->carried);
    free(generation);
    if (--alive == 0 && on_all_gone != NULL)
        OT_STEAL(on_all_gone)(all_gone_context);
}

int ot_generation_new(struct ot_payload *payload, const struct ot_generation_options *options,
                      struct ot_generation **out, struct ot_error *err)
{
    struct ot_generation *generation = ot_alloc(1, sizeof(*generation));
    const struct ot_manifest *manifest = ot_payload_manifest(payload);
    const struct ot_pool_life common = {.idle_ms = options->settings->idle_ms,
                                        .max_queue = options->settings->queue_max};

    generation->options = *options;
    generation->payload = payload;
    generation->carried = OT_ENGINE_PROGRAM_INIT;
    if (options->carried != NULL) {
        generation->carried = *options->carried;
        *options->carried = OT_ENGINE_PROGRAM_INIT;
    }
    generation->functions = ot_alloc(manifest->function_count + 1, sizeof(*generation->functions));
    generation->references = 1;
    alive++;
    ot_placement_make(manifest, options->isolation, &common, uv_available_parallelism(),
                      &generation->placement);
    if (add_pools(generation, err) < 0) {
        free_generation(generation);
        return -1;
    }
    if (options->notes_answers)
        generation->answers = ot_first_answers_new(generation, options);
    add_functions(generation);
    make_table(generation);
    ot_generation_order(generation, options->recent);
    *out = generation;
    /* later, so that the caller knows the generation when he is told of its cells */
    (void)ot_mailbox_post(options->control, start_warming, generation);
    return 0;
}

/* -- first answers -- */

void ot_generation_booted(struct ot_generation *generation, struct ot_pending_receipt *receipt)
{
    if (generation->answers != NULL && receipt != NULL)
        ot_first_answers_booted(generation->answers, receipt);
    else
        ot_pending_receipt_free(receipt);
}

void ot_generation_answered(struct ot_generation *generation, struct ot_served_function *function,
                            unsigned status)
{
    if (atomic_load_explicit(&function->awaited, memory_order_relaxed) &&
        atomic_exchange_explicit(&function->awaited, false, memory_order_relaxed))
        ot_first_answers_note(generation->answers, function, status);
}

/* -- the end -- */

static void on_cell_stopped(struct ot_cell *cell, void *context)
{
    struct ot_generation *generation = context;

    (void)cell;
    if (--generation->running == 0)
        free_generation(generation);
}

/* Nobody can send it requests any more. */
static void retire(void *context, void *argument)
{
    struct ot_generation *generation = argument;

    (void)context;
    generation->next_warm = generation->pool_count;
    for (size_t i = 0; i < generation->pool_count; i++)
        ot_pool_end(generation->pools[i]);
    generation->running = generation->cell_count + 1;
    for (size_t i = 0; i < generation->cell_count; i++)
        ot_cell_stop(generation->cells[i], on_cell_stopped, generation);
    on_cell_stopped(NULL, generation);
}

struct ot_generation *ot_generation_hold(struct ot_generation *generation)
{
    atomic_fetch_add_explicit(&generation->references, 1, memory_order_relaxed);
    return generation;
}

void ot_generation_release(struct ot_generation *generation)
{
    if (atomic_fetch_sub_explicit(&generation->references, 1, memory_order_acq_rel) == 1)
        (void)ot_mailbox_post(generation->options.control, retire, generation);
}

unsigned ot_generations_alive(void)
{
    return alive;
}

void ot_generations_wait(void (*gone)(void *context), void *context)
{
    if (alive == 0) {
        gone(context);
        return;
    }
    on_all_gone = gone;
    all_gone_context = context;
}

/* -- what is in it -- */

const struct ot_manifest *ot_generation_manifest(const struct ot_generation *generation)
{
    return ot_payload_manifest(generation->payload);
}

uint64_t ot_generation_number(const struct ot_generation *generation)
{
    return generation->options.number;
}

size_t ot_generation_functions(const struct ot_generation *generation,
                               struct ot_served_function **first)
{
    *first = generation->functions;
    return generation->function_count;
}

size_t ot_generation_pools(const struct ot_generation *generation, struct ot_pool *const **first)
{
    *first = generation->pools;
    return generation->pool_count;
}

size_t ot_generation_most_cells(const struct ot_generation *generation)
{
    return generation->most_cells;
}

size_t ot_generation_cells(const struct ot_generation *generation, struct ot_cell *const **first)
{
    *first = generation->cells;
    return generation->cell_count;
}

bool ot_generation_ready(const struct ot_generation *generation, bool *failed)
{
    bool ready = generation->all_warmed;

    *failed = false;
    for (size_t i = 0; i < generation->pool_count; i++) {
        enum ot_cell_state state = ot_pool_state(generation->pools[i]);

        *failed = *failed || state == OT_CELL_BACKOFF;
        ready = ready && (state == OT_CELL_IDLE || state == OT_CELL_READY);
    }
    return ready;
}
