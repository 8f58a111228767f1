#include "build/edit.h"

#include "build/lex.h"
#include "build/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES OT_FILES_FOLDER "/"

struct editor {
    struct ot_tokens tokens;
    struct ot_buf *out;
    struct ot_edit_result *result;
    size_t copied;          /* of the text, into `out` */
    char name[8];           /* of the function that knows the places; not used in the text */
    struct ot_span require; /* the name of what createRequire made; empty: it is not called */
    bool declares;          /* the file has a __dirname or __filename of its own */
    bool changed;
};

static bool is_word(const struct editor *editor, uint32_t index, const char *word)
{
    return ot_token_is_word(&editor->tokens, index, word);
}

static bool is_punctuator(const struct editor *editor, uint32_t index, const char *text)
{
    return ot_token_is_punctuator(&editor->tokens, index, text);
}

static bool mentions(const struct editor *editor, const char *text)
{
    return memmem(editor->tokens.text.data, editor->tokens.text.len, text, strlen(text)) != NULL;
}

static bool after_dot(const struct editor *editor, uint32_t index)
{
    return is_punctuator(editor, index - 1, ".") || is_punctuator(editor, index - 1, "?.");
}

static bool is_place(const struct editor *editor, uint32_t index)
{
    return (is_word(editor, index, "__dirname") || is_word(editor, index, "__filename")) &&
           !after_dot(editor, index);
}

/* -- import.meta, __dirname, __filename -------------------------------------------------------- */

/* Puts `text` in the place of the bytes from `start` to `end`, with blanks up to their length. */
static void replace(struct editor *editor, size_t start, size_t end, const char *text)
{
    ot_buf_append(editor->out, editor->tokens.text.data + editor->copied, start - editor->copied);
    ot_buf_printf(editor->out, "%-*s", (int)(end - start), text);
    editor->copied = end;
    editor->changed = true;
}

static size_t end_of(const struct editor *editor, uint32_t index)
{
    return editor->tokens.items[index].start + editor->tokens.items[index].len;
}

static void replace_meta(struct editor *editor, uint32_t index)
{
    char text[16];

    snprintf(text, sizeof(text), "%s()", editor->name);
    replace(editor, editor->tokens.items[index].start, end_of(editor, index + 2), text);
}

/* `{ __dirname }` and `{ __dirname: x }` are keys, which stay. */
static void replace_place(struct editor *editor, uint32_t index)
{
    bool first = is_punctuator(editor, index - 1, "{") || is_punctuator(editor, index - 1, ",");
    char text[16];

    if (editor->declares ||
        (first && (is_punctuator(editor, index + 1, "}") || is_punctuator(editor, index + 1, ",") ||
                   is_punctuator(editor, index + 1, ":"))))
        return;
    snprintf(text, sizeof(text), "%s().%c", editor->name,
             is_word(editor, index, "__dirname") ? 'd' : 'f');
    replace(editor, editor->tokens.items[index].start, end_of(editor, index), text);
}

/* -- createRequire ----------------------------------------------------------------------------- */

/* const NAME = createRequire(import.meta.url), perhaps of a module, with `index` at NAME */
static bool makes_require(const struct editor *editor, uint32_t index)
{
    uint32_t call = index + 2;

    while (is_punctuator(editor, call + 1, "."))
        call += 2;
    return is_word(editor, index - 1, "const") && is_punctuator(editor, index + 1, "=") &&
           is_word(editor, call, "createRequire") && is_punctuator(editor, call + 1, "(") &&
           (is_word(editor, call + 2, "import") || is_word(editor, call + 2, "__filename"));
}

/* The name of that constant, if the bundler's own `require` fits where it stands; else empty. */
static struct ot_span find_require(const struct editor *editor)
{
    for (uint32_t i = 1; i < editor->tokens.count; i++) {
        struct ot_span name = ot_token_text(&editor->tokens, i);

        if (name.len >= strlen("require") && makes_require(editor, i))
            return name;
    }
    return (struct ot_span){"", 0};
}

/*
 * What createRequire gives knows nothing of a bundle: calls of it become `require`, which the
 * bundler resolves, and what was called `require` gets another name where it is declared.
 */
static void replace_require(struct editor *editor, uint32_t index)
{
    size_t start = editor->tokens.items[index].start;

    if (!ot_span_is(editor->require, "require")) {
        if (is_punctuator(editor, index + 1, "("))
            replace(editor, start, end_of(editor, index), "require");
    } else if (makes_require(editor, index)) {
        char text[16];

        snprintf(text, sizeof(text), "%sxxxx", editor->name);
        replace(editor, start, end_of(editor, index), text);
    }
}

