#include "package/modules.h"

#include "base/base64.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#define INLINE_MAP "//# sourceMappingURL=data:application/json;base64,"
/* esbuild names sources as seen from a bundle, two folders below the folder that was built. */
#define STEPS_UP 2

void ot_modules_free(struct ot_modules *modules)
{
    free(modules->items);
    ot_buf_free(&modules->owned);
    *modules = (struct ot_modules){0};
}

static void add(struct ot_modules *modules, struct ot_span name, struct ot_span text)
{
    if (modules->count == OT_MODULES_MAX_COUNT) {
        modules->cut = true;
        return;
    }
    if (modules->count == modules->cap) {
        modules->cap = modules->cap == 0 ? 64 : 2 * modules->cap;
        modules->items = ot_realloc(modules->items, modules->cap, sizeof(*modules->items));
    }
    modules->items[modules->count++] = (struct ot_module){name, text};
}

/* Between two modules stands an empty line, which is of neither. */
static struct ot_span without_end(struct ot_span text)
{
    while (text.len > 0 && text.data[text.len - 1] == '\n')
        text.len--;
    return text;
}

/* -- bundles ----------------------------------------------------------------------------------- */

static struct ot_span line_at(struct ot_span text, size_t at)
{
    const char *end = memchr(text.data + at, '\n', text.len - at);

    return (struct ot_span){text.data + at,
                            end == NULL ? text.len - at : (size_t)(end - text.data) - at};
}

/* "// name", at the beginning or behind an empty line. */
static bool is_heading(struct ot_span text, size_t at, struct ot_span line)
{
    if (!ot_span_starts(line, "// ") || line.len < 4 || line.len > OT_MODULE_NAME_MAX + 3 ||
        ot_is_blank(line.data[3]) || ot_is_blank(line.data[line.len - 1]))
        return false;
    return at == 0 || (text.data[at - 1] == '\n' && (at == 1 || text.data[at - 2] == '\n'));
}

/* Where the exports begin that end a bundle, or licences, or the link to a map. */
static bool is_tail(struct ot_span line)
{
    return ot_span_is(line, "export {") || ot_span_starts(line, "/*! Bundled license") ||
           ot_span_starts(line, "//# sourceMappingURL=");
}

void ot_modules_of_bundle(struct ot_span text, struct ot_modules *out)
{
    struct ot_span name = {NULL, 0};
    size_t begin = 0; /* of the open module's text */
    size_t tail = text.len;
    bool in_tail = false;

    out->head = text;
    for (size_t at = 0; at < text.len;) {
        struct ot_span line = line_at(text, at);
        size_t next = at + line.len + (at + line.len < text.len);

        if (is_heading(text, at, line)) {
            if (name.data == NULL)
                out->head.len = at;
            else
                add(out, name, without_end((struct ot_span){text.data + begin, at - begin}));
            name = ot_span_skip(line, 3);
            begin = next;
            in_tail = false;
        } else if (!in_tail && is_tail(line)) {
            in_tail = true;
            tail = at;
        }
        at = next;
    }
    if (name.data == NULL)
        return;
    if (!in_tail)
        tail = text.len;
    add(out, name, without_end((struct ot_span){text.data + begin, tail - begin}));
    out->tail = (struct ot_span){text.data + tail, text.len - tail};
}

void ot_modules_of_runtime(struct ot_span text, struct ot_modules *out)
{
    add(out, OT_SPAN("onetube-shim:onetube.js"), text);
}

bool ot_modules_inline_map(struct ot_span bundle, struct ot_buf *out)
{
    size_t end = bundle.len;
    size_t begin;
    struct ot_span line;

    while (end > 0 && bundle.data[end - 1] == '\n')
        end--;
    begin = end;
    while (begin > 0 && bundle.data[begin - 1] != '\n')
        begin--;
    line = (struct ot_span){bundle.data + begin, end - begin};
    if (!ot_span_starts(line, INLINE_MAP))
        return false;
    line = ot_span_skip(line, strlen(INLINE_MAP));
    return ot_base64_append(out, line);
}

/* -- source maps ------------------------------------------------------------------------------- */

/* Strings of an array, one behind the other in `owned`; ends[i] is where the i-th ends. An item
 * that is null is empty and gets `missing`. */
struct strings {
    size_t *ends;
    bool *missing;
    size_t count, cap;
};

static void strings_free(struct strings *strings)
{
    free(strings->ends);
    free(strings->missing);
}

