#include "build/scan.h"

#include "build/imports.h"

#include <stdlib.h>
#include <string.h>

/* Type arguments longer than this many tokens are not skipped. */
#define TYPE_ARGUMENTS_MAX 64

struct scanner {
    struct ot_tokens tokens;
    struct ot_scan *out;
    struct ot_serve_names names;
    size_t site_cap;
    uint32_t statement;    /* the top-level statement's first token */
    bool conditional;      /* what follows in it may not run, or not now */
    size_t default_export; /* index of its site, plus one */
    size_t offset;         /* how far lines were counted */
    size_t line_start;
    unsigned line;
};

static bool is_word(const struct scanner *scanner, uint32_t index, const char *word)
{
    return ot_token_is_word(&scanner->tokens, index, word);
}

static bool is_punctuator(const struct scanner *scanner, uint32_t index, const char *text)
{
    return ot_token_is_punctuator(&scanner->tokens, index, text);
}

/* -- where a site stands ----------------------------------------------------------------------- */

/* Sites come in the order of the text, so lines are counted once. */
static void locate(struct scanner *scanner, uint32_t index, struct ot_handler_site *site)
{
    size_t target = scanner->tokens.items[index].start;

    while (scanner->offset < target) {
        size_t len = ot_line_end_length(scanner->tokens.text, scanner->offset);

        scanner->offset += len > 0 ? len : 1;
        if (len > 0) {
            scanner->line++;
            scanner->line_start = scanner->offset;
        }
    }
    site->line = scanner->line;
    site->column = (unsigned)(target - scanner->line_start) + 1;
}

/*
 * Whether the top-level token begins a statement, by a semicolon, a block's end or a line's
 * end (ECMA-262 12.10).
 */
static bool begins_statement(const struct scanner *scanner, uint32_t index)
{
    static const char *const continuing[] = {"in",      "instanceof", "as",   "satisfies",
                                             "extends", "implements", "from", NULL};
    const struct ot_token *token = &scanner->tokens.items[index];

    if (index == 0 || is_punctuator(scanner, index - 1, ";"))
        return true;
    if (token->kind != OT_TOKEN_WORD ||
        ot_span_is_one_of(ot_token_text(&scanner->tokens, index), continuing))
        return false;
    if (is_punctuator(scanner, index - 1, "}") && !token[-1].ends_value)
        return true;
    return token->newline_before && token[-1].ends_value;
}

/* Follows top-level statements, so that a site knows whether it certainly runs. */
static void follow_statement(struct scanner *scanner, uint32_t index)
{
    static const char *const words[] = {"if", "else", "for", "while", "do", "switch", "with", NULL};
    static const char *const operators[] = {"=>",  "?",   "&&",   "||", "??",
                                            "&&=", "||=", "?\?=", "?.", NULL};
    const struct ot_token *token = &scanner->tokens.items[index];
    struct ot_span text = ot_token_text(&scanner->tokens, index);

    if (token->depth > 0)
        return;
    if (begins_statement(scanner, index)) {
        scanner->statement = index;
        scanner->conditional = false;
    }
    if ((token->kind == OT_TOKEN_WORD && ot_span_is_one_of(text, words) &&
         !is_punctuator(scanner, index - 1, ".")) ||
        (token->kind == OT_TOKEN_PUNCTUATOR && ot_span_is_one_of(text, operators)))
        scanner->conditional = true;
}

static bool certainly_runs(const struct scanner *scanner, uint32_t index)
{
    return scanner->tokens.items[index].depth == 0 && !scanner->conditional;
}

/* Nothing but `await` and `void` stands between the statement's beginning and the token. */
static bool result_is_unused(const struct scanner *scanner, uint32_t index)
{
    while (index > scanner->statement &&
           (is_word(scanner, index - 1, "await") || is_word(scanner, index - 1, "void")))
        index--;
    return index == scanner->statement;
}

static struct ot_handler_site *add_site(struct scanner *scanner, enum ot_handler_kind kind,
                                        uint32_t index)
{
    struct ot_scan *out = scanner->out;
    struct ot_handler_site *site;

    if (out->count == scanner->site_cap) {
        scanner->site_cap = scanner->site_cap == 0 ? 4 : 2 * scanner->site_cap;
        out->sites = ot_realloc(out->sites, scanner->site_cap, sizeof(*out->sites));
    }
    site = &out->sites[out->count++];
    *site = (struct ot_handler_site){.kind = kind, .top_level = certainly_runs(scanner, index)};
    locate(scanner, index, site);
    return site;
}

