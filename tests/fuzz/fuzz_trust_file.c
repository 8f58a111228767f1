/* trust.json: what is read has one spelling, and keeps every promise of its header. */
#include "verify/trust_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct ot_trust_file *file)
{
    if (file->version == 0 || file->thresholds[OT_ROLE_ROOT] == 0 ||
        file->thresholds[OT_ROLE_RELEASE] == 0)
        abort();
    for (int role = 0; role < OT_ROLE_COUNT; role++) {
        if (file->thresholds[role] > ot_trust_file_keys(file, (enum ot_role)role))
            abort();
    }
    for (size_t i = 0; i < file->key_count; i++) {
        if (ot_list_has(&file->revoked_keys, file->keys[i].key.id))
            abort();
        if (i > 0 && strcmp(file->keys[i - 1].key.id, file->keys[i].key.id) >= 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ot_span text = {(const char *)data, size};
    OT_AUTOTRUSTFILE struct ot_trust_file *file = NULL;
    OT_AUTOBUF struct ot_buf again = {0};
    struct ot_error err = {0};

    if (ot_trust_file_parse(text, &file, &err) < 0) {
        if (file != NULL || err.kind != OT_REFUSED || err.code == NULL)
            abort();
        return 0;
    }
    check(file);
    ot_trust_file_write(file, true, &again);
    if (!ot_span_equal(ot_buf_span(&again), text))
        abort();
    if (ot_trust_file_signed_by(file, file, &err) < 0 && err.code == NULL)
        abort();
    return 0;
}
