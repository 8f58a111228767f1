/*
 * What a source file shows about its handler without being run, found among its tokens (lex.h): the
 * few shapes that register a handler. It may miss what is written in an unusual way, never invents.
 * Takes linear time.
 */
#pragma once

#include "base/buf.h"

/* One way of registering a handler, and where it stands. */
enum ot_handler_kind {
    OT_HANDLER_DENO_SERVE,     /* Deno.serve(...) */
    OT_HANDLER_SERVE,          /* serve(...) of an imported name */
    OT_HANDLER_DEFAULT_EXPORT, /* export default, export { x as default }, module.exports =; one per
                                  file */
    OT_HANDLER_LISTENER,       /* addEventListener("fetch", ...) */
    OT_HANDLER_OTHER /* listen(...), the registry's register(...), Deno used in another way:
                        something that may register */
};

struct ot_handler_site {
    enum ot_handler_kind kind;
    unsigned line, column; /* from 1; columns in bytes */
    /*
     * It certainly runs: it is not inside a function, block, class or condition. A serve(...) whose
     * result is used is not counted as such, as the serve of some packages makes a handler instead
     * of registering one.
     */
    bool top_level;
    /*
     * The call's last argument, not its first, is an object literal in which `public` is literally
     * `true` and cannot be overwritten.
     */
    bool is_public;
};

struct ot_scan {
    struct ot_handler_site *sites; /* in the order of the text */
    size_t count;
    /*
     * A value import of something that is neither relative nor a declaration file, or of what is
     * not a literal: it may register a handler. Also set where the text is too odd or too long
     * (OT_LEX_MAX) to be sure; then no site is top_level or is_public.
     */
    bool imports_package;
    struct ot_list
        relative; /* specifiers of relative imports that are not type-only, sorted, each once */
};

/* `text` is any bytes; never fails. Free with ot_scan_free. */
void ot_scan(struct ot_span text, struct ot_scan *out);
void ot_scan_free(struct ot_scan *scan);
