/*
 * Code that functions make from strings at run time, with `new Function` or `eval`. The engine
 * compiles none; in functions whose bundles call these, what they make is interpreted instead, by
 * build/interpreter.js. It becomes a chunk of the dist, which those functions import.
 */
#pragma once

#include "build/static_files.h"

/* Outputs that got the import. Start from `{0}`; must outlive the bundle. */
struct ot_interpreted {
    struct ot_buf *outputs;
    size_t count;
};

void ot_interpreted_free(struct ot_interpreted *interpreted);

/*
 * Changes the outputs of those functions of the sources, gives them the chunk as a member, and
 * tells of them, and of which of their modules it is, in the report's notes. `Function("return
 * this")` needs nothing.
 */
void ot_interpret(struct ot_bundle *bundle, const struct ot_sources *sources,
                  struct ot_interpreted *out, struct ot_static_list *members,
                  struct ot_build_report *report);

/*
 * The word in the first call of `Function` or `eval` with code in an output of esbuild; NULL data:
 * there is none.
 */
struct ot_span ot_interpreter_call(struct ot_span output);

/* The chunk. */
struct ot_span ot_interpreter_text(void);
