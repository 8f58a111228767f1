#include "build/constant.h"

#include "build/path.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16u       /* expressions in each other, and constants that name constants */
#define VALUE_MAX 4096u     /* bytes; no path is as long */
#define STEPS_PER_TOKEN 16u /* looked at, for each that the source has */
#define FILE_URL "file://"

static bool is_word(const struct ot_constants *constants, uint32_t index, const char *word)
{
    return ot_token_is_word(constants->tokens, index, word);
}

static bool is_punctuator(const struct ot_constants *constants, uint32_t index, const char *text)
{
    return ot_token_is_punctuator(constants->tokens, index, text);
}

/* Behind the brackets or the template that begin at `index`, or behind the one token. */
static uint32_t skip(const struct ot_tokens *tokens, uint32_t index)
{
    while (index < tokens->count && tokens->items[index].match > index)
        index = tokens->items[index].match;
    return index + 1;
}

static bool is_closer(const struct ot_tokens *tokens, uint32_t index)
{
    struct ot_span text = ot_token_text(tokens, index);

    if (text.len == 0 || tokens->items[index].kind == OT_TOKEN_JSX)
        return true;
    return tokens->items[index].kind == OT_TOKEN_TEMPLATE ? text.data[0] == '}'
           : tokens->items[index].kind == OT_TOKEN_PUNCTUATOR
               ? text.len == 1 && strchr(")]},;:", text.data[0]) != NULL
               : false;
}

/* Whether a new line before the token ends the statement. */
static bool ends_statement(const struct ot_tokens *tokens, uint32_t index)
{
    return tokens->items[index].newline_before && tokens->items[index - 1].ends_value &&
           tokens->items[index].kind == OT_TOKEN_WORD;
}

uint32_t ot_expression_end(const struct ot_tokens *tokens, uint32_t start)
{
    uint32_t index = start;

    while (index < tokens->count && !is_closer(tokens, index) &&
           (index == start || !ends_statement(tokens, index)))
        index = skip(tokens, index);
    return index < tokens->count ? index : tokens->count;
}

/* -- values ------------------------------------------------------------------------------------ */

static void evaluate(struct ot_constants *constants, uint32_t start, uint32_t end,
                     struct ot_buf *out);

static void put_unknown(struct ot_buf *out)
{
    if (out->len == 0 || out->data[out->len - 1] != OT_UNKNOWN)
        ot_buf_putc(out, OT_UNKNOWN);
}

static void cut(struct ot_buf *out, size_t len)
{
    if (out->len > len) {
        out->len = len;
        out->data[len] = '\0';
    }
}

/* Text between quotes; with escapes, or what would look like an unknown part, it is not known. */
static void put_literal(struct ot_buf *out, struct ot_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < ' ' || strchr("\\*?", text.data[i]) != NULL) {
            put_unknown(out);
            return;
        }
    }
    ot_buf_append(out, text.data, text.len);
}

static uint32_t put_template(struct ot_constants *constants, uint32_t index, struct ot_buf *out)
{
    const struct ot_tokens *tokens = constants->tokens;

    for (;;) {
        struct ot_span text = ot_token_text(tokens, index);
        uint32_t next = tokens->items[index].match;

        if (text.len < 2 || next >= tokens->count) {
            put_unknown(out);
            return tokens->count;
        }
        put_literal(out, (struct ot_span){text.data + 1, text.len - (next > index ? 3 : 2)});
        if (next <= index)
            return index + 1;
        evaluate(constants, index + 1, next, out);
        index = next;
    }
}

/* The next argument of a call, of which `*start` is the first token: false: there is none. */
static bool argument(struct ot_constants *constants, uint32_t *start, uint32_t close,
                     struct ot_buf *out)
{
    uint32_t end = *start;

    if (*start >= close)
        return false;
    while (end < close && !is_punctuator(constants, end, ","))
        end = skip(constants->tokens, end);
    if (end > close)
        end = close;
    evaluate(constants, *start, end, out);
    *start = end + 1;
    return true;
}

static struct ot_span path_of(const struct ot_buf *value)
{
    struct ot_span text = ot_buf_span(value);

