/*
 * The state file: what is read has one spelling. The checksum would keep every mutant out, so the
 * input is also tried behind a first line that is right for it.
 */
#include "verify/refusal.h"
#include "verify/state.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try(struct ot_span text)
{
    OT_AUTOSTATE struct ot_state *state = ot_alloc(1, sizeof(*state));
    OT_AUTOBUF struct ot_buf again = {0};
    struct ot_error err;

    if (ot_state_parse(text, state, &err) < 0) {
        if (err.kind != OT_REFUSED || strcmp(err.code, OT_E_STATE) != 0 || state->exists)
            abort();
        return;
    }
    ot_state_write(state, &again);
    if (!state->exists || state->floor > state->sequence ||
        !ot_span_equal(text, ot_buf_span(&again)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_span rest = {(const char *)data, size};
    OT_AUTOBUF struct ot_buf text = {0};
    char digest[OT_SHA256_HEX];

    try(rest);
    ot_sha256_hex(rest, digest);
    ot_buf_printf(&text, "onetube-state-v1 %s\n", digest);
    ot_buf_append(&text, data, size);
    try(ot_buf_span(&text));
    return 0;
}
