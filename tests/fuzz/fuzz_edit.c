/*
 * Any bytes as a source: what is changed keeps every line and column, and changing it once more
 * finds nothing.
 */
#include "build/edit.h"
#include "build/resolves.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* As if a half of what is asked for were there. */
static void find_resolves(struct ot_span text, struct ot_resolves *out)
{
    struct ot_tokens tokens;

    ot_lex(text, &tokens);
    ot_resolves_find(&tokens, out);
    ot_tokens_free(&tokens);
    for (size_t i = 0; i < out->count; i++) {
        struct ot_resolve *resolve = &out->items[i];

        check(resolve->line > 0 && resolve->column > 0 && resolve->specifier[0] != '\0');
        check(ot_resolves_get(out, ot_span_of(resolve->specifier)) == resolve);
        if (i % 2 == 0)
            resolve->virtual_path = ot_asprintf("_package/p/%zu/index.js", i);
        else
            resolve->error = ot_strdup("it is not there");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_edit edit = {.virtual_path = "a/index.ts", .is_entry = true};
    struct ot_span text = {(const char *)data, size};
    OT_CLEANUP(ot_resolves_free) struct ot_resolves resolves = {0};
    OT_CLEANUP(ot_edit_result_free) struct ot_edit_result result = {0};
    OT_AUTOBUF struct ot_buf out = {0};

    find_resolves(text, &resolves);
    edit.resolves = &resolves;
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
