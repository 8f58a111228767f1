/* The first line as a specifier, the rest as an import map; and as a range and a version. */
#include "build/import_map.h"
#include "build/semver.h"
#include "build/walk.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *newline = size > 0 ? memchr(data, '\n', size) : NULL;
    OT_CLEANUP(ot_import_map_free) struct ot_import_map map = {0};
    OT_AUTOTREE struct ot_tree tree = {0};
    OT_AUTOBUF struct ot_buf filter = {0};
    OT_AUTOFREE char *target = NULL;
    struct ot_span specifier, rest;
    struct ot_error err;
    bool relative = false;
    int found;

    if (newline == NULL)
        return 0;
    specifier = (struct ot_span){(const char *)data, (size_t)(newline - (const char *)data)};
    rest = (struct ot_span){newline + 1, size - specifier.len - 1};
    ot_range_check(specifier, rest);
    ot_glob_matches(specifier, rest);
    if (ot_tree_json(&tree, rest, "f", &err) < 0)
        return 0;
    ot_import_map_add(&map, &tree, "/p/f");
    for (size_t i = 1; i < map.imports.count; i++)
        check(strlen(map.imports.items[i - 1].key) >= strlen(map.imports.items[i].key));
    found = ot_import_map_find(&map, specifier, "/p/f/a/index.ts", &target);
    check((found == 1) == (target != NULL));
    ot_import_map_filter(&map, &filter, &relative);
    return 0;
}