    return ot_span_starts(text, FILE_URL) ? ot_span_skip(text, strlen(FILE_URL)) : text;
}

/* join("a", "/b") is "a/b"; resolve("a", "/b") is "/b". */
static void put_joined(struct ot_constants *constants, uint32_t start, uint32_t close, bool resolve,
                       struct ot_buf *out)
{
    OT_AUTOFREE char *path = ot_strdup(".");
    bool any = false;

    for (;;) {
        OT_AUTOBUF struct ot_buf part = {0};
        struct ot_span text;
        char *joined;

        if (!argument(constants, &start, close, &part))
            break;
        text = ot_buf_span(&part);
        while (any && !resolve && ot_span_starts(text, "/"))
            text = ot_span_skip(text, 1);
        joined = any ? ot_path_join(path, text)
                     : ot_strndup(text.len > 0 ? text.data : ".", text.len > 0 ? text.len : 1);
        free(path);
        path = joined;
        any = true;
    }
    ot_buf_puts(out, path[0] != '\0' ? path : ".");
}

/* new URL(text, base) */
static void put_url(struct ot_constants *constants, uint32_t start, uint32_t close,
                    struct ot_buf *out)
{
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOBUF struct ot_buf base = {0};

    if (!argument(constants, &start, close, &text))
        return;
    if (ot_span_starts(ot_buf_span(&text), FILE_URL "/")) {
        ot_buf_append(out, text.data, text.len);
    } else if (argument(constants, &start, close, &base) &&
               ot_span_starts(ot_buf_span(&base), FILE_URL "/") && text.len > 0 &&
               strpbrk(text.data, ":#%") == NULL && !ot_span_starts(ot_buf_span(&text), "//")) {
        struct ot_span place = path_of(&base);
        OT_AUTOFREE char *file = ot_strndup(place.data, place.len);
        OT_AUTOFREE char *path = ot_path_beside(file, ot_buf_span(&text));

        ot_buf_printf(out, FILE_URL "%s", path);
    } else {
        put_unknown(out);
    }
}

/* A call of `name`, which belongs to `owner` (empty: to nobody). */
static void put_call(struct ot_constants *constants, struct ot_span owner, struct ot_span name,
                     uint32_t open, struct ot_buf *out)
{
    static const char *const same[] = {"String", "fromFileUrl", "fileURLToPath", NULL};
    uint32_t start = open + 1, close = constants->tokens->items[open].match;
    bool of_path = owner.len == 0 || ot_span_is(owner, "posix") ||
                   memmem(owner.data, owner.len, "path", 4) != NULL ||
                   memmem(owner.data, owner.len, "Path", 4) != NULL;
    OT_AUTOBUF struct ot_buf value = {0};

    if (ot_span_is(name, "cwd") && (ot_span_is(owner, "Deno") || ot_span_is(owner, "process"))) {
        ot_buf_puts(out, ".");
    } else if (of_path && (ot_span_is(name, "join") || ot_span_is(name, "resolve"))) {
        put_joined(constants, start, close, ot_span_is(name, "resolve"), out);
    } else if (of_path && ot_span_is(name, "dirname") &&
               argument(constants, &start, close, &value) && value.len > 0) {
        OT_AUTOFREE char *folder = ot_path_folder(value.data);

        ot_buf_puts(out, folder);
    } else if (ot_span_is_one_of(name, same) && argument(constants, &start, close, &value)) {
        struct ot_span path = ot_span_is(name, "String") ? ot_buf_span(&value) : path_of(&value);

        ot_buf_append(out, path.data, path.len);
    } else if ((ot_span_is(name, "toFileUrl") || ot_span_is(name, "pathToFileURL")) &&
               argument(constants, &start, close, &value) && value.len > 0 &&
               value.data[0] == '/') {
        ot_buf_printf(out, FILE_URL "%s", value.data);
    } else {
        put_unknown(out);
    }
}

/* Whether the name is used for what it holds, and not for a function (or a module's) of it. */
static bool is_value(const struct ot_constants *constants, uint32_t name)
{
    static const char *const members[] = {"pathname", "href", "toString", NULL};

    return is_punctuator(constants, name + 1, ".")
               ? ot_span_is_one_of(ot_token_text(constants->tokens, name + 2), members)
               : !is_punctuator(constants, name + 1, "(");
}

