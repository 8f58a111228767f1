#include "build/inline_wasm.h"

#include "base/base64.h"
#include "base/digest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = {'\0', 'a', 's', 'm', 1, 0, 0, 0};
static const char magic_base64[] = "AGFzbQEAAA"; /* of the first 60 bits */

/* -- modules ----------------------------------------------------------------------------------- */

/* An unsigned 32-bit LEB128 number (section 5.2.2). */
static bool read_u32(struct ot_span *rest, uint32_t *value)
{
    uint64_t number = 0;

    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte;

        if (rest->len == 0)
            return false;
        byte = (uint8_t)rest->data[0];
        *rest = ot_span_skip(*rest, 1);
        number |= (uint64_t)(byte & 0x7fu) << shift;
        if ((byte & 0x80u) == 0) {
            *value = (uint32_t)number;
            return number <= UINT32_MAX;
        }
    }
    return false;
}

bool ot_is_wasm(struct ot_span bytes)
{
    enum { LAST = 13, EXPORTS = 7, CODE = 10 };
    bool seen[LAST + 1] = {0};
    struct ot_span rest;

    if (bytes.len < sizeof(magic) || memcmp(bytes.data, magic, sizeof(magic)) != 0)
        return false;
    rest = ot_span_skip(bytes, sizeof(magic));
    while (rest.len > 0) {
        uint8_t id = (uint8_t)rest.data[0];
        uint32_t size;

        rest = ot_span_skip(rest, 1);
        if (id > LAST || (id > 0 && seen[id]) || !read_u32(&rest, &size) || size > rest.len)
            return false;
        seen[id] = true;
        rest = ot_span_skip(rest, size);
    }
    return seen[EXPORTS] && seen[CODE];
}

/* -- in texts ---------------------------------------------------------------------------------- */

static bool is_base64(char c)
{
    return isalnum((unsigned char)c) || c == '+' || c == '/';
}

/* A whole literal, or what is behind "base64," in one; padded or not. */
static bool read_base64(struct ot_span text, struct ot_buf *module, size_t *len)
{
    OT_AUTOBUF struct ot_buf padded = {0};

    for (*len = 0; *len < text.len && is_base64(text.data[*len]);)
        (*len)++;
    if (*len > OT_BASE64_LENGTH((size_t)OT_INLINE_WASM_MAX) || *len % 4 == 1)
        return false;
    ot_buf_append(&padded, text.data, *len);
    for (; *len < text.len && text.data[*len] == '=';)
        (*len)++;
    if (*len == text.len || strchr("\"'`", text.data[*len]) == NULL)
        return false;
    while (padded.len % 4 != 0)
        ot_buf_putc(&padded, '=');
    return ot_base64_append(module, ot_buf_span(&padded));
}

static void skip_space(struct ot_span *rest)
{
    while (rest->len > 0 && isspace((unsigned char)rest->data[0]))
        *rest = ot_span_skip(*rest, 1);
}

/* As esbuild prints it: "[0, 97, 115, 109, ...]", `text` being behind the bracket. */
static bool read_numbers(struct ot_span text, struct ot_buf *module, size_t *len)
{
    struct ot_span rest = text;

    while (module->len < OT_INLINE_WASM_MAX) {
        unsigned number = 0;
        size_t digits = 0;

        skip_space(&rest);
        for (; digits < 4 && digits < rest.len && isdigit((unsigned char)rest.data[digits]);)
            number = number * 10 + (unsigned)(rest.data[digits++] - '0');
        if (digits == 0 || number > UINT8_MAX)
            return false;
        ot_buf_putc(module, (char)number);
        if (module->len <= sizeof(magic) && memcmp(module->data, magic, module->len) != 0)
            return false;
        rest = ot_span_skip(rest, digits);
        skip_space(&rest);
        if (rest.len == 0 || strchr(",]", rest.data[0]) == NULL)
            return false;
        *len = text.len - rest.len;
        if (rest.data[0] == ']')
            return true;
        rest = ot_span_skip(rest, 1);
    }
    return false;
}

