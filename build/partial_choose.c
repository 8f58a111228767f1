#include "build/partial.h"

#include "build/partial_view.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 200u /* beyond them it is hardly less work */

/* -- what outputs import ----------------------------------------------------------------------- */

static struct ot_span skip_blanks(struct ot_span text)
{
    while (text.len > 0 && ot_is_blank(text.data[0]))
        text = (struct ot_span){text.data + 1, text.len - 1};
    return text;
}

static struct ot_span behind(struct ot_span text, const char *at)
{
    return (struct ot_span){at, (size_t)(text.data + text.len - at)};
}

/* "{ a, b as c }": adds "<chunk>\n<name>" for each. */
static void add_names(struct ot_list *tokens, struct ot_span chunk, struct ot_span names)
{
    while (names.len > 0) {
        const char *comma = memchr(names.data, ',', names.len);
        struct ot_span name = {names.data,
                               comma != NULL ? (size_t)(comma - names.data) : names.len};
        size_t len = 0;
        OT_AUTOFREE char *token = NULL;

        names = comma != NULL ? behind(names, comma + 1) : (struct ot_span){names.data, 0};
        name = ot_span_trim(name);
        while (len < name.len && !ot_is_blank(name.data[len]))
            len++;
        token = ot_asprintf("%.*s\n%.*s", (int)chunk.len, chunk.data, (int)len, name.data);
        ot_list_add(tokens, token);
    }
}

/* "../chunks/chunk-X.js" as an output's path */
static struct ot_span last_component(struct ot_span path)
{
    const char *slash = memrchr(path.data, '/', path.len);

    return slash != NULL ? behind(path, slash + 1) : path;
}

/*
 * The import statements that esbuild writes at the top of an output. What is not understood is left
 * out: then a partial build may be refused that would have been possible.
 */
static void list_imports(struct ot_span text, struct ot_list *tokens)
{
    for (text = skip_blanks(text); ot_span_starts(text, "import"); text = skip_blanks(text)) {
        const char *quote = memchr(text.data, '"', text.len), *end, *open;
        struct ot_span clause, path;

        if (quote == NULL)
            return;
        end = memchr(quote + 1, '"', (size_t)(text.data + text.len - quote - 1));
        if (end == NULL)
            return;
        path = (struct ot_span){quote + 1, (size_t)(end - quote - 1)};
        clause = (struct ot_span){text.data, (size_t)(quote - text.data)};
        open = memchr(clause.data, '{', clause.len);
        if (open != NULL) {
            const char *close = memchr(open, '}', (size_t)(quote - open));

            if (close == NULL)
                return;
            add_names(tokens, last_component(path),
                      (struct ot_span){open + 1, (size_t)(close - open - 1)});
        }
        text = behind(text, end + 1);
        if (text.len > 0 && text.data[0] == ';')
            text = behind(text, text.data + 1);
    }
}

/* -- what the witnesses have to show ----------------------------------------------------------- */

/* Things to be shown; a function shows some of them. */
struct cover {
    size_t functions, count;
    uint64_t **shown; /* for each thing: the functions that show it */
    size_t cap;
    size_t words;
};

static void free_cover(struct cover *cover)
{
    for (size_t i = 0; i < cover->count; i++)
        free(cover->shown[i]);
    free(cover->shown);
}

/* A thing that these functions show; `set` is copied. */
static void add_thing(struct cover *cover, const uint64_t *set)
{
    if (cover->count == cover->cap) {
        cover->cap = cover->cap == 0 ? 64 : 2 * cover->cap;
        cover->shown = ot_realloc(cover->shown, cover->cap, sizeof(*cover->shown));
    }
    cover->shown[cover->count] = ot_alloc(cover->words, sizeof(uint64_t));
    ot_bits_join(cover->shown[cover->count++], set, cover->words);
}

struct token {
    char *text;
    uint64_t *users;
};

static int compare_tokens(const void *a, const void *b)
{
    return strcmp(((const struct token *)a)->text, ((const struct token *)b)->text);
}

