#include "build/lexer.h"

/* Numbers in a wide sense: what is no number in JavaScript is left to the bundler. */
void ot_lex_number(struct ot_lexer *lexer)
{
    size_t start = lexer->pos;
    bool hexadecimal = ot_lexer_starts_with(lexer, "0x") || ot_lexer_starts_with(lexer, "0X");

    for (;;) {
        int c = ot_lexer_peek(lexer, 0);
        int next = ot_lexer_peek(lexer, 1);

        if ((c == 'e' || c == 'E') && !hexadecimal && (next == '+' || next == '-'))
            lexer->pos++;
        else if (!ot_lexer_is_word_byte(c) && (c != '.' || next == '.'))
            break;
        lexer->pos++;
    }
    ot_lexer_emit(lexer, OT_TOKEN_NUMBER, start, true);
}

/*
 * A string that is not closed ends with its line, so that an apostrophe in odd text
 * does little harm.
 */
void ot_lex_string(struct ot_lexer *lexer)
{
    size_t start = lexer->pos;
    char quote = lexer->text.data[lexer->pos++];

    for (;;) {
        int c = ot_lexer_peek(lexer, 0);

        if (c < 0 || c == '\n' || c == '\r') {
            lexer->tokens.sound = false;
            break;
        }
        lexer->pos++;
        if (c == quote)
            break;
        if (c == '\\' && lexer->pos < lexer->text.len) {
            size_t line_end = ot_line_end_length(lexer->text, lexer->pos);

            lexer->pos += line_end > 0 ? line_end : 1;
        }
    }
    ot_lexer_emit(lexer, OT_TOKEN_STRING, start, true);
}

uint32_t ot_lex_template(struct ot_lexer *lexer)
{
    size_t start = lexer->pos++;
    uint32_t token;

    for (;;) {
        int c = ot_lexer_peek(lexer, 0);

        if (c < 0) {
            lexer->tokens.sound = false;
            return ot_lexer_emit(lexer, OT_TOKEN_TEMPLATE, start, true);
        }
        lexer->pos++;
        if (c == '`')
            return ot_lexer_emit(lexer, OT_TOKEN_TEMPLATE, start, true);
        if (c == '\\' && lexer->pos < lexer->text.len)
            lexer->pos++;
        if (c == '$' && ot_lexer_peek(lexer, 0) == '{')
            break;
    }
    lexer->pos++;
    token = ot_lexer_emit(lexer, OT_TOKEN_TEMPLATE, start, false);
    ot_lexer_push(lexer, OT_OPEN_TEMPLATE, token);
    return token;
}

/* ECMA-262 12.9.5. One that is not closed ends with its line. */
void ot_lex_regex(struct ot_lexer *lexer)
{
    size_t start = lexer->pos++;
    bool in_class = false;

    for (;;) {
        int c = ot_lexer_peek(lexer, 0);

        if (c < 0 || ot_line_end_length(lexer->text, lexer->pos) > 0) {
            lexer->tokens.sound = false;
            break;
        }
        lexer->pos++;
        if (c == '\\' && lexer->pos < lexer->text.len &&
            ot_line_end_length(lexer->text, lexer->pos) == 0)
            lexer->pos++;
        if (c == '[')
            in_class = true;
        if (c == ']')
            in_class = false;
        if (c == '/' && !in_class)
            break;
    }
    while (ot_lexer_peek(lexer, 0) < 0x80 && ot_lexer_is_word_byte(ot_lexer_peek(lexer, 0)))
        lexer->pos++;
    ot_lexer_emit(lexer, OT_TOKEN_REGEX, start, true);
}
