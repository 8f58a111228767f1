#include "package/lines.h"

#include <stdlib.h>
#include <string.h>

/* The lines of a text. */
struct text {
    struct ot_span *lines;
    size_t count;
};

static void free_text(struct text *text)
{
    free(text->lines);
}

static size_t count_lines(struct ot_span text)
{
    size_t count = text.len > 0 && text.data[text.len - 1] != '\n';

    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == '\n';
    return count;
}

static void split(struct ot_span text, struct text *out)
{
    size_t at = 0;

    out->count = count_lines(text);
    out->lines = ot_alloc(out->count + 1, sizeof(*out->lines));
    for (size_t i = 0; i < out->count; i++) {
        const char *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end == NULL ? text.len - at : (size_t)(end - text.data) - at;

        out->lines[i] = (struct ot_span){text.data + at, len};
        at += len + 1;
    }
}

void ot_lines_free(struct ot_lines *lines)
{
    free(lines->items);
    *lines = (struct ot_lines){0};
}

/* Two texts without what they begin and end with alike. */
struct pair {
    const struct text *before, *after;
    size_t begin;                  /* of both */
    size_t before_end, after_end;  /* behind the last line that differs */
    unsigned char *gone, *arrived; /* of each line between: it is only here */
    bool is_searched;
};

static bool same(const struct pair *pair, size_t before, size_t after)
{
    return ot_span_equal(pair->before->lines[before], pair->after->lines[after]);
}

static void trim(struct pair *pair)
{
    pair->before_end = pair->before->count;
    pair->after_end = pair->after->count;
    while (pair->begin < pair->before_end && pair->begin < pair->after_end &&
           same(pair, pair->begin, pair->begin))
        pair->begin++;
    while (pair->before_end > pair->begin && pair->after_end > pair->begin &&
           same(pair, pair->before_end - 1, pair->after_end - 1)) {
        pair->before_end--;
        pair->after_end--;
    }
}

/* -- the shortest edit ------------------------------------------------------------------------- */

/*
 * Row d of the trace holds, for each diagonal k = x - y of -d, -d + 2, ... d, how far x gets with d
 * edits; a row has d + 1 items.
 */
static int *row_of(int *trace, int d)
{
    return trace + (size_t)d * (size_t)(d + 1) / 2;
}

/* From which diagonal of the row d - 1 the diagonal k of row d comes: true: from k + 1, by a line
 * that arrived; false: from k - 1, by one that is gone. */
static bool comes_by_arrival(int *trace, int d, int k)
{
    const int *last = row_of(trace, d - 1);

    if (k == -d)
        return true;
    if (k == d)
        return false;
    return last[(k - 1 + d - 1) / 2] < last[(k + 1 + d - 1) / 2];
}

static int start_of(int *trace, int d, int k)
{
    const int *last = row_of(trace, d - 1);

    if (d == 0)
        return 0;
    return comes_by_arrival(trace, d, k) ? last[(k + 1 + d - 1) / 2]
                                         : last[(k - 1 + d - 1) / 2] + 1;
}

/* The number of edits, or -1: more than OT_LINES_EDITS_MAX. */
static int search(const struct pair *pair, int *trace)
{
    int width = (int)(pair->before_end - pair->begin);
    int height = (int)(pair->after_end - pair->begin);

    for (int d = 0; d <= (int)OT_LINES_EDITS_MAX; d++) {
        int *row = row_of(trace, d);

        for (int k = -d; k <= d; k += 2) {
            int x = start_of(trace, d, k);
            int y = x - k;

            /* beyond the edges nothing is compared; such a path is never the one that ends */
            while (x >= 0 && y >= 0 && x < width && y < height &&
                   same(pair, pair->begin + (size_t)x, pair->begin + (size_t)y)) {
                x++;
                y++;
            }
            row[(k + d) / 2] = x;
            if (x == width && y == height)
                return d;
        }
    }
    return -1;
}

static void mark_edits(struct pair *pair, int *trace, int edits)
{
    int k = (int)(pair->before_end - pair->begin) - (int)(pair->after_end - pair->begin);

    for (int d = edits; d > 0; d--) {
        int x = start_of(trace, d, k);

        if (comes_by_arrival(trace, d, k)) {
            pair->arrived[x - k - 1] = 1;
            k++;
        } else {
            pair->gone[x - 1] = 1;
            k--;
        }
    }
}

