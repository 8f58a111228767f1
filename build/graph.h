/*
 * Which functions reach which modules: sets of entries for all inputs of a metafile at once. A set
 * is an array of `words` 64-bit words; a bit is a place in the caller's list of starts.
 */
#pragma once

#include "build/metafile.h"

#define OT_BITS_WORDS(bits) (((bits) + 63) / 64)

bool ot_bits_has(const uint64_t *set, size_t bit);
void ot_bits_add(uint64_t *set, size_t bit);
void ot_bits_join(uint64_t *set, const uint64_t *more, size_t words);
bool ot_bits_equal(const uint64_t *a, const uint64_t *b, size_t words);
bool ot_bits_meet(const uint64_t *a, const uint64_t *b, size_t words);
bool ot_bits_empty(const uint64_t *set, size_t words);
/* How many. */
size_t ot_bits_count(const uint64_t *set, size_t words);

/* Start from `{0}`. */
struct ot_graph {
    const struct ot_metafile_nodes *nodes;
    size_t *first; /* of each node's edges; one more than there are nodes */
    struct ot_graph_edge {
        size_t to;
        bool dynamic; /* import() */
    } * edges;
};

#define OT_NO_NODE SIZE_MAX

#define OT_AUTOGRAPH OT_CLEANUP(ot_graph_close)

/* `nodes` must be finished (see ot_metafile_finish) and outlive the graph. */
void ot_graph_open(struct ot_graph *graph, const struct ot_metafile_nodes *nodes);
void ot_graph_close(struct ot_graph *graph);
/* Its place in `nodes`, or OT_NO_NODE. */
size_t ot_graph_find(const struct ot_graph *graph, const char *path);

/*
 * For each node the set of the starts that reach it: node i's is at `i * OT_BITS_WORDS(count)`. A
 * start OT_NO_NODE reaches nothing. Without `dynamic` import() leads nowhere. The caller frees it.
 */
uint64_t *ot_graph_reach(const struct ot_graph *graph, const size_t *starts, size_t count,
                         bool dynamic);

/*
 * The rank of each node when every node comes behind what it imports, in the order of the imports,
 * from the first start to the last; OT_NO_NODE for what no start reaches. That is how esbuild
 * orders modules. The caller frees it.
 */
size_t *ot_graph_order(const struct ot_graph *graph, const size_t *starts, size_t count);
