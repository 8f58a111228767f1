/* Boot receipts: what is read is written again alike, and any file is a chain or refused. */
#include "verify/receipt.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_line(struct ot_span line)
{
    OT_AUTORECEIPT struct ot_receipt receipt = {0};
    OT_AUTOBUF struct ot_buf again = {0};
    struct ot_error err = {0};

    if (ot_receipt_parse(line, &receipt, &err) < 0) {
        receipt = (struct ot_receipt){0};
        require(err.kind == OT_FAILED);
        return;
    }
    ot_receipt_write(&receipt, &again);
    require(ot_span_equal(ot_buf_span(&again), line));
    require(memchr(line.data, '\n', line.len) == NULL);
}

static void check_answer(struct ot_span line)
{
    struct ot_answer_receipt answer;
    OT_AUTOBUF struct ot_buf again = {0};
    struct ot_error err = {0};

    if (ot_answer_receipt_parse(line, &answer, &err) < 0) {
        require(err.kind == OT_FAILED);
        return;
    }
    ot_answer_receipt_write(&answer, &again);
    require(ot_span_equal(ot_buf_span(&again), line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_span rest = {(const char *)data, size};
    struct ot_receipt_chain chain;
    struct ot_error err = {0};

    ot_receipt_chain_begin(&chain);
    while (rest.len > 0) {
        const char *newline = memchr(rest.data, '\n', rest.len);
        size_t len = newline != NULL ? (size_t)(newline - rest.data) : rest.len;
        size_t taken = newline != NULL ? len + 1 : len;
        struct ot_span line = {rest.data, len};

        check_line(line);
        check_answer(line);
        if (ot_receipt_chain_take(&chain, line, false, &err) < 0) {
            require(err.kind == OT_REFUSED && strcmp(err.code, OT_E_RECEIPT) == 0);
            break;
        }
        rest = (struct ot_span){rest.data + taken, rest.len - taken};
    }
    require(chain.answers <= chain.count && chain.count <= chain.line);
    ot_receipt_chain_end(&chain);
    return 0;
}
