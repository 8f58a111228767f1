/*
 * Any bytes as a source: what is changed keeps every line and column, and changing it once more
 * finds nothing.
 */
#include "build/edit.h"

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
    static const struct ot_edit edit = {.virtual_path = "a/index.ts", .is_entry = true};
    struct ot_span text = {(const char *)data, size};
    OT_CLEANUP(ot_edit_result_free) struct ot_edit_result result = {0};
    OT_AUTOBUF struct ot_buf out = {0};

    if (!ot_edit(text, &edit, &out, &result)) {
        check(out.len == 0);
        return 0;
    }
    check(out.len > size);
    for (size_t i = 0; i < size; i++)
        check((out.data[i] == '\n') == (data[i] == '\n'));
    for (size_t i = 0; i < result.reads.count; i++) {
        const struct ot_read *read = &result.reads.items[i];

        check(read->line > 0 && read->column > 0 && read->path[0] != '/');
    }
    return 0;
}
