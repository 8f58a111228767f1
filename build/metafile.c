#include "build/metafile.h"

#include "build/runtime.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static void cjson_cleanup(cJSON **json)
{
    cJSON_Delete(*json);
}

static int unexpected(struct ot_error *err)
{
    return ot_fail(err, OT_TOOL, "esbuild's metafile is not as expected");
}

static int add_import(struct ot_metafile_node *node, const cJSON *item, const char *prefix,
                      struct ot_error *err)
{
    const cJSON *path = cJSON_GetObjectItemCaseSensitive(item, "path");
    bool external = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "external"));
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "kind"));
    const char *original = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "original"));
    const char *text = path != NULL && cJSON_IsString(path) ? path->valuestring : NULL;
    size_t prefix_len = strlen(prefix);

    if (text == NULL)
        return unexpected(err);
    if (!external && strncmp(text, prefix, prefix_len) != 0)
        return ot_fail(err, OT_TOOL, "esbuild's metafile: an import outside of the output: %s",
                       text);
    node->imports[node->import_count++] = (struct ot_metafile_import){
        .path = ot_strdup(external ? text : text + prefix_len),
        .original = original != NULL ? ot_strdup(original) : NULL,
        .external = external,
        .at_start = kind != NULL && strcmp(kind, "import-statement") == 0,
        .dynamic = kind != NULL && strcmp(kind, "dynamic-import") == 0};
    return 0;
}

/* A size; where none is said it stays as it is. */
static int read_bytes(const cJSON *item, const char *key, uint64_t *out)
{
    const cJSON *bytes = cJSON_GetObjectItemCaseSensitive(item, key);

    if (bytes == NULL)
        return 0;
    if (!cJSON_IsNumber(bytes) || !(bytes->valuedouble >= 0 && bytes->valuedouble <= 1e15))
        return -1;
    *out = (uint64_t)bytes->valuedouble;
    return 0;
}

/* Inputs have none. */
static int add_parts(struct ot_metafile_node *node, const cJSON *inputs, struct ot_error *err)
{
    const cJSON *input;

    if (inputs == NULL)
        return 0;
    if (!cJSON_IsObject(inputs))
        return unexpected(err);
    node->parts = ot_alloc((size_t)cJSON_GetArraySize(inputs), sizeof(*node->parts));
    cJSON_ArrayForEach(input, inputs)
    {
        struct ot_metafile_part *part = &node->parts[node->part_count];

        if (input->string == NULL || read_bytes(input, "bytesInOutput", &part->bytes) < 0)
            return unexpected(err);
        part->path = ot_strdup(input->string);
        node->part_count++;
    }
    return 0;
}

static int add_node(struct ot_metafile_nodes *nodes, const cJSON *item, const char *prefix,
                    struct ot_error *err)
{
    const cJSON *imports = cJSON_GetObjectItemCaseSensitive(item, "imports");
    struct ot_metafile_node *node = &nodes->items[nodes->count];
    const cJSON *import;

    if (item->string == NULL || !cJSON_IsArray(imports))
        return unexpected(err);
    if (strncmp(item->string, prefix, strlen(prefix)) != 0)
        return ot_fail(err, OT_TOOL, "esbuild's metafile: an output outside of the dist: %s",
                       item->string);
    *node = (struct ot_metafile_node){.path = ot_strdup(item->string + strlen(prefix))};
    nodes->count++;
    if (read_bytes(item, "bytes", &node->bytes) < 0)
        return unexpected(err);
    node->imports = ot_alloc((size_t)cJSON_GetArraySize(imports), sizeof(*node->imports));
    cJSON_ArrayForEach(import, imports)
    {
        if (add_import(node, import, prefix, err) < 0)
            return -1;
    }
    return add_parts(node, cJSON_GetObjectItemCaseSensitive(item, "inputs"), err);
}

static int add_nodes(struct ot_metafile_nodes *nodes, const cJSON *object, const char *prefix,
                     struct ot_error *err)
{
    const cJSON *item;

    if (!cJSON_IsObject(object))
        return unexpected(err);
    nodes->items = ot_realloc(nodes->items, nodes->count + (size_t)cJSON_GetArraySize(object) + 1,
                              sizeof(*nodes->items));
    cJSON_ArrayForEach(item, object)
    {
        if (add_node(nodes, item, prefix, err) < 0)
            return -1;
    }
    return 0;
}

