/* Talking to whoever started us: readiness, and sockets that were opened for us. */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/*
 * The service manager's notification socket (sd_notify(3)): where NOTIFY_SOCKET says, as a path or
 * "@" and an abstract name. Sends lines such as "READY=1\nSTATUS=...". Without NOTIFY_SOCKET it
 * does nothing. OT_FAILED when it cannot be sent, which is no reason to stop.
 */
OT_MUST_USE int ot_notify(struct ot_span message, struct ot_error *err);

/*
 * Readiness by a descriptor, for whoever starts us (--ready-fd): "ready" and a newline, and it is
 * closed. The check is made before anything is opened: OT_USAGE unless it is open and no standard
 * stream. UINT64_MAX: there is none, and nothing happens.
 */
OT_MUST_USE int ot_ready_fd_check(uint64_t fd, struct ot_error *err);
OT_MUST_USE int ot_ready_fd_tell(uint64_t fd, struct ot_error *err);

/*
 * The listening sockets that the service manager opened for us (sd_listen_fds(3): LISTEN_PID is our
 * process and LISTEN_FDS their number), as "fd:3", "fd:4", ... for ot_listen_parse. None: nothing
 * is added. The variables are taken out of our environment. OT_CONFIG when they make no sense.
 */
OT_MUST_USE int ot_inherited_sockets(struct ot_list *out, struct ot_error *err);
