/*
 * Which lines differ between two texts, as a unified diff tells it: the shortest edit by Myers'
 * algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986) between the first and the
 * last line that differ; where it would be long, everything between these.
 */
#pragma once

#include "base/buf.h"

#define OT_LINES_EDITS_MAX 400u      /* edits that are looked for */
#define OT_LINES_TEXT_MAX (8u << 20) /* bytes of both texts in which they are */

struct ot_line {
    char mark;            /* ' ' in both, '-' only before, '+' only after */
    size_t before, after; /* number of the line from 1; 0: it has none there */
    struct ot_span text;  /* without its end; points into one of the texts */
};

/* Start from `{0}`. */
struct ot_lines {
    struct ot_line *items; /* what differs, each place with the lines around it */
    size_t count, cap;
    size_t added, removed; /* in the whole text */
    bool cut;              /* there are more than were asked for */
};

#define OT_AUTOLINES OT_CLEANUP(ot_lines_free)
void ot_lines_free(struct ot_lines *lines);

/*
 * Compares; `out` gets at most `max` lines, each place with `context` equal ones before and behind.
 * A line ends with "\n"; "\r" before it is of the line.
 */
void ot_lines_diff(struct ot_span before, struct ot_span after, size_t context, size_t max,
                   struct ot_lines *out);
