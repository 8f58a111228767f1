#include "build/lexer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int ot_lexer_peek(const struct ot_lexer *lexer, size_t ahead)
{
    return ahead < lexer->text.len - lexer->pos
               ? (unsigned char)lexer->text.data[lexer->pos + ahead]
               : -1;
}

bool ot_lexer_starts_with(const struct ot_lexer *lexer, const char *text)
{
    size_t len = strlen(text);

    return lexer->text.len - lexer->pos >= len &&
           memcmp(lexer->text.data + lexer->pos, text, len) == 0;
}

bool ot_lexer_is_word_byte(int c)
{
    return c >= 0x80 || c == '_' || c == '$' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

size_t ot_line_end_length(struct ot_span text, size_t pos)
{
    const unsigned char *at = (const unsigned char *)text.data + pos;
    size_t left = text.len - pos;

    if (left == 0)
        return 0;
    if (at[0] == '\n')
        return 1;
    if (at[0] == '\r')
        return left > 1 && at[1] == '\n' ? 2 : 1;
    /* U+2028 and U+2029 */
    return left > 2 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] & 0xfe) == 0xa8 ? 3 : 0;
}

/* Length of the white space character at the position (ECMA-262 12.2), line ends aside; or 0. */
static size_t blank_length(const struct ot_lexer *lexer)
{
    static const char *const wide[] = {
        "\xc2\xa0", "\xef\xbb\xbf", "\xe1\x9a\x80", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };
    int c = ot_lexer_peek(lexer, 0);

    if (c == ' ' || c == '\t' || c == '\v' || c == '\f')
        return 1;
    if (c < 0x80)
        return 0;
    for (size_t i = 0; i < OT_COUNT(wide); i++) {
        if (ot_lexer_starts_with(lexer, wide[i]))
            return strlen(wide[i]);
    }
    c = ot_lexer_peek(lexer, 2);
    return ot_lexer_starts_with(lexer, "\xe2\x80") && c >= 0x80 && c <= 0x8a ? 3 : 0;
}

static void skip_line(struct ot_lexer *lexer)
{
    while (lexer->pos < lexer->text.len && ot_line_end_length(lexer->text, lexer->pos) == 0)
        lexer->pos++;
}

static void skip_block_comment(struct ot_lexer *lexer)
{
    lexer->pos += 2;
    while (lexer->pos < lexer->text.len) {
        if (ot_lexer_starts_with(lexer, "*/")) {
            lexer->pos += 2;
            return;
        }
        if (ot_line_end_length(lexer->text, lexer->pos) > 0)
            lexer->newline = true;
        lexer->pos++;
    }
    lexer->tokens.sound = false;
}

void ot_lexer_skip_space(struct ot_lexer *lexer)
{
    for (;;) {
        size_t len = ot_line_end_length(lexer->text, lexer->pos);

        if (len > 0) {
            lexer->newline = true;
            lexer->pos += len;
        } else if ((len = blank_length(lexer)) > 0) {
            lexer->pos += len;
        } else if (ot_lexer_starts_with(lexer, "//")) {
            skip_line(lexer);
        } else if (ot_lexer_starts_with(lexer, "/*")) {
            skip_block_comment(lexer);
        } else {
            return;
        }
    }
}

uint32_t ot_lexer_emit(struct ot_lexer *lexer, enum ot_token_kind kind, size_t start,
                       bool ends_value)
{
    struct ot_tokens *tokens = &lexer->tokens;

    if (tokens->count == lexer->token_cap) {
        lexer->token_cap = lexer->token_cap == 0 ? 256 : 2 * lexer->token_cap;
        tokens->items = ot_realloc(tokens->items, lexer->token_cap, sizeof(*tokens->items));
    }
    tokens->items[tokens->count] = (struct ot_token){
        .start = (uint32_t)start,
        .len = (uint32_t)(lexer->pos - start),
        .depth = lexer->open_count,
        .kind = (uint8_t)kind,
        .newline_before = lexer->newline,
        .ends_value = ends_value,
    };
    lexer->newline = false;
    return tokens->count++;
}

