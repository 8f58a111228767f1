/* What a gateway answers to `ps`: read, and shown without a byte that a terminal obeys. */
#include "cli/processes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OT_AUTOPS struct ot_ps ps = {0};
    struct ot_error err = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *out;

    if (ot_ps_parse((struct ot_span){(const char *)data, size}, &ps, &err) < 0)
        return 0;
    out = open_memstream(&text, &len);
    if (out == NULL)
        abort();
    ot_ps_print(out, &ps, true);
    fclose(out);
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
            abort();
    }
    free(text);
    return 0;
}