/* import.meta.resolve(specifier), with `open` at its bracket; the index behind it. */
static uint32_t put_resolved(struct ot_constants *constants, uint32_t open, struct ot_buf *out)
{
    uint32_t start = open + 1, close = constants->tokens->items[open].match;
    OT_AUTOBUF struct ot_buf text = {0};
    const struct ot_resolve *resolve = NULL;

    if (close > open && argument(constants, &start, close, &text))
        resolve = ot_resolves_get(constants->resolves, ot_buf_span(&text));
    if (text.len > 0 && text.data[0] == '.' && strpbrk(text.data, ":#%?*") == NULL) {
        OT_AUTOFREE char *path = ot_path_beside(constants->file, ot_buf_span(&text));

        ot_buf_printf(out, FILE_URL "%s", path);
    } else if (resolve != NULL && resolve->virtual_path != NULL) {
        ot_buf_printf(out, FILE_URL OT_FILES_FOLDER "/%s", resolve->virtual_path);
    } else {
        put_unknown(out);
    }
    return close > open ? close + 1 : constants->tokens->count;
}

/* A name, or a.b.c, or a call of it; the index behind it. */
static uint32_t put_name(struct ot_constants *constants, uint32_t index, struct ot_buf *out)
{
    const struct ot_tokens *tokens = constants->tokens;
    OT_AUTOFREE char *folder = ot_path_folder(constants->file);
    struct ot_span owner = {"", 0}, name = ot_token_text(tokens, index);
    const struct ot_definition *definition;
    uint32_t last = index;

    if (is_word(constants, index, "import") && is_word(constants, index + 2, "meta")) {
        struct ot_span member = ot_token_text(tokens, index + 4);

        if (ot_span_is(member, "resolve") && is_punctuator(constants, index + 5, "("))
            return put_resolved(constants, index + 5, out);
        if (!is_punctuator(constants, index + 3, ".") || is_punctuator(constants, index + 5, "("))
            put_unknown(out);
        else if (ot_span_is(member, "url"))
            ot_buf_printf(out, FILE_URL "%s", constants->file);
        else if (ot_span_is(member, "dirname") || ot_span_is(member, "filename"))
            ot_buf_puts(out, ot_span_is(member, "dirname") ? folder : constants->file);
        else
            put_unknown(out);
        return index + 5;
    }
    if (ot_span_is(name, "__dirname") || ot_span_is(name, "__filename")) {
        ot_buf_puts(out, ot_span_is(name, "__dirname") ? folder : constants->file);
        return index + 1;
    }
    definition = ot_constants_find(constants, name);
    if (definition != NULL && is_value(constants, index)) {
        ot_constant(constants, definition->value, out);
        return index + 1;
    }
    while (is_punctuator(constants, last + 1, ".") && last + 2 < tokens->count &&
           tokens->items[last + 2].kind == OT_TOKEN_WORD) {
        owner = name;
        last += 2;
        name = ot_token_text(tokens, last);
    }
    if (!is_punctuator(constants, last + 1, "(") || tokens->items[last + 1].match == 0) {
        put_unknown(out);
        return last + 1;
    }
    put_call(constants, owner, name, last + 1, out);
    return tokens->items[last + 1].match + 1;
}

static uint32_t put_operand(struct ot_constants *constants, uint32_t index, struct ot_buf *out)
{
    const struct ot_token *token = &constants->tokens->items[index];
    struct ot_span text = ot_token_text(constants->tokens, index);

    if (token->kind == OT_TOKEN_STRING && text.len >= 2) {
        put_literal(out, (struct ot_span){text.data + 1, text.len - 2});
        return index + 1;
    }
    if (token->kind == OT_TOKEN_TEMPLATE)
        return put_template(constants, index, out);
    if (is_punctuator(constants, index, "(") && token->match > index) {
        evaluate(constants, index + 1, token->match, out);
        return token->match + 1;
    }
    if (is_word(constants, index, "new") && is_word(constants, index + 1, "URL") &&
        is_punctuator(constants, index + 2, "(")) {
        uint32_t close = constants->tokens->items[index + 2].match;

        put_url(constants, index + 3, close, out);
        return close > index ? close + 1 : constants->tokens->count;
    }
    if (token->kind == OT_TOKEN_WORD)
        return put_name(constants, index, out);
    put_unknown(out);
    return skip(constants->tokens, index);
}

