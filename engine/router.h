/* The router worker's source (engine/router.js), embedded. */
#pragma once

#include "base/buf.h"

struct ot_span ot_router_source(void);
