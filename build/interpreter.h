/*
 * Code that functions make from strings at run time, with `new Function`. The engine compiles
 * none; in functions whose bundles call `Function`, what they make is interpreted instead, by
 * build/interpreter.js. It becomes a chunk of the dist, which those functions import.
 */
#pragma once

#include "build/bundle.h"

/* Outputs that got the import. Start from `{0}`; must outlive the bundle. */
struct ot_interpreted {
    struct ot_buf *outputs;
    size_t count;
};

void ot_interpreted_free(struct ot_interpreted *interpreted);

/*
 * Adds the chunk and the imports to the bundle, if a function needs them, and tells for which, and
 * by which of their sources, in the report's notes. `Function("return this")` needs nothing.
 * Errors: OT_FAILED, there is another file of the chunk's name.
 */
OT_MUST_USE int ot_interpret(struct ot_bundle *bundle, const struct ot_bundle_entry *entries,
                             size_t entry_count, struct ot_interpreted *out,
                             struct ot_build_report *report, struct ot_error *err);

/*
 * The word in the first call of `Function` with code in an output of esbuild; NULL data: there is
 * none.
 */
struct ot_span ot_interpreter_call(struct ot_span output);

/* The chunk. */
struct ot_span ot_interpreter_text(void);
