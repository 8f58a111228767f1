/* Any bytes as a traceparent. What comes out is one that is kept when it comes in again. */
#include "gateway/request_id.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ot_ids ids;
    char first[OT_TRACEPARENT], second[OT_TRACEPARENT];
    bool kept = ot_traceparent(&ids, (struct ot_span){(const char *)data, size}, first);

    check(!kept || (size >= OT_TRACEPARENT && memcmp(first + 3, data + 3, 32) == 0));
    check(ot_traceparent(&ids, (struct ot_span){first, sizeof(first)}, second));
    check(memcmp(first, second, 36) == 0 && memcmp(first + 52, second + 52, 3) == 0);
    return 0;
}
