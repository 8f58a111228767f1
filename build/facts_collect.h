/* The facts behind one build's modules (facts.h). */
#pragma once

#include "build/facts.h"

/* What a resolver of ours was asked for. */
struct ot_lookup {
    char *importer; /* as the metafile names it; "": unknown, all functions depend on it */
    char *folder;   /* where it looked from; absolute */
    char *target;   /* a package and its sub-path, or a path, perhaps relative to the folder */
    bool entry;     /* it only looked whether the path is there */
};

struct ot_lookups {
    struct ot_lookup *items;
    size_t count, cap;
};

void ot_lookups_free(struct ot_lookups *lookups);
/* Copies all texts; what is there already is not added again when it was the last. */
void ot_lookups_add(struct ot_lookups *lookups, struct ot_span importer, struct ot_span folder,
                    struct ot_span target, bool entry);

/*
 * Adds what the modules of `graph` and the lookups depend on. `folder` is the functions folder
 * (absolute); `users` has a set of functions for each node, see ot_graph_reach.
 */
void ot_facts_collect(struct ot_facts *facts, const struct ot_graph *graph, const uint64_t *users,
                      const struct ot_lookups *lookups, const char *folder);
