#include "gateway/placement.h"

#include <stdlib.h>
#include <string.h>

#define SHARED_CELL "shared"
/* Of a pool whose requests have a process each. */
#define FRESH_REPLICAS 8u
#define SECOND UINT64_C(1000)

/* What the functions of a group say; OT_UNSET: none says anything. */
struct wishes {
    uint64_t replicas, min_replicas, max_concurrency, max_requests, ttl_s, idle_timeout_s;
};

static void wish(uint64_t *wished, uint64_t said)
{
    if (said < *wished) /* OT_UNSET is the largest number */
        *wished = said;
}

static void add_wishes(struct wishes *all, const struct ot_function_config *config)
{
    wish(&all->replicas, config->replicas);
    wish(&all->min_replicas, config->min_replicas);
    wish(&all->max_concurrency, config->max_concurrency);
    wish(&all->max_requests, config->max_requests);
    wish(&all->ttl_s, config->ttl_s);
    wish(&all->idle_timeout_s, config->idle_timeout_s);
}

/* Of each group. */
static struct wishes *wishes_of(const struct ot_manifest *manifest,
                                const struct ot_placement *placement)
{
    struct wishes *wishes = ot_alloc(placement->count, sizeof(*wishes));

    for (size_t i = 0; i < placement->count; i++)
        wishes[i] = (struct wishes){OT_UNSET, OT_UNSET, OT_UNSET, OT_UNSET, OT_UNSET, OT_UNSET};
    for (size_t i = 0; i < manifest->function_count; i++)
        add_wishes(&wishes[placement->group_of[i]], &manifest->functions[i].config);
    return wishes;
}

static uint64_t or_zero(uint64_t said)
{
    return said != OT_UNSET ? said : 0;
}

static uint64_t at_most(uint64_t number, uint64_t most)
{
    return number < most ? number : most;
}

static void set_life(struct ot_group *group, const struct wishes *said,
                     const struct ot_pool_life *common)
{
    struct ot_pool_life *life = &group->life;
    uint64_t kept = or_zero(said->min_replicas);

    if (group->warm && kept == 0)
        kept = 1;
    *life = (struct ot_pool_life){
        .replicas = said->replicas,
        .max_concurrency = or_zero(said->max_concurrency),
        .max_requests = or_zero(said->max_requests),
        .ttl_ms = said->ttl_s != OT_UNSET ? said->ttl_s * SECOND : OT_UNSET,
        .idle_ms =
            said->idle_timeout_s != OT_UNSET ? said->idle_timeout_s * SECOND : common->idle_ms,
        .max_queue = common->max_queue,
    };
    if (life->replicas == OT_UNSET)
        life->replicas = life->ttl_ms == 0 && kept < FRESH_REPLICAS ? FRESH_REPLICAS
                         : kept > 1                                 ? kept
                                                                    : 1;
    life->replicas = at_most(life->replicas, OT_REPLICAS_MAX);
    life->kept = at_most(kept, life->replicas);
}

struct choice {
    const char *cell;
    size_t function;
};

static int compare_choices(const void *a, const void *b)
{
    const struct choice *left = a, *right = b;
    int order = strcmp(left->cell, right->cell);

    return order != 0 ? order
                      : (left->function > right->function) - (left->function < right->function);
}

/* Of each function, the first one in its cell. */
static void find_firsts(const struct ot_manifest *manifest, size_t *firsts)
{
    OT_AUTOFREE struct choice *choices = ot_alloc(manifest->function_count, sizeof(*choices));

    for (size_t i = 0; i < manifest->function_count; i++) {
        const struct ot_function *function = &manifest->functions[i];

        choices[i].cell = function->config.cell[0] != '\0' ? function->config.cell : function->name;
        choices[i].function = i;
    }
    qsort(choices, manifest->function_count, sizeof(*choices), compare_choices);
    for (size_t i = 0; i < manifest->function_count; i++) {
        bool same = i > 0 && strcmp(choices[i - 1].cell, choices[i].cell) == 0;

        firsts[choices[i].function] = same ? firsts[choices[i - 1].function] : choices[i].function;
    }
}

/* Groups in the order of their first functions. */
static void place_by_cell(const struct ot_manifest *manifest, const struct ot_pool_life *common,
                          struct ot_placement *out)
{
    OT_AUTOFREE size_t *firsts = ot_alloc(manifest->function_count, sizeof(*firsts));
    OT_AUTOFREE struct wishes *said = NULL;

    find_firsts(manifest, firsts);
    for (size_t i = 0; i < manifest->function_count; i++) {
        const struct ot_function *function = &manifest->functions[i];
        struct ot_group *group;

        out->group_of[i] = firsts[i] == i ? out->count++ : out->group_of[firsts[i]];
        group = &out->groups[out->group_of[i]];
        if (firsts[i] == i)
            group->name = function->config.cell[0] != '\0' ? function->config.cell : function->name;
        ot_list_add(&group->functions, function->name);
        group->warm = group->warm || function->config.warm;
    }
    said = wishes_of(manifest, out);
    for (size_t i = 0; i < out->count; i++)
        set_life(&out->groups[i], &said[i], common);
}

static void place_together(const struct ot_manifest *manifest, const struct ot_pool_life *common,
                           unsigned cores, struct ot_placement *out)
{
    struct ot_group *group = &out->groups[0];
    OT_AUTOFREE struct wishes *said = NULL;
    uint64_t kept;

    out->count = 1;
    said = wishes_of(manifest, out);
    kept = or_zero(said->min_replicas);
    group->name = SHARED_CELL;
    group->life = *common;
    group->life.replicas = at_most(cores, OT_REPLICAS_MAX);
    group->life.ttl_ms = OT_UNSET;
    for (size_t i = 0; i < manifest->function_count; i++)
        group->warm = group->warm || manifest->functions[i].config.warm;
    group->life.kept = at_most(kept > 0 ? kept : group->warm, group->life.replicas);
}

void ot_placement_make(const struct ot_manifest *manifest, enum ot_isolation isolation,
                       const struct ot_pool_life *common, unsigned cores, struct ot_placement *out)
{
    size_t count = manifest->function_count + 1;

    *out = (struct ot_placement){.groups = ot_alloc(count, sizeof(*out->groups)),
                                 .group_of = ot_alloc(count, sizeof(*out->group_of))};
    if (manifest->function_count == 0)
        return;
    if (isolation == OT_ISOLATE_NOTHING)
        place_together(manifest, common, cores, out);
    else
        place_by_cell(manifest, common, out);
}

void ot_placement_free(struct ot_placement *placement)
{
    for (size_t i = 0; i < placement->count; i++)
        ot_list_free(&placement->groups[i].functions);
    free(placement->groups);
    free(placement->group_of);
}
