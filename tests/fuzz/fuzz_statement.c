/* The statement: what is read has one spelling, and its signed bytes end with exactly that. */
#include "verify/statement.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOBUF struct ot_buf pae = {0};
    struct ot_statement statement;
    uint8_t page[OT_PAGE_SIZE];
    uint8_t again[OT_PAGE_SIZE];
    struct ot_error err;

    memset(page, '\n', sizeof(page));
    memcpy(page, data, size < sizeof(page) ? size : sizeof(page));
    ot_statement_pae(page, &pae);
    if (pae.len > OT_PAE_MAX)
        abort();
    if (ot_statement_parse(&statement, page, &err) < 0) {
        if (err.kind != OT_REFUSED || err.code == NULL)
            abort();
        return 0;
    }
    ot_statement_page(&statement, again);
    ot_statement_write(&statement, &text);
    if (memcmp(page, again, sizeof(page)) != 0 || pae.len < text.len ||
        memcmp(pae.data + pae.len - text.len, text.data, text.len) != 0)
        abort();
    return 0;
}
