/* The pools that start with a generation, and in which order: by the last use of their functions.
 */
#include "gateway/generation_parts.h"

#include "gateway/places.h"

#include <stdlib.h>

/* What is kept starts anyway, the others as far as there are places. */
static bool is_warm(const struct ot_generation *generation, const struct pool_slot *slot)
{
    const struct ot_places *places = generation->options.places;

    if (generation->draining)
        return false;
    return slot->group->life.kept > 0 ||
           (generation->options.warm && (places == NULL || !ot_places_full(places)));
}

/* Of a function that is there. */
static size_t pool_index(const struct ot_generation *generation, const char *function)
{
    return generation->placement
        .group_of[ot_generation_find(generation, ot_span_of(function))->index];
}

/* Pools whose functions were called lately come first, the others in the manifest's order. */
void ot_generation_order(struct ot_generation *generation, const struct ot_list *recent)
{
    OT_AUTOFREE bool *listed = ot_alloc(generation->pool_count + 1, sizeof(*listed));
    size_t count = 0;

    generation->warm_order = ot_alloc(generation->pool_count + 1, sizeof(size_t));
    for (size_t i = 0; recent != NULL && i < recent->count; i++) {
        size_t pool;

        if (ot_generation_find(generation, ot_span_of(recent->items[i])) == NULL)
            continue;
        pool = pool_index(generation, recent->items[i]);
        if (listed[pool])
            continue;
        listed[pool] = true;
        generation->warm_order[count++] = pool;
        ot_list_add(&generation->recent, recent->items[i]);
    }
    for (size_t i = 0; i < generation->pool_count; i++) {
        if (!listed[i])
            generation->warm_order[count++] = i;
    }
}

void ot_generation_warm_more(struct ot_generation *generation)
{
    unsigned at_once = uv_available_parallelism() * 2;

    if (generation->in_warm_more) /* one failed at once: the loop below goes on */
        return;
    generation->in_warm_more = true;
    while (generation->warming < at_once && generation->next_warm < generation->pool_count) {
        struct pool_slot *slot =
            &generation->slots[generation->warm_order[generation->next_warm++]];

        if (is_warm(generation, slot) && ot_pool_state(slot->pool) == OT_CELL_IDLE) {
            slot->warming = true;
            generation->warming++;
            ot_pool_start(slot->pool);
        }
    }
    generation->in_warm_more = false;
    generation->all_warmed = generation->next_warm == generation->pool_count;
}

static int64_t used_at(const struct ot_pool *pool)
{
    const struct ot_cell *cell;
    int64_t last = 0;

    for (size_t i = 0; (cell = ot_pool_cell(pool, i)) != NULL; i++) {
        if (ot_cell_requests(cell) > 0 && ot_cell_used_at(cell) > last)
            last = ot_cell_used_at(cell);
    }
    return last;
}

struct use {
    int64_t at;
    const char *function;
};

static int compare_uses(const void *a, const void *b)
{
    const struct use *left = a, *right = b;

    return (left->at < right->at) - (left->at > right->at);
}

void ot_generation_recent(const struct ot_generation *generation, struct ot_list *out)
{
    const struct ot_manifest *manifest = ot_payload_manifest(generation->payload);
    OT_AUTOFREE struct use *uses = ot_alloc(generation->pool_count + 1, sizeof(*uses));
    OT_AUTOFREE bool *listed = ot_alloc(generation->pool_count + 1, sizeof(*listed));
    size_t count = 0;

    for (size_t i = generation->function_count; i-- > 0;) {
        size_t pool = generation->placement.group_of[i];
        int64_t at = listed[pool] ? 0 : used_at(generation->pools[pool]);

        if (at > 0)
            uses[count++] = (struct use){at, manifest->functions[i].name};
        listed[pool] = listed[pool] || at > 0;
    }
    qsort(uses, count, sizeof(*uses), compare_uses);
    for (size_t i = 0; i < count; i++)
        ot_list_add(out, uses[i].function);
    for (size_t i = 0; i < generation->recent.count; i++) {
        const char *name = generation->recent.items[i];

        if (!listed[pool_index(generation, name)])
            ot_list_add(out, name);
    }
}
