/* What a source imports, from its tokens; the half of scan.h that is about modules. */
#pragma once

#include "build/lex.h"
#include "build/scan.h"

/*
 * Local names under which something called `serve` was imported. More than these are not followed.
 */
#define OT_SERVE_NAMES 8

struct ot_serve_names {
    struct ot_span items[OT_SERVE_NAMES]; /* in the text */
    size_t count;
};

/* Fills `relative` (not sorted) and `imports_package` of `out`, and `names`. */
void ot_imports(const struct ot_tokens *tokens, struct ot_scan *out, struct ot_serve_names *names);
