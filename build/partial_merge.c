#include "build/partial.h"

#include "build/partial_view.h"

#include <stdlib.h>
#include <string.h>

/* One merging; see partial.h for the numbers. */
struct merge {
    const struct ot_record *old;
    const struct ot_bundle *made;
    struct ot_bundle *out;
    size_t words;
    const uint64_t *changed;
    uint64_t *kept;  /* the functions whose outputs are kept */
    uint64_t *plain; /* the functions that are bundled together */
    struct ot_partial_view before, run, after;
};

static void free_merge(struct merge *merge)
{
    free(merge->kept);
    free(merge->plain);
    ot_partial_view_close(&merge->before);
    ot_partial_view_close(&merge->run);
    ot_partial_view_close(&merge->after);
}

static const struct ot_bundle_file *find_file(const struct ot_bundle *bundle, struct ot_span path)
{
    for (size_t i = 0; i < bundle->file_count; i++) {
        if (ot_span_equal(bundle->files[i].path, path))
            return &bundle->files[i];
    }
    return NULL;
}

/* -- putting together -------------------------------------------------------------------------- */

static struct ot_metafile_node copy_node(const struct ot_metafile_node *node)
{
    struct ot_metafile_node copy = *node;

    copy.path = ot_strdup(node->path);
    copy.imports = ot_alloc(node->import_count + 1, sizeof(*copy.imports));
    copy.parts = ot_alloc(node->part_count + 1, sizeof(*copy.parts));
    for (size_t i = 0; i < node->import_count; i++) {
        const struct ot_metafile_import *import = &node->imports[i];

        copy.imports[i] = *import;
        copy.imports[i].path = ot_strdup(import->path);
        copy.imports[i].original = import->original != NULL ? ot_strdup(import->original) : NULL;
    }
    for (size_t i = 0; i < node->part_count; i++)
        copy.parts[i] =
            (struct ot_metafile_part){ot_strdup(node->parts[i].path), node->parts[i].bytes};
    return copy;
}

/* Those that one of `functions` has; those that `known` (may be NULL) has already are left out. */
static void add_nodes(struct ot_metafile_nodes *out, const struct ot_graph *graph,
                      const uint64_t *sets, size_t words, const uint64_t *functions,
                      const struct ot_graph *known, const uint64_t *known_sets,
                      const uint64_t *known_functions)
{
    out->items = ot_realloc(out->items, out->count + graph->nodes->count + 1, sizeof(*out->items));
    for (size_t i = 0; i < graph->nodes->count; i++) {
        const struct ot_metafile_node *node = &graph->nodes->items[i];
        size_t other = known != NULL ? ot_graph_find(known, node->path) : OT_NO_NODE;

        if (ot_bits_meet(&sets[i * words], functions, words) &&
            (other == OT_NO_NODE ||
             !ot_bits_meet(&known_sets[other * words], known_functions, words)))
            out->items[out->count++] = copy_node(node);
    }
}

static void merge_metafiles(struct merge *merge)
{
    struct ot_metafile *out = &merge->out->metafile;
    const struct ot_partial_view *before = &merge->before, *run = &merge->run;

    add_nodes(&out->inputs, &before->inputs, before->users, merge->words, merge->kept, NULL, NULL,
              NULL);
    add_nodes(&out->inputs, &run->inputs, run->users, merge->words, merge->changed, &before->inputs,
              before->users, merge->kept);
    add_nodes(&out->outputs, &before->outputs, before->makers, merge->words, merge->kept, NULL,
              NULL, NULL);
    add_nodes(&out->outputs, &run->outputs, run->makers, merge->words, merge->changed,
              &before->outputs, before->makers, merge->kept);
    ot_metafile_finish(out);
}

