#include "build/imports.h"

#include <string.h>

struct reader {
    const struct ot_tokens *tokens;
    struct ot_scan *out;
    struct ot_serve_names *names;
};

static bool is_word(const struct reader *reader, uint32_t index, const char *word)
{
    return ot_token_is_word(reader->tokens, index, word);
}

static bool is_punctuator(const struct reader *reader, uint32_t index, const char *text)
{
    return ot_token_is_punctuator(reader->tokens, index, text);
}

static bool is_any_word(const struct reader *reader, uint32_t index)
{
    return index < reader->tokens->count && reader->tokens->items[index].kind == OT_TOKEN_WORD;
}

/*
 * The token is a whole string, or a template without expressions; `value` is what is
 * between the quotes.
 */
static bool literal(const struct reader *reader, uint32_t index, struct ot_span *value)
{
    struct ot_span text = ot_token_text(reader->tokens, index);
    int kind = index < reader->tokens->count ? reader->tokens->items[index].kind : -1;

    if ((kind != OT_TOKEN_STRING && kind != OT_TOKEN_TEMPLATE) || text.len < 2 ||
        text.data[0] == '}' || text.data[0] != text.data[text.len - 1])
        return false;
    *value = (struct ot_span){text.data + 1, text.len - 2};
    return true;
}

static bool begins(struct ot_span text, const char *with)
{
    size_t len = strlen(with);

    return text.len >= len && memcmp(text.data, with, len) == 0;
}

/* "x.d.ts" or "https://host/x.d.ts?query": types only, nothing of it runs. */
static bool is_declaration(struct ot_span specifier)
{
    static const char *const endings[] = {".d.ts", ".d.mts", ".d.cts"};
    const char *query = memchr(specifier.data, '?', specifier.len);
    size_t len = query != NULL ? (size_t)(query - specifier.data) : specifier.len;

    for (size_t i = 0; i < OT_COUNT(endings); i++) {
        size_t ending = strlen(endings[i]);

        if (len >= ending && memcmp(specifier.data + len - ending, endings[i], ending) == 0)
            return true;
    }
    return false;
}

static void add_specifier(struct reader *reader, struct ot_span specifier)
{
    bool relative = begins(specifier, "./") || begins(specifier, "../") ||
                    ot_span_is(specifier, ".") || ot_span_is(specifier, "..");

    if (is_declaration(specifier))
        return;
    /* Escapes are not decoded: such a specifier could be anything. */
    if (!relative || memchr(specifier.data, '\\', specifier.len) != NULL ||
        memchr(specifier.data, '\0', specifier.len) != NULL)
        reader->out->imports_package = true;
    else
        ot_list_add_span(&reader->out->relative, specifier);
}

static struct ot_span without_quotes(const struct reader *reader, uint32_t index)
{
    struct ot_span value;

    return literal(reader, index, &value) ? value : ot_token_text(reader->tokens, index);
}

static void add_name(struct reader *reader, struct ot_span imported, struct ot_span local)
{
    if (reader->names->count < OT_SERVE_NAMES &&
        (ot_span_is(imported, "serve") || ot_span_is(local, "serve")))
        reader->names->items[reader->names->count++] = local;
}

/*
 * One specifier between the braces of an import or export, from `at` to its comma or to the closing
 * brace. Returns whether it stands for a value. `type as`, `type as as` and `type as as x` are told
 * apart as TypeScript does.
 */
static bool read_specifier(struct reader *reader, uint32_t at, uint32_t end, bool import)
{
    bool is_type = is_word(reader, at, "type") && at + 1 < end &&
                   (!is_word(reader, at + 1, "as") || end - at == 2 ||
                    (end - at == 4 && is_word(reader, at + 2, "as")));

    if (is_type || at == end)
        return false;
    if (import) {
        uint32_t local = end - at >= 3 && is_word(reader, at + 1, "as") ? at + 2 : at;

        add_name(reader, without_quotes(reader, at), ot_token_text(reader->tokens, local));
    }
    return true;
}

