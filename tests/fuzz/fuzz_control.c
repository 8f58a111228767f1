/* The engine's control messages, and its last words. */
#include "engine/control.h"
#include "engine/failure.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_span text = {(const char *)data, size};
    struct ot_control_event event;
    struct ot_error err;

    if (ot_control_parse(text, &event, &err) == 0 &&
        (event.port > UINT16_MAX || strlen(event.socket) >= sizeof(event.socket)))
        abort();
    if (ot_engine_failure("engine", "ended", text, &err) != -1 ||
        strpbrk(err.message, "\033\b\r\177") != NULL)
        abort();
    return 0;
}
