#include "build/analysis.h"

#include "build/graph.h"
#include "build/path.h"
#include "build/relabel.h"
#include "build/specifiers.h"
#include "build/tree.h"

#include <stdlib.h>
#include <string.h>

/* One analysis. */
struct analyser {
    const struct ot_bundle *bundle;
    const char *folder;
    struct ot_graph inputs, outputs;
    size_t functions, words;
    const struct ot_function_source *sources;
    uint64_t *makers;      /* the functions of each output */
    size_t *groups;        /* of each input */
    struct ot_part *kinds; /* the groups; their sizes are not used */
    size_t kind_count;
};

static void free_part(struct ot_part *part)
{
    free(part->name);
    free(part->version);
    ot_list_free(&part->why);
}

static void free_parts(struct ot_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        free_part(&parts->items[i]);
    free(parts->items);
}

static void free_analyser(struct analyser *analyser)
{
    struct ot_parts kinds = {analyser->kinds, analyser->kind_count};

    free_parts(&kinds);
    ot_graph_close(&analyser->inputs);
    ot_graph_close(&analyser->outputs);
    free(analyser->makers);
    free(analyser->groups);
}

void ot_analysis_free(struct ot_analysis *analysis)
{
    if (analysis == NULL)
        return;
    for (size_t i = 0; i < analysis->function_count; i++) {
        free(analysis->functions[i].name);
        free_parts(&analysis->functions[i].parts);
    }
    for (size_t i = 0; i < analysis->chunk_count; i++) {
        free(analysis->chunks[i].path);
        ot_list_free(&analysis->chunks[i].functions);
        free_parts(&analysis->chunks[i].parts);
    }
    for (size_t i = 0; i < analysis->duplicate_count; i++) {
        free(analysis->duplicates[i].name);
        ot_list_free(&analysis->duplicates[i].versions);
    }
    free(analysis->functions);
    free(analysis->chunks);
    free(analysis->duplicates);
    free(analysis);
}

/* -- what modules belong to -------------------------------------------------------------------- */

/* The package that a module is in: what its package.json calls it, or else its folder. */
static void describe_package(const struct analyser *analyser, struct ot_span path,
                             struct ot_part *part)
{
    static const char mark[] = "node_modules/";
    struct ot_span inside = ot_relabel_path(path), name;
    OT_AUTOTREE struct ot_tree tree = {0};
    OT_AUTOFREE char *relative = NULL;
    OT_AUTOFREE char *manifest = NULL;
    struct ot_error ignored;

    part->kind = OT_PART_PACKAGE;
    inside = (struct ot_span){inside.data + strlen(mark), inside.len - strlen(mark)};
    if (!ot_specifier_package(inside, &name))
        name = inside;
    relative = ot_asprintf("%.*s/package.json", (int)(name.data + name.len - path.data), path.data);
    manifest = ot_path_join(analyser->folder, ot_span_of(relative));
    part->name = ot_strndup(name.data, name.len);
    if (ot_tree_read(&tree, manifest, manifest, &ignored) <= 0)
        return;
    if (ot_tree_text(ot_tree_get(&tree, "name")) != NULL) {
        free(part->name);
        part->name = ot_strdup(ot_tree_text(ot_tree_get(&tree, "name")));
    }
    if (ot_tree_text(ot_tree_get(&tree, "version")) != NULL)
        part->version = ot_strdup(ot_tree_text(ot_tree_get(&tree, "version")));
}

static struct ot_part describe(const struct analyser *analyser, const char *path)
{
    static const char web[] = "onetube-https:";
    struct ot_part part = {.kind = OT_PART_OWN};

    if (strncmp(path, web, strlen(web)) == 0) {
        const char *url = path + strlen(web), *host = strstr(url, "://");
        size_t len = host == NULL ? strlen(url) : (size_t)(host + 3 - url) + strcspn(host + 3, "/");

        part.kind = OT_PART_WEB;
        part.name = ot_strndup(url, len);
    } else if (ot_metafile_is_virtual(path)) {
        part.kind = OT_PART_RUNTIME;
    } else if (ot_path_is_installed(path)) {
        describe_package(analyser, ot_span_of(path), &part);
    }
    if (part.name == NULL)
        part.name = ot_strdup("");
    return part;
}

