/*
 * What every function runs in, as a module of the dist. It was bundled when onetube was made
 * (shim.h), so that no build spends time on it: what entries and the shim's other modules import of
 * it, the plugin answers with its place in the dist, which esbuild leaves as it is.
 */
#pragma once

#include "build/bundle.h"

#define OT_RUNTIME_FILE "chunks/onetube.js"
/* What an entry calls it: a path might be that of a source. */
#define OT_RUNTIME_SPECIFIER "onetube:runtime"
/* From functions/ as well as from chunks/. */
#define OT_RUNTIME_IMPORT "../" OT_RUNTIME_FILE

/* Adds the file to the bundle, and to its metafile as if esbuild had written it. Errors: OT_FAILED.
 */
OT_MUST_USE int ot_runtime_add(struct ot_bundle *bundle, bool minified, struct ot_error *err);
