/*
 * The runtime shim: the JavaScript of build/shim/, which is in the program. It becomes part
 * of every bundle. shim.js holds the files that only it imports; the others are as they are there.
 */
#pragma once

#include "base/buf.h"

/* The content of build/shim/`name`; NULL data when there is no such file. */
struct ot_span ot_shim_file(struct ot_span name);

/* The names of all files, one for each index from 0; NULL behind the last. */
const char *ot_shim_name(size_t index);
