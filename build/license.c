#include "build/license.h"

#include <string.h>

#define DEPTH_MAX 16u

/* What packages of npm have, nearly all of them. */
static const char *const licenses[] = {
    "0BSD",
    "AFL-2.1",
    "AFL-3.0",
    "AGPL-3.0",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-2.0",
    "Artistic-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSD-3-Clause-Clear",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDDL-1.0",
    "ECL-2.0",
    "EPL-1.0",
    "EPL-2.0",
    "EUPL-1.2",
    "Elastic-2.0",
    "GPL-2.0",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "Hippocratic-2.1",
    "ICU",
    "ISC",
    "LGPL-2.1",
    "LGPL-2.1-only",
    "LGPL-2.1-or-later",
    "LGPL-3.0",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "MIT",
    "MIT-0",
    "MPL-1.1",
    "MPL-2.0",
    "NCSA",
    "OFL-1.1",
    "Parity-7.0.0",
    "PostgreSQL",
    "Python-2.0",
    "SSPL-1.0",
    "UPL-1.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "W3C",
    "W3C-20150513",
    "WTFPL",
    "X11",
    "Zlib",
    NULL,
};

static const char *const exceptions[] = {
    "Bison-exception-2.2", "Classpath-exception-2.0", "GCC-exception-3.1", "LLVM-exception", NULL,
};

struct reader {
    struct ot_span rest;
    struct ot_span word; /* "(" and ")" are words; empty: the end */
};

static void next(struct reader *reader)
{
    size_t len = 0;

    while (reader->rest.len > 0 && reader->rest.data[0] == ' ')
        reader->rest = ot_span_skip(reader->rest, 1);
    while (len < reader->rest.len && strchr(" ()", reader->rest.data[len]) == NULL)
        len++;
    if (len == 0 && reader->rest.len > 0)
        len = 1;
    reader->word = (struct ot_span){reader->rest.data, len};
    reader->rest = ot_span_skip(reader->rest, len);
}

static bool is_license(struct ot_span word)
{
    if (word.len > 1 && word.data[word.len - 1] == '+') /* or a later version */
        word.len--;
    return ot_span_is_one_of(word, licenses);
}

static bool read_expression(struct reader *reader, unsigned depth);

static bool read_term(struct reader *reader, unsigned depth)
{
    if (ot_span_is(reader->word, "(")) {
        next(reader);
        if (depth == DEPTH_MAX || !read_expression(reader, depth + 1) ||
            !ot_span_is(reader->word, ")"))
            return false;
        next(reader);
        return true;
    }
    if (!is_license(reader->word))
        return false;
    next(reader);
    if (!ot_span_is(reader->word, "WITH"))
        return true;
    next(reader);
    if (!ot_span_is_one_of(reader->word, exceptions))
        return false;
    next(reader);
    return true;
}

static bool read_expression(struct reader *reader, unsigned depth)
{
    if (!read_term(reader, depth))
        return false;
    while (ot_span_is(reader->word, "AND") || ot_span_is(reader->word, "OR")) {
        next(reader);
        if (!read_term(reader, depth))
            return false;
    }
    return true;
}

enum ot_license_kind ot_license_kind(struct ot_span text)
{
    struct reader reader = {.rest = text};

    if (ot_span_is_one_of(text, licenses))
        return OT_LICENSE_ID;
    if (text.len == 0 || memchr(text.data, '\0', text.len) != NULL)
        return OT_LICENSE_NAME;
    next(&reader);
    return read_expression(&reader, 0) && reader.word.len == 0 ? OT_LICENSE_EXPRESSION
                                                               : OT_LICENSE_NAME;
}
