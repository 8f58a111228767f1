/* Any bytes as a metafile, read twice as if from two runs: look-ups stay inside, lists are sorted,
 * walks end. */
#include "build/metafile.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void check_sorted(const struct ot_list *list, const char *without)
{
    for (size_t i = 0; i < list->count; i++) {
        check(i == 0 || strcmp(list->items[i - 1], list->items[i]) < 0);
        check(strcmp(list->items[i], without) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OT_AUTOMETAFILE struct ot_metafile metafile = {0};
    struct ot_span json = {(const char *)data, size};
    struct ot_error err = {0};
    const char *specifier, *importer;

    if (ot_metafile_add(&metafile, json, "dist/", &err) < 0) {
        check(err.kind == OT_TOOL);
        return 0;
    }
    check(ot_metafile_add(&metafile, json, "dist/", &err) == 0);
    ot_metafile_finish(&metafile);
    for (size_t i = 0; i < metafile.outputs.count && i < 16; i++) {
        OT_AUTOLIST struct ot_list found = {0};
        const char *path = metafile.outputs.items[i].path;

        check(ot_metafile_output(&metafile, path) == &metafile.outputs.items[i]);
        ot_metafile_reachable(&metafile, path, &found);
        check_sorted(&found, path);
    }
    for (size_t i = 0; i < metafile.inputs.count && i < 16; i++) {
        OT_AUTOLIST struct ot_list found = {0};
        const char *path = metafile.inputs.items[i].path;

        check(ot_metafile_input(&metafile, path) == &metafile.inputs.items[i]);
        ot_metafile_local(&metafile, path, &found);
        check_sorted(&found, path);
    }
    if (ot_metafile_stray(&metafile, &specifier, &importer))
        check(specifier != NULL);
    return 0;
}
