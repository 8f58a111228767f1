/*
 * What an operator asks of a running gateway: one JSON object a line, on the control socket
 * (schemas/control.schema.json).
 *
 *     {"command":"ps"}
 *     {"command":"events","last":100,"follow":true}
 *     {"command":"drain"}   {"command":"drain","undo":true}
 *     {"command":"restart"} {"command":"restart","name":"hello"}
 *     {"command":"stop","graceMs":5000}
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/* Bytes of the longest line, without its newline. */
#define OT_OPS_LINE_MAX 65536u
/* Bytes of the longest name. */
#define OT_OPS_NAME_MAX 63u
/* No graceMs was given. */
#define OT_OPS_NO_GRACE UINT64_MAX

enum ot_ops_command { OT_OPS_PS, OT_OPS_EVENTS, OT_OPS_DRAIN, OT_OPS_RESTART, OT_OPS_STOP };

struct ot_ops_request {
    enum ot_ops_command command;
    uint64_t last;                  /* events: so many of those that are kept; else all of them */
    bool follow;                    /* events: and all that come */
    bool undo;                      /* drain */
    char name[OT_OPS_NAME_MAX + 1]; /* restart: of a function or cell; "": all of them */
    uint64_t grace_ms;              /* stop; OT_OPS_NO_GRACE: the gateway's own */
};

/* Strict: a member that is unknown, stands twice or belongs to another command is refused
 * (OT_FAILED). */
OT_MUST_USE int ot_ops_request_parse(struct ot_span line, struct ot_ops_request *out,
                                     struct ot_error *err);
