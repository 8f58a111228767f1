/* How `onetube diff` shows its result, and what `onetube rebuild` shows in the same way. Names and
 * lines came from bundles: nothing of them reaches a terminal or a page of Markdown as it is. */
#pragma once

#include "cli/output.h"
#include "package/diff.h"

/* Of one module; the same everywhere. */
#define OT_DIFF_CONTEXT 2u
#define OT_DIFF_LINES_MAX 40u
/* Functions named with a module. */
#define OT_DIFF_NAMES_MAX 8u

struct ot_diff_view {
    const struct ot_diff *diff;
    bool lines;      /* show the lines of each module */
    uint64_t budget; /* bytes that may still be read to find lines */
};

/* Enough for every ordinary payload; a hostile one could ask for the same large file very often. */
#define OT_DIFF_BUDGET (1ull << 30)

/* Each to standard output. Errors: reading the texts of modules again. */
OT_MUST_USE int ot_diff_print(struct ot_diff_view *view, struct ot_error *err);
OT_MUST_USE int ot_diff_json(struct ot_diff_view *view, struct ot_error *err);
OT_MUST_USE int ot_diff_markdown(struct ot_diff_view *view, struct ot_error *err);

/* The lines of a change: 1; 0: there are none to be had, or the budget is used up. */
OT_MUST_USE int ot_diff_view_lines(struct ot_diff_view *view, const struct ot_module_change *change,
                                   struct ot_diff_lines *out, struct ot_error *err);

/* One line of text from elsewhere: also newlines and marks that change the direction of text
 * (Unicode's bidirectional controls) become `?`. At most `max` bytes, then "..."; 0: all. */
void ot_diff_word(struct ot_buf *out, struct ot_span text, size_t max);

/* "added", ... and their signs. */
extern const char *const ot_diff_change_words[];
extern const char ot_diff_change_signs[];
/* "more", "less", "other" */
extern const char *const ot_diff_directions[];
/* What can be told of modules, as one word. */
extern const char *const ot_diff_insights[];

/* The members "change", "before", "after", sizes and, with the view's `lines`, "lines". */
OT_MUST_USE int ot_diff_json_module(struct ot_diff_view *view, struct ot_json_writer *writer,
                                    const struct ot_module_change *change, struct ot_error *err);
/* The lines of a change as a unified diff has them, each behind `indent`, on standard output. */
void ot_diff_print_lines(const struct ot_lines *lines, const char *indent);
/* An array of objects: what differs in power, or in the builder. */
void ot_diff_json_power(struct ot_json_writer *writer, const char *key,
                        const struct ot_power *power);
void ot_diff_json_lines(struct ot_json_writer *writer, const struct ot_lines *lines);
