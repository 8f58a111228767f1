/* What the engine says on its control descriptor: one JSON object a line. */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/* Bytes of the longest line; a longer one is an error. */
#define OT_CONTROL_LINE_MAX 4096u

struct ot_control_event {
    bool listening;  /* {"event":"listen",...}; other events are read and ignored */
    char socket[64]; /* which socket; empty when the event names none */
    uint64_t port;   /* 0 for a Unix socket */
};

/* Reads one line, without its newline. OT_TOOL when it is not such an object. */
OT_MUST_USE int ot_control_parse(struct ot_span line, struct ot_control_event *event,
                                 struct ot_error *err);
