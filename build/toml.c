/* TOML 1.0 (toml.io/en/v1.0.0) into a tree. */
#include "build/tree.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define KEY_PARTS_MAX 16u

struct toml {
    struct ot_span text;
    size_t pos;
    struct ot_tree *root;
    const char *file;
    unsigned depth;
    size_t counted, line_start;
    unsigned line;
};

/* "a"."b".c */
struct key {
    struct ot_buf parts[KEY_PARTS_MAX];
    size_t count;
    size_t start; /* where it stands */
};

static void free_key(struct key *key)
{
    for (size_t i = 0; i < KEY_PARTS_MAX; i++)
        ot_buf_free(&key->parts[i]);
}

static int peek(const struct toml *toml)
{
    return toml->pos < toml->text.len ? (unsigned char)toml->text.data[toml->pos] : -1;
}

static bool starts(const struct toml *toml, const char *text)
{
    return ot_span_starts((struct ot_span){toml->text.data + toml->pos, toml->text.len - toml->pos},
                          text);
}

/* Positions come in the order of the text, but for the beginning of a key. */
static void place(struct toml *toml, size_t at, unsigned *line, unsigned *column)
{
    for (; toml->counted < at; toml->counted++) {
        if (toml->text.data[toml->counted] == '\n') {
            toml->line++;
            toml->line_start = toml->counted + 1;
        }
    }
    *line = toml->line;
    *column = (unsigned)(at - toml->line_start) + 1;
}

