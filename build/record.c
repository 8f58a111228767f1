#include "build/record.h"

#include "base/text.h"
#include "build/packet.h"

#include <stdlib.h>
#include <string.h>

void ot_record_free(struct ot_record *record)
{
    for (size_t i = 0; i < record->function_count; i++)
        free(record->functions[i].name);
    for (size_t i = 0; i < record->diagnostic_count; i++) {
        free(record->diagnostics[i].file);
        free(record->diagnostics[i].text);
        free(record->diagnostics[i].source_line);
    }
    free(record->functions);
    free(record->diagnostics);
    free(record->places);
    free(record->packs);
    ot_facts_free(&record->facts);
    ot_bundle_free(&record->bundle);
    *record = (struct ot_record){0};
}

/* -- writing ----------------------------------------------------------------------------------- */

static void put_text(struct ot_buf *out, const char *text)
{
    if (text == NULL)
        ot_put_null(out);
    else
        ot_put_string(out, text);
}

static void put_functions(struct ot_buf *out, const struct ot_record *record)
{
    ot_put_array(out, record->function_count);
    for (size_t i = 0; i < record->function_count; i++) {
        const struct ot_record_function *function = &record->functions[i];

        ot_put_array(out, 4);
        ot_put_string(out, function->name);
        ot_put_string(out, function->entry);
        ot_put_string(out, function->settings);
        ot_put_bool(out, function->top_level_await);
    }
}

static void put_facts(struct ot_buf *out, const struct ot_facts *facts)
{
    size_t words = OT_BITS_WORDS(facts->functions);

    ot_put_array(out, facts->count);
    for (size_t i = 0; i < facts->count; i++) {
        const struct ot_fact *fact = &facts->items[i];

        ot_put_array(out, 4);
        ot_put_uint(out, fact->kind);
        ot_put_string(out, fact->path);
        ot_put_string(out, fact->state);
        ot_put_bytes(out, (struct ot_span){(const char *)fact->users, words * sizeof(uint64_t)});
    }
}

static void put_node(struct ot_buf *out, const struct ot_metafile_node *node)
{
    ot_put_array(out, 4);
    ot_put_string(out, node->path);
    ot_put_uint(out, (uint32_t)node->bytes);
    ot_put_array(out, node->import_count);
    for (size_t i = 0; i < node->import_count; i++) {
        const struct ot_metafile_import *import = &node->imports[i];

        ot_put_array(out, 3);
        ot_put_string(out, import->path);
        put_text(out, import->original);
        ot_put_uint(out,
                    (uint32_t)(import->external | import->at_start << 1 | import->dynamic << 2));
    }
    ot_put_array(out, node->part_count);
    for (size_t i = 0; i < node->part_count; i++) {
        ot_put_array(out, 2);
        ot_put_string(out, node->parts[i].path);
        ot_put_uint(out, (uint32_t)node->parts[i].bytes);
    }
}

static void put_nodes(struct ot_buf *out, const struct ot_metafile_nodes *nodes)
{
    ot_put_array(out, nodes->count);
    for (size_t i = 0; i < nodes->count; i++)
        put_node(out, &nodes->items[i]);
}

static void put_files(struct ot_buf *out, const struct ot_record *record)
{
    ot_put_array(out, record->bundle.file_count);
    for (size_t i = 0; i < record->bundle.file_count; i++) {
        ot_put_array(out, 4);
        ot_put_span(out, record->bundle.files[i].path);
        ot_put_uint(out, (uint32_t)record->bundle.files[i].data.len);
        ot_put_uint(out, (uint32_t)record->places[i].pack);
        ot_put_uint(out, (uint32_t)record->places[i].offset);
    }
}

static void put_packs(struct ot_buf *out, const struct ot_record *record)
{
    ot_put_array(out, record->pack_count);
    for (size_t i = 0; i < record->pack_count; i++) {
        ot_put_array(out, 2);
        ot_put_string(out, record->packs[i].sha256);
        ot_put_uint(out, (uint32_t)record->packs[i].data.len);
    }
}

