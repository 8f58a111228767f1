/* The file of functions that were called lately. What is accepted is written as it was. */
#include "gateway/recent.h"

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
    OT_AUTOLIST struct ot_list names = {0};
    OT_AUTOBUF struct ot_buf again = {0};
    struct ot_error err = {0};

    if (size > OT_RECENT_MAX)
        return 0;
    if (ot_recent_parse((struct ot_span){(const char *)data, size}, &names, &err) < 0) {
        check(err.kind == OT_FAILED && *err.message != '\0' && names.count == 0);
        return 0;
    }
    for (size_t i = 0; i < names.count; i++)
        ot_buf_printf(&again, "%s\n", names.items[i]);
    check(again.len == size && (size == 0 || memcmp(again.data, data, size) == 0));
    return 0;
}