/*
 * The braces that open at `at`. Returns whether anything between them is a value, or nothing is
 * there at all.
 */
static bool read_specifiers(struct reader *reader, uint32_t at, bool import)
{
    uint32_t end = reader->tokens->items[at].match;
    uint32_t start = at + 1;
    bool value = end == at + 1;

    for (uint32_t i = start; i <= end; i++) {
        if (i == end || is_punctuator(reader, i, ",")) {
            value = read_specifier(reader, start, i, import) || value;
            start = i + 1;
        }
    }
    return value;
}

/* `from "..."` at `at`; with `wanted` its specifier counts. */
static void read_from(struct reader *reader, uint32_t at, bool wanted)
{
    struct ot_span specifier;

    if (wanted && is_word(reader, at, "from") && literal(reader, at + 1, &specifier))
        add_specifier(reader, specifier);
}

/*
 * `import type X from`, `import type {`, `import type *`; but `import type from "x"` imports a
 * value called type.
 */
static bool is_type_only(const struct reader *reader, uint32_t at)
{
    struct ot_span specifier;

    if (!is_word(reader, at, "type"))
        return false;
    if (is_word(reader, at + 1, "from"))
        return !literal(reader, at + 2, &specifier);
    return is_any_word(reader, at + 1) || is_punctuator(reader, at + 1, "{") ||
           is_punctuator(reader, at + 1, "*");
}

/* An import declaration whose clause begins at `at`. */
static void read_import(struct reader *reader, uint32_t at)
{
    struct ot_span specifier;
    bool value = false;

    if (literal(reader, at, &specifier)) {
        add_specifier(reader, specifier);
        return;
    }
    if (is_type_only(reader, at))
        return;
    if (is_any_word(reader, at)) {
        struct ot_span local = ot_token_text(reader->tokens, at);

        add_name(reader, (struct ot_span){"default", 7}, local);
        value = true;
        at++;
        if (is_punctuator(reader, at, ","))
            at++;
    }
    if (is_punctuator(reader, at, "*")) {
        read_from(reader, at + 3, true);
    } else if (is_punctuator(reader, at, "{")) {
        if (reader->tokens->items[at].match != 0) {
            value = read_specifiers(reader, at, true) || value;
            read_from(reader, reader->tokens->items[at].match + 1, value);
        }
    } else {
        read_from(reader, at, value);
    }
}

/*
 * `import(` or `require(`, with the parenthesis at `at`. What is not a literal could be anything.
 */
static void read_call(struct reader *reader, uint32_t at)
{
    struct ot_span specifier;

    if (literal(reader, at + 1, &specifier) &&
        (is_punctuator(reader, at + 2, ")") || is_punctuator(reader, at + 2, ",")))
        add_specifier(reader, specifier);
    else
        reader->out->imports_package = true;
}

/* An export declaration behind its `export`. */
static void read_export(struct reader *reader, uint32_t at)
{
    if (is_punctuator(reader, at, "*"))
        read_from(reader, is_word(reader, at + 1, "as") ? at + 3 : at + 1, true);
    else if (is_punctuator(reader, at, "{") && reader->tokens->items[at].match != 0)
        read_from(reader, reader->tokens->items[at].match + 1, read_specifiers(reader, at, false));
}

void ot_imports(const struct ot_tokens *tokens, struct ot_scan *out, struct ot_serve_names *names)
{
    struct reader reader = {tokens, out, names};

    for (uint32_t i = 0; i < tokens->count; i++) {
        bool property = is_punctuator(&reader, i - 1, ".") || is_punctuator(&reader, i - 1, "?.");

        if (tokens->items[i].kind != OT_TOKEN_WORD || property)
            continue;
        if ((is_word(&reader, i, "import") || is_word(&reader, i, "require")) &&
            is_punctuator(&reader, i + 1, "("))
            read_call(&reader, i + 1);
        else if (is_word(&reader, i, "import") && tokens->items[i].depth == 0)
            read_import(&reader, i + 1);
        else if (is_word(&reader, i, "export") && tokens->items[i].depth == 0)
            read_export(&reader, i + 1);
    }
}