static int compare_names(const struct ot_part *a, const struct ot_part *b)
{
    int order = a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : strcmp(a->name, b->name);

    if (order != 0 || (a->version == NULL && b->version == NULL))
        return order;
    if (a->version == NULL || b->version == NULL)
        return a->version == NULL ? -1 : 1;
    return strcmp(a->version, b->version);
}

static size_t group_of(struct analyser *analyser, struct ot_part part)
{
    for (size_t i = analyser->kind_count; i-- > 0;) {
        if (compare_names(&analyser->kinds[i], &part) == 0) {
            free_part(&part);
            return i;
        }
    }
    analyser->kinds =
        ot_realloc(analyser->kinds, analyser->kind_count + 1, sizeof(*analyser->kinds));
    analyser->kinds[analyser->kind_count] = part;
    return analyser->kind_count++;
}

/* Neighbours are mostly of one package, whose package.json is read once then. */
static void find_groups(struct analyser *analyser)
{
    const struct ot_metafile_nodes *nodes = analyser->inputs.nodes;
    OT_AUTOFREE char *last = ot_strdup("");

    analyser->groups = ot_alloc(nodes->count + 1, sizeof(*analyser->groups));
    for (size_t i = 0; i < nodes->count; i++) {
        const char *path = nodes->items[i].path;
        struct ot_span inside = ot_relabel_path(ot_span_of(path)), name = {0};
        OT_AUTOFREE char *package = NULL;

        if (ot_path_is_installed(path) &&
            ot_specifier_package((struct ot_span){inside.data + 13, inside.len - 13}, &name))
            package = ot_strndup(path, (size_t)(name.data + name.len - path));
        if (i > 0 && package != NULL && strcmp(package, last) == 0) {
            analyser->groups[i] = analyser->groups[i - 1];
            continue;
        }
        analyser->groups[i] = group_of(analyser, describe(analyser, path));
        free(last);
        last = package != NULL ? OT_STEAL(package) : ot_strdup("");
    }
}

/* -- why --------------------------------------------------------------------------------------- */

/* The module before each one on a shortest way from `start`; OT_NO_NODE where there is none. */
static void find_ways(const struct ot_graph *graph, size_t start, size_t *before, size_t *order,
                      size_t *count)
{
    for (size_t i = 0; i < graph->nodes->count; i++)
        before[i] = OT_NO_NODE;
    *count = 0;
    if (start == OT_NO_NODE)
        return;
    before[start] = start;
    order[(*count)++] = start;
    for (size_t next = 0; next < *count; next++) {
        size_t from = order[next];

        for (size_t i = graph->first[from]; i < graph->first[from + 1]; i++) {
            size_t to = graph->edges[i].to;

            if (before[to] != OT_NO_NODE)
                continue;
            before[to] = from;
            order[(*count)++] = to;
        }
    }
}

static void add_way(const struct ot_graph *graph, const size_t *before, size_t node,
                    struct ot_list *out)
{
    struct ot_span path = ot_relabel_path(ot_span_of(graph->nodes->items[node].path));

    if (before[node] != node)
        add_way(graph, before, before[node], out);
    /* the function's virtual entry says nothing */
    if (before[node] != node)
        ot_list_add_span(out, path);
}

/* The nearest module of each part. */
static void explain(const struct analyser *analyser, const char *function, struct ot_parts *parts)
{
    const struct ot_graph *graph = &analyser->inputs;
    OT_AUTOFREE char *start = ot_asprintf(OT_ENTRY_NAMESPACE ":%s", function);
    OT_AUTOFREE size_t *before = ot_alloc(graph->nodes->count + 1, sizeof(*before));
    OT_AUTOFREE size_t *order = ot_alloc(graph->nodes->count + 1, sizeof(*order));
    OT_AUTOFREE bool *done = ot_alloc(analyser->kind_count + 1, sizeof(*done));
    size_t count;

    find_ways(graph, ot_graph_find(graph, start), before, order, &count);
    for (size_t i = 1; i < count; i++) {
        size_t group = analyser->groups[order[i]];

        for (size_t j = 0; j < parts->count && !done[group]; j++) {
            struct ot_part *part = &parts->items[j];

            if (part->kind != OT_PART_RUNTIME && compare_names(part, &analyser->kinds[group]) == 0)
                add_way(graph, before, order[i], &part->why);
        }
        done[group] = true;
    }
}

