/*
 * Files of packages whose package.json says "type": "module". esbuild looks there for the files
 * that it resolves itself, and not for those whose path a plugin gave: in these it would take a
 * CommonJS module's default import for its export "default", and not, as Node.js and Deno do, for
 * all its exports. A module of ours in between, which imports such a file by its path, lets esbuild
 * resolve it.
 */
#include "build/plugin_parts.h"

#include "base/file.h"
#include "build/edit.h"
#include "build/lex.h"
#include "build/path.h"
#include "build/tree.h"

#include <stdlib.h>
#include <string.h>

/* Whether a declaration at the token imports a default, of which a CommonJS module has two. */
static bool imports_default(const struct ot_tokens *tokens, uint32_t at)
{
    return ot_token_is_word(tokens, at, "import") && tokens->items[at].depth == 0 &&
           at + 1 < tokens->count && tokens->items[at + 1].kind == OT_TOKEN_WORD;
}

/* `export default` or `export { x as default }` */
static bool exports_default(const struct ot_tokens *tokens, uint32_t at)
{
    if (!ot_token_is_word(tokens, at, "export") || tokens->items[at].depth != 0)
        return false;
    if (ot_token_is_word(tokens, at + 1, "default"))
        return true;
    if (!ot_token_is_punctuator(tokens, at + 1, "{"))
        return false;
    for (uint32_t i = at + 2; i < tokens->items[at + 1].match; i++) {
        if (ot_token_is_word(tokens, i, "default") && !ot_token_is_word(tokens, i + 1, "as"))
            return true;
    }
    return false;
}

/* Whether the nearest package.json above the file of a package says that it is a module. */
static bool is_module(const struct ot_plugin *plugin, const char *path)
{
    OT_AUTOFREE char *folder = ot_path_folder(path);

    while (ot_path_is_installed(folder)) {
        OT_AUTOFREE char *file = ot_asprintf("%s/package.json", folder);
        OT_AUTOTREE struct ot_tree manifest = {0};
        struct ot_error ignored;
        const char *type;
        char *parent;

        if (ot_plugin_is_there(plugin, file)) {
            if (ot_tree_read(&manifest, file, file, &ignored) <= 0)
                return false;
            type = ot_tree_text(ot_tree_get(&manifest, "type"));
            return type != NULL && strcmp(type, "module") == 0;
        }
        parent = ot_path_folder(folder);
        free(folder);
        folder = parent;
    }
    return false;
}

bool ot_plugin_wrap_module(const struct ot_plugin *plugin, const char *path, struct ot_buf *text)
{
    OT_CLEANUP(ot_tokens_free) struct ot_tokens tokens = {0};
    OT_AUTOBUF struct ot_buf source = {0};
    bool wanted = false, has_default = false;
    struct ot_error ignored;

    if (!ot_path_is_installed(path) || !ot_span_ends(ot_span_of(path), ".js") ||
        !is_module(plugin, path) || ot_read_file(path, OT_LEX_MAX, &source, &ignored) < 0)
        return false;
    ot_lex(ot_buf_span(&source), &tokens);
    for (uint32_t i = 0; i < tokens.count; i++) {
        wanted = wanted || imports_default(&tokens, i);
        has_default = has_default || exports_default(&tokens, i);
    }
    if (!wanted || !tokens.sound)
        return false;
    ot_buf_puts(text, "export * from ");
    ot_put_js_string(text, ot_span_of(path));
    if (has_default) {
        ot_buf_puts(text, ";\nexport { default } from ");
        ot_put_js_string(text, ot_span_of(path));
    }
    ot_buf_puts(text, ";\n");
    return true;
}
