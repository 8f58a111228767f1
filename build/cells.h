/* Which functions share a cell, and that they agree about its processes. */
#pragma once

#include "build/discover.h"

/*
 * Functions whose 1tube.json names the same cell (a function that names none is in the cell of its
 * own name) must not differ in what they say of its processes: memoryMB, min_replicas, replicas,
 * ttl, idleTimeout, maxConcurrency, recycle.maxRequests; who says nothing agrees with the others.
 * min_replicas is not above replicas. OT_FAILED, with `shown` for the folder of functions.
 */
OT_MUST_USE int ot_cells_check(const struct ot_sources *sources, const char *shown,
                               struct ot_error *err);
