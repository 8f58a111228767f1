/*
 * Notices that files or folders changed: told by inotify(7), and believed only when sizes, times or
 * names below the watched paths are other than before. Folders whose name begins with `.`, and
 * node_modules, are not looked into; links are not followed.
 */
#pragma once

#include "base/buf.h"

#include <uv.h>

struct ot_watcher;

/*
 * `changed` is called on the loop's thread once nothing has moved for `quiet_ms`. A path that is
 * replaced or missing for a while is watched on. OT_FAILED; OT_USAGE for trees with more than 4,096
 * folders.
 */
OT_MUST_USE int ot_watcher_open(uv_loop_t *loop, const struct ot_list *paths, uint64_t quiet_ms,
                                void (*changed)(void *context), void *context,
                                struct ot_watcher **out, struct ot_error *err);
/* On the loop's thread; it is freed once the loop has run on. */
void ot_watcher_close(struct ot_watcher *watcher);