static void put_string(struct strings *strings, size_t end, bool missing)
{
    if (strings->count == strings->cap) {
        strings->cap = strings->cap == 0 ? 64 : 2 * strings->cap;
        strings->ends = ot_realloc(strings->ends, strings->cap, sizeof(*strings->ends));
        strings->missing = ot_realloc(strings->missing, strings->cap, sizeof(*strings->missing));
    }
    strings->ends[strings->count] = end;
    strings->missing[strings->count++] = missing;
}

static int read_strings(struct ot_json *json, struct strings *strings, struct ot_buf *owned,
                        struct ot_error *err)
{
    struct ot_span text;
    int more;

    strings->count = 0;
    if (ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        int type = ot_json_peek(json, err);

        if (type < 0)
            return -1;
        if (type == 'n') {
            if (ot_json_skip(json, err) < 0)
                return -1;
        } else {
            if (ot_json_string(json, &text, err) < 0)
                return -1;
            ot_buf_append(owned, text.data, text.len);
        }
        if (strings->count == OT_MODULES_MAX_COUNT)
            return ot_json_fail(json, err, "more than %u items", OT_MODULES_MAX_COUNT);
        put_string(strings, owned->len, type == 'n');
    }
    return more;
}

static int read_map(struct ot_json *json, struct strings *names, struct strings *texts,
                    struct ot_buf *name_bytes, struct ot_buf *text_bytes, struct ot_error *err)
{
    struct ot_span key;
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &key, err)) > 0) {
        int done = ot_span_is(key, "sources")          ? read_strings(json, names, name_bytes, err)
                   : ot_span_is(key, "sourcesContent") ? read_strings(json, texts, text_bytes, err)
                                                       : ot_json_skip(json, err);

        if (done < 0)
            return -1;
    }
    return more < 0 ? -1 : ot_json_finish(json, err);
}

static struct ot_span item_of(const struct strings *strings, size_t index, const char *bytes)
{
    size_t begin = index == 0 ? 0 : strings->ends[index - 1];

    return (struct ot_span){bytes == NULL ? "" : bytes + begin, strings->ends[index] - begin};
}

int ot_modules_of_map(struct ot_span text, struct ot_modules *out, struct ot_error *err)
{
    OT_CLEANUP(strings_free) struct strings names = {0};
    OT_CLEANUP(strings_free) struct strings texts = {0};
    OT_AUTOBUF struct ot_buf name_bytes = {0};
    struct ot_json json;
    size_t names_at;
    int done;

    ot_json_begin(&json, text, OT_JSON_NUMBERS | OT_JSON_UNIQUE);
    done = read_map(&json, &names, &texts, &name_bytes, &out->owned, err);
    ot_json_end(&json);
    if (done < 0)
        return -1;
    names_at = out->owned.len;
    if (name_bytes.len > 0)
        ot_buf_append(&out->owned, name_bytes.data, name_bytes.len);
    for (size_t i = 0; i < names.count && i < texts.count; i++) {
        const char *base = out->owned.data == NULL ? NULL : out->owned.data + names_at;
        struct ot_span name = item_of(&names, i, base);

        for (int step = 0; step < STEPS_UP && ot_span_starts(name, "../"); step++)
            name = ot_span_skip(name, 3);
        if (!texts.missing[i] && name.len > 0 && name.len <= OT_MODULE_NAME_MAX)
            add(out, name, item_of(&texts, i, out->owned.data));
    }
    return 0;
}

/* -- names ------------------------------------------------------------------------------------- */

struct ot_span ot_module_package(struct ot_span name)
{
    static const char folder[] = "node_modules/";
    struct ot_span rest = {NULL, 0};
    size_t len = 0;

    for (size_t at = 0; at + sizeof(folder) - 1 <= name.len; at++) {
        if (memcmp(name.data + at, folder, sizeof(folder) - 1) == 0 &&
            (at == 0 || name.data[at - 1] == '/'))
            rest = ot_span_skip(name, at + sizeof(folder) - 1);
    }
    if (rest.len == 0)
        return rest;
    for (unsigned parts = rest.data[0] == '@' ? 2 : 1; len < rest.len; len++) {
        if (rest.data[len] == '/' && --parts == 0)
            break;
    }
    rest.len = len;
    return rest;
}

bool ot_module_is_runtime(struct ot_span name)
{
    return ot_span_starts(name, "onetube:") || ot_span_starts(name, "onetube-shim:") ||
           ot_span_starts(name, "<");
}
