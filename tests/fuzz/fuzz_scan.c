/* Any bytes as a source file. Tokens must be in order and nested, sites inside the text, and
 * nothing claimed of a text that is not sound. */
#include "build/lex.h"
#include "build/scan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void check_tokens(const struct ot_tokens *tokens)
{
    size_t end = 0;

    for (uint32_t i = 0; i < tokens->count; i++) {
        const struct ot_token *token = &tokens->items[i];

        check(token->start >= end && token->len > 0);
        end = (size_t)token->start + token->len;
        check(end <= tokens->text.len);
        if (token->match != 0) {
            check(token->match > i && token->match < tokens->count);
            check(tokens->items[token->match].depth == token->depth);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_span text = {(const char *)data, size};
    struct ot_tokens tokens;
    struct ot_scan scan;

    ot_lex(text, &tokens);
    check_tokens(&tokens);
    ot_scan(text, &scan);
    for (size_t i = 0; i < scan.count; i++) {
        const struct ot_handler_site *site = &scan.sites[i];

        check(site->line > 0 && site->column > 0 && site->line <= size && site->column <= size);
        check(tokens.sound || (!site->top_level && !site->is_public));
        check(i == 0 || site->line > site[-1].line ||
              (site->line == site[-1].line && site->column > site[-1].column));
    }
    for (size_t i = 0; i < scan.relative.count; i++) {
        check(scan.relative.items[i][0] == '.');
        check(i == 0 || strcmp(scan.relative.items[i - 1], scan.relative.items[i]) < 0);
    }
    check(tokens.sound || scan.imports_package);
    ot_scan_free(&scan);
    ot_tokens_free(&tokens);
    return 0;
}
