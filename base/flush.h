/* To disk: all that is in a folder. */
#pragma once

#include "base/error.h"

/*
 * Waits until every file and folder in the open folder, and it itself, is on disk. Only what is
 * its: not syncfs, which would wait for what others write, too. `what` names it in messages.
 * Errors: OT_FAILED.
 */
OT_MUST_USE int ot_flush_tree(int dir_fd, const char *what, struct ot_error *err);