/* Every file must be one that a function makes, or nobody could say to whom it belongs. */
static bool add_files(struct merge *merge, const struct ot_bundle *from,
                      const struct ot_partial_view *view, const uint64_t *functions)
{
    struct ot_bundle *out = merge->out;

    out->files =
        ot_realloc(out->files, out->file_count + from->file_count + 1, sizeof(*out->files));
    for (size_t i = 0; i < from->file_count; i++) {
        const struct ot_bundle_file *file = &from->files[i];
        const uint64_t *makers = ot_partial_file_makers(view, file->path);
        const struct ot_bundle_file *other;

        if (makers == NULL || ot_bits_empty(makers, merge->words))
            return false;
        if (!ot_bits_meet(makers, functions, merge->words))
            continue;
        other = find_file(out, file->path);
        if (other == NULL)
            out->files[out->file_count++] = *file;
        else if (!ot_span_equal(other->data, file->data))
            return false;
    }
    return true;
}

static int compare_files(const void *a, const void *b)
{
    return ot_span_compare(((const struct ot_bundle_file *)a)->path,
                           ((const struct ot_bundle_file *)b)->path);
}

/* -- checking ---------------------------------------------------------------------------------- */

/* 1: an unchanged function's modules have the keys that they had. */
static bool keys_stay(const struct merge *merge, const uint64_t *unchanged)
{
    const struct ot_partial_view *before = &merge->before, *after = &merge->after;

    for (size_t i = 0; i < after->inputs.nodes->count; i++) {
        size_t old;

        if (!ot_bits_meet(ot_partial_users(after, i), unchanged, merge->words))
            continue;
        old = ot_graph_find(&before->inputs, after->inputs.nodes->items[i].path);
        if (old == OT_NO_NODE ||
            !ot_bits_equal(ot_partial_key(before, old), ot_partial_key(after, i), after->key_words))
            return false;
    }
    return true;
}

/* A module's keys in the run and in the full run. */
struct two_keys {
    const uint64_t *run, *full;
};

/* 2: the run tells modules apart as the full run does. */
static bool keys_agree(const struct merge *merge, const uint64_t *together)
{
    const struct ot_partial_view *run = &merge->run, *after = &merge->after;
    OT_AUTOFREE struct two_keys *pairs = ot_alloc(run->inputs.nodes->count + 1, sizeof(*pairs));
    size_t count = 0, words = after->key_words;

    for (size_t i = 0; i < run->inputs.nodes->count; i++) {
        struct two_keys pair = {.run = ot_partial_key(run, i)};
        size_t full = ot_graph_find(&after->inputs, run->inputs.nodes->items[i].path), j;

        if (!ot_bits_meet(ot_partial_users(run, i), together, merge->words))
            continue;
        if (full == OT_NO_NODE)
            return false;
        pair.full = ot_partial_key(after, full);
        for (j = 0; j < count; j++) {
            bool same_run = ot_bits_equal(pairs[j].run, pair.run, words);

            if (same_run != ot_bits_equal(pairs[j].full, pair.full, words))
                return false;
            if (same_run)
                break;
        }
        if (j == count)
            pairs[count++] = pair;
    }
    return true;
}

static bool is_same_file(const struct merge *merge, const char *path)
{
    const struct ot_bundle_file *old = find_file(&merge->old->bundle, ot_span_of(path));
    const struct ot_bundle_file *made = find_file(merge->made, ot_span_of(path));

    if (old == NULL || made == NULL)
        return old == made;
    return ot_span_equal(old->data, made->data);
}

/* With its source map, if it has one. */
static bool is_same_output(const struct merge *merge, const char *path)
{
    OT_AUTOFREE char *map = ot_asprintf("%s.map", path);

    return is_same_file(merge, path) && is_same_file(merge, map);
}

/* Whether they are of the same modules. */
static bool has_same_parts(const struct ot_metafile_node *a, const struct ot_metafile_node *b)
{
    if (a == NULL || b == NULL || a->part_count != b->part_count)
        return false;
    for (size_t i = 0; i < a->part_count; i++) {
        size_t j = 0;

        while (j < b->part_count && strcmp(a->parts[i].path, b->parts[j].path) != 0)
            j++;
        if (j == b->part_count)
            return false;
    }
    return true;
}

