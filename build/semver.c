#include "build/semver.h"

#include "base/text.h"

#include <string.h>

#define PARTS 3
#define ANY UINT64_MAX /* in a range: "x", "*", or not written */

struct version {
    uint64_t parts[PARTS];
    struct ot_span pre; /* behind the "-"; empty: a release */
};

/* One "^1.2" or ">=1": everything from `low` to before `high`. */
struct span {
    struct version low, high;
    bool has_high;
    bool high_included;
    bool low_excluded;
};

/* "1", "1.2", "1.2.3-pre+build", "1.x", "*" with "v" or "=" in front; false: none of these. */
static bool read_version(struct ot_span text, struct version *out)
{
    size_t part = 0;

    *out = (struct version){{ANY, ANY, ANY}, {"", 0}};
    while (text.len > 0 && strchr("v= ", text.data[0]) != NULL)
        text = ot_span_skip(text, 1);
    for (;;) {
        size_t len = 0;
        struct ot_span word;

        while (len < text.len && strchr(".-+", text.data[len]) == NULL)
            len++;
        word = (struct ot_span){text.data, len};
        if (part == PARTS)
            return false;
        if (!ot_span_is(word, "x") && !ot_span_is(word, "X") && !ot_span_is(word, "*") &&
            !ot_parse_uint(word, OT_SAFE_INTEGER_MAX, &out->parts[part]))
            return false;
        part++;
        text = ot_span_skip(text, len);
        if (text.len == 0 || text.data[0] != '.')
            break;
        text = ot_span_skip(text, 1);
    }
    if (text.len > 0 && text.data[0] == '-') {
        const char *build = memchr(text.data, '+', text.len);

        out->pre = ot_span_skip(text, 1);
        if (build != NULL)
            out->pre.len = (size_t)(build - out->pre.data);
    }
    return true;
}

/* semver.org 2.0.0, section 11: numbers before words, by value; a longer list is later. */
static int compare_pre(struct ot_span a, struct ot_span b)
{
    if (a.len == 0 || b.len == 0)
        return (a.len == 0) - (b.len == 0);
    while (a.len > 0 && b.len > 0) {
        const char *a_dot = memchr(a.data, '.', a.len), *b_dot = memchr(b.data, '.', b.len);
        struct ot_span x = {a.data, a_dot != NULL ? (size_t)(a_dot - a.data) : a.len};
        struct ot_span y = {b.data, b_dot != NULL ? (size_t)(b_dot - b.data) : b.len};
        uint64_t n = 0, m = 0;
        bool n_is = ot_parse_uint(x, OT_SAFE_INTEGER_MAX, &n);
        bool m_is = ot_parse_uint(y, OT_SAFE_INTEGER_MAX, &m);
        int order = n_is && m_is   ? (n > m) - (n < m)
                    : n_is != m_is ? (n_is ? -1 : 1)
                                   : ot_span_compare(x, y);

        if (order != 0)
            return order;
        a = ot_span_skip(a, x.len + (a_dot != NULL));
        b = ot_span_skip(b, y.len + (b_dot != NULL));
    }
    return (a.len > 0) - (b.len > 0);
}

static int compare(const struct version *a, const struct version *b)
{
    for (size_t i = 0; i < PARTS; i++) {
        if (a->parts[i] != b->parts[i])
            return a->parts[i] < b->parts[i] ? -1 : 1;
    }
    return compare_pre(a->pre, b->pre);
}

/* The first version behind all that share the parts before and at `part`. */
static void next(const struct version *of, size_t part, struct span *span)
{
    span->high = (struct version){{0, 0, 0}, {"0", 1}};
    for (size_t i = 0; i <= part; i++)
        span->high.parts[i] = of->parts[i];
    span->high.parts[part]++;
    span->has_high = true;
}

/* How many parts were written. */
static size_t written(const struct version *version)
{
    size_t count = 0;

    while (count < PARTS && version->parts[count] != ANY)
        count++;
    return count;
}

static void fill(struct version *version)
{
    for (size_t i = 0; i < PARTS; i++) {
        if (version->parts[i] == ANY)
            version->parts[i] = 0;
    }
}

/* The part that "^" keeps: the first that is not 0. */
static size_t caret_part(const struct version *version, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (version->parts[i] != 0)
            return i;
    }
    return count - 1;
}

