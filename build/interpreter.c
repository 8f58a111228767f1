#include "build/interpreter.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK "chunks/interpreter.js"

static const char import_line[] = "import \"../" CHUNK "\";\n";
static const char map_comment[] = "\n//# sourceMappingURL=";

void ot_interpreted_free(struct ot_interpreted *interpreted)
{
    for (size_t i = 0; i < interpreted->count; i++)
        ot_buf_free(&interpreted->outputs[i]);
    free(interpreted->outputs);
    *interpreted = (struct ot_interpreted){0};
}

/* -- who makes code ---------------------------------------------------------------------------- */

/* What finds the global object, another `require`, or the lack of a compiler. */
static bool is_probe(struct ot_span arguments)
{
    static const char *const bodies[] = {"return this", "return this;", "this", "require", ""};

    if (ot_span_starts(arguments, ")"))
        return true;
    if (arguments.len == 0 || strchr("\"'`", arguments.data[0]) == NULL)
        return false;
    for (size_t i = 0; i < OT_COUNT(bodies); i++) {
        struct ot_span body = ot_span_skip(arguments, 1);
        size_t len = strlen(bodies[i]);

        if (ot_span_starts(body, bodies[i]) && body.len >= len + 2 &&
            body.data[len] == arguments.data[0] && body.data[len + 1] == ')')
            return true;
    }
    return false;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || strchr("_$.#", c) != NULL || (unsigned char)c >= 0x80;
}

/* "isFunction(" and "lib.Function(" are others; "globalThis.Function(" is not worth a word. */
static bool is_word_start(const char *start, const char *at)
{
    return at == start || !is_word(at[-1]);
}

/* Whether it is called with code, right there or by way of its methods. */
static bool is_call(struct ot_span behind)
{
    static const char *const ways[] = {".apply(", ".bind(", ".call(", ")("};

    for (size_t i = 0; i < OT_COUNT(ways); i++) {
        if (ot_span_starts(behind, ways[i]))
            return true;
    }
    return ot_span_starts(behind, "(") && !is_probe(ot_span_skip(behind, 1));
}

/*
 * "async ? AsyncFunction : Function", to be called later; in one line, as esbuild prints it.
 */
static bool is_chosen(const char *start, const char *at, struct ot_span behind)
{
    static const char choice[] = " : ";
    const char *line = memrchr(start, '\n', (size_t)(at - start));
    size_t len = strlen(choice);

    line = line != NULL ? line : start;
    return (size_t)(at - line) > len && memcmp(at - len, choice, len) == 0 &&
           memrchr(line, '?', (size_t)(at - line)) != NULL && behind.len > 0 &&
           strchr(";,)\n", behind.data[0]) != NULL;
}

/*
 * "construct(Function, list)(a)" or with ".apply(": how Emscripten's embind makes its callers.
 */
static bool is_constructed(const char *start, const char *at, struct ot_span behind)
{
    static const char *const calls[] = {")(", ").apply(", ").call("};

    if (at - start < 2 || at[-1] != '(' || !is_word(at[-2]) || !ot_span_starts(behind, ","))
        return false;
    behind = ot_span_skip(behind, ot_span_starts(behind, ", ") ? 2 : 1);
    while (behind.len > 0 && is_word(behind.data[0]))
        behind = ot_span_skip(behind, 1);
    for (size_t i = 0; i < OT_COUNT(calls); i++) {
        if (ot_span_starts(behind, calls[i]))
            return true;
    }
    return false;
}

/* The source that a place in an output comes from, as esbuild's comment above it says. */
static struct ot_span source_of(struct ot_span output, const char *at)
{
    static const char comment[] = "// ";

    while (at > output.data) {
        const char *line = memrchr(output.data, '\n', (size_t)(at - output.data));
        struct ot_span rest = {line != NULL ? line + 1 : output.data, 0};

        rest.len = (size_t)(at - rest.data);
        if (ot_span_starts(rest, comment) &&
            memchr(rest.data + strlen(comment), '/', rest.len - strlen(comment)) != NULL)
            return ot_span_skip(rest, strlen(comment));
        if (line == NULL)
            break;
        at = line;
    }
    return (struct ot_span){0};
}

/* Packages that make code where engines lack what ours has, and do well without. */
static bool does_without(struct ot_span source)
{
    static const char *const packages[] = {"function-bind/", "setimmediate/", "bluebird/",
                                           "regenerator-runtime/"};
    static const char mark[] = "node_modules/";
    const char *found = source.len > 0 ? memmem(source.data, source.len, mark, strlen(mark)) : NULL;

    for (size_t i = 0; found != NULL && i < OT_COUNT(packages); i++) {
        struct ot_span name = ot_span_skip(source, (size_t)(found - source.data) + strlen(mark));

        if (ot_span_starts(name, packages[i]))
            return true;
    }
    return false;
}

