/*
 * The tokens of a JavaScript or TypeScript source, as far as one can tell them apart without
 * parsing it (ECMA-262 section 12): whether a slash divides or begins a regular expression, and
 * whether `{` begins a block, is decided by what stands before it. JSX elements are followed where
 * every one of them has its end; otherwise `<` is an operator or a type bracket everywhere. Takes
 * any bytes, needs linear time and no recursion.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/*
 * Longer texts are not looked at; positions fit in 32 bits and the tokens in about
 * twenty times this.
 */
#define OT_LEX_MAX (16u << 20) /* bytes */

enum ot_token_kind {
    OT_TOKEN_WORD, /* identifier, keyword or #private name */
    OT_TOKEN_NUMBER,
    OT_TOKEN_STRING,   /* with its quotes */
    OT_TOKEN_TEMPLATE, /* one piece of text of a template literal: `a`, `a${, }b${ or }c` */
    OT_TOKEN_REGEX,
    OT_TOKEN_JSX, /* a pair of these encloses the tokens of a JSX element's {expressions} */
    OT_TOKEN_PUNCTUATOR,
};

struct ot_token {
    uint32_t start, len; /* in the text */
    uint32_t depth;      /* how many brackets, templates and elements are open around it */
    uint32_t match;      /* of an opening token: index of the one that closes it; else 0 */
    uint8_t kind;
    bool newline_before; /* a line ends between the token before and this one */
    bool ends_value; /* an operand ends here: an operator or a new statement follows, no operand */
};

struct ot_tokens {
    struct ot_span text;
    struct ot_token *items;
    uint32_t count;
    bool sound; /* every bracket, string, template and comment was closed by what belongs to it */
};

/* Free with ot_tokens_free. */
void ot_lex(struct ot_span text, struct ot_tokens *out);
void ot_tokens_free(struct ot_tokens *tokens);

/* All of these take any index; beyond the last token they answer no. */
struct ot_span ot_token_text(const struct ot_tokens *tokens, uint32_t index);
bool ot_token_is_word(const struct ot_tokens *tokens, uint32_t index, const char *word);
bool ot_token_is_punctuator(const struct ot_tokens *tokens, uint32_t index, const char *text);

/* Length in bytes of the line terminator at `pos` (CR LF counts as one), or 0. */
size_t ot_line_end_length(struct ot_span text, size_t pos);
