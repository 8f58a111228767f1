/* The service manager's notification socket (sd_notify(3)): where NOTIFY_SOCKET says, as a path or
 * "@" and an abstract name. */
#pragma once

#include "base/buf.h"

/*
 * Sends lines such as "READY=1\nSTATUS=...". Without NOTIFY_SOCKET it does nothing. OT_FAILED when
 * it cannot be sent, which is no reason to stop.
 */
OT_MUST_USE int ot_notify(struct ot_span message, struct ot_error *err);