int ot_metafile_add(struct ot_metafile *metafile, struct ot_span json, const char *out_prefix,
                    struct ot_error *err)
{
    OT_CLEANUP(cjson_cleanup) cJSON *root = NULL;

    if (json.len > OT_METAFILE_MAX)
        return ot_fail(err, OT_TOOL, "esbuild's metafile is larger than %u bytes", OT_METAFILE_MAX);
    root = cJSON_ParseWithLength(json.data, json.len);
    if (root == NULL)
        return ot_fail(err, OT_TOOL, "esbuild's metafile is not JSON");
    if (add_nodes(&metafile->inputs, cJSON_GetObjectItemCaseSensitive(root, "inputs"), "", err) < 0)
        return -1;
    return add_nodes(&metafile->outputs, cJSON_GetObjectItemCaseSensitive(root, "outputs"),
                     out_prefix, err);
}

static void free_node(struct ot_metafile_node *node)
{
    for (size_t i = 0; i < node->import_count; i++) {
        free(node->imports[i].path);
        free(node->imports[i].original);
    }
    for (size_t i = 0; i < node->part_count; i++)
        free(node->parts[i].path);
    free(node->imports);
    free(node->parts);
    free(node->path);
}

static int compare_nodes(const void *a, const void *b)
{
    const struct ot_metafile_node *left = a, *right = b;

    return strcmp(left->path, right->path);
}

static void sort_nodes(struct ot_metafile_nodes *nodes)
{
    size_t kept = 0;

    if (nodes->count == 0)
        return;
    qsort(nodes->items, nodes->count, sizeof(*nodes->items), compare_nodes);
    for (size_t i = 1; i < nodes->count; i++) {
        if (strcmp(nodes->items[kept].path, nodes->items[i].path) == 0)
            free_node(&nodes->items[i]);
        else
            nodes->items[++kept] = nodes->items[i];
    }
    nodes->count = kept + 1;
}

void ot_metafile_finish(struct ot_metafile *metafile)
{
    sort_nodes(&metafile->inputs);
    sort_nodes(&metafile->outputs);
}

static void free_nodes(struct ot_metafile_nodes *nodes)
{
    for (size_t i = 0; i < nodes->count; i++)
        free_node(&nodes->items[i]);
    free(nodes->items);
}

void ot_metafile_free(struct ot_metafile *metafile)
{
    free_nodes(&metafile->inputs);
    free_nodes(&metafile->outputs);
    *metafile = (struct ot_metafile){0};
}

static struct ot_metafile_node copy_node(const struct ot_metafile_node *from)
{
    struct ot_metafile_node copy = {.path = ot_strdup(from->path), .bytes = from->bytes};

    copy.imports = ot_alloc(from->import_count + 1, sizeof(*copy.imports));
    copy.parts = ot_alloc(from->part_count + 1, sizeof(*copy.parts));
    for (size_t i = 0; i < from->import_count; i++) {
        const struct ot_metafile_import *import = &from->imports[i];
        struct ot_metafile_import *own = &copy.imports[copy.import_count++];

        *own = *import;
        own->path = ot_strdup(import->path);
        own->original = import->original != NULL ? ot_strdup(import->original) : NULL;
    }
    for (size_t i = 0; i < from->part_count; i++)
        copy.parts[copy.part_count++] =
            (struct ot_metafile_part){ot_strdup(from->parts[i].path), from->parts[i].bytes};
    return copy;
}

static struct ot_metafile_nodes copy_nodes(const struct ot_metafile_nodes *from)
{
    struct ot_metafile_nodes copy = {.items = ot_alloc(from->count + 1, sizeof(*copy.items))};

    while (copy.count < from->count) {
        copy.items[copy.count] = copy_node(&from->items[copy.count]);
        copy.count++;
    }
    return copy;
}

struct ot_metafile ot_metafile_copy(const struct ot_metafile *metafile)
{
    return (struct ot_metafile){copy_nodes(&metafile->inputs), copy_nodes(&metafile->outputs)};
}