static void compare(struct pair *pair)
{
    size_t gone = pair->before_end - pair->begin;
    size_t arrived = pair->after_end - pair->begin;
    size_t items = (size_t)(OT_LINES_EDITS_MAX + 1) * (OT_LINES_EDITS_MAX + 2) / 2;
    OT_AUTOFREE int *trace = NULL;
    int edits = -1;

    if (gone > 0 && arrived > 0 && pair->is_searched) {
        trace = ot_alloc(items, sizeof(*trace));
        edits = search(pair, trace);
    }
    if (edits >= 0) {
        mark_edits(pair, trace, edits);
        return;
    }
    memset(pair->gone, 1, gone);
    memset(pair->arrived, 1, arrived);
}

/* -- what is shown ----------------------------------------------------------------------------- */

static void put(struct ot_lines *out, size_t max, struct ot_line line)
{
    if (out->count == max) {
        out->cut = true;
        return;
    }
    if (out->count == out->cap) {
        out->cap = out->cap == 0 ? 16 : 2 * out->cap;
        out->items = ot_realloc(out->items, out->cap, sizeof(*out->items));
    }
    out->items[out->count++] = line;
}

/* A line that is in both: shown where it is near an edit. Those before wait in `pending`. */
struct shown {
    const struct pair *pair;
    struct ot_lines *out;
    size_t context, max;
    size_t x, y;    /* of the next lines */
    size_t pending; /* equal lines just before, at most `context` */
    size_t after;   /* equal lines still to be shown */
};

static void put_equal(struct shown *shown, size_t back)
{
    size_t x = shown->x - back, y = shown->y - back;

    put(shown->out, shown->max, (struct ot_line){' ', x + 1, y + 1, shown->pair->before->lines[x]});
}

static void pass_equal(struct shown *shown)
{
    if (shown->after > 0) {
        put_equal(shown, 0);
        shown->after--;
    } else if (shown->pending < shown->context) {
        shown->pending++;
    }
    shown->x++;
    shown->y++;
}

static void pass_edit(struct shown *shown, bool arrived)
{
    for (; shown->pending > 0; shown->pending--)
        put_equal(shown, shown->pending);
    shown->after = shown->context;
    if (arrived) {
        put(shown->out, shown->max,
            (struct ot_line){'+', 0, shown->y + 1, shown->pair->after->lines[shown->y]});
        shown->out->added++;
        shown->y++;
    } else {
        put(shown->out, shown->max,
            (struct ot_line){'-', shown->x + 1, 0, shown->pair->before->lines[shown->x]});
        shown->out->removed++;
        shown->x++;
    }
}

static void show(const struct pair *pair, size_t context, size_t max, struct ot_lines *out)
{
    size_t skipped = pair->begin > context ? pair->begin - context : 0;
    struct shown shown = {pair, out, context, max, skipped, skipped, 0, 0};

    while (shown.x < pair->begin)
        pass_equal(&shown);
    while (shown.x < pair->before_end || shown.y < pair->after_end) {
        if (shown.x < pair->before_end && pair->gone[shown.x - pair->begin])
            pass_edit(&shown, false);
        else if (shown.y < pair->after_end && pair->arrived[shown.y - pair->begin])
            pass_edit(&shown, true);
        else
            pass_equal(&shown);
    }
    while (shown.after > 0 && shown.x < pair->before->count)
        pass_equal(&shown);
}

void ot_lines_diff(struct ot_span before, struct ot_span after, size_t context, size_t max,
                   struct ot_lines *out)
{
    OT_CLEANUP(free_text) struct text left = {0};
    OT_CLEANUP(free_text) struct text right = {0};
    OT_AUTOFREE unsigned char *gone = NULL;
    OT_AUTOFREE unsigned char *arrived = NULL;
    struct pair pair = {.before = &left,
                        .after = &right,
                        .is_searched = before.len + after.len <= OT_LINES_TEXT_MAX};

    split(before, &left);
    split(after, &right);
    trim(&pair);
    pair.gone = gone = ot_alloc(pair.before_end - pair.begin + 1, 1);
    pair.arrived = arrived = ot_alloc(pair.after_end - pair.begin + 1, 1);
    compare(&pair);
    show(&pair, context, max, out);
}
