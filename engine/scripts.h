/* The sources of our own workers inside the engine, embedded. */
#pragma once

#include "base/buf.h"

/* engine/router.js, in front of the functions. */
struct ot_span ot_router_source(void);
/* engine/egress.js, between functions and the network. */
struct ot_span ot_egress_source(void);
