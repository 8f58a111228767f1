/* Why the engine did not start, in words for people, from what it wrote to its standard error. */
#pragma once

#include "base/buf.h"

/*
 * Fills `err`: OT_CONFIG for a compatibility date or flag that this engine or this machine's clock
 * does not allow; else OT_TOOL with `what`
 * ("exited with code 1") and the last lines of `output`, in which functions are called by their
 * names. Returns -1.
 */
int ot_engine_failure(const char *engine, const char *what, struct ot_span output,
                      struct ot_error *err);