/* 3 and 4, for one output of the run that a changed function reaches. */
static bool is_settled(const struct merge *merge, const struct ot_metafile_node *output,
                       const uint64_t *unchanged, bool *is_new)
{
    *is_new = !is_same_output(merge, output->path);
    if (!*is_new) /* or it is another chunk that happens to have the same bytes */
        return has_same_parts(output,
                              ot_metafile_output(&merge->old->bundle.metafile, output->path));
    if (*is_new && output->part_count == 0) /* the bundler's own code: everybody's */
        return false;
    for (size_t i = 0; i < output->part_count && *is_new; i++) {
        size_t input = ot_graph_find(&merge->after.inputs, output->parts[i].path);

        if (input == OT_NO_NODE ||
            ot_bits_meet(ot_partial_users(&merge->after, input), unchanged, merge->words))
            return false;
    }
    return true;
}

/* The key of an output's modules; NULL: it has none that count. */
static const uint64_t *output_key(const struct ot_partial_view *view,
                                  const struct ot_metafile_node *output)
{
    for (size_t i = 0; i < output->part_count; i++) {
        size_t input = ot_graph_find(&view->inputs, output->parts[i].path);

        if (input != OT_NO_NODE)
            return ot_partial_key(view, input);
    }
    return NULL;
}

/*
 * Under which name an earlier output has the chunk `path` of the run: the same, or that of the
 * chunk with the same key. NULL: none has it.
 */
static const char *old_name(const struct merge *merge, const char *path)
{
    const struct ot_metafile_nodes *nodes = &merge->old->bundle.metafile.outputs;
    const struct ot_metafile_node *node = ot_metafile_output(&merge->old->bundle.metafile, path);
    const uint64_t *key;

    if (node != NULL)
        return node->path;
    node = ot_metafile_output(&merge->made->metafile, path);
    key = node != NULL ? output_key(&merge->after, node) : NULL;
    for (size_t i = 0; i < nodes->count && key != NULL; i++) {
        const uint64_t *other = output_key(&merge->before, &nodes->items[i]);

        if (other != NULL && ot_span_ends(ot_span_of(nodes->items[i].path), ".js") &&
            ot_bits_equal(key, other, merge->after.key_words))
            return nodes->items[i].path;
    }
    return NULL;
}

/* Whether some earlier output imports `first` before `second`. */
static bool comes_before(const struct ot_metafile *metafile, const char *first, const char *second)
{
    for (size_t i = 0; i < metafile->outputs.count; i++) {
        const struct ot_metafile_node *node = &metafile->outputs.items[i];
        bool seen = false;

        for (size_t j = 0; j < node->import_count; j++) {
            if (!node->imports[j].at_start || node->imports[j].external)
                continue;
            if (seen && strcmp(node->imports[j].path, second) == 0)
                return true;
            seen = seen || strcmp(node->imports[j].path, first) == 0;
        }
    }
    return false;
}

/* 5: chunks are in one order, which their keys decide, in all outputs. */
static bool is_in_order(const struct merge *merge, const struct ot_metafile_node *output)
{
    const char *last = NULL;
    bool first = true;

    for (size_t i = 0; i < output->import_count; i++) {
        const struct ot_metafile_import *import = &output->imports[i];
        const char *name;

        if (!import->at_start || import->external)
            continue;
        name = old_name(merge, import->path);
        if (!first && (last == NULL || name == NULL ||
                       !comes_before(&merge->old->bundle.metafile, last, name)))
            return false;
        last = name;
        first = false;
    }
    return true;
}

/* 6: two ways to sort the modules that changed functions reach. */
static bool orders_agree(const struct merge *merge, const uint64_t *together)
{
    const struct ot_record_function *functions = merge->old->functions;
    const struct ot_partial_view *run = &merge->run, *after = &merge->after;
    OT_AUTOFREE size_t *in_run = ot_partial_order(run, merge->plain, functions);
    OT_AUTOFREE size_t *in_full = ot_partial_order(after, merge->plain, functions);
    size_t count = run->inputs.nodes->count, last = 0;
    OT_AUTOFREE size_t *sorted = ot_alloc(count + 1, sizeof(*sorted));

    /* the run's ranks are 0, 1, ...; 0 in `sorted` is for what does not matter */
    for (size_t i = 0; i < count; i++) {
        size_t full = ot_graph_find(&after->inputs, run->inputs.nodes->items[i].path);

        if (in_run[i] == OT_NO_NODE ||
            !ot_bits_meet(ot_partial_users(run, i), together, merge->words))
            continue;
        if (full == OT_NO_NODE || in_full[full] == OT_NO_NODE)
            return false;
        sorted[in_run[i]] = in_full[full] + 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (sorted[i] == 0)
            continue;
        if (sorted[i] < last)
            return false;
        last = sorted[i];
    }
    return true;
}

