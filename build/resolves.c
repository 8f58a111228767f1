#include "build/resolves.h"

#include "base/mem.h"
#include "build/path.h"

#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 256u
#define RESOLVES_MAX 256u /* specifiers of one source; more are only known at run time */

/* The names of modules, which only a resolver knows. */
static bool is_module(struct ot_span text)
{
    return text.len > 0 && text.data[0] != '/' && !ot_path_is_relative(text) &&
           (memchr(text.data, ':', text.len) == NULL || ot_span_starts(text, "npm:") ||
            ot_span_starts(text, "jsr:"));
}

/* The token is a string without escapes or unknown parts; `value` is what is between the quotes. */
static bool literal(const struct ot_tokens *tokens, uint32_t index, struct ot_span *value)
{
    struct ot_span text = ot_token_text(tokens, index);
    int kind = index < tokens->count ? tokens->items[index].kind : -1;

    if ((kind != OT_TOKEN_STRING &&
         (kind != OT_TOKEN_TEMPLATE || tokens->items[index].match != 0)) ||
        text.len < 3)
        return false;
    *value = (struct ot_span){text.data + 1, text.len - 2};
    for (size_t i = 0; i < value->len; i++) {
        if (value->data[i] == '\\' || (unsigned char)value->data[i] < ' ')
            return false;
    }
    return true;
}

/* import.meta.resolve("x"), with `index` at `import` */
static bool is_call(const struct ot_tokens *tokens, uint32_t index, struct ot_span *specifier)
{
    static const char *const before[] = {".", "?."};

    for (size_t i = 0; i < OT_COUNT(before); i++) {
        if (index > 0 && ot_token_is_punctuator(tokens, index - 1, before[i]))
            return false;
    }
    return ot_token_is_word(tokens, index, "import") &&
           ot_token_is_punctuator(tokens, index + 1, ".") &&
           ot_token_is_word(tokens, index + 2, "meta") &&
           ot_token_is_punctuator(tokens, index + 3, ".") &&
           ot_token_is_word(tokens, index + 4, "resolve") &&
           ot_token_is_punctuator(tokens, index + 5, "(") &&
           literal(tokens, index + 6, specifier) &&
           (ot_token_is_punctuator(tokens, index + 7, ")") ||
            ot_token_is_punctuator(tokens, index + 7, ","));
}

static void set_place(struct ot_resolve *resolve, struct ot_span text, size_t start)
{
    size_t line_start = 0;

    resolve->line = 1;
    for (size_t at = 0; at < start;) {
        size_t len = ot_line_end_length(text, at);

        at += len > 0 ? len : 1;
        if (len > 0) {
            resolve->line++;
            line_start = at;
        }
    }
    resolve->column = (unsigned)(start - line_start) + 1;
}

static void add(struct ot_resolves *out, const struct ot_tokens *tokens, uint32_t index,
                struct ot_span specifier, bool guarded)
{
    struct ot_resolve *found = NULL;

    for (size_t i = 0; i < out->count && found == NULL; i++) {
        if (ot_span_is(specifier, out->items[i].specifier))
            found = &out->items[i];
    }
    if (found == NULL) {
        if (out->count == RESOLVES_MAX)
            return;
        out->items = ot_realloc(out->items, out->count + 1, sizeof(*out->items));
        found = &out->items[out->count++];
        *found = (struct ot_resolve){
            .specifier = ot_strndup(specifier.data, specifier.len),
            .guarded = guarded,
        };
    } else if (guarded || !found->guarded) {
        return;
    }
    found->guarded = guarded;
    set_place(found, tokens->text, tokens->items[index].start);
}

void ot_resolves_find(const struct ot_tokens *tokens, struct ot_resolves *out)
{
    bool guards[NESTING_MAX] = {false}; /* whether the brackets at this depth are in a `try` */

    for (uint32_t i = 0; i < tokens->count; i++) {
        uint32_t depth = tokens->items[i].depth;
        struct ot_span specifier;

        if (tokens->items[i].match > i && depth + 1 < NESTING_MAX)
            guards[depth + 1] = guards[depth] || (i > 0 && ot_token_is_word(tokens, i - 1, "try"));
        if (is_call(tokens, i, &specifier) && is_module(specifier))
            add(out, tokens, i + 6, specifier, depth < NESTING_MAX && guards[depth]);
    }
}

const struct ot_resolve *ot_resolves_get(const struct ot_resolves *resolves,
                                         struct ot_span specifier)
{
    for (size_t i = 0; resolves != NULL && i < resolves->count; i++) {
        if (ot_span_is(specifier, resolves->items[i].specifier))
            return &resolves->items[i];
    }
    return NULL;
}

void ot_resolves_free(struct ot_resolves *resolves)
{
    for (size_t i = 0; i < resolves->count; i++) {
        free(resolves->items[i].specifier);
        free(resolves->items[i].file);
        free(resolves->items[i].virtual_path);
        free(resolves->items[i].url);
        free(resolves->items[i].error);
    }
    free(resolves->items);
    *resolves = (struct ot_resolves){0};
}
