/*
 * What every function runs in, as a module of the dist. It was bundled when onetube was made
 * (shim.h), so that no build spends time on it: entries and the shim's other modules import it by
 * its place in the dist, and esbuild leaves such an import as it is. Should a source import a file
 * of its own by that path, all is bundled once more, and the plugin tells the two apart.
 */
#pragma once

#include "build/bundle.h"

#define OT_RUNTIME_FILE "chunks/onetube.js"
/* What an entry calls it where the path is that of a source. */
#define OT_RUNTIME_SPECIFIER "onetube:runtime"
/* From functions/ as well as from chunks/. */
#define OT_RUNTIME_IMPORT "../" OT_RUNTIME_FILE

/* Whether a file of the project was taken for it, because esbuild left all such paths alone. */
bool ot_runtime_is_shadowed(const struct ot_metafile *metafile);
/* Adds the file to the bundle, and to its metafile as if esbuild had written it. Errors: OT_FAILED.
 */
OT_MUST_USE int ot_runtime_add(struct ot_bundle *bundle, bool minified, struct ot_error *err);
