#include "cli/cli.h"
#include "cli/output.h"
#include "verify/payload.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

struct values {
    bool json;
};

static const struct ot_option options[] = {
    {.name = "json",
     .help = "print a report as JSON",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, json)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "inspect",
    .operands = "FILE|DIST",
    .summary = "show what a payload or dist says of itself",
    .description = "Shows the statement, the key identifiers of the signatures, the engine, the "
                   "environment names, "
                   "and every function and file with its size. It needs no key and verifies "
                   "nothing: neither the "
                   "signatures nor the members are checked, and its first line says so.",
    .example = "  onetube inspect fw.1tube",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

/* With every module that the function can reach. */
static uint64_t total_size(const struct ot_function *function)
{
    uint64_t total = function->bundle->size;

    for (size_t i = 0; i < function->module_count; i++)
        total += function->modules[i]->size;
    return total;
}

/* For each member whether it is a bundle, which is shown with its function. Caller frees. */
static bool *find_bundles(const struct ot_manifest *manifest)
{
    bool *bundles = ot_alloc(manifest->member_count + 1, sizeof(*bundles));

    for (size_t i = 0; i < manifest->function_count; i++)
        bundles[manifest->functions[i].bundle - manifest->members] = true;
    return bundles;
}

static void print_list(const char *label, const struct ot_list *list)
{
    printf("%-14s", label);
    for (size_t i = 0; i < list->count; i++)
        printf("%s%s", i > 0 ? ", " : "", list->items[i]);
    printf("%s\n", list->count == 0 ? "none" : "");
}

static void print_statement(const struct ot_preview *preview)
{
    const struct ot_statement *statement = &preview->statement;
    char when[32];

    if (!preview->has_statement) {
        printf("%-14snone\n", "statement");
        return;
    }
    printf("%-14s%s\n%-14s%s\n%-14s%" PRIu64 "\n", "name", statement->name, "version",
           statement->version, "sequence", statement->sequence);
    if (statement->has_not_after) {
        ot_out_time(statement->not_after, when);
        printf("%-14s%s\n", "not after", when);
    }
    for (unsigned i = 0; i < preview->signatures.count; i++)
        printf("%-14s%s\n", "signature by", preview->signatures.items[i].key_id);
    if (preview->signatures.count == 0)
        printf("%-14snone\n", "signature by");
}

static void print_functions(const struct ot_manifest *manifest)
{
    size_t width = strlen("function");
    char size[16];
    char total[16];

    for (size_t i = 0; i < manifest->function_count; i++) {
        size_t len = strlen(manifest->functions[i].name);

        width = len > width ? len : width;
    }
    printf("\n%s%-*s  %-6s  %10s  %11s%s\n", ot_out_style(stdout, OT_STYLE_BOLD), (int)width,
           "function", "access", "bundle", "with shared", ot_out_style(stdout, OT_STYLE_PLAIN));
    for (size_t i = 0; i < manifest->function_count; i++) {
        const struct ot_function *function = &manifest->functions[i];

        ot_out_size(function->bundle->size, size);
        ot_out_size(total_size(function), total);
        printf("%-*s  %-6s  %10s  %11s\n", (int)width, function->name,
               function->config.is_public ? "public" : "closed", size, total);
    }
}

static void print_files(const struct ot_manifest *manifest)
{
    OT_AUTOFREE bool *bundles = find_bundles(manifest);
    char size[16];

    if (manifest->member_count == manifest->function_count)
        return;
    printf("\n%s%10s  file%s\n", ot_out_style(stdout, OT_STYLE_BOLD), "bytes",
           ot_out_style(stdout, OT_STYLE_PLAIN));
    for (size_t i = 0; i < manifest->member_count; i++) {
        if (bundles[i])
            continue;
        ot_out_size(manifest->members[i].size, size);
        printf("%10s  %s\n", size, manifest->members[i].path);
    }
}

static void print_preview(const char *file, const struct ot_preview *preview)
{
    const struct ot_manifest *manifest = preview->manifest;
    char size[16];
    char digest[OT_SHA256_HEX];

    printf("%snot verified%s: nothing was checked, this is only what ",
           ot_out_style(stdout, OT_STYLE_YELLOW), ot_out_style(stdout, OT_STYLE_PLAIN));
    ot_out_text(stdout, file);
    printf(" says of itself\n\n");
    print_statement(preview);
    ot_out_size(preview->size, size);
    ot_sha256_hex(ot_buf_span(&preview->manifest_text), digest);
    printf("%-14s%s\n%-14s%s\n", "size", size, "manifest", digest);
    printf("%-14sonetube %s, esbuild %s\n", "built with", manifest->builder_onetube,
           manifest->builder_esbuild);
    printf("%-14s%s, compatibility date %s\n", "engine", OT_ENGINE_NAME,
           manifest->compatibility_date);
    print_list("flags", &manifest->compatibility_flags);
    if (manifest->engine != NULL) {
        ot_hex(digest, manifest->engine->sha256, sizeof(manifest->engine->sha256));
        printf("%-14s%s, %s\n", "carries it", manifest->architecture, digest);
    }
    print_list("environment", &manifest->env);
    print_functions(manifest);
    print_files(manifest);
}

static void write_member(struct ot_json_writer *writer, const struct ot_member *member)
{
    char digest[OT_SHA256_HEX];

    ot_hex(digest, member->sha256, sizeof(member->sha256));
    ot_jw_string(writer, "path", member->path);
    ot_jw_uint(writer, "bytes", member->size);
    ot_jw_string(writer, "sha256", digest);
}

static void write_functions(struct ot_json_writer *writer, const struct ot_manifest *manifest)
{
    ot_jw_array(writer, "functions");
    for (size_t i = 0; i < manifest->function_count; i++) {
        const struct ot_function *function = &manifest->functions[i];

        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "name", function->name);
        ot_jw_bool(writer, "public", function->config.is_public);
        write_member(writer, function->bundle);
        ot_jw_uint(writer, "totalBytes", total_size(function));
        ot_jw_array(writer, "modules");
        for (size_t k = 0; k < function->module_count; k++)
            ot_jw_string(writer, NULL, function->modules[k]->path);
        ot_jw_array_end(writer);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

static void write_files(struct ot_json_writer *writer, const struct ot_manifest *manifest)
{
    OT_AUTOFREE bool *bundles = find_bundles(manifest);

    ot_jw_array(writer, "files");
    for (size_t i = 0; i < manifest->member_count; i++) {
        if (bundles[i])
            continue;
        ot_jw_object(writer, NULL);
        write_member(writer, &manifest->members[i]);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

static void print_json(const char *file, const struct ot_preview *preview)
{
    const struct ot_manifest *manifest = preview->manifest;
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json_writer writer;

    ot_jw_begin(&writer, &text, false);
    ot_jw_object(&writer, NULL);
    ot_jw_bool(&writer, "verified", false);
    ot_out_json_text(&writer, "file", file);
    ot_jw_uint(&writer, "bytes", preview->size);
    ot_out_json_signed(&writer, preview);
    ot_jw_object(&writer, "builder");
    ot_jw_string(&writer, "onetube", manifest->builder_onetube);
    ot_jw_string(&writer, "esbuild", manifest->builder_esbuild);
    ot_jw_object_end(&writer);
    ot_jw_object(&writer, "engine");
    ot_jw_string(&writer, "name", OT_ENGINE_NAME);
    ot_jw_string(&writer, "compatibilityDate", manifest->compatibility_date);
    ot_jw_list(&writer, "compatibilityFlags", &manifest->compatibility_flags);
    if (manifest->engine != NULL) {
        ot_jw_object(&writer, "binary");
        write_member(&writer, manifest->engine);
        ot_jw_string(&writer, "architecture", manifest->architecture);
        ot_jw_object_end(&writer);
    }
    ot_jw_object_end(&writer);
    ot_jw_list(&writer, "env", &manifest->env);
    write_functions(&writer, manifest);
    write_files(&writer, manifest);
    ot_jw_object_end(&writer);
    ot_out_json(&writer);
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    struct ot_preview preview = {.size = 0};

    if (ot_preview_open(parsed->operands[0], &preview, err) < 0)
        return -1;
    if (values->json)
        print_json(parsed->operands[0], &preview);
    else
        print_preview(parsed->operands[0], &preview);
    ot_preview_free(&preview);
    return 0;
}

const struct ot_cli_command ot_cli_inspect = {.command = &command, .group = "Check", .run = run};