/* -- serve(handler, { public: true }) ---------------------------------------------------------- */

/*
 * The last of the tokens that belong together with the one at `index`: a whole bracket,
 * template or element.
 */
static uint32_t skip_group(const struct scanner *scanner, uint32_t index)
{
    while (scanner->tokens.items[index].match != 0)
        index = scanner->tokens.items[index].match;
    return index;
}

static bool is_string(const struct scanner *scanner, uint32_t index, const char *value)
{
    struct ot_span text = ot_token_text(&scanner->tokens, index);

    return index < scanner->tokens.count && scanner->tokens.items[index].kind == OT_TOKEN_STRING &&
           text.len >= 2 && ot_span_is((struct ot_span){text.data + 1, text.len - 2}, value);
}

static bool is_key(const struct scanner *scanner, uint32_t index, const char *name)
{
    return is_word(scanner, index, name) || is_string(scanner, index, name);
}

/* A key that can be told from `public`: a plain word, string or number without escapes. */
static bool is_plain_key(const struct scanner *scanner, uint32_t index)
{
    struct ot_span text = ot_token_text(&scanner->tokens, index);
    int kind = index < scanner->tokens.count ? scanner->tokens.items[index].kind : -1;

    return (kind == OT_TOKEN_WORD || kind == OT_TOKEN_STRING || kind == OT_TOKEN_NUMBER) &&
           memchr(text.data, '\\', text.len) == NULL;
}

/*
 * Whether `public` is `true` in the object literal between the two braces; whatever might overwrite
 * it counts as false.
 */
static bool object_is_public(const struct scanner *scanner, uint32_t open, uint32_t close)
{
    static const char *const modifiers[] = {"get", "set", "async", NULL};
    bool result = false;

    for (uint32_t i = open + 1; i < close; i++) {
        while (is_punctuator(scanner, i, "*") ||
               (ot_span_is_one_of(ot_token_text(&scanner->tokens, i), modifiers) &&
                (is_plain_key(scanner, i + 1) || is_punctuator(scanner, i + 1, "[") ||
                 is_punctuator(scanner, i + 1, "*"))))
            i++;
        if (!is_plain_key(scanner, i))
            result = false;
        else if (is_key(scanner, i, "public"))
            result = is_punctuator(scanner, i + 1, ":") && is_word(scanner, i + 2, "true") &&
                     (i + 3 == close || is_punctuator(scanner, i + 3, ","));
        while (i < close && !is_punctuator(scanner, i, ","))
            i = skip_group(scanner, i) + 1;
    }
    return result;
}

/* `paren` opens a call's arguments. */
static bool call_is_public(const struct scanner *scanner, uint32_t paren)
{
    const struct ot_token *tokens = scanner->tokens.items;
    uint32_t close = tokens[paren].match;
    uint32_t last;
    uint32_t open;

    if (close == 0)
        return false;
    last = close - 1;
    if (is_punctuator(scanner, last, ","))
        last--;
    /* { ... } as Options, { ... } satisfies Options */
    while (tokens[last].kind == OT_TOKEN_WORD || is_punctuator(scanner, last, "."))
        last--;
    if (!is_punctuator(scanner, last, "}") ||
        (last < close - 1 && !is_punctuator(scanner, last + 1, ",") &&
         !is_word(scanner, last + 1, "as") && !is_word(scanner, last + 1, "satisfies")))
        return false;
    open = paren + 1;
    while (open < last && tokens[open].match != last)
        open = tokens[open].match != 0 ? tokens[open].match : open + 1;
    return open < last && is_punctuator(scanner, open, "{") &&
           is_punctuator(scanner, open - 1, ",") && object_is_public(scanner, open, last);
}

/* -- the shapes -------------------------------------------------------------------------------- */

static bool after_dot(const struct scanner *scanner, uint32_t index)
{
    return is_punctuator(scanner, index - 1, ".") || is_punctuator(scanner, index - 1, "?.");
}

/* A global: not a property, unless of the global object itself. */
static bool is_global(const struct scanner *scanner, uint32_t index)
{
    static const char *const owners[] = {"globalThis", "self", "window", NULL};

    return !after_dot(scanner, index) ||
           (is_punctuator(scanner, index - 1, ".") && index >= 2 &&
            ot_span_is_one_of(ot_token_text(&scanner->tokens, index - 2), owners) &&
            !after_dot(scanner, index - 2));
}

