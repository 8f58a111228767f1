#include "build/relabel.h"

#include "base/digest.h"
#include "build/graph.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK "chunks/chunk-"
#define HASH_LEN 8u /* characters; esbuild's hashes have as many */

static const char mark[] = "node_modules/";

struct ot_span ot_relabel_path(struct ot_span path)
{
    for (size_t at = path.len; at-- > 0;) {
        if ((at == 0 || path.data[at - 1] == '/') && ot_span_starts(ot_span_skip(path, at), mark))
            return ot_span_skip(path, at);
    }
    return path;
}

/* -- texts ------------------------------------------------------------------------------------- */

/*
 * Where a path stands in a line that esbuild wrote: "// path", or the name of a wrapped module,
 * `  "path"(exports, module) {`, with `async` in front or not.
 */
static bool find_path(struct ot_span line, struct ot_span *path)
{
    struct ot_span rest = line;
    const char *quote;

    if (ot_span_starts(line, "// ")) {
        *path = ot_span_skip(line, 3);
        return true;
    }
    if (!ot_span_starts(line, "  "))
        return false;
    rest = ot_span_skip(rest, 2);
    if (ot_span_starts(rest, "async "))
        rest = ot_span_skip(rest, 6);
    if (!ot_span_starts(rest, "\""))
        return false;
    rest = ot_span_skip(rest, 1);
    quote = memchr(rest.data, '"', rest.len);
    if (quote == NULL || !ot_span_starts(ot_span_skip(rest, (size_t)(quote - rest.data)), "\"("))
        return false;
    *path = (struct ot_span){rest.data, (size_t)(quote - rest.data)};
    return true;
}

/* The text with the paths of comments and wrappers relabelled. */
static void relabel_text(struct ot_buf *out, struct ot_span text)
{
    while (text.len > 0) {
        const char *newline = memchr(text.data, '\n', text.len);
        size_t len = newline != NULL ? (size_t)(newline - text.data) + 1 : text.len;
        struct ot_span line = {text.data, len - (newline != NULL)};
        struct ot_span path, label;

        if (find_path(line, &path)) {
            size_t start = (size_t)(path.data - text.data);

            label = ot_relabel_path(path);
            ot_buf_append(out, text.data, start);
            ot_buf_append(out, label.data, label.len);
            ot_buf_append(out, path.data + path.len, len - start - path.len);
        } else {
            ot_buf_append(out, text.data, len);
        }
        text = ot_span_skip(text, len);
    }
}

/* The end of the string that begins at text[0] == '"', behind its closing quote; 0: none. */
static size_t string_end(struct ot_span text)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] == '\\')
            i++;
        else if (text.data[i] == '"')
            return i + 1;
    }
    return 0;
}

/* A source map with its "sources" relabelled. */
static void relabel_map(struct ot_buf *out, struct ot_span json)
{
    static const char key[] = "\"sources\": [";
    const char *found = memmem(json.data, json.len, key, strlen(key));
    struct ot_span rest;

    if (found == NULL) {
        ot_buf_append(out, json.data, json.len);
        return;
    }
    ot_buf_append(out, json.data, (size_t)(found - json.data) + strlen(key));
    rest = ot_span_skip(json, (size_t)(found - json.data) + strlen(key));
    while (rest.len > 0 && rest.data[0] != ']') {
        size_t len = rest.data[0] == '"' ? string_end(rest) : 1;
        struct ot_span text = {rest.data, len}, label;

        if (len == 0)
            break;
        label = ot_relabel_path(text);
        if (label.len < text.len)
            ot_buf_puts(out, "\"../../");
        ot_buf_append(out, label.data, label.len);
        rest = ot_span_skip(rest, len);
    }
    ot_buf_append(out, rest.data, rest.len);
}

/* -- source maps in the outputs ---------------------------------------------------------------- */

static void put_base64(struct ot_buf *out, struct ot_span data)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < data.len; i += 3) {
        const unsigned char *at = (const unsigned char *)data.data + i;
        size_t left = data.len - i;
        uint32_t bits =
            (uint32_t)at[0] << 16 | (left > 1 ? (uint32_t)at[1] << 8 : 0) | (left > 2 ? at[2] : 0);

        ot_buf_putc(out, digits[bits >> 18]);
        ot_buf_putc(out, digits[bits >> 12 & 63]);
        ot_buf_putc(out, left > 1 ? digits[bits >> 6 & 63] : '=');
        ot_buf_putc(out, left > 2 ? digits[bits & 63] : '=');
    }
}

static struct ot_bundle_file *find_file(struct ot_bundle *bundle, struct ot_span path)
{
    for (size_t i = 0; i < bundle->file_count; i++) {
        if (ot_span_equal(bundle->files[i].path, path))
            return &bundle->files[i];
    }
    return NULL;
}

