#include "build/graph.h"

#include <stdlib.h>
#include <string.h>

/* -- sets -------------------------------------------------------------------------------------- */

bool ot_bits_has(const uint64_t *set, size_t bit)
{
    return (set[bit / 64] >> bit % 64 & 1) != 0;
}

void ot_bits_add(uint64_t *set, size_t bit)
{
    set[bit / 64] |= UINT64_C(1) << bit % 64;
}

void ot_bits_join(uint64_t *set, const uint64_t *more, size_t words)
{
    for (size_t i = 0; i < words; i++)
        set[i] |= more[i];
}

bool ot_bits_equal(const uint64_t *a, const uint64_t *b, size_t words)
{
    return memcmp(a, b, words * sizeof(*a)) == 0;
}

bool ot_bits_meet(const uint64_t *a, const uint64_t *b, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        if ((a[i] & b[i]) != 0)
            return true;
    }
    return false;
}

bool ot_bits_empty(const uint64_t *set, size_t words)
{
    return !ot_bits_meet(set, set, words);
}

size_t ot_bits_count(const uint64_t *set, size_t words)
{
    size_t count = 0;

    for (size_t i = 0; i < words; i++)
        count += (size_t)__builtin_popcountll(set[i]);
    return count;
}

/* -- the graph --------------------------------------------------------------------------------- */

static int compare_path(const void *key, const void *node)
{
    return strcmp(key, ((const struct ot_metafile_node *)node)->path);
}

size_t ot_graph_find(const struct ot_graph *graph, const char *path)
{
    const struct ot_metafile_nodes *nodes = graph->nodes;
    const struct ot_metafile_node *node =
        nodes->count == 0
            ? NULL
            : bsearch(path, nodes->items, nodes->count, sizeof(*nodes->items), compare_path);

    return node == NULL ? OT_NO_NODE : (size_t)(node - nodes->items);
}

void ot_graph_open(struct ot_graph *graph, const struct ot_metafile_nodes *nodes)
{
    size_t edges = 0, at = 0;

    for (size_t i = 0; i < nodes->count; i++)
        edges += nodes->items[i].import_count;
    graph->nodes = nodes;
    graph->first = ot_alloc(nodes->count + 1, sizeof(*graph->first));
    graph->edges = ot_alloc(edges + 1, sizeof(*graph->edges));
    for (size_t i = 0; i < nodes->count; i++) {
        const struct ot_metafile_node *node = &nodes->items[i];

        graph->first[i] = at;
        for (size_t j = 0; j < node->import_count; j++) {
            const struct ot_metafile_import *import = &node->imports[j];
            size_t to = import->external ? OT_NO_NODE : ot_graph_find(graph, import->path);

            if (to != OT_NO_NODE)
                graph->edges[at++] = (struct ot_graph_edge){to, import->dynamic};
        }
    }
    graph->first[nodes->count] = at;
}

void ot_graph_close(struct ot_graph *graph)
{
    free(graph->first);
    free(graph->edges);
    *graph = (struct ot_graph){0};
}

/* Sets only grow, so it ends. */
uint64_t *ot_graph_reach(const struct ot_graph *graph, const size_t *starts, size_t count,
                         bool dynamic)
{
    size_t nodes = graph->nodes->count, words = OT_BITS_WORDS(count), length = 0;
    uint64_t *sets = ot_alloc(nodes * words + 1, sizeof(*sets));
    OT_AUTOFREE size_t *stack = ot_alloc(nodes + 1, sizeof(*stack));
    OT_AUTOFREE bool *waiting = ot_alloc(nodes + 1, sizeof(*waiting));

    for (size_t i = 0; i < count; i++) {
        if (starts[i] == OT_NO_NODE)
            continue;
        ot_bits_add(&sets[starts[i] * words], i);
        if (!waiting[starts[i]])
            stack[length++] = starts[i];
        waiting[starts[i]] = true;
    }
    while (length > 0) {
        size_t from = stack[--length];

        waiting[from] = false;
        for (size_t i = graph->first[from]; i < graph->first[from + 1]; i++) {
            size_t to = graph->edges[i].to;
            bool grown = false;

            if (graph->edges[i].dynamic && !dynamic)
                continue;
            for (size_t j = 0; j < words; j++) {
                uint64_t joined = sets[to * words + j] | sets[from * words + j];

                grown = grown || joined != sets[to * words + j];
                sets[to * words + j] = joined;
            }
            if (grown && !waiting[to]) {
                waiting[to] = true;
                stack[length++] = to;
            }
        }
    }
    return sets;
}

size_t *ot_graph_order(const struct ot_graph *graph, const size_t *starts, size_t count)
{
    size_t nodes = graph->nodes->count, rank = 0;
    size_t *ranks = ot_alloc(nodes + 1, sizeof(*ranks));
    OT_AUTOFREE size_t *stack = ot_alloc(nodes + 1, sizeof(*stack));
    OT_AUTOFREE size_t *next = ot_alloc(nodes + 1, sizeof(*next)); /* edge to follow, from 1 */

    for (size_t i = 0; i < nodes; i++)
        ranks[i] = OT_NO_NODE;
    for (size_t i = 0; i < count; i++) {
        size_t depth = 0;

        if (starts[i] == OT_NO_NODE || next[starts[i]] != 0)
            continue;
        stack[depth++] = starts[i];
        next[starts[i]] = graph->first[starts[i]] + 1;
        while (depth > 0) {
            size_t node = stack[depth - 1], edge = next[node] - 1, to;

            if (edge == graph->first[node + 1]) {
                ranks[node] = rank++;
                depth--;
                continue;
            }
            next[node]++;
            to = graph->edges[edge].to;
            if (next[to] == 0) {
                next[to] = graph->first[to] + 1;
                stack[depth++] = to;
            }
        }
    }
    return ranks;
}