/* The index behind the type arguments that begin at `index`, or `index` where none do. */
static uint32_t skip_type_arguments(const struct scanner *scanner, uint32_t index)
{
    uint32_t depth = 0;

    for (uint32_t i = index; i < scanner->tokens.count && i - index < TYPE_ARGUMENTS_MAX; i++) {
        if (is_punctuator(scanner, i, "<"))
            depth++;
        else if (is_punctuator(scanner, i, ">"))
            depth--;
        if (depth == 0)
            return i == index ? index : i + 1;
        i = skip_group(scanner, i);
    }
    return index;
}

/* The parenthesis of a call whose callee ends in front of `index`, or 0. */
static uint32_t call_at(const struct scanner *scanner, uint32_t index, bool *optional)
{
    *optional = is_punctuator(scanner, index, "?.");
    index = skip_type_arguments(scanner, *optional ? index + 1 : index);
    return is_punctuator(scanner, index, "(") ? index : 0;
}

/*
 * Deno.serve(...) for certain; any other use of `Deno` than a look at one of its
 * harmless members, perhaps.
 */
static void match_deno(struct scanner *scanner, uint32_t index)
{
    static const char *const listeners[] = {"listenTls", "serveHttp", NULL};
    bool member = is_punctuator(scanner, index + 1, ".") || is_punctuator(scanner, index + 1, "?.");
    struct ot_handler_site *site;
    uint32_t paren;
    bool optional;

    if (is_word(scanner, index - 1, "typeof"))
        return;
    if (!member || ot_span_is_one_of(ot_token_text(&scanner->tokens, index + 2), listeners)) {
        add_site(scanner, OT_HANDLER_OTHER, index);
        return;
    }
    if (!is_word(scanner, index + 2, "serve"))
        return;
    paren = call_at(scanner, index + 3, &optional);
    if (paren == 0 || !is_global(scanner, index)) {
        add_site(scanner, OT_HANDLER_OTHER, index);
        return;
    }
    site = add_site(scanner, OT_HANDLER_DENO_SERVE, index);
    site->is_public = call_is_public(scanner, paren);
    if (optional || is_punctuator(scanner, index + 1, "?."))
        site->top_level = false;
}

static bool is_serve_name(const struct scanner *scanner, uint32_t index)
{
    struct ot_span text = ot_token_text(&scanner->tokens, index);

    for (size_t i = 0; i < scanner->names.count; i++) {
        if (ot_span_equal(text, scanner->names.items[i]))
            return true;
    }
    return false;
}

static void match_serve(struct scanner *scanner, uint32_t index)
{
    struct ot_handler_site *site;
    bool optional;
    uint32_t paren = call_at(scanner, index + 1, &optional);
    uint32_t close;

    if (paren == 0 || after_dot(scanner, index) || is_word(scanner, index - 1, "function"))
        return;
    /* serve(request) { ... }: a method of that name */
    close = scanner->tokens.items[paren].match;
    if (close != 0 && is_punctuator(scanner, close + 1, "{") &&
        !scanner->tokens.items[close + 1].newline_before)
        return;
    site = add_site(scanner, OT_HANDLER_SERVE, index);
    site->is_public = call_is_public(scanner, paren);
    site->top_level = site->top_level && !optional && result_is_unused(scanner, index);
}

static void add_default_export(struct scanner *scanner, uint32_t index)
{
    if (scanner->default_export == 0) {
        add_site(scanner, OT_HANDLER_DEFAULT_EXPORT, index);
        scanner->default_export = scanner->out->count;
    } else if (certainly_runs(scanner, index)) {
        scanner->out->sites[scanner->default_export - 1].top_level = true;
    }
}

/* export { a, b as default }: whether one of them, not a type, is called default. */
static bool exports_default(const struct scanner *scanner, uint32_t open)
{
    uint32_t close = scanner->tokens.items[open].match;
    uint32_t start = open + 1;

    for (uint32_t i = start; i < close; i++) {
        if (is_key(scanner, i, "default") &&
            (i + 1 == close || is_punctuator(scanner, i + 1, ",")) &&
            (!is_word(scanner, start, "type") || is_word(scanner, start + 1, "as")))
            return true;
        if (is_punctuator(scanner, i, ","))
            start = i + 1;
    }
    return false;
}

