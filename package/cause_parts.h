/* Private to package/: collecting causes, and what a changed module's text tells of them. */
#pragma once

#include "package/cause.h"

struct ot_cause *ot_cause_find(struct ot_causes *causes, enum ot_cause_kind kind,
                               const char *subject);
/* Takes over `text`. One cause for each kind and subject. NULL: there are enough. */
struct ot_cause *ot_cause_add(struct ot_causes *causes, enum ot_cause_kind kind,
                              const char *subject, char *text);

OT_MUST_USE int ot_causes_find_modules(const struct ot_diff *diff,
                                       const struct ot_evidence *evidence, struct ot_causes *out,
                                       struct ot_error *err);
/* What came or went is a cause of its own only where nothing that imports it changed. */
void ot_causes_find_alone(const struct ot_diff *diff, struct ot_causes *out);

/* Where it is, or was. */
const struct ot_module_place *ot_module_change_place(const struct ot_module_change *change);

enum ot_reading {
    OT_READ_CODE,         /* other code */
    OT_READ_LINE_ENDINGS, /* the same but for CR */
    OT_READ_PATH,         /* an absolute path of this machine is in it */
    OT_READ_SETTING,      /* it is compiled in another way; `what` says which */
    OT_READ_NUMBERS, /* the same but for numbers behind names: it follows from something else */
};

enum ot_reading ot_read_change(struct ot_span before, struct ot_span after,
                               const struct ot_list *roots, const char **what);

/* Whether `before` becomes `after` when what esbuild calls the module `went` is what it calls
 * `came`: then the module is the same and only resolves to another one. */
bool ot_read_other_import(struct ot_span before, struct ot_span after, struct ot_span went,
                          struct ot_span came);
/* The same bytes but for CR, also where it is spelt "\r" in a string. */
bool ot_read_same_but_cr(struct ot_span before, struct ot_span after);