/* Every name that an output imports from a chunk that a changed function reaches. */
static void cover_imports(struct cover *cover, const struct ot_partial_view *view,
                          const struct ot_bundle *bundle, const uint64_t *changed,
                          const uint64_t *others)
{
    OT_AUTOFREE struct token *tokens = NULL;
    size_t count = 0;

    for (size_t i = 0; i < bundle->file_count; i++) {
        const struct ot_bundle_file *file = &bundle->files[i];
        OT_AUTOFREE char *path = ot_strndup(file->path.data, file->path.len);
        size_t output = ot_graph_find(&view->outputs, path);
        OT_AUTOLIST struct ot_list found = {0};
        OT_AUTOFREE uint64_t *users = ot_alloc(cover->words, sizeof(*users));

        if (output == OT_NO_NODE || !ot_span_ends(file->path, ".js"))
            continue;
        for (size_t j = 0; j < cover->words; j++)
            users[j] = ot_partial_makers(view, output)[j] & others[j];
        list_imports(file->data, &found);
        tokens = ot_realloc(tokens, count + found.count + 1, sizeof(*tokens));
        for (size_t j = 0; j < found.count && !ot_bits_empty(users, cover->words); j++) {
            OT_AUTOFREE char *chunk =
                ot_asprintf("chunks/%.*s", (int)strcspn(found.items[j], "\n"), found.items[j]);
            size_t node = ot_graph_find(&view->outputs, chunk);

            if (node == OT_NO_NODE ||
                !ot_bits_meet(ot_partial_makers(view, node), changed, cover->words))
                continue;
            tokens[count] =
                (struct token){ot_strdup(found.items[j]), ot_alloc(cover->words, sizeof(*users))};
            ot_bits_join(tokens[count++].users, users, cover->words);
        }
    }
    if (count > 0)
        qsort(tokens, count, sizeof(*tokens), compare_tokens);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && strcmp(tokens[i].text, tokens[i + 1].text) == 0)
            ot_bits_join(tokens[i + 1].users, tokens[i].users, cover->words);
        else
            add_thing(cover, tokens[i].users);
        free(tokens[i].text);
        free(tokens[i].users);
    }
}

/* The functions that have one of the key's bits, by themselves or by an import() of theirs. */
static void join_functions(const struct ot_partial_view *view, const uint64_t *key, uint64_t *out)
{
    for (size_t i = 0; i < view->functions; i++) {
        if (ot_bits_has(key, i))
            ot_bits_add(out, i);
    }
    for (size_t i = 0; i < view->dynamic->count; i++) {
        size_t node = ot_graph_find(&view->inputs, view->dynamic->items[i]);

        if (ot_bits_has(key, view->functions + i) && node != OT_NO_NODE)
            ot_bits_join(out, ot_partial_users(view, node), view->words);
    }
}

/* The keys of the modules that changed functions reach; false: too many. */
static bool list_keys(const struct ot_partial_view *view, const uint64_t *changed,
                      const uint64_t **keys, size_t *count)
{
    for (size_t i = 0; i < view->inputs.nodes->count; i++) {
        const uint64_t *key = ot_partial_key(view, i);
        bool known = false;

        if (!ot_bits_meet(ot_partial_users(view, i), changed, view->words))
            continue;
        for (size_t j = *count; j-- > 0 && !known;)
            known = ot_bits_equal(keys[j], key, view->key_words);
        if (known)
            continue;
        if (*count == KEYS_MAX)
            return false;
        keys[(*count)++] = key;
    }
    return true;
}

/* That a key is not the changed functions' own, and that two of them differ. */
static bool cover_keys(struct cover *cover, const struct ot_partial_view *view,
                       const uint64_t *changed, const uint64_t *others)
{
    const uint64_t *keys[KEYS_MAX];
    OT_AUTOFREE uint64_t *differs = ot_alloc(view->key_words, sizeof(*differs));
    size_t count = 0;

    if (!list_keys(view, changed, keys, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j <= i; j++) {
            OT_AUTOFREE uint64_t *users = ot_alloc(view->words, sizeof(*users));
            bool shown_anyway = false;

            for (size_t k = 0; k < view->key_words; k++)
                differs[k] = i == j ? keys[i][k] : keys[i][k] ^ keys[j][k];
            join_functions(view, differs, users);
            for (size_t k = 0; k < view->words; k++) {
                shown_anyway = shown_anyway || (i != j && (users[k] & changed[k]) != 0);
                users[k] &= others[k];
            }
            if (!shown_anyway && !ot_bits_empty(users, view->words))
                add_thing(cover, users);
        }
    }
    return true;
}

