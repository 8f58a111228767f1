#include "build/partial_view.h"

#include <stdlib.h>
#include <string.h>

static uint64_t *reach(const struct ot_graph *graph, const char *before, const char *after,
                       const struct ot_record_function *functions, size_t count)
{
    OT_AUTOFREE size_t *starts = ot_alloc(count + 1, sizeof(*starts));

    for (size_t i = 0; i < count; i++) {
        OT_AUTOFREE char *path = ot_asprintf("%s%s%s", before, functions[i].name, after);

        starts[i] = ot_graph_find(graph, path);
    }
    return ot_graph_reach(graph, starts, count, true);
}

void ot_partial_view_open(struct ot_partial_view *view, const struct ot_metafile *metafile,
                          const struct ot_record_function *functions, size_t count)
{
    view->metafile = metafile;
    view->functions = count;
    view->words = OT_BITS_WORDS(count);
    ot_graph_open(&view->inputs, &metafile->inputs);
    ot_graph_open(&view->outputs, &metafile->outputs);
    view->users = reach(&view->inputs, OT_ENTRY_NAMESPACE ":", "", functions, count);
    view->makers = reach(&view->outputs, "functions/", ".js", functions, count);
}

void ot_partial_view_close(struct ot_partial_view *view)
{
    ot_graph_close(&view->inputs);
    ot_graph_close(&view->outputs);
    free(view->users);
    free(view->makers);
    free(view->keys);
    *view = (struct ot_partial_view){0};
}

const uint64_t *ot_partial_users(const struct ot_partial_view *view, size_t input)
{
    return &view->users[input * view->words];
}

const uint64_t *ot_partial_makers(const struct ot_partial_view *view, size_t output)
{
    return &view->makers[output * view->words];
}

const uint64_t *ot_partial_key(const struct ot_partial_view *view, size_t input)
{
    return &view->keys[input * view->key_words];
}

void ot_partial_view_dynamic(const struct ot_partial_view *view, const uint64_t *plain,
                             struct ot_list *out)
{
    const struct ot_graph *graph = &view->inputs;

    for (size_t i = 0; i < graph->nodes->count; i++) {
        if (!ot_bits_meet(ot_partial_users(view, i), plain, view->words))
            continue;
        for (size_t j = graph->first[i]; j < graph->first[i + 1]; j++) {
            if (graph->edges[j].dynamic)
                ot_list_add(out, graph->nodes->items[graph->edges[j].to].path);
        }
    }
    ot_list_sort_unique(out);
}

static size_t find_start(const struct ot_partial_view *view, const char *function)
{
    OT_AUTOFREE char *path = ot_asprintf(OT_ENTRY_NAMESPACE ":%s", function);

    return ot_graph_find(&view->inputs, path);
}

size_t *ot_partial_order(const struct ot_partial_view *view, const uint64_t *plain,
                         const struct ot_record_function *functions)
{
    OT_AUTOFREE size_t *starts = ot_alloc(view->functions + 1, sizeof(*starts));

    for (size_t i = 0; i < view->functions; i++)
        starts[i] = ot_bits_has(plain, i) ? find_start(view, functions[i].name) : OT_NO_NODE;
    return ot_graph_order(&view->inputs, starts, view->functions);
}

void ot_partial_view_keys(struct ot_partial_view *view, const uint64_t *plain,
                          const struct ot_record_function *functions, const struct ot_list *dynamic)
{
    size_t count = view->functions + dynamic->count;
    OT_AUTOFREE size_t *starts = ot_alloc(count + 1, sizeof(*starts));
    OT_AUTOLIST struct ot_list own = {0};

    ot_partial_view_dynamic(view, plain, &own);
    for (size_t i = 0; i < view->functions; i++)
        starts[i] = ot_bits_has(plain, i) ? find_start(view, functions[i].name) : OT_NO_NODE;
    for (size_t i = 0; i < dynamic->count; i++)
        starts[view->functions + i] = ot_list_has(&own, dynamic->items[i])
                                          ? ot_graph_find(&view->inputs, dynamic->items[i])
                                          : OT_NO_NODE;
    view->dynamic = dynamic;
    view->key_words = OT_BITS_WORDS(count);
    view->keys = ot_graph_reach(&view->inputs, starts, count, false);
}

const uint64_t *ot_partial_file_makers(const struct ot_partial_view *view, struct ot_span path)
{
    size_t len = path.len - (ot_span_ends(path, ".js.map") ? strlen(".map") : 0);
    OT_AUTOFREE char *name = ot_strndup(path.data, len);
    size_t output = ot_graph_find(&view->outputs, name);

    return output == OT_NO_NODE ? NULL : ot_partial_makers(view, output);
}

uint64_t *ot_partial_plain(const struct ot_record *record, bool splitting)
{
    uint64_t *plain = ot_alloc(OT_BITS_WORDS(record->function_count) + 1, sizeof(*plain));

    for (size_t i = 0; i < record->function_count; i++) {
        if (splitting && !record->functions[i].top_level_await)
            ot_bits_add(plain, i);
    }
    return plain;
}
