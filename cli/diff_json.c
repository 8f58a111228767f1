#include "cli/diff.h"

#include "base/text.h"
#include "package/modules.h"

#include <string.h>

/* What may hold any bytes. */
static void write_span(struct ot_json_writer *writer, const char *key, struct ot_span text)
{
    OT_AUTOFREE char *copy = ot_strndup(text.data != NULL ? text.data : "", text.len);

    ot_out_json_text(writer, key, copy);
}

static void write_text(struct ot_json_writer *writer, const char *key, const char *text)
{
    if (text == NULL)
        ot_jw_null(writer, key);
    else
        ot_out_json_text(writer, key, text);
}

static void write_digest(struct ot_json_writer *writer, const char *key, const uint8_t *digest)
{
    char hex[OT_SHA256_HEX];

    ot_hex(hex, digest, OT_SHA256_SIZE);
    ot_jw_string(writer, key, hex);
}

static void write_side(struct ot_json_writer *writer, const char *key,
                       const struct ot_content *content)
{
    const struct ot_preview *preview = &content->preview;
    char digest[OT_SHA256_HEX];

    ot_sha256_hex(ot_buf_span(&preview->manifest_text), digest);
    ot_jw_object(writer, key);
    ot_out_json_text(writer, "file", content->path);
    ot_jw_uint(writer, "bytes", preview->size);
    ot_jw_string(writer, "manifestSha256", digest);
    ot_out_json_signed(writer, preview);
    ot_jw_object_end(writer);
}

void ot_diff_json_power(struct ot_json_writer *writer, const char *key,
                        const struct ot_power *power)
{
    ot_jw_array(writer, key);
    for (size_t i = 0; i < power->count; i++) {
        const struct ot_power_change *change = &power->items[i];

        ot_jw_object(writer, NULL);
        write_text(writer, "function", change->function);
        ot_jw_string(writer, "what", change->what);
        write_text(writer, "before", change->before);
        write_text(writer, "after", change->after);
        ot_jw_string(writer, "direction", ot_diff_directions[change->direction]);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

static void write_functions(struct ot_json_writer *writer, const struct ot_diff *diff)
{
    ot_jw_array(writer, "functions");
    for (size_t i = 0; i < diff->function_count; i++) {
        const struct ot_function_change *change = &diff->functions[i];

        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "name", change->name);
        ot_jw_string(writer, "change", ot_diff_change_words[change->kind]);
        ot_jw_bool(writer, "code", change->code);
        ot_jw_bool(writer, "power", change->power);
        ot_jw_uint(writer, "modules", change->modules);
        ot_jw_uint(writer, "bytesBefore", change->before);
        ot_jw_uint(writer, "bytesAfter", change->after);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

void ot_diff_json_lines(struct ot_json_writer *writer, const struct ot_lines *lines)
{
    ot_jw_array(writer, "lines");
    for (size_t i = 0; i < lines->count; i++) {
        const struct ot_line *line = &lines->items[i];
        char mark[2] = {line->mark, '\0'};

        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "mark", mark);
        if (line->before > 0)
            ot_jw_uint(writer, "before", line->before);
        if (line->after > 0)
            ot_jw_uint(writer, "after", line->after);
        write_span(writer, "text", line->text);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
    ot_jw_bool(writer, "cut", lines->cut);
}

static void write_place(struct ot_json_writer *writer, const char *name_key, const char *bytes_key,
                        const struct ot_module_place *place)
{
    if (place == NULL) {
        ot_jw_null(writer, name_key);
        return;
    }
    write_span(writer, name_key, place->name);
    ot_jw_uint(writer, bytes_key, place->bytes);
}

int ot_diff_json_module(struct ot_diff_view *view, struct ot_json_writer *writer,
                        const struct ot_module_change *change, struct ot_error *err)
{
    OT_AUTODIFFLINES struct ot_diff_lines lines = {0};
    OT_AUTOLIST struct ot_list names = {0};
    struct ot_span package =
        ot_module_package(change->after != NULL ? change->after->name : change->before->name);
    int got = ot_diff_view_lines(view, change, &lines, err);

    if (got < 0)
        return -1;
    ot_jw_object(writer, NULL);
    ot_jw_string(writer, "change", ot_diff_change_words[change->kind]);
    write_place(writer, "before", "bytesBefore", change->before);
    write_place(writer, "after", "bytesAfter", change->after);
    if (package.len > 0)
        write_span(writer, "package", package);
    ot_jw_uint(writer, "functionCount",
               ot_diff_functions(view->diff, change, OT_DIFF_NAMES_MAX, &names));
    ot_jw_list(writer, "functions", &names);
    if (got > 0) {
        ot_jw_uint(writer, "linesAdded", lines.lines.added);
        ot_jw_uint(writer, "linesRemoved", lines.lines.removed);
    }
    if (got > 0 && view->lines)
        ot_diff_json_lines(writer, &lines.lines);
    ot_jw_object_end(writer);
    return 0;
}

static void write_member(struct ot_json_writer *writer, const char *path_key, const char *bytes_key,
                         const char *digest_key, const struct ot_member *member)
{
    if (member == NULL) {
        ot_jw_null(writer, path_key);
        return;
    }
    ot_jw_string(writer, path_key, member->path);
    ot_jw_uint(writer, bytes_key, member->size);
    write_digest(writer, digest_key, member->sha256);
}

static void write_members(struct ot_json_writer *writer, const struct ot_diff *diff)
{
    ot_jw_array(writer, "members");
    for (size_t i = 0; i < diff->member_count; i++) {
        const struct ot_member_change *change = &diff->members[i];

        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "change", ot_diff_change_words[change->kind]);
        write_member(writer, "before", "bytesBefore", "sha256Before", change->before);
        write_member(writer, "after", "bytesAfter", "sha256After", change->after);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

int ot_diff_json(struct ot_diff_view *view, struct ot_error *err)
{
    const struct ot_diff *diff = view->diff;
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json_writer writer;

    ot_jw_begin(&writer, &text, false);
    ot_jw_object(&writer, NULL);
    ot_jw_bool(&writer, "same", diff->same);
    ot_jw_bool(&writer, "verified", false);
    write_side(&writer, "before", diff->before);
    write_side(&writer, "after", diff->after);
    ot_diff_json_power(&writer, "power", &diff->power);
    ot_diff_json_power(&writer, "builder", &diff->builder);
    write_functions(&writer, diff);
    ot_jw_string(&writer, "insight", ot_diff_insights[diff->insight]);
    ot_jw_bool(&writer, "modulesCut", diff->modules_cut);
    ot_jw_array(&writer, "modules");
    for (size_t i = 0; i < diff->module_count; i++) {
        if (ot_diff_json_module(view, &writer, &diff->modules[i], err) < 0)
            return -1;
    }
    ot_jw_array_end(&writer);
    write_members(&writer, diff);
    ot_jw_object_end(&writer);
    ot_out_json(&writer);
    return 0;
}