/*
 * The first function that reaches a module decides where in the order of all modules it is: those
 * functions are witnesses in any case.
 */
static void choose_first(const struct ot_partial_view *view, const uint64_t *plain,
                         const uint64_t *changed, bool *chosen)
{
    for (size_t i = 0; i < view->inputs.nodes->count; i++) {
        const uint64_t *users = ot_partial_users(view, i);
        size_t first = 0;

        if (!ot_bits_meet(users, changed, view->words))
            continue;
        while (!ot_bits_has(users, first) || !ot_bits_has(plain, first))
            first++;
        chosen[first] = true;
    }
}

/* -- choosing ---------------------------------------------------------------------------------- */

/*
 * To those that are chosen already: takes the function that shows most of what is not shown yet,
 * until all is.
 */
static void choose_witnesses(const struct cover *cover, bool *chosen)
{
    OT_AUTOFREE bool *done = ot_alloc(cover->count + 1, sizeof(*done));

    for (size_t i = 0; i < cover->functions; i++) {
        for (size_t j = 0; j < cover->count && chosen[i]; j++)
            done[j] = done[j] || ot_bits_has(cover->shown[j], i);
    }
    for (;;) {
        size_t best = 0, most = 0;

        for (size_t i = 0; i < cover->functions; i++) {
            size_t shows = 0;

            for (size_t j = 0; j < cover->count; j++)
                shows += !done[j] && ot_bits_has(cover->shown[j], i);
            if (shows > most) {
                best = i;
                most = shows;
            }
        }
        if (most == 0)
            return;
        chosen[best] = true;
        for (size_t j = 0; j < cover->count; j++)
            done[j] = done[j] || ot_bits_has(cover->shown[j], best);
    }
}

static bool add_witnesses(const struct ot_record *old, const struct ot_partial_view *view,
                          const uint64_t *changed, const uint64_t *others, bool *chosen)
{
    OT_CLEANUP(free_cover)
    struct cover cover = {.functions = old->function_count, .words = view->words};

    cover_imports(&cover, view, &old->bundle, changed, others);
    if (!cover_keys(&cover, view, changed, others))
        return false;
    choose_witnesses(&cover, chosen);
    return true;
}

bool ot_partial_choose(const struct ot_record *old, const uint64_t *changed, bool splitting,
                       bool *chosen)
{
    size_t words = OT_BITS_WORDS(old->function_count), count = 0;
    OT_AUTOFREE uint64_t *plain = ot_partial_plain(old, splitting);
    OT_AUTOFREE uint64_t *together = ot_alloc(words, sizeof(*together));
    OT_AUTOFREE uint64_t *others = ot_alloc(words, sizeof(*others));
    OT_AUTOLIST struct ot_list dynamic = {0};
    OT_CLEANUP(ot_partial_view_close) struct ot_partial_view view = {0};
    bool possible = true;

    for (size_t i = 0; i < old->function_count; i++)
        chosen[i] = ot_bits_has(changed, i);
    for (size_t i = 0; i < words; i++) {
        together[i] = plain[i] & changed[i];
        others[i] = plain[i] & ~changed[i];
    }
    if (!ot_bits_empty(together, words) && !ot_bits_empty(others, words)) {
        ot_partial_view_open(&view, &old->bundle.metafile, old->functions, old->function_count);
        ot_partial_view_dynamic(&view, plain, &dynamic);
        ot_partial_view_keys(&view, plain, old->functions, &dynamic);
        choose_first(&view, plain, together, chosen);
        possible = add_witnesses(old, &view, together, others, chosen);
    }
    for (size_t i = 0; i < old->function_count; i++)
        count += chosen[i];
    return possible && !old->bundle.has_twins && count < old->function_count;
}