void ot_lexer_push(struct ot_lexer *lexer, enum ot_open_kind kind, uint32_t token)
{
    if (lexer->open_count == lexer->open_cap) {
        lexer->open_cap = lexer->open_cap == 0 ? 64 : 2 * lexer->open_cap;
        lexer->open = ot_realloc(lexer->open, lexer->open_cap, sizeof(*lexer->open));
    }
    lexer->open[lexer->open_count++] = (struct ot_open){.kind = (uint8_t)kind, .token = token};
}

struct ot_open *ot_lexer_top(const struct ot_lexer *lexer)
{
    return lexer->open_count > 0 ? &lexer->open[lexer->open_count - 1] : NULL;
}

/* The token that is `back` before the next one, or NULL. */
static const struct ot_token *before(const struct ot_lexer *lexer, uint32_t back)
{
    return back <= lexer->tokens.count ? &lexer->tokens.items[lexer->tokens.count - back] : NULL;
}

static bool before_is(const struct ot_lexer *lexer, uint32_t back, const char *text)
{
    const struct ot_token *token = before(lexer, back);

    return token != NULL && (token->kind == OT_TOKEN_WORD || token->kind == OT_TOKEN_PUNCTUATOR) &&
           ot_span_is((struct ot_span){lexer->text.data + token->start, token->len}, text);
}

/* Whether what stands before the position is an operand, so that an operator must follow. */
static bool after_value(const struct ot_lexer *lexer)
{
    const struct ot_token *token = before(lexer, 1);

    return token != NULL && token->ends_value;
}

static bool after_dot(const struct ot_lexer *lexer)
{
    return before_is(lexer, 1, ".") || before_is(lexer, 1, "?.");
}

/* One character of an identifier, as it is or as \u0061 or \u{61}. */
static bool skip_name_character(struct ot_lexer *lexer)
{
    if (ot_lexer_peek(lexer, 0) == '\\') {
        lexer->pos++;
        if (ot_lexer_starts_with(lexer, "u{")) {
            lexer->pos += 2;
            while (isxdigit(ot_lexer_peek(lexer, 0)))
                lexer->pos++;
            if (ot_lexer_peek(lexer, 0) == '}')
                lexer->pos++;
        }
        return true;
    }
    if (!ot_lexer_is_word_byte(ot_lexer_peek(lexer, 0)) || blank_length(lexer) > 0 ||
        ot_line_end_length(lexer->text, lexer->pos) > 0)
        return false;
    lexer->pos++;
    return true;
}

static void lex_word(struct ot_lexer *lexer)
{
    /* Behind these an operand or a statement follows. */
    static const char *const prefixes[] = {
        "await", "case",   "class",   "const",      "default",  "delete", "do",
        "else",  "export", "extends", "for",        "if",       "import", "in",
        "new",   "return", "switch",  "instanceof", "throw",    "typeof", "var",
        "void",  "while",  "with",    "yield",      "function", NULL,
    };
    size_t start = lexer->pos;
    bool property = after_dot(lexer);
    struct ot_span word;

    if (ot_lexer_peek(lexer, 0) == '#')
        lexer->pos++;
    while (skip_name_character(lexer))
        ;
    word = (struct ot_span){lexer->text.data + start, lexer->pos - start};
    ot_lexer_emit(lexer, OT_TOKEN_WORD, start, property || !ot_span_is_one_of(word, prefixes));
}

/* Whether the slash at the position begins a regular expression. */
static bool regex_begins(const struct ot_lexer *lexer)
{
    if (after_value(lexer))
        return false;
    /*
     * </name> and {...} /> of markup; both are impossible, or next to it, in front of
     * a regular expression.
     */
    if (lexer->pos > 0 && lexer->text.data[lexer->pos - 1] == '<')
        return false;
    return ot_lexer_peek(lexer, 1) != '>' ||
           !(before_is(lexer, 1, "}") || before_is(lexer, 1, ">"));
}