static void keep(struct ot_wasm_texts *out, struct ot_buf *module)
{
    if (!ot_is_wasm(ot_buf_span(module)))
        return;
    out->items = ot_realloc(out->items, out->count + 1, sizeof(*out->items));
    out->items[out->count++] = *module;
    *module = (struct ot_buf){0};
}

static void find_base64(struct ot_span text, struct ot_wasm_texts *out)
{
    const char *found;

    while ((found = memmem(text.data, text.len, magic_base64, strlen(magic_base64))) != NULL) {
        OT_AUTOBUF struct ot_buf module = {0};
        size_t len;

        text = ot_span_skip(text, (size_t)(found - text.data));
        if (read_base64(text, &module, &len))
            keep(out, &module);
        text = ot_span_skip(text, len);
    }
}

/* From the second number, 97, back to the bracket. NULL: that is not how it begins. */
static const char *list_start(const char *start, const char *at)
{
    while (at > start && (isspace((unsigned char)at[-1]) || at[-1] == ','))
        at--;
    if (at == start || at[-1] != '0')
        return NULL;
    for (at--; at > start && isspace((unsigned char)at[-1]);)
        at--;
    return at > start && at[-1] == '[' ? at : NULL;
}

static void find_lists(struct ot_span text, struct ot_wasm_texts *out)
{
    const char *second;

    while ((second = memmem(text.data, text.len, "97", 2)) != NULL) {
        const char *first = list_start(text.data, second);
        size_t behind = (size_t)(second - text.data) + 2, len;
        OT_AUTOBUF struct ot_buf module = {0};

        if (first != NULL) {
            struct ot_span list = ot_span_skip(text, (size_t)(first - text.data));

            if (read_numbers(list, &module, &len)) {
                keep(out, &module);
                behind = (size_t)(first - text.data) + len;
            }
        }
        text = ot_span_skip(text, behind);
    }
}

void ot_wasm_texts_find(struct ot_span output, struct ot_wasm_texts *out)
{
    find_base64(output, out);
    find_lists(output, out);
}

void ot_wasm_texts_free(struct ot_wasm_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        ot_buf_free(&texts->items[i]);
    free(texts->items);
    *texts = (struct ot_wasm_texts){0};
}

/* -- the bundle -------------------------------------------------------------------------------- */

static void add_members(struct ot_wasm_texts *texts, struct ot_static_list *members,
                        size_t function)
{
    for (size_t i = 0; i < texts->count; i++) {
        char digest[OT_SHA256_HEX];
        OT_AUTOFREE char *path = NULL;
        OT_AUTOBUF struct ot_buf data = {0};

        ot_sha256_hex(ot_buf_span(&texts->items[i]), digest);
        path = ot_asprintf("files/inline-%.16s.wasm", digest);
        ot_buf_append(&data, texts->items[i].data, texts->items[i].len);
        ot_static_add(members, function, path, &data);
    }
}

void ot_inline_wasm(const struct ot_bundle *bundle, const struct ot_sources *sources,
                    struct ot_static_list *members)
{
    OT_AUTOFREE struct ot_wasm_texts *texts = ot_alloc(bundle->file_count + 1, sizeof(*texts));
    bool any = false;

    for (size_t i = 0; i < bundle->file_count; i++) {
        if (ot_span_ends(bundle->files[i].path, ".js"))
            ot_wasm_texts_find(bundle->files[i].data, &texts[i]);
        any = any || texts[i].count > 0;
    }
    for (size_t i = 0; any && i < sources->count; i++) {
        OT_AUTOFREE char *path = ot_asprintf("functions/%s.js", sources->items[i].name);
        OT_AUTOLIST struct ot_list outputs = {0};

        ot_list_add(&outputs, path);
        ot_metafile_reachable(&bundle->metafile, path, &outputs);
        for (size_t j = 0; j < outputs.count; j++) {
            const struct ot_bundle_file *file = ot_bundle_find(bundle, outputs.items[j]);

            if (file != NULL)
                add_members(&texts[file - bundle->files], members, i);
        }
    }
    for (size_t i = 0; i < bundle->file_count; i++)
        ot_wasm_texts_free(&texts[i]);
}
