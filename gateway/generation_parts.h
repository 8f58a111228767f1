/* A generation from inside: for generation.c and generation_warming.c alone. */
#pragma once

#include "gateway/generation.h"

/* What a pool needs to be told apart in its callbacks. */
struct pool_slot {
    struct ot_generation *generation;
    struct ot_pool *pool;
    const struct ot_group *group;
    bool warming; /* one of the few that start now */
};

struct ot_generation {
    struct ot_generation_options options;
    struct ot_payload *payload;
    struct ot_placement placement;
    struct ot_engine_program carried;     /* by it */
    struct ot_served_function *functions; /* in the manifest's order */
    uint32_t *table;                      /* index + 1 of a function, found by its name's hash */
    uint32_t table_mask;
    struct ot_pool **pools;
    struct pool_slot *slots; /* of each pool */
    struct ot_cell **cells;  /* of all pools, in the order in which they were made */
    size_t function_count, pool_count, most_cells;
    _Atomic size_t cell_count;
    struct ot_error *err; /* of the cell that is being made; NULL: it is only logged */
    struct ot_list recent;
    size_t *warm_order; /* pools, as they start when they are to */
    size_t next_warm;   /* those before it were looked at */
    unsigned warming;
    bool in_warm_more, draining;
    struct ot_first_answers *answers; /* NULL: they are not noted */
    size_t running;                   /* cells that have not stopped */
    _Atomic bool all_warmed;
    _Atomic unsigned references;
};

/* generation_warming.c: in which order its pools start when they are to. */
void ot_generation_order(struct ot_generation *generation, const struct ot_list *recent);
/* Starts the next few. */
void ot_generation_warm_more(struct ot_generation *generation);
