#include "build/tree.h"

#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ot_tree_free(struct ot_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        ot_tree_free(&tree->items[i]);
    free(tree->items);
    free(tree->key);
    free(tree->text);
    *tree = (struct ot_tree){0};
}

struct ot_tree *ot_tree_add(struct ot_tree *tree, const char *key, bool *is_new)
{
    struct ot_tree *item;

    *is_new = false;
    for (size_t i = 0; key != NULL && i < tree->count; i++) {
        if (strcmp(tree->items[i].key, key) == 0)
            return &tree->items[i];
    }
    *is_new = true;
    if (tree->count == tree->cap) {
        tree->cap = tree->cap == 0 ? 8 : 2 * tree->cap;
        tree->items = ot_realloc(tree->items, tree->cap, sizeof(*tree->items));
    }
    item = &tree->items[tree->count++];
    *item = (struct ot_tree){.key = key != NULL ? ot_strdup(key) : NULL};
    return item;
}

void ot_tree_set(struct ot_tree *tree, enum ot_tree_type type, struct ot_span text)
{
    tree->type = type;
    if (type == OT_TREE_BOOL)
        tree->truth = ot_span_is(text, "true");
    else if (type == OT_TREE_STRING || type == OT_TREE_NUMBER)
        tree->text = ot_strndup(text.data, text.len);
}

const struct ot_tree *ot_tree_get(const struct ot_tree *tree, const char *key)
{
    static const struct ot_tree null = {0};

    for (size_t i = 0; tree->type == OT_TREE_OBJECT && i < tree->count; i++) {
        if (strcmp(tree->items[i].key, key) == 0)
            return &tree->items[i];
    }
    return &null;
}

const char *ot_tree_text(const struct ot_tree *tree)
{
    return tree->type == OT_TREE_STRING ? tree->text : NULL;
}

/* -- JSON -------------------------------------------------------------------------------------- */

struct reader {
    struct ot_json json;
    size_t counted, line_start; /* how far lines were counted */
    unsigned line;
};

/* Keys and items come in the order of the text, so lines are counted once. */
static void locate(struct reader *reader, struct ot_tree *tree)
{
    for (; reader->counted < reader->json.token; reader->counted++) {
        if (reader->json.text[reader->counted] == '\n') {
            reader->line++;
            reader->line_start = reader->counted + 1;
        }
    }
    tree->line = reader->line;
    tree->column = (unsigned)(reader->json.token - reader->line_start) + 1;
}

static int read_value(struct reader *reader, struct ot_tree *tree, struct ot_error *err);

static int read_object(struct reader *reader, struct ot_tree *tree, struct ot_error *err)
{
    struct ot_span key;
    int more;

    tree->type = OT_TREE_OBJECT;
    if (ot_json_object(&reader->json, err) < 0)
        return -1;
    while ((more = ot_json_key(&reader->json, &key, err)) > 0) {
        OT_AUTOFREE char *name = ot_strndup(key.data, key.len);
        bool is_new;
        struct ot_tree *item = ot_tree_add(tree, name, &is_new);

        if (!is_new) {
            ot_tree_free(item);
            item->key = OT_STEAL(name);
        }
        locate(reader, item);
        if (read_value(reader, item, err) < 0)
            return -1;
    }
    return more;
}

static int read_array(struct reader *reader, struct ot_tree *tree, struct ot_error *err)
{
    int more;

    tree->type = OT_TREE_ARRAY;
    if (ot_json_array(&reader->json, err) < 0)
        return -1;
    while ((more = ot_json_item(&reader->json, err)) > 0) {
        bool is_new;
        struct ot_tree *item = ot_tree_add(tree, NULL, &is_new);

        locate(reader, item);
        if (read_value(reader, item, err) < 0)
            return -1;
    }
    return more;
}

static int read_word(struct reader *reader, struct ot_tree *tree, struct ot_error *err)
{
    struct ot_span word;

    if (ot_json_word(&reader->json, &word, err) < 0)
        return -1;
    if (ot_span_is(word, "true") || ot_span_is(word, "false"))
        ot_tree_set(tree, OT_TREE_BOOL, word);
    else if (word.len > 0 && strchr("-0123456789", word.data[0]) != NULL)
        ot_tree_set(tree, OT_TREE_NUMBER, word);
    else if (!ot_span_is(word, "null"))
        return ot_json_fail(&reader->json, err, "a value is expected here");
    return 0;
}

/* The JSON reader bounds the depth. */
static int read_value(struct reader *reader, struct ot_tree *tree, struct ot_error *err)
{
    int first = ot_json_peek(&reader->json, err);
    struct ot_span text;

    if (first < 0)
        return -1;
    if (first == '{')
        return read_object(reader, tree, err);
    if (first == '[')
        return read_array(reader, tree, err);
    if (first != '"')
        return read_word(reader, tree, err);
    if (ot_json_string(&reader->json, &text, err) < 0)
        return -1;
    ot_tree_set(tree, OT_TREE_STRING, text);
    return 0;
}

int ot_tree_json(struct ot_tree *tree, struct ot_span text, const char *file, struct ot_error *err)
{
    struct reader reader = {.line = 1};
    struct ot_error cause;
    int result;

    *tree = (struct ot_tree){.line = 1, .column = 1};
    if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        text = (struct ot_span){text.data + 3, text.len - 3};
    ot_json_begin(&reader.json, text, OT_JSON_COMMENTS);
    result = read_value(&reader, tree, &cause);
    if (result == 0)
        result = ot_json_finish(&reader.json, &cause);
    ot_json_end(&reader.json);
    if (result == 0)
        return 0;
    ot_tree_free(tree);
    return ot_fail(err, OT_FAILED, "%s:%s", file, cause.message);
}

/* -- files ------------------------------------------------------------------------------------- */

int ot_tree_read(struct ot_tree *tree, const char *path, const char *shown, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error cause;
    struct stat info;
    int result;

    *tree = (struct ot_tree){0};
    if (stat(path, &info) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (ot_read_file(path, OT_TREE_MAX, &text, &cause) < 0)
        return ot_fail(err, OT_FAILED, "%s: cannot be read (%s)", shown, strerror(cause.errnum));
    if (ot_span_ends(ot_span_of(path), ".toml"))
        result = ot_tree_toml(tree, ot_buf_span(&text), shown, err);
    else
        result = ot_tree_json(tree, ot_buf_span(&text), shown, err);
    return result < 0 ? -1 : 1;
}
