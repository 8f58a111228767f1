/* wrangler.toml, wrangler.json and wrangler.jsonc. */
#include "build/entry.h"

#include "base/text.h"
#include "build/edit.h"
#include "build/path.h"

#include <stdlib.h>
#include <string.h>

int ot_wrangler_read(const char *label, const char *path, struct ot_tree *tree, char **shown,
                     struct ot_error *err)
{
    static const char *const names[] = {"wrangler.json", "wrangler.jsonc", "wrangler.toml"};

    for (size_t i = 0; i < OT_COUNT(names); i++) {
        OT_AUTOFREE char *file = ot_path_join(path, ot_span_of(names[i]));
        int found;

        *shown = ot_asprintf("%s/%s", label, names[i]);
        found = ot_tree_read(tree, file, *shown, err);
        if (found != 0)
            return found;
        free(*shown);
        *shown = NULL;
    }
    return 0;
}

/* As a JavaScript expression; the depth is bounded by the reader. */
static void put_value(struct ot_buf *out, const struct ot_tree *tree)
{
    switch (tree->type) {
    case OT_TREE_NULL:
        ot_buf_puts(out, "null");
        break;
    case OT_TREE_BOOL:
        ot_buf_puts(out, tree->truth ? "true" : "false");
        break;
    case OT_TREE_NUMBER:
        ot_buf_puts(out, tree->text);
        break;
    case OT_TREE_STRING:
        ot_put_js_string(out, ot_span_of(tree->text));
        break;
    case OT_TREE_OBJECT:
    case OT_TREE_ARRAY:
        ot_buf_putc(out, tree->type == OT_TREE_OBJECT ? '{' : '[');
        for (size_t i = 0; i < tree->count; i++) {
            ot_buf_puts(out, i > 0 ? ", " : "");
            if (tree->type == OT_TREE_OBJECT) {
                ot_put_js_string(out, ot_span_of(tree->items[i].key));
                ot_buf_puts(out, ": ");
            }
            put_value(out, &tree->items[i]);
        }
        ot_buf_putc(out, tree->type == OT_TREE_OBJECT ? '}' : ']');
        break;
    }
}

/* A number as JavaScript has it; TOML has dates and other spellings. */
static bool is_js_number(const char *text)
{
    size_t digits = 0;

    text += *text == '-';
    for (; *text != '\0'; text++) {
        if (*text >= '0' && *text <= '9')
            digits++;
        else if (strchr(".eE+-", *text) == NULL || digits == 0)
            return false;
        else if (*text == '-' && strchr("eE", text[-1]) == NULL)
            return false;
    }
    return digits > 0;
}

static int check_value(const struct ot_tree *tree, const char *shown, struct ot_error *err)
{
    if (tree->type == OT_TREE_NUMBER && !is_js_number(tree->text))
        return ot_fail(err, OT_FAILED, "%s:%u:%u: vars: write \"%s\" as a string", shown,
                       tree->line, tree->column, tree->text);
    for (size_t i = 0; i < tree->count; i++) {
        if (check_value(&tree->items[i], shown, err) < 0)
            return -1;
    }
    return 0;
}

static int apply_vars(const struct ot_tree *vars, const char *shown,
                      struct ot_function_source *source, struct ot_sources *sources,
                      struct ot_error *err)
{
    struct ot_buf out = {0};

    if (vars->type != OT_TREE_OBJECT || vars->count == 0)
        return 0;
    for (size_t i = 0; i < vars->count; i++) {
        if (!ot_is_env_name(ot_span_of(vars->items[i].key)))
            return ot_fail(err, OT_FAILED, "%s:%u:%u: vars: \"%s\" is not a variable's name", shown,
                           vars->items[i].line, vars->items[i].column, vars->items[i].key);
        ot_list_add(&sources->vars, vars->items[i].key);
    }
    if (check_value(vars, shown, err) < 0)
        return -1;
    put_value(&out, vars);
    source->vars = out.data;
    return 0;
}

/* A rule for one kind of file: "**", slash, star, and an ending. */
static int apply_rule(const struct ot_tree *rule, const char *shown, struct ot_sources *sources,
                      struct ot_error *err)
{
    static const struct {
        const char *type, *loader;
    } types[] = {{"Text", "text"}, {"Data", "binary"}, {"CompiledWasm", "copy"}};
    const char *type = ot_tree_text(ot_tree_get(rule, "type"));
    const struct ot_tree *globs = ot_tree_get(rule, "globs");
    const char *loader = NULL;