/* Ends the text with where its map is, or with the map itself. */
static void put_map(struct ot_bundle *bundle, struct ot_span path, bool inline_map,
                    struct ot_buf *text)
{
    OT_AUTOFREE char *name = ot_asprintf("%.*s.map", (int)path.len, path.data);
    const struct ot_bundle_file *map = find_file(bundle, ot_span_of(name));
    const char *slash = strrchr(name, '/');

    if (map == NULL)
        return;
    ot_buf_puts(text, "//# sourceMappingURL=");
    if (inline_map) {
        ot_buf_puts(text, "data:application/json;base64,");
        put_base64(text, map->data);
    } else {
        ot_buf_puts(text, slash != NULL ? slash + 1 : name);
    }
    ot_buf_putc(text, '\n');
}

/* -- chunks ------------------------------------------------------------------------------------ */

struct rename {
    char old[HASH_LEN + 1], fresh[HASH_LEN + 1];
};

struct renames {
    struct rename *items;
    size_t count;
};

static void free_renames(struct renames *renames)
{
    free(renames->items);
}

static bool is_chunk(struct ot_span path)
{
    return ot_span_starts(path, CHUNK) && ot_span_ends(path, ".js") &&
           path.len == strlen(CHUNK) + HASH_LEN + strlen(".js");
}

static const struct rename *find_rename(const struct renames *renames, const char *hash)
{
    for (size_t i = 0; i < renames->count; i++) {
        if (memcmp(renames->items[i].old, hash, HASH_LEN) == 0)
            return &renames->items[i];
    }
    return NULL;
}

/*
 * Every "chunk-<hash>" gets its new hash, or with `blank` none: then a chunk's bytes do not depend
 * on the names of those that it imports, which may import it, too.
 */
static void rename_in(const struct renames *renames, char *data, size_t len, bool blank)
{
    static const char name[] = "chunk-";
    char *end = data + len;

    for (char *at = memmem(data, len, name, strlen(name)); at != NULL;
         at = memmem(at, (size_t)(end - at), name, strlen(name))) {
        const struct rename *rename;

        at += strlen(name);
        if ((size_t)(end - at) < HASH_LEN)
            return;
        rename = find_rename(renames, at);
        if (rename != NULL)
            memcpy(at, blank ? "00000000" : rename->fresh, HASH_LEN);
    }
}

static void list_chunks(const struct ot_bundle *bundle, struct renames *renames)
{
    for (size_t i = 0; i < bundle->file_count; i++) {
        const char *hash = bundle->files[i].path.data + strlen(CHUNK);

        if (!is_chunk(bundle->files[i].path) || find_rename(renames, hash) != NULL)
            continue;
        renames->items = ot_realloc(renames->items, renames->count + 1, sizeof(*renames->items));
        memcpy(renames->items[renames->count].old, hash, HASH_LEN);
        renames->items[renames->count++].old[HASH_LEN] = '\0';
    }
}

/* The functions that need the chunk, which no other chunk has exactly so. */
static void put_functions(const struct ot_metafile_nodes *outputs, const char *path,
                          struct ot_buf *text)
{
    static const char folder[] = "functions/";
    OT_AUTOGRAPH struct ot_graph graph = {0};
    OT_AUTOFREE size_t *starts = ot_alloc(outputs->count + 1, sizeof(*starts));
    OT_AUTOFREE uint64_t *sets = NULL;
    size_t count = 0, node;

    ot_graph_open(&graph, outputs);
    for (size_t i = 0; i < outputs->count; i++) {
        if (strncmp(outputs->items[i].path, folder, strlen(folder)) == 0)
            starts[count++] = i;
    }
    sets = ot_graph_reach(&graph, starts, count, true);
    node = ot_graph_find(&graph, path);
    for (size_t i = 0; i < count && node != OT_NO_NODE; i++) {
        if (ot_bits_has(&sets[node * OT_BITS_WORDS(count)], i))
            ot_buf_printf(text, "\n%s", outputs->items[starts[i]].path);
    }
}

static void name_chunk(struct rename *rename, const struct ot_buf *text)
{
    char hex[OT_SHA256_HEX];

    ot_sha256_hex(ot_buf_span(text), hex);
    for (size_t i = 0; i < HASH_LEN; i++)
        rename->fresh[i] = (char)toupper((unsigned char)hex[i]);
    rename->fresh[HASH_LEN] = '\0';
}

static bool is_taken(const struct renames *renames, size_t index, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i != index && strcmp(renames->items[i].fresh, renames->items[index].fresh) == 0)
            return true;
    }
    return false;
}

/*
 * Names chunks by their bytes; those with the same bytes by the functions that need them, and at
 * last by a number.
 */
