#include "build/reads.h"

#include "build/path.h"

#include <stdlib.h>
#include <string.h>

#define BUNDLE_FOLDER "/bundle"
#define FILE_URL "file://"
#define NESTING_MAX 256u

struct search {
    const struct ot_tokens *tokens;
    struct ot_constants constants;
    struct ot_reads *out;
    const char *url;            /* of the source */
    uint32_t open[NESTING_MAX]; /* the brackets around the token */
    size_t line_start, looked;  /* at the text, to tell lines */
    unsigned line;
};

static bool is_word(const struct search *search, uint32_t index, const char *word)
{
    return ot_token_is_word(search->tokens, index, word);
}

static bool is_punctuator(const struct search *search, uint32_t index, const char *text)
{
    return ot_token_is_punctuator(search->tokens, index, text);
}

static bool is_in_try(const struct search *search, uint32_t depth)
{
    for (uint32_t i = 0; i < depth && i < NESTING_MAX; i++) {
        if (search->open[i] > 0 && is_word(search, search->open[i] - 1, "try"))
            return true;
    }
    return false;
}

/* The lines up to the token, from where the last one was. */
static void count_lines(struct search *search, size_t until)
{
    if (until < search->looked) {
        search->line = 1;
        search->line_start = search->looked = 0;
    }
    while (search->looked < until) {
        size_t len = ot_line_end_length(search->tokens->text, search->looked);

        search->looked += len > 0 ? len : 1;
        if (len > 0) {
            search->line++;
            search->line_start = search->looked;
        }
    }
}

static void add(struct search *search, uint32_t index, const char *path, unsigned flags)
{
    struct ot_reads *out = search->out;
    size_t start = search->tokens->items[index].start;

    if (is_in_try(search, search->tokens->items[index].depth))
        flags = (flags & ~(unsigned)OT_READ_REQUIRED) | OT_READ_GUARDED;
    count_lines(search, start);
    out->items = ot_realloc(out->items, out->count + 1, sizeof(*out->items));
    out->items[out->count++] = (struct ot_read){
        .path = ot_strdup(path),
        .line = search->line,
        .column = (unsigned)(start - search->line_start) + 1,
        .flags = flags,
    };
}

/* Adds what the value names, if it is in reach. `anchored`: only what the source's place gives. */
static void add_value(struct search *search, uint32_t index, struct ot_span value, bool anchored,
                      unsigned flags)
{
    OT_AUTOFREE char *path = NULL;

    if (ot_span_starts(value, FILE_URL))
        value = ot_span_skip(value, strlen(FILE_URL));
    if (value.len == 0 || value.data[0] == OT_UNKNOWN)
        return;
    path = ot_path_join(value.data[0] == '/' ? "/" : ".", value);
    if (value.data[0] != '/') {
        if (!anchored && memchr(value.data, ':', value.len) == NULL)
            add(search, index, path, flags | OT_READ_FROM_CWD);
    } else if (ot_path_is_beneath(path, OT_FILES_FOLDER)) {
        add(search, index, path + strlen(OT_FILES_FOLDER) + (path[strlen(OT_FILES_FOLDER)] == '/'),
            flags);
    } else if ((flags & OT_READ_CALL) != 0 &&
               (((flags & OT_READ_REQUIRED) != 0 && is_word(search, index, "new")) ||
                ot_path_is_beneath(path, BUNDLE_FOLDER))) {
        OT_AUTOFREE char *above = ot_path_relative(OT_FILES_FOLDER, path);

        add(search, index, above, flags);
    }
}

/* The literal itself, or new URL() of one: what is missing then is missing for certain. */
static bool is_literal(const struct search *search, uint32_t index)
{
    int kind = search->tokens->items[index].kind;

    return kind == OT_TOKEN_STRING ||
           (kind == OT_TOKEN_TEMPLATE && search->tokens->items[index].match == 0) ||
           (is_word(search, index, "new") && is_word(search, index + 1, "URL") &&
            search->tokens->items[index + 3].kind == OT_TOKEN_STRING &&
            is_punctuator(search, index + 4, ",") && is_word(search, index + 5, "import"));
}

/* `name(`, with `index` at the name */
static void find_call(struct search *search, uint32_t index)
{
    static const char *const reads[] = {"readFile",         "readTextFile",     "readFileSync",
                                        "readTextFileSync", "createReadStream", NULL};
    static const char *const others[] = {"fetch", "open", "openSync", NULL};
    static const char *const folders[] = {"readDir", "readDirSync", "readdir", "readdirSync", NULL};
    struct ot_span name = ot_token_text(search->tokens, index);
    bool is_read = ot_span_is_one_of(name, reads), is_other = ot_span_is_one_of(name, others);
    bool of_deno = is_word(search, index - 2, "Deno");
    unsigned flags = OT_READ_CALL;
    OT_AUTOBUF struct ot_buf value = {0};

    if (!is_read && !is_other) {
        if (!ot_span_is_one_of(name, folders))
            return;
        flags |= OT_READ_FOLDER;
    } else if (is_literal(search, index + 2) && (of_deno || is_word(search, index + 2, "new"))) {
        flags |= OT_READ_REQUIRED;
    }
    ot_constant(&search->constants, index + 2, &value);
    add_value(search, index + 2, ot_buf_span(&value), is_other, flags);
}

/* An expression that begins with the source's place, or ends in a path; wherever it stands. */
static void find_path(struct search *search, uint32_t index)
{
    static const char *const first[] = {"new",  "import",  "__dirname", "path",
                                        "join", "resolve", NULL};
    OT_AUTOBUF struct ot_buf value = {0};

    if (ot_token_text(search->tokens, index).data[0] != '`' &&
        (!ot_span_is_one_of(ot_token_text(search->tokens, index), first) ||
         is_punctuator(search, index - 1, ".")))
        return;
    ot_constant(&search->constants, index, &value);
    if (!ot_path_is_beneath(search->constants.file, value.data) &&
        !ot_span_is(ot_buf_span(&value), search->url))
        add_value(search, index, ot_buf_span(&value), true, 0);
}

static void visit(struct search *search, uint32_t index)
{
    const struct ot_token *token = &search->tokens->items[index];

    if (token->match != 0 && token->depth < NESTING_MAX)
        search->open[token->depth] = index;
    if (token->kind == OT_TOKEN_WORD && is_punctuator(search, index + 1, "("))
        find_call(search, index);
    if (token->kind == OT_TOKEN_WORD || token->kind == OT_TOKEN_TEMPLATE)
        find_path(search, index);
}

void ot_reads_find(const struct ot_tokens *tokens, const char *virtual_path,
                   const struct ot_resolves *resolves, struct ot_reads *out)
{
    OT_AUTOFREE char *file = ot_asprintf(OT_FILES_FOLDER "/%s", virtual_path);
    OT_AUTOFREE char *url = ot_asprintf(FILE_URL "%s", file);
    struct search search = {.tokens = tokens, .out = out, .url = url, .line = 1};

    search.constants = (struct ot_constants){.tokens = tokens, .file = file, .resolves = resolves};
    ot_constants_open(&search.constants);
    for (uint32_t i = 0; i < tokens->count; i++)
        visit(&search, i);
    ot_constants_free(&search.constants);
}

void ot_reads_free(struct ot_reads *reads)
{
    for (size_t i = 0; i < reads->count; i++)
        free(reads->items[i].path);
    free(reads->items);
    *reads = (struct ot_reads){0};
}
