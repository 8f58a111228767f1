/*
 * Work on bytes that nobody has vouched for yet, done where it can do little harm: on a thread of
 * its own that can neither use the network nor start programs, and neither can the threads that it
 * starts (seccomp, which cannot be lifted again). The calling thread stays free.
 */
#pragma once

#include "base/error.h"

/*
 * Runs `work(context, err)` there and returns what it returned; OT_FAILED when there is no thread
 * for it. A kernel without seccomp filters runs it unconfined.
 */
OT_MUST_USE int ot_confined(int (*work)(void *context, struct ot_error *err), void *context,
                            struct ot_error *err);