/* `.pathname`, `.href`, `.toString()`, `!` behind an operand; anything else makes it unknown. */
static uint32_t put_members(struct ot_constants *constants, uint32_t index, uint32_t end,
                            struct ot_buf *value)
{
    while (index < end && !is_punctuator(constants, index, "+") &&
           !is_punctuator(constants, index, "?\?") && !is_punctuator(constants, index, "||")) {
        if (is_punctuator(constants, index, "!")) {
            index++;
        } else if (is_punctuator(constants, index, ".") &&
                   is_word(constants, index + 1, "pathname")) {
            struct ot_span path = path_of(value);

            memmove(value->data, path.data, path.len + 1);
            value->len = path.len;
            index += 2;
        } else if (is_punctuator(constants, index, ".") && is_word(constants, index + 1, "href")) {
            index += 2;
        } else if (is_punctuator(constants, index, ".") &&
                   is_word(constants, index + 1, "toString")) {
            index = skip(constants->tokens, index + 2);
        } else {
            ot_buf_clear(value);
            put_unknown(value);
            index = skip(constants->tokens, index);
        }
    }
    return index;
}

/* Whether something in the expression binds less tightly than `+`, other than what is known. */
static bool is_sum(const struct ot_constants *constants, uint32_t start, uint32_t end)
{
    static const char *const known[] = {"(", "[", "{", ".", "?.", "!", "+", "?\?", "||", NULL};

    for (uint32_t i = start; i < end; i = skip(constants->tokens, i)) {
        if (constants->tokens->items[i].kind == OT_TOKEN_PUNCTUATOR &&
            !ot_span_is_one_of(ot_token_text(constants->tokens, i), known))
            return false;
    }
    return true;
}

static bool is_known(const struct ot_buf *value)
{
    return value->len > 0 && memchr(value->data, OT_UNKNOWN, value->len) == NULL;
}

static void put_sum(struct ot_constants *constants, uint32_t start, uint32_t end,
                    struct ot_buf *out)
{
    size_t before = out->len;

    for (uint32_t index = start; index < end; index++) {
        OT_AUTOBUF struct ot_buf value = {0};

        ot_buf_puts(&value, "");
        index = put_operand(constants, index, &value);
        index = put_members(constants, index, end, &value);
        ot_buf_append(out, value.data, value.len);
        if (index < end && !is_punctuator(constants, index, "+")) {
            OT_AUTOBUF struct ot_buf sum = {0};

            /* `a ?? b`: the first, if it is known */
            ot_buf_append(&sum, out->data + before, out->len - before);
            if (!is_known(&sum)) {
                cut(out, before);
                put_unknown(out);
            }
            return;
        }
    }
}

static bool may_go_on(struct ot_constants *constants, uint32_t start, uint32_t end)
{
    constants->steps += end > start ? end - start : 1;
    return constants->steps / STEPS_PER_TOKEN <= constants->tokens->count;
}

static void evaluate(struct ot_constants *constants, uint32_t start, uint32_t end,
                     struct ot_buf *out)
{
    size_t before = out->len;

    if (start >= end || constants->depth >= DEPTH_MAX || out->len > VALUE_MAX ||
        !may_go_on(constants, start, end) || !is_sum(constants, start, end)) {
        put_unknown(out);
        return;
    }
    constants->depth++;
    put_sum(constants, start, end, out);
    constants->depth--;
    if (out->len - before > VALUE_MAX) {
        cut(out, before);
        put_unknown(out);
    }
}

void ot_constant(struct ot_constants *constants, uint32_t start, struct ot_buf *out)
{
    uint32_t end = start;

    if (may_go_on(constants, start, start))
        end = ot_expression_end(constants->tokens, start);
    evaluate(constants, start, end, out);
}
