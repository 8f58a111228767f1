#include "build/lexer.h"

#include <string.h>

static bool is_name_byte(int c)
{
    return ot_lexer_is_word_byte(c) || c == '-' || c == ':' || c == '.';
}

static void not_an_element(struct ot_lexer *lexer)
{
    lexer->not_jsx = true;
    lexer->tokens.sound = false;
}

static size_t skip_name(struct ot_lexer *lexer)
{
    size_t start = lexer->pos;

    while (is_name_byte(ot_lexer_peek(lexer, 0)))
        lexer->pos++;
    return lexer->pos - start;
}

bool ot_jsx_begins(const struct ot_lexer *lexer)
{
    struct ot_lexer ahead = *lexer;
    size_t start;
    size_t len;
    struct ot_span name;
    int c;

    ahead.pos++;
    if (ot_lexer_peek(&ahead, 0) == '>')
        return true;
    start = ahead.pos;
    len = skip_name(&ahead);
    if (len == 0)
        return false;
    name = (struct ot_span){lexer->text.data + start, len};
    ot_lexer_skip_space(&ahead);
    c = ot_lexer_peek(&ahead, 0);
    /* <const T>, <T, U> and <T extends U> are type parameters, in .tsx too. */
    if (ot_span_is(name, "const"))
        return false;
    if (ot_lexer_starts_with(&ahead, "extends")) {
        ahead.pos += strlen("extends");
        ot_lexer_skip_space(&ahead);
        c = ot_lexer_peek(&ahead, 0);
        return c == '=' || c == '/' || c == '>';
    }
    return c == '>' || c == '/' || c == '{' || is_name_byte(c);
}

void ot_jsx_open(struct ot_lexer *lexer)
{
    size_t start = lexer->pos++;
    size_t name = lexer->pos;
    size_t len = skip_name(lexer);
    struct ot_open *open;

    ot_lexer_push(lexer, OT_OPEN_JSX_TAG, 0);
    lexer->open_count--;
    open = &lexer->open[lexer->open_count];
    open->name_start = (uint32_t)name;
    open->name_len = (uint32_t)len;
    open->token = ot_lexer_emit(lexer, OT_TOKEN_JSX, start, false);
    lexer->open_count++;
    lexer->seen_jsx = true;
}

/* The element ends; its last byte is in front of the position. */
static void close_element(struct ot_lexer *lexer)
{
    uint32_t opener = ot_lexer_top(lexer)->token;

    lexer->open_count--;
    lexer->tokens.items[opener].match = ot_lexer_emit(lexer, OT_TOKEN_JSX, lexer->pos - 1, true);
}

static void open_expression(struct ot_lexer *lexer)
{
    size_t start = lexer->pos++;

    ot_lexer_push(lexer, OT_OPEN_OBJECT, ot_lexer_emit(lexer, OT_TOKEN_PUNCTUATOR, start, false));
}

/* An attribute's string: no escapes, and it may hold line ends. */
static void skip_string(struct ot_lexer *lexer)
{
    const char *start = lexer->text.data + lexer->pos + 1;
    const char *end = memchr(start, start[-1], lexer->text.len - lexer->pos - 1);

    if (end == NULL)
        not_an_element(lexer);
    else
        lexer->pos += (size_t)(end - start) + 2;
}

static void step_tag(struct ot_lexer *lexer)
{
    int c;

    ot_lexer_skip_space(lexer);
    c = ot_lexer_peek(lexer, 0);
    if (c == '>') {
        lexer->pos++;
        ot_lexer_top(lexer)->kind = OT_OPEN_JSX_CHILDREN;
    } else if (c == '/') {
        lexer->pos++;
        ot_lexer_skip_space(lexer);
        if (ot_lexer_peek(lexer, 0) != '>') {
            not_an_element(lexer);
            return;
        }
        lexer->pos++;
        close_element(lexer);
    } else if (c == '{') {
        open_expression(lexer);
    } else if (c == '"' || c == '\'') {
        skip_string(lexer);
    } else if (c == '=') {
        lexer->pos++;
        ot_lexer_skip_space(lexer);
        /* An element may be a value as it is. */
        if (ot_lexer_peek(lexer, 0) == '<' && ot_jsx_begins(lexer))
            ot_jsx_open(lexer);
    } else if (skip_name(lexer) == 0) {
        not_an_element(lexer);
    }
}

/* Reads `</name>`. */
static void close_tag(struct ot_lexer *lexer)
{
    const struct ot_open *open = ot_lexer_top(lexer);
    size_t start;
    size_t len;

    lexer->pos += 2;
    ot_lexer_skip_space(lexer);
    start = lexer->pos;
    len = skip_name(lexer);
    ot_lexer_skip_space(lexer);
    if (ot_lexer_peek(lexer, 0) != '>' || len != open->name_len ||
        memcmp(lexer->text.data + start, lexer->text.data + open->name_start, len) != 0) {
        not_an_element(lexer);
        return;
    }
    lexer->pos++;
    close_element(lexer);
}

static void step_children(struct ot_lexer *lexer)
{
    int c = ot_lexer_peek(lexer, 0);

    while (c >= 0 && c != '<' && c != '{' && c != '>' && c != '}') {
        lexer->pos++;
        c = ot_lexer_peek(lexer, 0);
    }
    if (c == '{')
        open_expression(lexer);
    else if (c == '<' && ot_lexer_peek(lexer, 1) == '/')
        close_tag(lexer);
    else if (c == '<' && ot_jsx_begins(lexer))
        ot_jsx_open(lexer);
    else
        not_an_element(lexer);
}

void ot_jsx_step(struct ot_lexer *lexer)
{
    if (ot_lexer_top(lexer)->kind == OT_OPEN_JSX_TAG)
        step_tag(lexer);
    else
        step_children(lexer);
}