static void put_uses(struct ot_buf *out, const struct ot_bundle *bundle)
{
    ot_put_array(out, bundle->use_count);
    for (size_t i = 0; i < bundle->use_count; i++) {
        const struct ot_source_use *use = &bundle->uses[i];

        ot_put_array(out, 6);
        ot_put_string(out, use->source);
        put_text(out, use->package);
        ot_put_string(out, use->read.path);
        ot_put_uint(out, use->read.line);
        ot_put_uint(out, use->read.column);
        ot_put_uint(out, use->read.flags);
    }
}

static void put_lookups(struct ot_buf *out, const struct ot_lookups *lookups)
{
    ot_put_array(out, lookups->count);
    for (size_t i = 0; i < lookups->count; i++) {
        ot_put_array(out, 4);
        ot_put_string(out, lookups->items[i].importer);
        ot_put_string(out, lookups->items[i].folder);
        ot_put_string(out, lookups->items[i].target);
        ot_put_bool(out, lookups->items[i].entry);
    }
}

static void put_diagnostics(struct ot_buf *out, const struct ot_record *record)
{
    ot_put_array(out, record->diagnostic_count);
    for (size_t i = 0; i < record->diagnostic_count; i++) {
        const struct ot_diagnostic *diagnostic = &record->diagnostics[i];

        ot_put_array(out, 6);
        put_text(out, diagnostic->file);
        ot_put_uint(out, diagnostic->line);
        ot_put_uint(out, diagnostic->column);
        ot_put_string(out, diagnostic->text);
        put_text(out, diagnostic->source_line);
        ot_put_uint(out, diagnostic->length);
    }
}

