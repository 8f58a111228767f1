#include "build/runtime.h"

#include "build/shim.h"

#include <stdlib.h>
#include <string.h>

#define INPUT "onetube-shim:onetube.js"

static bool is_runtime(const struct ot_metafile_import *import)
{
    return import->external && strcmp(import->path, OT_RUNTIME_IMPORT) == 0;
}

bool ot_runtime_is_shadowed(const struct ot_metafile *metafile)
{
    for (size_t i = 0; i < metafile->inputs.count; i++) {
        const struct ot_metafile_node *input = &metafile->inputs.items[i];

        for (size_t j = 0; j < input->import_count && !ot_metafile_is_virtual(input->path); j++) {
            const struct ot_metafile_import *import = &input->imports[j];

            if (import->external && ot_span_ends(ot_span_of(import->path), "/" OT_RUNTIME_FILE))
                return true;
        }
    }
    return false;
}

/* `path` becomes one of the nodes, and what the imports of the runtime lead to. */
static void add_node(struct ot_metafile_nodes *nodes, const char *path, struct ot_span data)
{
    struct ot_metafile_node node = {.path = ot_strdup(path), .bytes = data.len};

    for (size_t i = 0; i < nodes->count; i++) {
        for (size_t j = 0; j < nodes->items[i].import_count; j++) {
            struct ot_metafile_import *import = &nodes->items[i].imports[j];

            if (!is_runtime(import))
                continue;
            free(import->path);
            import->path = ot_strdup(path);
            import->external = false;
        }
    }
    node.imports = ot_alloc(1, sizeof(*node.imports));
    node.parts = ot_alloc(1, sizeof(*node.parts));
    if (strcmp(path, OT_RUNTIME_FILE) == 0)
        node.parts[node.part_count++] = (struct ot_metafile_part){ot_strdup(INPUT), data.len};
    nodes->items = ot_realloc(nodes->items, nodes->count + 1, sizeof(*nodes->items));
    nodes->items[nodes->count++] = node;
}

int ot_runtime_add(struct ot_bundle *bundle, bool minified, struct ot_error *err)
{
    struct ot_span data = ot_shim_runtime(minified);

    add_node(&bundle->metafile.inputs, INPUT, data);
    add_node(&bundle->metafile.outputs, OT_RUNTIME_FILE, data);
    ot_metafile_finish(&bundle->metafile);
    return ot_bundle_add(bundle, ot_span_of(OT_RUNTIME_FILE), data, err);
}