static struct ot_span find_call(struct ot_span output, const char *word, const char *prefix)
{
    struct ot_span rest = output;
    size_t len = strlen(word), before = strlen(prefix);
    const char *found;

    while ((found = memmem(rest.data, rest.len, word, len)) != NULL) {
        const char *start = found;

        rest = ot_span_skip(rest, (size_t)(found - rest.data) + len);
        if ((size_t)(start - output.data) >= before && memcmp(start - before, prefix, before) == 0)
            start -= before;
        if (is_word_start(output.data, start) &&
            (is_call(rest) || is_chosen(output.data, start, rest) ||
             is_constructed(output.data, start, rest)) &&
            !does_without(source_of(output, found)))
            return (struct ot_span){found, len};
    }
    return (struct ot_span){0};
}

struct ot_span ot_interpreter_call(struct ot_span output)
{
    struct ot_span call = find_call(output, "Function", "Async");

    return call.data != NULL ? call : find_call(output, "eval", "");
}

/* For each file of the bundle its first call of `Function`. */
static struct ot_span *find_calls(const struct ot_bundle *bundle)
{
    struct ot_span *calls = ot_alloc(bundle->file_count + 1, sizeof(*calls));

    for (size_t i = 0; i < bundle->file_count; i++) {
        if (ot_span_ends(bundle->files[i].path, ".js"))
            calls[i] = ot_interpreter_call(bundle->files[i].data);
    }
    return calls;
}

/* Of an output and all that it reaches, the first that makes code; NULL: none. */
static const struct ot_bundle_file *find_maker(const struct ot_bundle *bundle,
                                               const struct ot_span *calls, const char *path)
{
    OT_AUTOLIST struct ot_list reached = {0};

    ot_list_add(&reached, path);
    ot_metafile_reachable(&bundle->metafile, path, &reached);
    for (size_t i = 0; i < reached.count; i++) {
        const struct ot_bundle_file *file = ot_bundle_find(bundle, reached.items[i]);

        if (file != NULL && calls[file - bundle->files].data != NULL)
            return file;
    }
    return NULL;
}

/* -- the bundle -------------------------------------------------------------------------------- */

static void tell(struct ot_span output, const char *call, const char *name,
                 struct ot_build_report *report)
{
    struct ot_span source = source_of(output, call);
    OT_AUTOFREE char *note = NULL;

    if (source.data == NULL)
        source = ot_span_of("it");
    note = ot_asprintf("%s: %.*s makes code from strings, which is interpreted: expect it to be "
                       "slow",
                       name, (int)source.len, source.data);
    ot_list_add(&report->notes, note);
}

/* The import goes behind the code, where it moves no line, and before the comment on its map. */
static void append_import(struct ot_buf *out, struct ot_span text)
{
    const char *comment = NULL, *found = text.data;
    size_t head;

    while ((found = memmem(found, text.len - (size_t)(found - text.data), map_comment,
                           strlen(map_comment))) != NULL)
        comment = found++;
    head = comment != NULL ? (size_t)(comment - text.data) + 1 : text.len;
    ot_buf_append(out, text.data, head);
    ot_buf_puts(out, import_line);
    ot_buf_append(out, text.data + head, text.len - head);
}

static void add_chunk(struct ot_static_list *members, size_t function)
{
    struct ot_span text = ot_interpreter_text();
    OT_AUTOBUF struct ot_buf data = {0};

    ot_buf_append(&data, text.data, text.len);
    ot_static_add(members, function, CHUNK, &data);
}

void ot_interpret(struct ot_bundle *bundle, const struct ot_sources *sources,
                  struct ot_interpreted *out, struct ot_static_list *members,
                  struct ot_build_report *report)
{
    OT_AUTOFREE struct ot_span *calls = find_calls(bundle);

    out->outputs = ot_alloc(sources->count + 1, sizeof(*out->outputs));
    for (size_t i = 0; i < sources->count; i++) {
        const char *name = sources->items[i].name;
        OT_AUTOFREE char *path = ot_asprintf("functions/%s.js", name);
        const struct ot_bundle_file *maker = find_maker(bundle, calls, path);
        struct ot_bundle_file *file = ot_bundle_find(bundle, path);

        if (maker == NULL || file == NULL)
            continue;
        tell(maker->data, calls[maker - bundle->files].data, name, report);
        append_import(&out->outputs[out->count], file->data);
        file->data = ot_buf_span(&out->outputs[out->count++]);
        add_chunk(members, i);
    }
}