bool ot_record_write(const struct ot_record *record, struct ot_buf *out)
{
    const struct ot_bundle *bundle = &record->bundle;
    size_t start;

    for (size_t i = 0; i < record->pack_count; i++) {
        if (record->packs[i].data.len > UINT32_MAX)
            return false;
    }
    start = ot_packet_begin(out, 0, false);
    ot_put_array(out, 11);
    put_functions(out, record);
    put_facts(out, &record->facts);
    put_nodes(out, &bundle->metafile.inputs);
    put_nodes(out, &bundle->metafile.outputs);
    put_files(out, record);
    put_uses(out, bundle);
    ot_put_list(out, &bundle->notes);
    put_lookups(out, &bundle->lookups);
    put_diagnostics(out, record);
    put_packs(out, record);
    ot_put_bool(out, bundle->has_twins);
    ot_packet_end(out, start);
    return true;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* An item of an array; one shared null value where there is none. */
static const struct ot_value *item(const struct ot_value *array, size_t index)
{
    static const struct ot_value none = {0};

    return array->type == OT_VALUE_ARRAY && index < array->count ? &array->items[index] : &none;
}

static char *read_text(const struct ot_value *value)
{
    struct ot_span text = ot_value_text(value);

    return value->type == OT_VALUE_STRING ? ot_strndup(text.data, text.len) : NULL;
}

/* What must be there; what is not a text is an empty one. */
static char *read_string(const struct ot_value *value)
{
    char *text = read_text(value);

    return text != NULL ? text : ot_strdup("");
}

static uint32_t read_number(const struct ot_value *value)
{
    return ot_value_uint(value, 0);
}

static void read_digest(const struct ot_value *value, char out[OT_SHA256_HEX])
{
    struct ot_span text = ot_value_text(value);

    if (ot_is_sha256(text))
        memcpy(out, text.data, text.len);
}

static void read_functions(struct ot_record *record, const struct ot_value *array)
{
    record->functions = ot_alloc(array->count + 1, sizeof(*record->functions));
    for (size_t i = 0; i < array->count; i++) {
        struct ot_record_function *function = &record->functions[record->function_count++];
        const struct ot_value *value = item(array, i);

        function->name = read_string(item(value, 0));
        read_digest(item(value, 1), function->entry);
        read_digest(item(value, 2), function->settings);
        function->top_level_await = item(value, 3)->number != 0;
    }
}

static bool read_facts(struct ot_facts *facts, const struct ot_value *array)
{
    size_t words = OT_BITS_WORDS(facts->functions);
    OT_AUTOFREE uint64_t *users = ot_alloc(words + 1, sizeof(*users));

    for (size_t i = 0; i < array->count; i++) {
        const struct ot_value *value = item(array, i);
        struct ot_span bits = ot_value_text(item(value, 3));
        OT_AUTOFREE char *path = read_string(item(value, 1));

        if (bits.len != words * sizeof(*users) || read_number(item(value, 0)) > OT_FACT_ENTRY)
            return false;
        memcpy(users, bits.data, bits.len);
        ot_facts_put(facts, (enum ot_fact_kind)read_number(item(value, 0)), path,
                     ot_value_text(item(value, 2)), users);
    }
    return true;
}

static void read_node(struct ot_metafile_node *node, const struct ot_value *value)
{
    const struct ot_value *imports = item(value, 2), *parts = item(value, 3);

    node->path = read_string(item(value, 0));
    node->bytes = read_number(item(value, 1));
    node->imports = ot_alloc(imports->count + 1, sizeof(*node->imports));
    for (size_t i = 0; i < imports->count; i++) {
        const struct ot_value *import = item(imports, i);
        uint32_t flags = read_number(item(import, 2));

        node->imports[node->import_count++] =
            (struct ot_metafile_import){.path = read_string(item(import, 0)),
                                        .original = read_text(item(import, 1)),
                                        .external = (flags & 1) != 0,
                                        .at_start = (flags & 2) != 0,
                                        .dynamic = (flags & 4) != 0};
    }
    node->parts = ot_alloc(parts->count + 1, sizeof(*node->parts));
    for (size_t i = 0; i < parts->count; i++) {
        const struct ot_value *part = item(parts, i);

        node->parts[node->part_count++] =
            (struct ot_metafile_part){read_string(item(part, 0)), read_number(item(part, 1))};
    }
}

static void read_nodes(struct ot_metafile_nodes *nodes, const struct ot_value *array)
{
    nodes->items = ot_alloc(array->count + 1, sizeof(*nodes->items));
    for (size_t i = 0; i < array->count; i++)
        read_node(&nodes->items[nodes->count++], item(array, i));
}

static bool read_packs(struct ot_record *record, const struct ot_value *array)
{
    record->packs = ot_alloc(array->count + 1, sizeof(*record->packs));
    for (size_t i = 0; i < array->count; i++) {
        struct ot_record_pack *pack = &record->packs[record->pack_count++];
        const struct ot_value *value = item(array, i);

        if (!ot_is_sha256(ot_value_text(item(value, 0))))
            return false;
        read_digest(item(value, 0), pack->sha256);
        pack->data.len = read_number(item(value, 1));
    }
    return true;
}

/* The paths are in buffers of the bundle's own, which has room for the packs' bytes, too. */
static bool read_files(struct ot_record *record, const struct ot_value *array)
{
    struct ot_bundle *bundle = &record->bundle;

    bundle->files = ot_alloc(array->count + 1, sizeof(*bundle->files));
    bundle->rewritten = ot_alloc(array->count + record->pack_count + 1, sizeof(*bundle->rewritten));
    record->places = ot_alloc(array->count + 1, sizeof(*record->places));
    for (size_t i = 0; i < array->count; i++) {
        const struct ot_value *value = item(array, i);
        struct ot_span path = ot_value_text(item(value, 0));
        struct ot_buf *own = &bundle->rewritten[bundle->rewritten_count++];
        size_t len = read_number(item(value, 1));
        struct ot_record_place *place = &record->places[i];

        *place = (struct ot_record_place){read_number(item(value, 2)), read_number(item(value, 3))};
        if (!ot_is_relative_path(path) || place->pack >= record->pack_count ||
            place->offset + len > record->packs[place->pack].data.len)
            return false;
        ot_buf_append(own, path.data, path.len);
        bundle->files[bundle->file_count++] =
            (struct ot_bundle_file){ot_buf_span(own), {NULL, len}};
    }
    return true;
}

static void read_uses(struct ot_bundle *bundle, const struct ot_value *array)
{
    bundle->uses = ot_alloc(array->count + 1, sizeof(*bundle->uses));
    for (size_t i = 0; i < array->count; i++) {
        const struct ot_value *value = item(array, i);

        bundle->uses[bundle->use_count++] =
            (struct ot_source_use){.source = read_string(item(value, 0)),
                                   .package = read_text(item(value, 1)),
                                   .read = {.path = read_string(item(value, 2)),
                                            .line = read_number(item(value, 3)),
                                            .column = read_number(item(value, 4)),
                                            .flags = read_number(item(value, 5))}};
    }
}

static bool read_notes(struct ot_bundle *bundle, const struct ot_value *array)
{
    for (size_t i = 0; i < array->count; i++) {
        struct ot_span text = ot_value_text(item(array, i));

        if (text.len == 0 || memchr(text.data, '\n', text.len) == NULL)
            return false;
        ot_list_add_span(&bundle->notes, text);
    }
    return true;
}

static void read_lookups(struct ot_lookups *lookups, const struct ot_value *array)
{
    for (size_t i = 0; i < array->count; i++) {
        const struct ot_value *value = item(array, i);

        ot_lookups_add(lookups, ot_value_text(item(value, 0)), ot_value_text(item(value, 1)),
                       ot_value_text(item(value, 2)), item(value, 3)->number != 0);
    }
}

static void read_diagnostics(struct ot_record *record, const struct ot_value *array)
{
    record->diagnostics = ot_alloc(array->count + 1, sizeof(*record->diagnostics));
    for (size_t i = 0; i < array->count; i++) {
        const struct ot_value *value = item(array, i);

        record->diagnostics[record->diagnostic_count++] =
            (struct ot_diagnostic){.file = read_text(item(value, 0)),
                                   .line = read_number(item(value, 1)),
                                   .column = read_number(item(value, 2)),
                                   .text = read_string(item(value, 3)),
                                   .source_line = read_text(item(value, 4)),
                                   .length = read_number(item(value, 5))};
    }
}

static bool read_all(struct ot_record *record, const struct ot_value *value)
{
    struct ot_bundle *bundle = &record->bundle;

    for (size_t i = 0; i < 10; i++) {
        if (item(value, i)->type != OT_VALUE_ARRAY)
            return false;
    }
    bundle->has_twins = item(value, 10)->number != 0;
    read_functions(record, item(value, 0));
    record->facts.functions = record->function_count;
    read_nodes(&bundle->metafile.inputs, item(value, 2));
    read_nodes(&bundle->metafile.outputs, item(value, 3));
    read_uses(bundle, item(value, 5));
    read_lookups(&bundle->lookups, item(value, 7));
    read_diagnostics(record, item(value, 8));
    return read_facts(&record->facts, item(value, 1)) && read_packs(record, item(value, 9)) &&
           read_files(record, item(value, 4)) && read_notes(bundle, item(value, 6));
}

bool ot_record_read(struct ot_record *record, struct ot_span bytes)
{
    struct ot_packet packet = {0};
    struct ot_error ignored;
    bool done = false;

    *record = (struct ot_record){0};
    if (bytes.len > 4 &&
        ot_packet_decode((struct ot_span){bytes.data + 4, bytes.len - 4}, &packet, &ignored) == 0)
        done = read_all(record, &packet.value);
    ot_packet_free(&packet);
    if (!done)
        ot_record_free(record);
    return done;
}