/* -- sizes ------------------------------------------------------------------------------------- */

static void add_bytes(struct ot_parts *parts, const struct ot_part *kind, uint64_t bytes,
                      bool shared)
{
    struct ot_part *part = NULL;

    for (size_t i = 0; i < parts->count && part == NULL; i++) {
        if (compare_names(&parts->items[i], kind) == 0)
            part = &parts->items[i];
    }
    if (part == NULL) {
        parts->items = ot_realloc(parts->items, parts->count + 1, sizeof(*parts->items));
        part = &parts->items[parts->count++];
        *part = (struct ot_part){.kind = kind->kind, .name = ot_strdup(kind->name)};
        part->version = kind->version != NULL ? ot_strdup(kind->version) : NULL;
    }
    part->bytes += bytes;
    part->shared_bytes += shared ? bytes : 0;
}

static int compare_parts(const void *a, const void *b)
{
    const struct ot_part *left = a, *right = b;

    if (left->bytes != right->bytes)
        return left->bytes < right->bytes ? 1 : -1;
    return compare_names(left, right);
}

static void sort_parts(struct ot_parts *parts)
{
    if (parts->count > 0)
        qsort(parts->items, parts->count, sizeof(*parts->items), compare_parts);
}

/* As written: relabel.h changes a few bytes. */
static uint64_t size_of(const struct analyser *analyser, const struct ot_metafile_node *output)
{
    const struct ot_bundle *bundle = analyser->bundle;

    for (size_t i = 0; i < bundle->file_count; i++) {
        if (ot_span_is(bundle->files[i].path, output->path))
            return bundle->files[i].data.len;
    }
    return output->bytes;
}

static void add_output(const struct analyser *analyser, size_t index, bool shared,
                       struct ot_parts *parts)
{
    char nothing[] = "";
    const struct ot_part bundler = {.kind = OT_PART_BUNDLER, .name = nothing};
    const struct ot_metafile_node *output = &analyser->outputs.nodes->items[index];
    uint64_t rest = size_of(analyser, output);

    for (size_t i = 0; i < output->part_count; i++) {
        size_t input = ot_graph_find(&analyser->inputs, output->parts[i].path);
        uint64_t bytes = output->parts[i].bytes < rest ? output->parts[i].bytes : rest;

        if (input == OT_NO_NODE || bytes == 0)
            continue;
        add_bytes(parts, &analyser->kinds[analyser->groups[input]], bytes, shared);
        rest -= bytes;
    }
    if (rest > 0)
        add_bytes(parts, &bundler, rest, shared);
}

static bool is_map(const char *path)
{
    return ot_span_ends(ot_span_of(path), ".map");
}

static void analyse_function(const struct analyser *analyser, size_t function,
                             struct ot_analysed_function *out)
{
    OT_AUTOFREE char *path = ot_asprintf("functions/%s.js", analyser->sources[function].name);

    out->name = ot_strdup(analyser->sources[function].name);
    for (size_t i = 0; i < analyser->outputs.nodes->count; i++) {
        const struct ot_metafile_node *output = &analyser->outputs.nodes->items[i];
        const uint64_t *makers = &analyser->makers[i * analyser->words];

        if (!ot_bits_has(makers, function) || is_map(output->path))
            continue;
        if (strcmp(output->path, path) == 0)
            out->bytes = size_of(analyser, output);
        out->total_bytes += size_of(analyser, output);
        add_output(analyser, i, ot_bits_count(makers, analyser->words) > 1, &out->parts);
    }
    sort_parts(&out->parts);
    explain(analyser, out->name, &out->parts);
}

static bool analyse_chunk(const struct analyser *analyser, size_t index,
                          struct ot_analysed_chunk *out)
{
    const struct ot_metafile_node *output = &analyser->outputs.nodes->items[index];