static bool outputs_stay(const struct merge *merge, const uint64_t *together,
                         const uint64_t *unchanged)
{
    const struct ot_graph *outputs = &merge->run.outputs;

    for (size_t i = 0; i < outputs->nodes->count; i++) {
        bool is_new = false;

        if (!ot_bits_meet(ot_partial_makers(&merge->run, i), together, merge->words))
            continue;
        if (!is_settled(merge, &outputs->nodes->items[i], unchanged, &is_new) ||
            (is_new && !is_in_order(merge, &outputs->nodes->items[i])))
            return false;
    }
    return true;
}

/* 3, also for what the changed functions do not use any more. */
static bool chunks_stay(const struct merge *merge, const uint64_t *together,
                        const uint64_t *unchanged)
{
    const struct ot_graph *outputs = &merge->before.outputs;

    for (size_t i = 0; i < outputs->nodes->count; i++) {
        const uint64_t *makers = ot_partial_makers(&merge->before, i);
        const char *path = outputs->nodes->items[i].path;

        if (ot_bits_meet(makers, together, merge->words) &&
            ot_bits_meet(makers, unchanged, merge->words) &&
            (find_file(merge->made, ot_span_of(path)) == NULL || !is_same_output(merge, path)))
            return false;
    }
    return true;
}

static bool check(struct merge *merge)
{
    OT_AUTOFREE uint64_t *together = ot_alloc(merge->words, sizeof(*together));
    OT_AUTOFREE uint64_t *unchanged = ot_alloc(merge->words, sizeof(*unchanged));
    const struct ot_record_function *functions = merge->old->functions;
    OT_AUTOLIST struct ot_list dynamic = {0};

    for (size_t i = 0; i < merge->words; i++) {
        together[i] = merge->plain[i] & merge->changed[i];
        unchanged[i] = merge->plain[i] & ~merge->changed[i];
    }
    if (ot_bits_empty(together, merge->words))
        return true;
    ot_partial_view_open(&merge->after, &merge->out->metafile, functions,
                         merge->old->function_count);
    ot_partial_view_dynamic(&merge->before, merge->plain, &dynamic);
    ot_partial_view_dynamic(&merge->run, merge->plain, &dynamic);
    ot_partial_view_keys(&merge->before, merge->plain, functions, &dynamic);
    ot_partial_view_keys(&merge->run, merge->plain, functions, &dynamic);
    ot_partial_view_keys(&merge->after, merge->plain, functions, &dynamic);
    return keys_stay(merge, unchanged) && keys_agree(merge, together) &&
           orders_agree(merge, together) && chunks_stay(merge, together, unchanged) &&
           outputs_stay(merge, together, unchanged);
}

bool ot_partial_merge(const struct ot_record *old, const uint64_t *changed, bool splitting,
                      const struct ot_bundle *made, struct ot_bundle *out)
{
    OT_CLEANUP(free_merge)
    struct merge merge = {.old = old,
                          .made = made,
                          .out = out,
                          .words = OT_BITS_WORDS(old->function_count),
                          .changed = changed,
                          .plain = ot_partial_plain(old, splitting)};

    merge.kept = ot_alloc(merge.words, sizeof(*merge.kept));
    for (size_t i = 0; i < old->function_count; i++) {
        if (!ot_bits_has(changed, i))
            ot_bits_add(merge.kept, i);
    }
    ot_partial_view_open(&merge.before, &old->bundle.metafile, old->functions, old->function_count);
    ot_partial_view_open(&merge.run, &made->metafile, old->functions, old->function_count);
    merge_metafiles(&merge);
    if (made->has_twins || !add_files(&merge, &old->bundle, &merge.before, merge.kept) ||
        !add_files(&merge, made, &merge.run, changed) || !check(&merge))
        return false;
    qsort(out->files, out->file_count, sizeof(*out->files), compare_files);
    return true;
}
