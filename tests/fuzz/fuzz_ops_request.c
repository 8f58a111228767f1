/* A line of the control socket. What is accepted holds what its header says. */
#include "gateway/ops_request.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_ops_request request;
    struct ot_error err = {0};

    if (size > OT_OPS_LINE_MAX)
        return 0;
    if (ot_ops_request_parse((struct ot_span){(const char *)data, size}, &request, &err) < 0) {
        check(err.kind == OT_FAILED && *err.message != '\0');
        return 0;
    }
    check(request.command <= OT_OPS_STOP);
    check(request.grace_ms == OT_OPS_NO_GRACE ||
          (request.command == OT_OPS_STOP && request.grace_ms <= INT32_MAX));
    check(!request.undo || request.command == OT_OPS_DRAIN);
    check(!request.follow || request.command == OT_OPS_EVENTS);
    return 0;
}
