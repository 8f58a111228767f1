/* Which functions share a pool of cells, and how its processes live. */
#pragma once

#include "gateway/pool.h"

/* Which functions share a cell. The gateway sends all kinds of cells the same requests. */
enum ot_isolation {
    OT_ISOLATE_FUNCTION, /* those whose 1tube.json names the same one; else each has its own */
    OT_ISOLATE_NOTHING,  /* all of them, in as many processes as there are cores; what they say of
                            processes means nothing, but for `warm` and min_replicas */
};

struct ot_group {
    const char *name;         /* of the manifest, or static */
    struct ot_list functions; /* their names; "": all */
    struct ot_pool_life life;
    bool warm; /* one of them is */
};

struct ot_placement {
    struct ot_group *groups;
    size_t count;
    size_t *group_of; /* of each function, in the manifest's order */
};

/* What functions do not say themselves: of `common` idle_ms and max_queue. `cores`: for
 * OT_ISOLATE_NOTHING. Where functions of a cell differ, as `onetube build` does not let them, the
 * smaller number counts. */
void ot_placement_make(const struct ot_manifest *manifest, enum ot_isolation isolation,
                       const struct ot_pool_life *common, unsigned cores, struct ot_placement *out);
void ot_placement_free(struct ot_placement *placement);
