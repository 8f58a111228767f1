/*
 * The runtime shim: the JavaScript of build/shim/, which is in the program. What every function
 * runs in is one module of every dist, bundled when onetube was made; the rest becomes part of the
 * bundles that import it.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

/* The module, build/shim/onetube.js with what it imports. */
struct ot_span ot_shim_runtime(bool minified);

/* The content of build/shim/`name`; NULL data when there is no such file, or it is a part of the
 * runtime. */
struct ot_span ot_shim_file(struct ot_span name);

/* The names of all files, one for each index from 0; NULL behind the last. */
const char *ot_shim_name(size_t index);