/* A name that the file does not have; three letters fit where __dirname stood. */
static bool choose_name(struct editor *editor)
{
    for (int i = 0; i < 26 * 26; i++) {
        bool used = false;

        snprintf(editor->name, sizeof(editor->name), "_%c%c", 'a' + (i / 26 + 12) % 26,
                 'a' + i % 26);
        for (uint32_t j = 0; j < editor->tokens.count && !used; j++)
            used = is_word(editor, j, editor->name);
        if (!used)
            return true;
    }
    return false;
}

static bool declares_place(const struct editor *editor)
{
    for (uint32_t i = 0; i < editor->tokens.count; i++) {
        if (is_place(editor, i) &&
            (is_punctuator(editor, i + 1, "=") || is_word(editor, i - 1, "const") ||
             is_word(editor, i - 1, "let") || is_word(editor, i - 1, "var") ||
             is_word(editor, i - 1, "function")))
            return true;
    }
    return false;
}

void ot_put_js_string(struct ot_buf *out, struct ot_span text)
{
    ot_buf_putc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c == '"' || c == '\\')
            ot_buf_printf(out, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            ot_buf_printf(out, "\\x%02x", c);
        else
            ot_buf_putc(out, (char)c);
    }
    ot_buf_putc(out, '"');
}

/* The path of a file: URL (WHATWG URL, the path percent-encode set and "%"). */
static void put_url_path(struct ot_buf *out, const char *path)
{
    for (; *path != '\0'; path++) {
        unsigned char c = (unsigned char)*path;

        if (c <= ' ' || c >= 0x7f || strchr("\"#<>?`{}%\\^", c) != NULL)
            ot_buf_printf(out, "%%%02X", c);
        else
            ot_buf_putc(out, (char)c);
    }
}

/* A string, or what goes wrong in an array of one. */
static void put_resolve(struct ot_buf *out, const struct ot_resolve *resolve)
{
    OT_AUTOBUF struct ot_buf url = {0};

    if (resolve->virtual_path != NULL) {
        ot_buf_puts(&url, "file://" FILES);
        put_url_path(&url, resolve->virtual_path);
    } else if (resolve->url != NULL) {
        ot_buf_puts(&url, resolve->url);
    }
    ot_buf_putc(out, ',');
    ot_put_js_string(out, ot_span_of(resolve->specifier));
    ot_buf_puts(out, url.len > 0 ? ":" : ":[");
    ot_put_js_string(out, url.len > 0 ? ot_buf_span(&url) : ot_span_of(resolve->error));
    ot_buf_puts(out, url.len > 0 ? "" : "]");
}

/*
 * import.meta.resolve: relative paths and URLs mean something everywhere, the names of modules only
 * what the build found for them.
 */
static void put_resolver(struct ot_buf *out, const struct ot_resolves *resolves)
{
    ot_buf_puts(out, "resolve(s){const r=({__proto__:null");
    for (size_t i = 0; resolves != NULL && i < resolves->count; i++)
        put_resolve(out, &resolves->items[i]);
    ot_buf_puts(out, "})[s=`${s}`];if(typeof r==\"string\")return r;"
                     "if(r||!/^(\\.{0,2}\\/|\\.{1,2}$|(?!npm:|jsr:)[a-z][a-z0-9+.-]*:)/i.test(s))"
                     "throw new TypeError(r?r[0]:`cannot resolve \"${s}\": a build knows only what "
                     "import.meta.resolve is given as a literal text`);"
                     "return new URL(s,url).href}");
}

/*
 * A function, because its declaration may stand behind its use, at the end, where nothing moves:
 * import.meta's members, and `d` and `f` for __dirname and __filename.
 */
static void put_places(struct editor *editor, const struct ot_edit *edit)
{
    OT_AUTOBUF struct ot_buf url = {0};

    ot_buf_printf(editor->out, "\n;function %s(){let d,f", editor->name);
    if (edit->url != NULL) {
        ot_buf_puts(&url, edit->url);
    } else {
        OT_AUTOFREE char *file = ot_asprintf(FILES "%s", edit->virtual_path);
        OT_AUTOFREE char *folder = ot_path_folder(file);

        ot_buf_puts(&url, "file://");
        put_url_path(&url, file);
        ot_buf_puts(editor->out, "=");
        ot_put_js_string(editor->out, ot_span_of(file));
        ot_buf_puts(editor->out, ";d=");
        ot_put_js_string(editor->out, ot_span_of(folder));
    }
    ot_buf_puts(editor->out, ";const url=");
    ot_put_js_string(editor->out, ot_buf_span(&url));
    ot_buf_printf(editor->out, ";return{d,f,url,dirname:d,filename:f,main:%s,",
                  edit->is_entry ? "true" : "false");
    if (mentions(editor, "resolve"))
        put_resolver(editor->out, edit->resolves);
    else
        ot_buf_puts(editor->out, "resolve(s){return new URL(s,url).href}");
    ot_buf_puts(editor->out, "}}\n");
}

