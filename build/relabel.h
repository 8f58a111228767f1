/*
 * Takes out of the outputs where packages are installed. esbuild writes a source's path into
 * comments, into the names of wrapped modules and into source maps, and names shared chunks by a
 * hash over all that; so the same packages, nested or hoisted, would give other bytes. Afterwards a
 * package's file is "node_modules/<name>/<path>" wherever it was, and chunks are named by what they
 * hold; chunks that hold the same, also by the functions that need them.
 */
#pragma once

#include "build/bundle.h"

/*
 * Changes `bundle->files` (in any order; new bytes are in `bundle->rewritten`) and the outputs'
 * paths in its metafile. esbuild was told to write source maps as files of their own; they become
 * what `sourcemap` says.
 */
void ot_relabel(struct ot_bundle *bundle, enum ot_sourcemap sourcemap);

/* "node_modules/zod/x.js" of any path to an installed file; the path itself for every other. */
struct ot_span ot_relabel_path(struct ot_span path);
