/* Where control sockets are, for the gateway that makes one and for those who look for it. */
#pragma once

#include "base/buf.h"

/* --control-socket with this: there is none. */
#define OT_OPS_NONE "none"
/* What a system service has as RuntimeDirectory=onetube. */
#define OT_OPS_SYSTEM_FOLDER "/run/onetube"

/*
 * The path of a gateway that was told none: $RUNTIME_DIRECTORY/control.sock (systemd.exec(5); the
 * first folder, if there are several), else $XDG_RUNTIME_DIR/onetube/<port>.sock, whose folder is
 * made (0700). NULL in `*out` where there is neither, or `port` is 0 for the latter. The caller
 * frees. OT_FAILED: the folder cannot be made, or is not only ours.
 */
OT_MUST_USE int ot_ops_default_path(unsigned port, char **out, struct ot_error *err);

/* Where gateways that were told none may have theirs: every path that ot_ops_default_path gives
 * here, and the system's. They need not exist, or be in use. */
void ot_ops_list_paths(struct ot_list *out);