static enum ot_open_kind kind_of_paren(const struct ot_lexer *lexer)
{
    static const char *const words[] = {"if", "while", "for", "with"};

    for (size_t i = 0; i < OT_COUNT(words); i++) {
        /* for await (...) */
        uint32_t back = before_is(lexer, 1, "await") ? 2 : 1;
        const struct ot_token *token = before(lexer, back);

        if (before_is(lexer, back, words[i]) && !token->ends_value)
            return OT_OPEN_CONDITION;
    }
    return OT_OPEN_PAREN;
}

/* An object literal stands where an operand is expected, except where a statement may stand too. */
static enum ot_open_kind kind_of_brace(const struct ot_lexer *lexer)
{
    static const char *const before_blocks[] = {";", "{",    "}",  ")",    "=>",
                                                ">", "else", "do", "void", "class"};

    if (before(lexer, 1) == NULL || after_value(lexer))
        return OT_OPEN_BLOCK;
    for (size_t i = 0; i < OT_COUNT(before_blocks); i++) {
        if (before_is(lexer, 1, before_blocks[i]))
            return OT_OPEN_BLOCK;
    }
    return OT_OPEN_OBJECT;
}

static void lex_opener(struct ot_lexer *lexer)
{
    char c = lexer->text.data[lexer->pos];
    enum ot_open_kind kind = c == '('   ? kind_of_paren(lexer)
                             : c == '{' ? kind_of_brace(lexer)
                                        : OT_OPEN_BRACKET;
    size_t start = lexer->pos++;

    ot_lexer_push(lexer, kind, ot_lexer_emit(lexer, OT_TOKEN_PUNCTUATOR, start, false));
}

static bool closes(enum ot_open_kind kind, char c)
{
    switch (kind) {
    case OT_OPEN_PAREN:
    case OT_OPEN_CONDITION:
        return c == ')';
    case OT_OPEN_BRACKET:
        return c == ']';
    case OT_OPEN_BLOCK:
    case OT_OPEN_OBJECT:
    case OT_OPEN_TEMPLATE:
        return c == '}';
    default:
        return false;
    }
}

static void lex_closer(struct ot_lexer *lexer)
{
    const struct ot_open *top = ot_lexer_top(lexer);
    size_t start = lexer->pos;
    struct ot_open open;
    uint32_t token;

    if (top == NULL || !closes(top->kind, lexer->text.data[start])) {
        lexer->tokens.sound = false;
        lexer->pos++;
        ot_lexer_emit(lexer, OT_TOKEN_PUNCTUATOR, start, true);
        return;
    }
    open = *top;
    lexer->open_count--;
    if (open.kind == OT_OPEN_TEMPLATE) {
        token = ot_lex_template(lexer);
    } else {
        lexer->pos++;
        token = ot_lexer_emit(lexer, OT_TOKEN_PUNCTUATOR, start,
                              open.kind != OT_OPEN_CONDITION && open.kind != OT_OPEN_BLOCK);
    }
    lexer->tokens.items[open.token].match = token;
}

static void lex_operator(struct ot_lexer *lexer)
{
    /* Longest first. `>` is always alone, as it may close type arguments. */
    static const char *const operators[] = {
        "...", "===", "!==", "&&=", "||=", "?\?=", "=>", "==", "!=", "<=", "&&", "||",
        "??",  "++",  "--",  "+=",  "-=",  "*=",   "/=", "%=", "&=", "|=", "^=", NULL,
    };
    size_t start = lexer->pos;
    bool value = false;
    size_t len = 1;

    for (size_t i = 0; operators[i] != NULL && len == 1; i++) {
        if (ot_lexer_starts_with(lexer, operators[i]))
            len = strlen(operators[i]);
    }
    if (ot_lexer_starts_with(lexer, "?.") && !is_digit(ot_lexer_peek(lexer, 2)))
        len = 2;
    /* a++ and TypeScript's a! are operands like a itself. */
    if (ot_lexer_starts_with(lexer, "++") || ot_lexer_starts_with(lexer, "--") ||
        (len == 1 && ot_lexer_peek(lexer, 0) == '!'))
        value = after_value(lexer) && !lexer->newline;
    lexer->pos += len;
    ot_lexer_emit(lexer, OT_TOKEN_PUNCTUATOR, start, value);
}