    *out = (struct ot_analysed_chunk){0};
    if (strncmp(output->path, "functions/", 10) == 0 || is_map(output->path))
        return false;
    out->path = ot_strdup(output->path);
    out->bytes = size_of(analyser, output);
    for (size_t i = 0; i < analyser->functions; i++) {
        if (ot_bits_has(&analyser->makers[index * analyser->words], i))
            ot_list_add(&out->functions, analyser->sources[i].name);
    }
    add_output(analyser, index, out->functions.count > 1, &out->parts);
    sort_parts(&out->parts);
    return true;
}

/* -- duplicates -------------------------------------------------------------------------------- */

static int compare_kinds(const void *a, const void *b)
{
    return compare_names(a, b);
}

/* The groups are sorted here; nothing needs their order any more. */
static void find_duplicates(struct analyser *analyser, struct ot_analysis *out)
{
    out->duplicates = ot_alloc(analyser->kind_count + 1, sizeof(*out->duplicates));
    if (analyser->kind_count > 0)
        qsort(analyser->kinds, analyser->kind_count, sizeof(*analyser->kinds), compare_kinds);
    for (size_t i = 1; i < analyser->kind_count; i++) {
        const struct ot_part *before = &analyser->kinds[i - 1], *part = &analyser->kinds[i];
        struct ot_duplicate *last = &out->duplicates[out->duplicate_count];

        if (part->kind != OT_PART_PACKAGE || before->kind != OT_PART_PACKAGE ||
            before->version == NULL || strcmp(before->name, part->name) != 0)
            continue;
        if (out->duplicate_count == 0 || strcmp(last[-1].name, part->name) != 0) {
            last->name = ot_strdup(part->name);
            ot_list_add(&last->versions, before->version);
            out->duplicate_count++;
            last++;
        }
        ot_list_add(&last[-1].versions, part->version);
    }
}

/* -- all of it --------------------------------------------------------------------------------- */

static int compare_functions(const void *a, const void *b)
{
    const struct ot_analysed_function *left = a, *right = b;

    if (left->total_bytes != right->total_bytes)
        return left->total_bytes < right->total_bytes ? 1 : -1;
    return strcmp(left->name, right->name);
}

static int compare_chunks(const void *a, const void *b)
{
    const struct ot_analysed_chunk *left = a, *right = b;

    if (left->bytes != right->bytes)
        return left->bytes < right->bytes ? 1 : -1;
    return strcmp(left->path, right->path);
}

static void open_analyser(struct analyser *analyser)
{
    OT_AUTOFREE size_t *starts = ot_alloc(analyser->functions + 1, sizeof(*starts));

    ot_graph_open(&analyser->inputs, &analyser->bundle->metafile.inputs);
    ot_graph_open(&analyser->outputs, &analyser->bundle->metafile.outputs);
    for (size_t i = 0; i < analyser->functions; i++) {
        OT_AUTOFREE char *path = ot_asprintf("functions/%s.js", analyser->sources[i].name);

        starts[i] = ot_graph_find(&analyser->outputs, path);
    }
    analyser->makers = ot_graph_reach(&analyser->outputs, starts, analyser->functions, true);
    find_groups(analyser);
}

struct ot_analysis *ot_analyse(const struct ot_bundle *bundle, const struct ot_sources *sources,
                               const char *folder)
{
    OT_CLEANUP(free_analyser)
    struct analyser analyser = {.bundle = bundle,
                                .folder = folder,
                                .functions = sources->count,
                                .words = OT_BITS_WORDS(sources->count),
                                .sources = sources->items};
    struct ot_analysis *out = ot_alloc(1, sizeof(*out));

    open_analyser(&analyser);
    out->functions = ot_alloc(sources->count + 1, sizeof(*out->functions));
    for (size_t i = 0; i < sources->count; i++)
        analyse_function(&analyser, i, &out->functions[out->function_count++]);
    out->chunks = ot_alloc(analyser.outputs.nodes->count + 1, sizeof(*out->chunks));
    for (size_t i = 0; i < analyser.outputs.nodes->count; i++)
        out->chunk_count += analyse_chunk(&analyser, i, &out->chunks[out->chunk_count]);
    find_duplicates(&analyser, out);
    qsort(out->functions, out->function_count, sizeof(*out->functions), compare_functions);
    if (out->chunk_count > 0)
        qsort(out->chunks, out->chunk_count, sizeof(*out->chunks), compare_chunks);
    return out;
}
