/* A reset, and the envelope around it: what is read has one spelling. */
#include "verify/reset.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct ot_span text)
{
    OT_AUTOBUF struct ot_buf again = {0};
    struct ot_reset reset;
    struct ot_error err = {0};

    if (ot_reset_parse(&reset, text, &err) < 0) {
        if (err.kind != OT_REFUSED || err.code == NULL)
            abort();
        return;
    }
    ot_reset_text(&reset, &again);
    if (!ot_span_equal(ot_buf_span(&again), text))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ot_span file = {(const char *)data, size};
    OT_AUTOENVELOPE struct ot_envelope envelope = {.page.count = 0};
    OT_AUTOBUF struct ot_buf again = {0};
    struct ot_error err = {0};

    check_text(file);
    if (ot_envelope_parse(&envelope, file, &err) < 0) {
        if (err.kind != OT_REFUSED || err.code == NULL)
            abort();
        return 0;
    }
    ot_envelope_write(&envelope, &again);
    if (!ot_span_equal(ot_buf_span(&again), file))
        abort();
    check_text(ot_buf_span(&envelope.text));
    return 0;
}
