/*
 * Private to package/: one of the two that are compared: where every module is, and which functions
 * reach a member.
 */
#pragma once

#include "package/diff.h"

struct ot_diff_side {
    const struct ot_content *content;
    enum ot_insight insight;
    struct ot_module_place *places; /* once read: sorted by name, digest and member */
    size_t count, cap;
    struct ot_buf names;
    bool cut;
    size_t *begins;     /* of each member: where its functions begin in `reaching`; and the end */
    uint32_t *reaching; /* numbers of functions */
    size_t *changes;    /* of each member: how many modules in it changed */
};

/* Reads everything once. Free the side also after a failure. */
OT_MUST_USE int ot_diff_side_read(struct ot_diff_side *side, const struct ot_content *content,
                                  enum ot_insight insight, struct ot_error *err);
void ot_diff_side_free(struct ot_diff_side *side);

/* By name, digest, member; `whole` false: by name and digest alone. */
int ot_module_place_compare(const struct ot_module_place *a, const struct ot_module_place *b,
                            bool whole);

/* Appends the word that esbuild makes of a file's name for its variables: "pay" of "pay/index.ts".
 */
void ot_module_stem(struct ot_span name, struct ot_buf *out);
/* Appends `text` without every occurrence of `word`. */
void ot_append_without(struct ot_buf *out, struct ot_span text, struct ot_span word);

/* Fills in `modules`; the sides are read. Counts what changed in their members. */
void ot_diff_modules(struct ot_diff *diff);