    for (size_t i = 0; type != NULL && i < OT_COUNT(types); i++) {
        if (strcmp(type, types[i].type) == 0)
            loader = types[i].loader;
    }
    for (size_t i = 0; loader != NULL && globs->type == OT_TREE_ARRAY && i < globs->count; i++) {
        const char *glob = ot_tree_text(&globs->items[i]);
        const char *ending = glob != NULL ? strrchr(glob, '*') : NULL;
        OT_AUTOFREE char *flag = NULL;

        if (glob != NULL && ot_span_ends(ot_span_of(glob), ".wasm?module"))
            continue;
        if (ending == NULL || ending[1] != '.' || strpbrk(ending, "/?[{=:") != NULL)
            return ot_fail(err, OT_FAILED,
                           "%s:%u:%u: rules: only patterns such as \"**/*.sql\" are understood",
                           shown, globs->items[i].line, globs->items[i].column);
        flag = ot_asprintf("--loader:%s=%s", ending + 1, loader);
        ot_list_add(&sources->loaders, flag);
    }
    return 0;
}

static int apply_engine(const struct ot_tree *tree, const char *shown, struct ot_sources *sources,
                        struct ot_error *err)
{
    const struct ot_tree *flags = ot_tree_get(tree, "compatibility_flags");
    const struct ot_tree *date = ot_tree_get(tree, "compatibility_date");

    if (date->type == OT_TREE_STRING || date->type == OT_TREE_NUMBER) {
        if (!ot_is_date(ot_span_of(date->text)))
            return ot_fail(err, OT_FAILED, "%s:%u:%u: compatibility_date: not a date", shown,
                           date->line, date->column);
        if (sources->compat_date == NULL || strcmp(sources->compat_date, date->text) < 0) {
            free(sources->compat_date);
            sources->compat_date = ot_strdup(date->text);
        }
    }
    for (size_t i = 0; flags->type == OT_TREE_ARRAY && i < flags->count; i++) {
        const char *flag = ot_tree_text(&flags->items[i]);

        if (flag == NULL || !ot_is_flag_word(ot_span_of(flag)))
            return ot_fail(err, OT_FAILED, "%s:%u:%u: compatibility_flags: not a flag", shown,
                           flags->items[i].line, flags->items[i].column);
        if (!ot_list_has(&sources->compat_flags, flag))
            ot_list_add(&sources->compat_flags, flag);
    }
    return 0;
}

/* A wrangler name may hold what a function's name may not. */
static char *function_name(const char *text)
{
    char *name = ot_strndup(text, strlen(text) > 63 ? 63 : strlen(text));

    for (char *at = name; *at != '\0'; at++) {
        if (strchr(". ", *at) != NULL)
            *at = '-';
    }
    return name;
}

/* What assets.js is told of each setting; the names of theirs are wrangler's. */
static int apply_assets(const struct ot_tree *assets, const char *shown,
                        struct ot_function_source *source, struct ot_error *err)
{
    static const struct {
        const char *key, *option;
    } settings[] = {{"binding", "binding"},
                    {"html_handling", "html"},
                    {"not_found_handling", "notFound"},
                    {"run_worker_first", "workerFirst"}};
    struct ot_buf out = {0};

    if (assets->type == OT_TREE_NULL || ot_tree_get(assets, "directory")->type == OT_TREE_NULL)
        return 0; /* a plugin of a bundler would name the folder */
    if (ot_tree_text(ot_tree_get(assets, "directory")) == NULL)
        return ot_fail(err, OT_FAILED, "%s:%u:%u: assets: \"directory\" must be a folder", shown,
                       assets->line, assets->column);
    ot_buf_puts(&out, "");
    for (size_t i = 0; i < OT_COUNT(settings); i++) {
        const struct ot_tree *value = ot_tree_get(assets, settings[i].key);

        if (value->type == OT_TREE_NULL)
            continue;
        ot_buf_printf(&out, ", %s: ", settings[i].option);
        put_value(&out, value);
    }
    source->assets = out.data;
    return 0;
}

int ot_wrangler_apply(const struct ot_tree *tree, const char *shown,
                      struct ot_function_source *source, struct ot_sources *sources,
                      struct ot_error *err)
{
    static const char *const refused[] = {"site", "pages_build_output_dir"};
    const char *name = ot_tree_text(ot_tree_get(tree, "name"));
    const struct ot_tree *rules = ot_tree_get(tree, "rules");

    for (size_t i = 0; i < OT_COUNT(refused); i++) {
        const struct ot_tree *found = ot_tree_get(tree, refused[i]);

        if (found->type != OT_TREE_NULL)
            return ot_fail(err, OT_FAILED,
                           "%s:%u:%u: \"%s\": write static assets as \"assets\": "
                           "{ \"directory\": \"public\" }",
                           shown, found->line, found->column, refused[i]);
    }
    if (apply_assets(ot_tree_get(tree, "assets"), shown, source, err) < 0)
        return -1;
    source->is_worker = true;
    if (source->name == NULL && name != NULL)
        source->name = function_name(name);
    for (size_t i = 0; rules->type == OT_TREE_ARRAY && i < rules->count; i++) {
        if (apply_rule(&rules->items[i], shown, sources, err) < 0)
            return -1;
    }
    if (apply_engine(tree, shown, sources, err) < 0)
        return -1;
    return apply_vars(ot_tree_get(tree, "vars"), shown, source, sources, err);
}