/* -- JSX --------------------------------------------------------------------------------------- */

/*
 * esbuild reads pragmas wherever they stand; those of the file itself win, so ours are left out.
 * To name an import source means the automatic runtime, as in Deno.
 */
static void put_pragmas(struct editor *editor, const struct ot_jsx *jsx)
{
    bool own_source = mentions(editor, "@jsxImportSource") && !mentions(editor, "@jsxRuntime");
    bool automatic = own_source || (jsx != NULL && (strncmp(jsx->runtime, "react-jsx", 9) == 0 ||
                                                    strcmp(jsx->runtime, "precompile") == 0));

    if (!own_source && (jsx == NULL || mentions(editor, "@jsx")))
        return;
    editor->changed = true;
    ot_buf_printf(editor->out, "\n/** @jsxRuntime %s */", automatic ? "automatic" : "classic");
    if (!own_source && automatic && jsx->import_source != NULL)
        ot_buf_printf(editor->out, "/** @jsxImportSource %s */", jsx->import_source);
    if (!automatic && jsx->factory != NULL)
        ot_buf_printf(editor->out, "/** @jsx %s */", jsx->factory);
    if (!automatic && jsx->fragment != NULL)
        ot_buf_printf(editor->out, "/** @jsxFrag %s */", jsx->fragment);
    ot_buf_putc(editor->out, '\n');
}

/* -- instances --------------------------------------------------------------------------------- */

/* The token is a string without escapes; `value` is what is between the quotes. */
static bool literal(const struct editor *editor, uint32_t index, struct ot_span *value)
{
    struct ot_span text = ot_token_text(&editor->tokens, index);
    int kind = index < editor->tokens.count ? editor->tokens.items[index].kind : -1;

    if ((kind != OT_TOKEN_STRING && kind != OT_TOKEN_TEMPLATE) || text.len < 3 ||
        text.data[0] != text.data[text.len - 1] || memchr(text.data, '\\', text.len) != NULL)
        return false;
    *value = (struct ot_span){text.data + 1, text.len - 2};
    return true;
}

/* import { add } from "./x.wasm", import * as x from "./x.wasm", with `index` at `from` */
static void find_instance(struct editor *editor, uint32_t index)
{
    struct ot_span specifier;

    if (literal(editor, index + 1, &specifier) && ot_span_ends(specifier, ".wasm") &&
        (is_punctuator(editor, index - 1, "}") || is_word(editor, index - 2, "as")))
        ot_list_add_span(&editor->result->instances, specifier);
}

static void visit(struct editor *editor, uint32_t index)
{
    if (is_word(editor, index, "import") && is_punctuator(editor, index + 1, ".") &&
        is_word(editor, index + 2, "meta") && !after_dot(editor, index))
        replace_meta(editor, index);
    else if (editor->require.len > 0 && !after_dot(editor, index) &&
             ot_span_equal(ot_token_text(&editor->tokens, index), editor->require))
        replace_require(editor, index);
    else if (is_place(editor, index))
        replace_place(editor, index);
    else if (is_word(editor, index, "from"))
        find_instance(editor, index);
}

bool ot_edit(struct ot_span text, const struct ot_edit *edit, struct ot_buf *out,
             struct ot_edit_result *result)
{
    struct editor editor = {.out = out, .result = result};
    size_t start = out->len;

    ot_lex(text, &editor.tokens);
    editor.declares = declares_place(&editor);
    editor.require = find_require(&editor);
    result->makes_require = editor.require.len > 0;
    if (editor.tokens.sound && choose_name(&editor)) {
        for (uint32_t i = 0; i < editor.tokens.count; i++)
            visit(&editor, i);
        if (edit->virtual_path != NULL)
            ot_reads_find(&editor.tokens, edit->virtual_path, edit->resolves, &result->reads);
    }
    ot_buf_append(out, text.data + editor.copied, text.len - editor.copied);
    if (editor.changed)
        put_places(&editor, edit);
    if (edit->has_markup)
        put_pragmas(&editor, edit->jsx);
    ot_tokens_free(&editor.tokens);
    if (!editor.changed)
        out->len = start;
    return editor.changed;
}

void ot_edit_result_free(struct ot_edit_result *result)
{
    ot_reads_free(&result->reads);
    ot_list_free(&result->instances);
    *result = (struct ot_edit_result){0};
}