static int fail(struct toml *toml, size_t at, struct ot_error *err, const char *message)
{
    unsigned line = 1;
    size_t start = 0;

    for (size_t i = 0; i < at && i < toml->text.len; i++) {
        if (toml->text.data[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    return ot_fail(err, OT_FAILED, "%s:%u:%zu: %s", toml->file, line, at - start + 1, message);
}

static int fail_here(struct toml *toml, struct ot_error *err, const char *message)
{
    return fail(toml, toml->pos, err, message);
}

static void skip_blanks(struct toml *toml)
{
    while (peek(toml) == ' ' || peek(toml) == '\t')
        toml->pos++;
}

static void skip_comment(struct toml *toml)
{
    if (peek(toml) != '#')
        return;
    while (peek(toml) >= 0 && peek(toml) != '\n')
        toml->pos++;
}

/* Blanks, comments and line ends. */
static void skip_space(struct toml *toml)
{
    for (;;) {
        skip_blanks(toml);
        skip_comment(toml);
        if (peek(toml) != '\n' && !starts(toml, "\r\n"))
            return;
        toml->pos++;
    }
}

static int end_line(struct toml *toml, struct ot_error *err)
{
    skip_blanks(toml);
    skip_comment(toml);
    if (starts(toml, "\r\n"))
        toml->pos++;
    if (peek(toml) >= 0 && peek(toml) != '\n')
        return fail_here(toml, err, "the line must end here");
    return 0;
}

/* -- strings ----------------------------------------------------------------------------------- */

static void put_utf8(struct ot_buf *out, uint32_t c)
{
    if (c >= 0x10000)
        ot_buf_putc(out, (char)(0xf0 | c >> 18));
    if (c >= 0x800)
        ot_buf_putc(out, (char)(c >= 0x10000 ? 0x80 | (c >> 12 & 0x3f) : 0xe0 | c >> 12));
    if (c >= 0x80)
        ot_buf_putc(out, (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3f) : 0xc0 | c >> 6));
    ot_buf_putc(out, (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c));
}

/* \uXXXX and \UXXXXXXXX, behind the letter. */
static int read_code(struct toml *toml, size_t digits, struct ot_buf *out, struct ot_error *err)
{
    uint8_t bytes[4] = {0};
    uint32_t c;

    if (toml->text.len - toml->pos < digits ||
        !ot_unhex(bytes + 4 - digits / 2, digits / 2,
                  (struct ot_span){toml->text.data + toml->pos, digits}))
        return fail_here(toml, err, "hexadecimal digits are expected here");
    c = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return fail_here(toml, err, "there is no such character");
    toml->pos += digits;
    put_utf8(out, c);
    return 0;
}

/* Behind the backslash. */
static int read_escape(struct toml *toml, bool multiline, struct ot_buf *out, struct ot_error *err)
{
    static const char from[] = "btnfr\"\\";
    static const char to[] = "\b\t\n\f\r\"\\";
    int c = peek(toml);
    const char *found = c > 0 ? strchr(from, c) : NULL;

    if (c == 'u' || c == 'U') {
        toml->pos++;
        return read_code(toml, c == 'u' ? 4 : 8, out, err);
    }
    if (found != NULL) {
        toml->pos++;
        ot_buf_putc(out, to[found - from]);
        return 0;
    }
    /* a backslash at a line's end: what is blank before the next text is not there */
    if (multiline && (c == '\n' || c == '\r' || c == ' ' || c == '\t')) {
        while (peek(toml) >= 0 && ot_is_blank((char)peek(toml)))
            toml->pos++;
        return 0;
    }
    return fail_here(toml, err, "no such escape in a string");
}

/* The closing quotes of a multi-line string, of which up to two more may belong to it. */
static bool ends_multiline(struct toml *toml, const char *quotes, struct ot_buf *out)
{
    if (!starts(toml, quotes))
        return false;
    toml->pos += 3;
    while (peek(toml) == quotes[0]) {
        ot_buf_putc(out, quotes[0]);
        toml->pos++;
    }
    return true;
}

static int read_string(struct toml *toml, bool may_be_multiline, struct ot_buf *out,
                       struct ot_error *err)
{
    char quote = (char)peek(toml);
    const char *quotes = quote == '"' ? "\"\"\"" : "'''";
    bool multiline = may_be_multiline && starts(toml, quotes);
    size_t start = toml->pos;

    ot_buf_puts(out, "");
    toml->pos += multiline ? 3 : 1;
    if (multiline && (starts(toml, "\n") || starts(toml, "\r\n")))
        toml->pos += starts(toml, "\n") ? 1 : 2;
    for (;;) {
        int c = peek(toml);

        if (multiline && ends_multiline(toml, quotes, out))
            break;
        if (!multiline && c == quote) {
            toml->pos++;
            break;
        }
        if (c < 0 || (c == '\n' && !multiline))
            return fail(toml, start, err, "this string has no end");
        if (c == 0)
            return fail_here(toml, err, "a NUL is not accepted");
        toml->pos++;
        if (c != '\\' || quote == '\'')
            ot_buf_putc(out, (char)c);
        else if (read_escape(toml, multiline, out, err) < 0)
            return -1;
    }
    if (!ot_is_utf8(ot_buf_span(out)))
        return fail(toml, start, err, "this string is not valid UTF-8");
    return 0;
}

/* -- keys -------------------------------------------------------------------------------------- */

static bool is_bare(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static int read_key(struct toml *toml, struct key *key, struct ot_error *err)
{
    key->start = toml->pos;
    for (;;) {
        struct ot_buf *part = &key->parts[key->count];

        if (key->count == KEY_PARTS_MAX)
            return fail_here(toml, err, "this key has too many parts");
        key->count++;
        if (peek(toml) == '"' || peek(toml) == '\'') {
            if (read_string(toml, false, part, err) < 0)
                return -1;
        } else {
            while (is_bare(peek(toml)))
                ot_buf_putc(part, toml->text.data[toml->pos++]);
            if (part->len == 0)
                return fail_here(toml, err, "a key is expected here");
        }
        skip_blanks(toml);
        if (peek(toml) != '.')
            return 0;
        toml->pos++;
        skip_blanks(toml);
    }
}

static struct ot_tree *add_item(struct toml *toml, struct ot_tree *table, const char *name,
                                size_t at, bool *is_new)
{
    struct ot_tree *item = ot_tree_add(table, name, is_new);

    if (*is_new)
        place(toml, at, &item->line, &item->column);
    return item;
}

/*
 * The table that the first `count` parts of a key name, made where it is missing. The last item of
 * an array of tables stands for the array.
 */
static struct ot_tree *enter(struct toml *toml, struct ot_tree *table, const struct key *key,
                             size_t count, struct ot_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = key->parts[i].data;
        bool is_new;
        struct ot_tree *next = add_item(toml, table, name, key->start, &is_new);

        if (is_new)
            next->type = OT_TREE_OBJECT;
        if (next->type == OT_TREE_ARRAY && next->count > 0 && !next->defined)
            next = &next->items[next->count - 1];
        if (next->type != OT_TREE_OBJECT) {
            fail(toml, key->start, err, "a part of this key has another value already");
            return NULL;
        }
        table = next;
    }
    return table;
}

/* -- values ------------------------------------------------------------------------------------ */

static int read_value(struct toml *toml, struct ot_tree *out, struct ot_error *err);

static int read_pair(struct toml *toml, struct ot_tree *table, struct ot_error *err)
{
    OT_CLEANUP(free_key) struct key key = {0};
    struct ot_tree *item;
    bool is_new;

    if (read_key(toml, &key, err) < 0)
        return -1;
    if (peek(toml) != '=')
        return fail_here(toml, err, "= is expected here");
    toml->pos++;
    table = enter(toml, table, &key, key.count - 1, err);
    if (table == NULL)
        return -1;
    item = add_item(toml, table, key.parts[key.count - 1].data, key.start, &is_new);
    if (!is_new)
        return fail(toml, key.start, err, "this key is given twice");
    skip_blanks(toml);
    return read_value(toml, item, err);
}

static int read_array(struct toml *toml, struct ot_tree *out, struct ot_error *err)
{
    out->type = OT_TREE_ARRAY;
    toml->pos++;
    for (;;) {
        struct ot_tree *item;
        bool is_new;

        skip_space(toml);
        if (peek(toml) == ']')
            break;
        item = add_item(toml, out, NULL, toml->pos, &is_new);
        if (read_value(toml, item, err) < 0)
            return -1;
        skip_space(toml);
        if (peek(toml) == ',')
            toml->pos++;
        else if (peek(toml) != ']')
            return fail_here(toml, err, "a comma or ] is expected here");
    }
    toml->pos++;
    return 0;
}

static int read_inline_table(struct toml *toml, struct ot_tree *out, struct ot_error *err)
{
    out->type = OT_TREE_OBJECT;
    toml->pos++;
    skip_blanks(toml);
    if (peek(toml) == '}') {
        toml->pos++;
        return 0;
    }
    for (;;) {
        skip_blanks(toml);
        if (read_pair(toml, out, err) < 0)
            return -1;
        skip_blanks(toml);
        if (peek(toml) == '}')
            break;
        if (peek(toml) != ',')
            return fail_here(toml, err, "a comma or } is expected here");
        toml->pos++;
    }
    toml->pos++;
    return 0;
}

/* true, false, a number or a date: what it is worth is the reader's to find out. */
static int read_word(struct toml *toml, struct ot_tree *out, struct ot_error *err)
{
    size_t start = toml->pos;
    struct ot_span word;

    while (is_bare(peek(toml)) || peek(toml) == '+' || peek(toml) == '.' || peek(toml) == ':' ||
           (peek(toml) == ' ' && toml->pos - start == 10 && toml->text.data[start + 4] == '-' &&
            toml->pos + 1 < toml->text.len && toml->text.data[toml->pos + 1] >= '0' &&
            toml->text.data[toml->pos + 1] <= '9'))
        toml->pos++;
    word = (struct ot_span){toml->text.data + start, toml->pos - start};
    if (ot_span_is(word, "true") || ot_span_is(word, "false"))
        ot_tree_set(out, OT_TREE_BOOL, word);
    else if (word.len > 0 && (strchr("+-0123456789", word.data[0]) != NULL ||
                              ot_span_is(word, "inf") || ot_span_is(word, "nan")))
        ot_tree_set(out, OT_TREE_NUMBER, word);
    else
        return fail(toml, start, err, "a value is expected here");
    return 0;
}

static int read_value(struct toml *toml, struct ot_tree *out, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    int c = peek(toml);
    int result;

    out->defined = true;
    if (c == '"' || c == '\'') {
        if (read_string(toml, true, &text, err) < 0)
            return -1;
        ot_tree_set(out, OT_TREE_STRING, ot_buf_span(&text));
        return 0;
    }
    if (c != '[' && c != '{')
        return read_word(toml, out, err);
    if (toml->depth == OT_TREE_DEPTH)
        return fail_here(toml, err, "nested more than 16 deep");
    toml->depth++;
    result = c == '[' ? read_array(toml, out, err) : read_inline_table(toml, out, err);
    toml->depth--;
    return result;
}

/* -- tables ------------------------------------------------------------------------------------ */

/* [a.b] or [[a.b]]: the table that the lines below belong to. */
static struct ot_tree *read_header(struct toml *toml, struct ot_error *err)
{
    OT_CLEANUP(free_key) struct key key = {0};
    bool array = starts(toml, "[[");
    struct ot_tree *table, *item;
    bool is_new;

    toml->pos += array ? 2 : 1;
    skip_blanks(toml);
    if (read_key(toml, &key, err) < 0)
        return NULL;
    if (!starts(toml, array ? "]]" : "]")) {
        fail_here(toml, err, "the table's name must end here");
        return NULL;
    }
    toml->pos += array ? 2 : 1;
    table = enter(toml, toml->root, &key, key.count - 1, err);
    if (table == NULL || end_line(toml, err) < 0)
        return NULL;
    item = add_item(toml, table, key.parts[key.count - 1].data, key.start, &is_new);
    if (is_new)
        item->type = array ? OT_TREE_ARRAY : OT_TREE_OBJECT;
    if (item->defined || item->type != (array ? OT_TREE_ARRAY : OT_TREE_OBJECT)) {
        fail(toml, key.start, err, "this table is given twice");
        return NULL;
    }
    if (array) {
        item = add_item(toml, item, NULL, key.start, &is_new);
        item->type = OT_TREE_OBJECT;
    } else {
        item->defined = true;
    }
    return item;
}

static int read_lines(struct toml *toml, struct ot_error *err)
{
    struct ot_tree *table = toml->root;

    for (;;) {
        skip_space(toml);
        if (peek(toml) < 0)
            return 0;
        if (peek(toml) == '[') {
            table = read_header(toml, err);
            if (table == NULL)
                return -1;
        } else if (read_pair(toml, table, err) < 0 || end_line(toml, err) < 0) {
            return -1;
        }
    }
}

int ot_tree_toml(struct ot_tree *tree, struct ot_span text, const char *file, struct ot_error *err)
{
    struct toml toml = {.text = text, .root = tree, .file = file, .line = 1};

    *tree = (struct ot_tree){.type = OT_TREE_OBJECT, .line = 1, .column = 1};
    if (ot_span_starts(text, "\xef\xbb\xbf"))
        toml.pos = 3;
    if (read_lines(&toml, err) == 0)
        return 0;
    ot_tree_free(tree);
    return -1;
}
