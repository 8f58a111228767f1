/*
 * A whole payload, with unsigned ones allowed. What is accepted is byte for byte what was given.
 * Each input is tried twice: as it is, and with the signature lines taken away and the statement
 * made to fit the manifest, so that changes behind the statement reach the checks of manifest and
 * members.
 */
#include "base/file.h"
#include "verify/verification.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define INPUT_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void verify(const uint8_t *data, size_t size)
{
    OT_AUTOCLOSE int fd = memfd_create("payload", MFD_CLOEXEC);
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    struct ot_trust trust;
    struct ot_source source;
    struct ot_error err;

    ot_trust_init(&trust);
    trust.allow_unsigned = true;
    if (fd < 0 || ot_write_all(fd, data, size, "memfd", &err) < 0 ||
        ot_source_from_fd(&source, fd, &err) < 0)
        abort();
    if (ot_payload_verify(&source, &trust, 1, NULL, &payload, &err) < 0) {
        if (err.kind != OT_REFUSED || err.code == NULL || payload != NULL)
            abort();
        return;
    }
    if (!ot_span_equal(ot_payload_image(payload), (struct ot_span){(const char *)data, size}))
        abort();
}

/* False where there is no statement or it names more than there is. */
static bool mend(uint8_t *data, size_t size)
{
    struct ot_statement statement;
    struct ot_error err;

    if (size < OT_PAYLOAD_MIN ||
        ot_statement_parse(&statement, data + OT_STATEMENT_OFFSET, &err) < 0 ||
        statement.manifest_bytes > size - OT_MANIFEST_OFFSET)
        return false;
    ot_sha256_hex(
        (struct ot_span){(const char *)data + OT_MANIFEST_OFFSET, (size_t)statement.manifest_bytes},
        statement.manifest_sha256);
    ot_statement_page(&statement, data + OT_STATEMENT_OFFSET);
    memset(data + OT_SIGNATURES_OFFSET, '\n', OT_PAGE_SIZE);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy;

    if (size > INPUT_MAX)
        return 0;
    verify(data, size);
    copy = ot_alloc(size, 1);
    if (size > 0)
        memcpy(copy, data, size);
    if (mend(copy, size))
        verify(copy, size);
    free(copy);
    return 0;
}