static void lex_token(struct ot_lexer *lexer)
{
    int c = ot_lexer_peek(lexer, 0);
    int next = ot_lexer_peek(lexer, 1);

    if (is_digit(c) || (c == '.' && is_digit(next)))
        ot_lex_number(lexer);
    else if (ot_lexer_is_word_byte(c) || c == '\\' ||
             (c == '#' && (ot_lexer_is_word_byte(next) || next == '\\')))
        lex_word(lexer);
    else if (c == '"' || c == '\'')
        ot_lex_string(lexer);
    else if (c == '`')
        ot_lex_template(lexer);
    else if (c == '(' || c == '[' || c == '{')
        lex_opener(lexer);
    else if (c == ')' || c == ']' || c == '}')
        lex_closer(lexer);
    else if (c == '/' && regex_begins(lexer))
        ot_lex_regex(lexer);
    else if (c == '<' && lexer->jsx && !after_value(lexer) && ot_jsx_begins(lexer))
        ot_jsx_open(lexer);
    else
        lex_operator(lexer);
}

static void lex_all(struct ot_lexer *lexer)
{
    const struct ot_open *top;

    if (ot_lexer_starts_with(lexer, "\xef\xbb\xbf"))
        lexer->pos += 3;
    if (ot_lexer_starts_with(lexer, "#!"))
        skip_line(lexer);
    for (;;) {
        top = ot_lexer_top(lexer);
        if (top != NULL && top->kind >= OT_OPEN_JSX_TAG) {
            ot_jsx_step(lexer);
            if (lexer->not_jsx)
                return;
            continue;
        }
        ot_lexer_skip_space(lexer);
        if (lexer->pos >= lexer->text.len)
            break;
        lex_token(lexer);
    }
    if (lexer->open_count > 0)
        lexer->tokens.sound = false;
}

void ot_lex(struct ot_span text, struct ot_tokens *out)
{
    struct ot_lexer lexer = {.text = text, .tokens = {.text = text, .sound = true}, .jsx = true};

    if (text.len > OT_LEX_MAX) {
        *out = (struct ot_tokens){.text = text};
        return;
    }
    lex_all(&lexer);
    /* What looked like an element was a type assertion or type parameters. */
    if (lexer.seen_jsx && !lexer.tokens.sound) {
        lexer =
            (struct ot_lexer){.text = text,
                              .tokens = {.text = text, .sound = true, .items = lexer.tokens.items},
                              .token_cap = lexer.token_cap,
                              .open = lexer.open,
                              .open_cap = lexer.open_cap};
        lex_all(&lexer);
    }
    free(lexer.open);
    *out = lexer.tokens;
}

void ot_tokens_free(struct ot_tokens *tokens)
{
    free(tokens->items);
    *tokens = (struct ot_tokens){0};
}

struct ot_span ot_token_text(const struct ot_tokens *tokens, uint32_t index)
{
    if (index >= tokens->count)
        return (struct ot_span){"", 0};
    return (struct ot_span){tokens->text.data + tokens->items[index].start,
                            tokens->items[index].len};
}

static bool is_kind(const struct ot_tokens *tokens, uint32_t index, enum ot_token_kind kind)
{
    return index < tokens->count && tokens->items[index].kind == kind;
}

bool ot_token_is_word(const struct ot_tokens *tokens, uint32_t index, const char *word)
{
    return is_kind(tokens, index, OT_TOKEN_WORD) && ot_span_is(ot_token_text(tokens, index), word);
}

bool ot_token_is_punctuator(const struct ot_tokens *tokens, uint32_t index, const char *text)
{
    return is_kind(tokens, index, OT_TOKEN_PUNCTUATOR) &&
           ot_span_is(ot_token_text(tokens, index), text);
}
