/*
 * What every function runs in, as a module of the dist. It was bundled when onetube was made
 * (shim.h), so that no build spends time on it: entries and the shim's other modules import it by
 * its place in the dist, and esbuild leaves such an import as it is.
 */
#pragma once

#include "build/bundle.h"

#define OT_RUNTIME_FILE "chunks/onetube.js"
/* From functions/ as well as from chunks/. */
#define OT_RUNTIME_IMPORT "../" OT_RUNTIME_FILE

/*
 * Adds the file to the bundle, and to its metafile as if esbuild had written it. A source that
 * imports a file of its own by that path is told to name it otherwise, in the report. Errors:
 * OT_FAILED.
 */
OT_MUST_USE int ot_runtime_add(struct ot_bundle *bundle, bool minified, const char *shown,
                               struct ot_build_report *report, struct ot_error *err);
