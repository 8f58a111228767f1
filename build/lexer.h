/* What lex.c and lex_jsx.c share; nobody else includes it. */
#pragma once

#include "build/lex.h"

enum ot_open_kind {
    OT_OPEN_PAREN,
    OT_OPEN_CONDITION, /* the parenthesis of if (...), while (...), for (...): a statement follows
                        */
    OT_OPEN_BRACKET,
    OT_OPEN_BLOCK,
    OT_OPEN_OBJECT, /* an object literal, or an expression in JSX */
    OT_OPEN_TEMPLATE,
    OT_OPEN_JSX_TAG,      /* inside <a ...> */
    OT_OPEN_JSX_CHILDREN, /* between <a> and </a> */
};

struct ot_open {
    uint8_t kind;
    uint32_t token;                /* that opened it */
    uint32_t name_start, name_len; /* of a JSX element; a fragment has no name */
};

struct ot_lexer {
    struct ot_tokens tokens;
    struct ot_span text;
    size_t pos;
    size_t token_cap;
    struct ot_open *open;
    uint32_t open_count;
    size_t open_cap;
    bool newline;  /* one was skipped since the last token */
    bool jsx;      /* JSX elements are looked for */
    bool seen_jsx; /* something was taken for an element */
    bool not_jsx;  /* what was taken for an element is none: the text must be read again without */
};

/* The byte `ahead` of the position, or -1 behind the end. */
int ot_lexer_peek(const struct ot_lexer *lexer, size_t ahead);
bool ot_lexer_starts_with(const struct ot_lexer *lexer, const char *text);
/* Skips white space and comments. */
void ot_lexer_skip_space(struct ot_lexer *lexer);
bool ot_lexer_is_word_byte(int c);

/* Adds the token from `start` to the position and returns its index. */
uint32_t ot_lexer_emit(struct ot_lexer *lexer, enum ot_token_kind kind, size_t start,
                       bool ends_value);
void ot_lexer_push(struct ot_lexer *lexer, enum ot_open_kind kind, uint32_t token);
struct ot_open *ot_lexer_top(const struct ot_lexer *lexer); /* NULL: nothing is open */

/* Each reads one literal at the position. */
void ot_lex_number(struct ot_lexer *lexer);
void ot_lex_string(struct ot_lexer *lexer);
void ot_lex_regex(struct ot_lexer *lexer);
/*
 * The text of a template literal from its "`", or from the "}" that closed an expression in it, to
 * the next "${" (which is then open) or to the end. Returns the token's index.
 */
uint32_t ot_lex_template(struct ot_lexer *lexer);

/*
 * Whether the `<` at the position begins a JSX element (and no operator, type assertion or type
 * parameter list, so far as can be seen).
 */
bool ot_jsx_begins(const struct ot_lexer *lexer);
/* Reads `<name`. */
void ot_jsx_open(struct ot_lexer *lexer);
/* Reads one piece of what is inside the innermost tag or element. */
void ot_jsx_step(struct ot_lexer *lexer);