static bool read_comparator(struct ot_span text, struct span *out)
{
    char mark = text.len > 0 ? text.data[0] : '\0';
    bool equal = text.len > 1 && text.data[1] == '=' && (mark == '<' || mark == '>');
    struct version version;
    size_t count;

    *out = (struct span){0};
    if (!read_version(ot_span_skip(text, strchr("<>^~", mark) != NULL && mark != '\0' ? 1 : 0),
                      &version))
        return false;
    count = written(&version);
    out->low = version;
    fill(&out->low);
    if (count == 0)
        return true;
    if (mark == '<') {
        out->low = (struct version){{0, 0, 0}, {"0", 1}};
        out->has_high = true;
        out->high = version;
        fill(&out->high);
        out->high_included = equal && count == PARTS;
        /* "<2" has no place for what comes before 2.0.0 either */
        if (!equal && out->high.pre.len == 0)
            out->high.pre = (struct ot_span){"0", 1};
        if (equal && count < PARTS)
            next(&version, count - 1, out);
    } else if (mark == '>') {
        out->low_excluded = !equal && count == PARTS;
        if (!equal && count < PARTS)
            out->low.parts[count - 1]++;
    } else if (mark == '^') {
        next(&version, caret_part(&version, count), out);
    } else if (mark == '~') {
        next(&version, count > 1 ? 1 : 0, out);
    } else if (count < PARTS) {
        next(&version, count - 1, out);
    } else {
        out->has_high = out->high_included = true;
        out->high = out->low;
    }
    return true;
}

static bool is_in(const struct span *span, const struct version *version)
{
    int low = compare(version, &span->low);
    int high = span->has_high ? compare(version, &span->high) : -1;

    return (low > 0 || (low == 0 && !span->low_excluded)) &&
           (high < 0 || (high == 0 && span->high_included));
}

/* Whether some version with the same first number (below 1: the same first two) is in the span. */
static bool shares_major(const struct span *span, const struct version *version)
{
    struct span major = {0};
    size_t part = version->parts[0] == 0 ? 1 : 0;

    major.low =
        (struct version){{version->parts[0], part == 1 ? version->parts[1] : 0, 0}, {"0", 1}};
    next(version, part, &major);
    if (compare(&span->low, &major.high) >= 0)
        return false;
    if (!span->has_high)
        return true;
    return compare(&major.low, &span->high) < (span->high_included ? 1 : 0);
}

/* The next of the words that blanks separate, with the blanks behind an operator taken out. */
static struct ot_span next_word(struct ot_span *text)
{
    size_t start = 0, len;

    while (start < text->len && ot_is_blank(text->data[start]))
        start++;
    len = start;
    while (len < text->len && strchr("<>=^~", text->data[len]) != NULL)
        len++;
    while (len < text->len && len > start && ot_is_blank(text->data[len]))
        len++;
    while (len < text->len && !ot_is_blank(text->data[len]))
        len++;
    *text = ot_span_skip(*text, len);
    return (struct ot_span){text->data - (len - start), len - start};
}

/* "1.2 - 2": from the first to the second. */
static bool read_hyphen(struct ot_span text, struct span *out)
{
    const char *dash = memmem(text.data, text.len, " - ", 3);
    struct version version;
    struct span upper;

    if (dash == NULL ||
        !read_version(ot_span_trim((struct ot_span){text.data, (size_t)(dash - text.data)}),
                      &version) ||
        !read_comparator(ot_span_trim(ot_span_skip(text, (size_t)(dash - text.data) + 3)), &upper))
        return false;
    *out = upper;
    out->low = version;
    fill(&out->low);
    return true;
}

/* Comparators that must all hold. */
static bool check_all(struct ot_span text, const struct version *version, bool *major, bool *valid)
{
    bool in = true, near = true;
    struct span span;

    if (read_hyphen(text, &span)) {
        in = is_in(&span, version);
        near = shares_major(&span, version);
    } else {
        for (struct ot_span word = next_word(&text); word.len > 0; word = next_word(&text)) {
            if (!read_comparator(word, &span)) {
                *valid = false;
                return false;
            }
            in = is_in(&span, version) && in;
            near = shares_major(&span, version) && near;
        }
    }
    *major = *major || near;
    return in;
}

enum ot_range_match ot_range_check(struct ot_span range, struct ot_span version)
{
    struct version installed;
    bool major = false, valid = true, in = false;

    if (!read_version(version, &installed) || written(&installed) < PARTS)
        return OT_RANGE_MATCHES;
    for (;;) {
        const char *bar = memmem(range.data, range.len, "||", 2);
        size_t len = bar != NULL ? (size_t)(bar - range.data) : range.len;

        in = check_all((struct ot_span){range.data, len}, &installed, &major, &valid) || in;
        if (bar == NULL)
            break;
        range = ot_span_skip(range, len + 2);
    }
    if (in || !valid)
        return OT_RANGE_MATCHES;
    return major ? OT_RANGE_OTHER_MINOR : OT_RANGE_OTHER_MAJOR;
}
