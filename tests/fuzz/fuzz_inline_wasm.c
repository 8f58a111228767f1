/* Any bytes as an output: what is found in it are whole modules; and as a module. */
#include "build/inline_wasm.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_span text = {(const char *)data, size};
    OT_CLEANUP(ot_wasm_texts_free) struct ot_wasm_texts texts = {0};

    ot_wasm_texts_find(text, &texts);
    for (size_t i = 0; i < texts.count; i++) {
        if (!ot_is_wasm(ot_buf_span(&texts.items[i])))
            abort();
    }
    (void)ot_is_wasm(text);
    return 0;
}
