/*
 * The few changes that a source file gets before it is bundled, because only the build knows where
 * the file is: `import.meta`, `__dirname` and `__filename` become what they are in the bundle's
 * virtual file system (/bundle/files), what createRequire gives becomes the bundler's `require`,
 * and JSX settings become pragma comments: deno.json's, and `automatic` where a file names its own
 * import source. No line or column moves. On the way it notes which files the source reads.
 */
#pragma once

#include "build/project.h"
#include "build/reads.h"

struct ot_edit {
    const char *virtual_path; /* of the file, relative to /bundle/files */
    const char *url;          /* instead, of a module from the web, which is in no folder */
    const struct ot_resolves *resolves; /* what import.meta.resolve means in it; may be NULL */
    bool is_entry;
    bool has_markup;          /* its name says that it may hold JSX */
    const struct ot_jsx *jsx; /* what deno.json says of it; NULL: nothing */
};

/* Start from `{0}`. */
struct ot_edit_result {
    struct ot_reads reads;
    bool makes_require;       /* by createRequire */
    struct ot_list instances; /* specifiers of .wasm files whose exports are imported by name */
};

/* Appends the changed text to `out`; false: there is nothing to change, and `out` is untouched. */
bool ot_edit(struct ot_span text, const struct ot_edit *edit, struct ot_buf *out,
             struct ot_edit_result *result);
void ot_edit_result_free(struct ot_edit_result *result);

/* Appends a JavaScript string literal in double quotes; the text is UTF-8 or becomes it. */
void ot_put_js_string(struct ot_buf *out, struct ot_span text);