static const struct ot_metafile_node *find(const struct ot_metafile_nodes *nodes, const char *path)
{
    size_t low = 0, high = nodes->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(nodes->items[middle].path, path);

        if (order == 0)
            return &nodes->items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct ot_metafile_node *ot_metafile_input(const struct ot_metafile *metafile,
                                                 const char *path)
{
    return find(&metafile->inputs, path);
}

const struct ot_metafile_node *ot_metafile_output(const struct ot_metafile *metafile,
                                                  const char *path)
{
    return find(&metafile->outputs, path);
}

/*
 * Whatever can be reached from `start` through nodes that `enters` accepts: marks them in `seen`.
 */
static void walk(const struct ot_metafile_nodes *nodes, const struct ot_metafile_node *start,
                 bool (*enters)(const char *path), bool *seen)
{
    OT_AUTOFREE const struct ot_metafile_node **queue = ot_alloc(nodes->count, sizeof(*queue));
    size_t length = 0;

    seen[start - nodes->items] = true;
    queue[length++] = start;
    for (size_t next = 0; next < length; next++) {
        for (size_t i = 0; i < queue[next]->import_count; i++) {
            const struct ot_metafile_import *import = &queue[next]->imports[i];
            const struct ot_metafile_node *node =
                import->external ? NULL : find(nodes, import->path);

            if (node == NULL || seen[node - nodes->items] || !enters(node->path))
                continue;
            seen[node - nodes->items] = true;
            queue[length++] = node;
        }
    }
}

static bool any(const char *path)
{
    (void)path;
    return true;
}

/* A file of the user's own: no virtual module ("namespace:path") and not installed. */
static bool is_local(const char *path)
{
    return strchr(path, ':') == NULL && strncmp(path, "node_modules/", 13) != 0 &&
           strstr(path, "/node_modules/") == NULL;
}

static void collect(const struct ot_metafile_nodes *nodes, const struct ot_metafile_node *start,
                    bool (*enters)(const char *path), struct ot_list *out)
{
    OT_AUTOFREE bool *seen = NULL;

    if (start == NULL)
        return;
    seen = ot_alloc(nodes->count, sizeof(*seen));
    walk(nodes, start, enters, seen);
    for (size_t i = 0; i < nodes->count; i++) {
        if (seen[i] && &nodes->items[i] != start)
            ot_list_add(out, nodes->items[i].path);
    }
}

void ot_metafile_reachable(const struct ot_metafile *metafile, const char *path,
                           struct ot_list *out)
{
    collect(&metafile->outputs, ot_metafile_output(metafile, path), any, out);
}

void ot_metafile_inputs(const struct ot_metafile *metafile, const char *path, struct ot_list *out)
{
    collect(&metafile->inputs, ot_metafile_input(metafile, path), any, out);
}

void ot_metafile_local(const struct ot_metafile *metafile, const char *path, struct ot_list *out)
{
    collect(&metafile->inputs, ot_metafile_input(metafile, path), is_local, out);
}

bool ot_metafile_is_virtual(const char *path)
{
    return strncmp(path, "onetube", 7) == 0 && strchr(path, ':') != NULL;
}

static bool is_loadable(const char *specifier)
{
    return strncmp(specifier, "node:", 5) == 0 || strncmp(specifier, "cloudflare:", 11) == 0 ||
           strncmp(specifier, "workerd:", 8) == 0 || strcmp(specifier, OT_RUNTIME_IMPORT) == 0;
}

static const char *find_importer(const struct ot_metafile *metafile, const char *specifier)
{
    for (size_t i = 0; i < metafile->inputs.count; i++) {
        const struct ot_metafile_node *node = &metafile->inputs.items[i];

        for (size_t j = 0; j < node->import_count; j++) {
            if (node->imports[j].external && strcmp(node->imports[j].path, specifier) == 0)
                return node->path;
        }
    }
    return NULL;
}

bool ot_metafile_stray(const struct ot_metafile *metafile, const char **specifier,
                       const char **importer)
{
    for (size_t i = 0; i < metafile->outputs.count; i++) {
        const struct ot_metafile_node *node = &metafile->outputs.items[i];

        for (size_t j = 0; j < node->import_count; j++) {
            const struct ot_metafile_import *import = &node->imports[j];

            /*
             * a `require` or `import()` that esbuild left out stands in a `try`: it throws
             * when it runs
             */
            if (!import->external || !import->at_start || is_loadable(import->path))
                continue;
            *specifier = import->path;
            *importer = find_importer(metafile, *specifier);
            return true;
        }
    }
    return false;
}