static void match_export(struct scanner *scanner, uint32_t index)
{
    bool found;

    if (scanner->tokens.items[index].depth > 0 || after_dot(scanner, index))
        return;
    if (is_word(scanner, index + 1, "default")) {
        uint32_t next = index + 2;
        bool named = next + 1 < scanner->tokens.count &&
                     scanner->tokens.items[next + 1].kind == OT_TOKEN_WORD;
        bool type =
            named && (is_word(scanner, next, "interface") || is_word(scanner, next, "type"));
        /* A server, found by itself, and no handler. */
        bool server = is_word(scanner, next, "Deno") && is_word(scanner, next + 2, "serve");

        found = !type && !server;
    } else if (is_punctuator(scanner, index + 1, "{")) {
        found = exports_default(scanner, index + 1);
    } else if (is_punctuator(scanner, index + 1, "*")) {
        found = is_word(scanner, index + 2, "as") && is_key(scanner, index + 3, "default");
    } else {
        found = is_punctuator(scanner, index + 1, "=");
    }
    if (found)
        add_default_export(scanner, index);
}

/* module.exports =, module.exports.default =, exports.default = */
static void match_commonjs(struct scanner *scanner, uint32_t index)
{
    uint32_t at = index;

    if (after_dot(scanner, index))
        return;
    if (is_word(scanner, at, "module") && is_punctuator(scanner, at + 1, ".") &&
        is_word(scanner, at + 2, "exports")) {
        at += 2;
        if (is_punctuator(scanner, at + 1, "=")) {
            add_default_export(scanner, index);
            return;
        }
    }
    if (is_word(scanner, at, "exports") && is_punctuator(scanner, at + 1, ".") &&
        is_word(scanner, at + 2, "default") && is_punctuator(scanner, at + 3, "="))
        add_default_export(scanner, index);
}

static void match_registry(struct scanner *scanner, uint32_t index)
{
    struct ot_handler_site *site = add_site(scanner, OT_HANDLER_OTHER, index);
    bool optional;
    uint32_t paren = 0;

    if (is_word(scanner, index + 2, "register"))
        paren = call_at(scanner, index + 3, &optional);
    if (paren != 0)
        site->is_public = call_is_public(scanner, paren);
}

static void match_word(struct scanner *scanner, uint32_t index)
{
    if (is_word(scanner, index, "Deno"))
        match_deno(scanner, index);
    else if (is_word(scanner, index, "export"))
        match_export(scanner, index);
    else if (is_word(scanner, index, "module") || is_word(scanner, index, "exports"))
        match_commonjs(scanner, index);
    else if (is_word(scanner, index, "__edgeFunctionRegistry"))
        match_registry(scanner, index);
    else if (is_word(scanner, index, "addEventListener") && is_global(scanner, index) &&
             is_punctuator(scanner, index + 1, "(") && is_string(scanner, index + 2, "fetch"))
        add_site(scanner, OT_HANDLER_LISTENER, index);
    else if (is_word(scanner, index, "listen") && after_dot(scanner, index) &&
             is_punctuator(scanner, index + 1, "("))
        add_site(scanner, OT_HANDLER_OTHER, index);
    else if (is_serve_name(scanner, index))
        match_serve(scanner, index);
}

/* globalThis["Deno"] */
static void match_string(struct scanner *scanner, uint32_t index)
{
    if (is_punctuator(scanner, index - 1, "[") &&
        (is_string(scanner, index, "Deno") || is_string(scanner, index, "__edgeFunctionRegistry")))
        add_site(scanner, OT_HANDLER_OTHER, index);
}

void ot_scan(struct ot_span text, struct ot_scan *out)
{
    struct scanner scanner = {.out = out, .line = 1};

    *out = (struct ot_scan){0};
    ot_lex(text, &scanner.tokens);
    ot_imports(&scanner.tokens, out, &scanner.names);
    for (uint32_t i = 0; i < scanner.tokens.count; i++) {
        follow_statement(&scanner, i);
        if (scanner.tokens.items[i].kind == OT_TOKEN_WORD)
            match_word(&scanner, i);
        else if (scanner.tokens.items[i].kind == OT_TOKEN_STRING)
            match_string(&scanner, i);
    }
    if (!scanner.tokens.sound) {
        out->imports_package = true;
        for (size_t i = 0; i < out->count; i++)
            out->sites[i].top_level = out->sites[i].is_public = false;
    }
    ot_list_sort_unique(&out->relative);
    ot_tokens_free(&scanner.tokens);
}

void ot_scan_free(struct ot_scan *scan)
{
    free(scan->sites);
    ot_list_free(&scan->relative);
    *scan = (struct ot_scan){0};
}