static void choose_names(struct ot_bundle *bundle, struct renames *renames)
{
    OT_AUTOFREE struct ot_buf *texts = NULL;
    OT_AUTOFREE bool *twins = NULL;

    list_chunks(bundle, renames);
    texts = ot_alloc(renames->count + 1, sizeof(*texts));
    twins = ot_alloc(renames->count + 1, sizeof(*twins));
    for (size_t i = 0; i < renames->count; i++) {
        OT_AUTOFREE char *path = ot_asprintf(CHUNK "%s.js", renames->items[i].old);
        const struct ot_bundle_file *file = find_file(bundle, ot_span_of(path));

        ot_buf_append(&texts[i], file->data.data, file->data.len);
        rename_in(renames, texts[i].data, texts[i].len, true);
        name_chunk(&renames->items[i], &texts[i]);
    }
    for (size_t i = 0; i < renames->count; i++)
        twins[i] = is_taken(renames, i, renames->count);
    for (size_t i = 0; i < renames->count; i++) {
        OT_AUTOFREE char *path = ot_asprintf(CHUNK "%s.js", renames->items[i].old);

        bundle->has_twins = bundle->has_twins || twins[i];
        if (twins[i])
            put_functions(&bundle->metafile.outputs, path, &texts[i]);
        while (twins[i]) {
            name_chunk(&renames->items[i], &texts[i]);
            if (!is_taken(renames, i, i))
                break;
            ot_buf_putc(&texts[i], '\n');
        }
        ot_buf_free(&texts[i]);
    }
}

static void rename_paths(const struct renames *renames, struct ot_metafile_nodes *nodes)
{
    for (size_t i = 0; i < nodes->count; i++) {
        struct ot_metafile_node *node = &nodes->items[i];

        rename_in(renames, node->path, strlen(node->path), false);
        for (size_t j = 0; j < node->import_count; j++)
            rename_in(renames, node->imports[j].path, strlen(node->imports[j].path), false);
    }
}

/* -- all of it --------------------------------------------------------------------------------- */

static bool is_script(struct ot_span path)
{
    return ot_span_ends(path, ".js") &&
           (ot_span_starts(path, "functions/") || ot_span_starts(path, "chunks/"));
}

/* A copy that may be changed; the bundle owns it. */
static struct ot_buf *new_text(struct ot_bundle *bundle)
{
    return &bundle->rewritten[bundle->rewritten_count++];
}

static void rewrite_texts(struct ot_bundle *bundle)
{
    for (size_t i = 0; i < bundle->file_count; i++) {
        struct ot_bundle_file *file = &bundle->files[i];
        bool is_map = ot_span_ends(file->path, ".js.map");
        struct ot_buf *text;

        if (!is_map && !is_script(file->path))
            continue;
        text = new_text(bundle);
        ot_buf_reserve(text, file->data.len);
        if (is_map)
            relabel_map(text, file->data);
        else
            relabel_text(text, file->data);
        file->data = ot_buf_span(text);
    }
}

static void rename_files(struct ot_bundle *bundle, const struct renames *renames)
{
    for (size_t i = 0; i < bundle->file_count; i++) {
        struct ot_bundle_file *file = &bundle->files[i];
        struct ot_buf *path = new_text(bundle);

        ot_buf_append(path, file->path.data, file->path.len);
        rename_in(renames, path->data, path->len, false);
        file->path = ot_buf_span(path);
    }
    /* every file's bytes are one of ours, or no script */
    for (size_t i = 0; i < bundle->rewritten_count; i++)
        rename_in(renames, bundle->rewritten[i].data, bundle->rewritten[i].len, false);
}

static void embed_maps(struct ot_bundle *bundle, bool inline_maps)
{
    size_t kept = 0;

    for (size_t i = 0; i < bundle->file_count; i++) {
        struct ot_bundle_file *file = &bundle->files[i];
        struct ot_buf *text;

        if (!is_script(file->path))
            continue;
        text = new_text(bundle);
        ot_buf_append(text, file->data.data, file->data.len);
        put_map(bundle, file->path, inline_maps, text);
        file->data = ot_buf_span(text);
    }
    for (size_t i = 0; i < bundle->file_count; i++) {
        if (!inline_maps || !ot_span_ends(bundle->files[i].path, ".js.map"))
            bundle->files[kept++] = bundle->files[i];
    }
    bundle->file_count = kept;
}

void ot_relabel(struct ot_bundle *bundle, enum ot_sourcemap sourcemap)
{
    OT_CLEANUP(free_renames) struct renames renames = {0};

    bundle->rewritten = ot_alloc(3 * bundle->file_count + 1, sizeof(*bundle->rewritten));
    rewrite_texts(bundle);
    choose_names(bundle, &renames);
    rename_files(bundle, &renames);
    rename_paths(&renames, &bundle->metafile.outputs);
    ot_metafile_finish(&bundle->metafile);
    if (sourcemap != OT_SOURCEMAP_NONE)
        embed_maps(bundle, sourcemap == OT_SOURCEMAP_INLINE);
}
