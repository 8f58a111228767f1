#include "cli/analysis.h"

#include <string.h>

#define NAMES_SHOWN 4u /* of the functions that share a chunk */

static const char *const kinds[] = {
    [OT_PART_OWN] = "own",         [OT_PART_PACKAGE] = "package", [OT_PART_WEB] = "web",
    [OT_PART_RUNTIME] = "runtime", [OT_PART_BUNDLER] = "bundler",
};

/* -- for people -------------------------------------------------------------------------------- */

static void put_label(struct ot_buf *out, const struct ot_part *part)
{
    static const char *const labels[] = {
        [OT_PART_OWN] = "(its own sources)",
        [OT_PART_RUNTIME] = "(onetube's runtime)",
        [OT_PART_BUNDLER] = "(the bundler's code)",
    };

    ot_buf_puts(out, part->name[0] != '\0' ? part->name : labels[part->kind]);
    if (part->version != NULL)
        ot_buf_printf(out, " %s", part->version);
}

/* Columns: bytes, shared bytes, what it is, why it is there. */
static void print_parts(const struct ot_parts *parts, bool of_function)
{
    size_t width = 0;

    for (size_t i = 0; i < parts->count; i++) {
        OT_AUTOBUF struct ot_buf label = {0};

        put_label(&label, &parts->items[i]);
        width = label.len > width ? label.len : width;
    }
    for (size_t i = 0; i < parts->count; i++) {
        const struct ot_part *part = &parts->items[i];
        OT_AUTOBUF struct ot_buf label = {0};
        char size[16], shared[16] = "";

        put_label(&label, part);
        ot_out_size(part->bytes, size);
        if (of_function && part->shared_bytes > 0)
            ot_out_size(part->shared_bytes, shared);
        printf(of_function ? "  %10s  %10s  " : "  %10s  %s", size, shared);
        ot_out_text(stdout, label.data);
        for (size_t j = 0; j < part->why.count; j++) {
            printf("%*s", j == 0 ? (int)(width - label.len) + 2 : 0, "");
            ot_out_text(stdout, j == 0 ? "" : " > ");
            ot_out_text(stdout, part->why.items[j]);
        }
        putchar('\n');
    }
}

static void print_functions(const struct ot_analysis *analysis)
{
    printf("%s  %10s  %10s  %s%s\n", ot_out_style(stdout, OT_STYLE_BOLD), "bytes", "shared",
           "what, and the imports that lead to it", ot_out_style(stdout, OT_STYLE_PLAIN));
    for (size_t i = 0; i < analysis->function_count; i++) {
        const struct ot_analysed_function *function = &analysis->functions[i];
        char total[16], own[16];

        ot_out_size(function->total_bytes, total);
        ot_out_size(function->bytes, own);
        printf("\n%s%s%s: %s, %s of it in no other function\n", ot_out_style(stdout, OT_STYLE_BOLD),
               function->name, ot_out_style(stdout, OT_STYLE_PLAIN), total, own);
        print_parts(&function->parts, true);
    }
}

static void print_chunks(const struct ot_analysis *analysis)
{
    for (size_t i = 0; i < analysis->chunk_count; i++) {
        const struct ot_analysed_chunk *chunk = &analysis->chunks[i];
        char size[16];

        ot_out_size(chunk->bytes, size);
        printf("\n%s%s%s: %s, of", ot_out_style(stdout, OT_STYLE_BOLD), chunk->path,
               ot_out_style(stdout, OT_STYLE_PLAIN), size);
        for (size_t j = 0; j < chunk->functions.count && j < NAMES_SHOWN; j++)
            printf("%s %s", j > 0 ? "," : "", chunk->functions.items[j]);
        if (chunk->functions.count > NAMES_SHOWN)
            printf(" and %zu others", chunk->functions.count - NAMES_SHOWN);
        putchar('\n');
        print_parts(&chunk->parts, false);
    }
}

void ot_analysis_print(const struct ot_analysis *analysis)
{
    print_functions(analysis);
    print_chunks(analysis);
    for (size_t i = 0; i < analysis->duplicate_count; i++) {
        const struct ot_duplicate *duplicate = &analysis->duplicates[i];

        printf("%s%s", i == 0 ? "\n" : "", ot_out_style(stdout, OT_STYLE_YELLOW));
        ot_out_text(stdout, duplicate->name);
        printf("%s is there in %zu versions:", ot_out_style(stdout, OT_STYLE_PLAIN),
               duplicate->versions.count);
        for (size_t j = 0; j < duplicate->versions.count; j++) {
            printf("%s ", j > 0 ? "," : "");
            ot_out_text(stdout, duplicate->versions.items[j]);
        }
        putchar('\n');
    }
}

/* -- for programs ------------------------------------------------------------------------------ */

static void write_texts(struct ot_json_writer *writer, const char *key, const struct ot_list *list)
{
    ot_jw_array(writer, key);
    for (size_t i = 0; i < list->count; i++)
        ot_out_json_text(writer, NULL, list->items[i]);
    ot_jw_array_end(writer);
}

static void write_parts(struct ot_json_writer *writer, const struct ot_parts *parts,
                        bool of_function)
{
    ot_jw_array(writer, "parts");
    for (size_t i = 0; i < parts->count; i++) {
        const struct ot_part *part = &parts->items[i];

        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "kind", kinds[part->kind]);
        if (part->name[0] != '\0')
            ot_out_json_text(writer, "name", part->name);
        if (part->version != NULL)
            ot_out_json_text(writer, "version", part->version);
        ot_jw_uint(writer, "bytes", part->bytes);
        if (of_function) {
            ot_jw_uint(writer, "sharedBytes", part->shared_bytes);
            write_texts(writer, "why", &part->why);
        }
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

void ot_analysis_json(struct ot_json_writer *writer, const struct ot_analysis *analysis)
{
    ot_jw_object(writer, "analysis");
    ot_jw_array(writer, "functions");
    for (size_t i = 0; i < analysis->function_count; i++) {
        const struct ot_analysed_function *function = &analysis->functions[i];

        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "name", function->name);
        ot_jw_uint(writer, "bytes", function->bytes);
        ot_jw_uint(writer, "totalBytes", function->total_bytes);
        write_parts(writer, &function->parts, true);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
    ot_jw_array(writer, "chunks");
    for (size_t i = 0; i < analysis->chunk_count; i++) {
        const struct ot_analysed_chunk *chunk = &analysis->chunks[i];

        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "path", chunk->path);
        ot_jw_uint(writer, "bytes", chunk->bytes);
        ot_jw_list(writer, "functions", &chunk->functions);
        write_parts(writer, &chunk->parts, false);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
    ot_jw_array(writer, "duplicates");
    for (size_t i = 0; i < analysis->duplicate_count; i++) {
        ot_jw_object(writer, NULL);
        ot_out_json_text(writer, "name", analysis->duplicates[i].name);
        write_texts(writer, "versions", &analysis->duplicates[i].versions);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
    ot_jw_object_end(writer);
}
