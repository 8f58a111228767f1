/* The signature page: what is read is written again as the same bytes. */
#include "verify/signatures.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_signature_page parsed;
    uint8_t page[OT_PAGE_SIZE];
    uint8_t again[OT_PAGE_SIZE];
    struct ot_error err;

    memset(page, '\n', sizeof(page));
    memcpy(page, data, size < sizeof(page) ? size : sizeof(page));
    if (ot_signature_page_parse(&parsed, page, &err) < 0) {
        if (err.kind != OT_REFUSED || err.code == NULL)
            abort();
        return 0;
    }
    ot_signature_page_write(&parsed, again);
    if (memcmp(page, again, sizeof(page)) != 0)
        abort();
    return 0;
}
