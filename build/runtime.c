#include "build/runtime.h"

#include "base/file.h"
#include "build/diagnostics.h"
#include "build/shim.h"
#include "build/walk.h"

#include <stdlib.h>
#include <string.h>

#define INPUT "onetube-shim:onetube.js"

static bool is_runtime(const struct ot_metafile_import *import)
{
    return import->external && strcmp(import->path, OT_RUNTIME_IMPORT) == 0;
}

/* An entry, or a module of the shim. */
static bool is_ours(const char *input)
{
    return strncmp(input, "onetube", strlen("onetube")) == 0 && strchr(input, ':') != NULL;
}

/* Where the file names it, from its quote on; 0, 0: not known. */
static void find_place(const char *file, unsigned *line, unsigned *column)
{
    static const char name[] = OT_RUNTIME_IMPORT;
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error ignored;
    const char *found;

    *line = *column = 0;
    if (ot_read_file(file, OT_SOURCE_MAX, &text, &ignored) < 0 || text.len == 0 ||
        (found = memmem(text.data, text.len, name, strlen(name))) == NULL)
        return;
    *line = *column = 1;
    for (const char *at = text.data; at + 1 < found; at++) {
        *column = *at == '\n' ? 1 : *column + 1;
        *line += *at == '\n';
    }
}

static void check_importers(const struct ot_metafile_nodes *inputs, const char *shown,
                            struct ot_build_report *report)
{
    for (size_t i = 0; i < inputs->count; i++) {
        const struct ot_metafile_node *input = &inputs->items[i];

        for (size_t j = 0; j < input->import_count && !is_ours(input->path); j++) {
            OT_AUTOFREE char *file = NULL;
            unsigned line, column;

            if (!is_runtime(&input->imports[j]))
                continue;
            file = ot_shown_path(shown, input->path);
            find_place(file, &line, &column);
            ot_report_error(report, file, line, column,
                            ot_strdup("\"" OT_RUNTIME_IMPORT
                                      "\" is what onetube calls its own runtime: give the module "
                                      "that is meant another name"));
        }
    }
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

int ot_runtime_add(struct ot_bundle *bundle, bool minified, const char *shown,
                   struct ot_build_report *report, struct ot_error *err)
{
    struct ot_span data = ot_shim_runtime(minified);

    check_importers(&bundle->metafile.inputs, shown, report);
    add_node(&bundle->metafile.inputs, INPUT, data);
    add_node(&bundle->metafile.outputs, OT_RUNTIME_FILE, data);
    ot_metafile_finish(&bundle->metafile);
    return ot_bundle_add(bundle, ot_span_of(OT_RUNTIME_FILE), data, err);
}
