#include "verify/manifest_reader.h"

#include "base/text.h"
#include "verify/layout.h"
#include "verify/refusal.h"
#include "verify/statement.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FLAGS_MAX 256u

struct reader {
    struct ot_json json;
    struct ot_manifest_draft draft;
    char *next_string; /* in manifest->strings, which is as large as the whole text */
    size_t function_cap, member_cap, module_cap;
};

/* Room for one more; capacities double. */
static void *grow(void *items, size_t count, size_t *cap, size_t item_size)
{
    if (count < *cap)
        return items;
    *cap = *cap == 0 ? 64 : *cap * 2;
    return ot_realloc(items, *cap, item_size);
}

/* A string is never longer than its JSON form with the quotes, so they all fit. */
static char *keep(struct reader *reader, struct ot_span text)
{
    char *string = reader->next_string;

    memcpy(string, text.data, text.len);
    string[text.len] = '\0';
    reader->next_string += text.len + 1;
    return string;
}

/* A string after its key; it must pass `valid`, if given. */
static int read_string(struct reader *reader, const char *key, bool (*valid)(struct ot_span),
                       char **out, struct ot_error *err)
{
    struct ot_span text;
    char printable[OT_PATH_MAX + 1];

    if (ot_json_expect_key(&reader->json, key, err) < 0 ||
        ot_json_string(&reader->json, &text, err) < 0)
        return -1;
    if (valid != NULL && !valid(text)) {
        ot_printable(printable, sizeof(printable), text);
        return ot_json_fail(&reader->json, err, "%s is \"%s\", which is not valid", key, printable);
    }
    *out = keep(reader, text);
    return 0;
}

static int read_bool(struct reader *reader, const char *key, bool *out, struct ot_error *err)
{
    if (ot_json_expect_key(&reader->json, key, err) < 0)
        return -1;
    return ot_json_bool(&reader->json, out, err);
}

int ot_read_sorted_list(struct ot_json *json, bool (*valid)(struct ot_span), const char *what,
                        struct ot_list *out, struct ot_error *err)
{
    struct ot_span text;
    char printable[OT_PATH_MAX + 1];
    int more;

    if (ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        if (ot_json_string(json, &text, err) < 0)
            return -1;
        ot_printable(printable, sizeof(printable), text);
        if (!valid(text))
            return ot_json_fail(json, err, "%s: \"%s\" is not valid", what, printable);
        if (out->count > 0 && ot_span_compare(ot_span_of(out->items[out->count - 1]), text) >= 0)
            return ot_json_fail(json, err, "%s: \"%s\" stands twice or is not in order", what,
                                printable);
        ot_list_add_span(out, text);
    }
    return more;
}

static int read_schema(struct reader *reader, struct ot_error *err)
{
    uint64_t schema;

    if (ot_json_expect_key(&reader->json, "schema", err) < 0 ||
        ot_json_uint(&reader->json, UINT64_MAX, &schema, err) < 0)
        return -1;
    if (schema != OT_SCHEMA)
        return ot_refuse(err, OT_E_SCHEMA, "the schema is %" PRIu64 ", this build reads %d", schema,
                         OT_SCHEMA);
    return 0;
}

static bool is_sourcemap(struct ot_span text)
{
    return ot_span_is(text, "none") || ot_span_is(text, "linked") || ot_span_is(text, "inline");
}

/* `splitting` may be missing: then it is off. */
static int read_splitting(struct reader *reader, struct ot_error *err)
{
    struct ot_span key;
    int more = ot_json_key(&reader->json, &key, err);

    if (more <= 0)
        return more;
    if (!ot_span_is(key, "splitting"))
        return ot_json_fail(&reader->json, err, "an unknown key, expected \"splitting\" or none");
    if (ot_json_bool(&reader->json, &reader->draft.manifest->splitting, err) < 0)
        return -1;
    return ot_json_expect_end(&reader->json, err);
}

static int read_builder(struct reader *reader, struct ot_error *err)
{
    struct ot_manifest *manifest = reader->draft.manifest;
    struct ot_json *json = &reader->json;

    if (ot_json_expect_key(json, "builder", err) < 0 || ot_json_object(json, err) < 0 ||
        read_string(reader, "onetube", ot_is_statement_text, &manifest->builder_onetube, err) < 0 ||
        read_string(reader, "esbuild", ot_is_statement_text, &manifest->builder_esbuild, err) < 0 ||
        ot_json_expect_key(json, "options", err) < 0 || ot_json_object(json, err) < 0 ||
        read_bool(reader, "minify", &manifest->minify, err) < 0 ||
        read_string(reader, "sourcemap", is_sourcemap, &manifest->sourcemap, err) < 0 ||
        read_string(reader, "target", ot_is_statement_text, &manifest->target, err) < 0 ||
        read_splitting(reader, err) < 0)
        return -1;
    return ot_json_expect_end(json, err);
}

static bool is_architecture(struct ot_span text)
{
    return ot_span_is(text, "aarch64") || ot_span_is(text, "x86_64");
}

/* In the order in which the engine gets them, so not sorted. */
static int read_flags(struct reader *reader, struct ot_error *err)
{
    struct ot_list *flags = &reader->draft.manifest->compatibility_flags;
    struct ot_json *json = &reader->json;
    struct ot_span text;
    int more;

    if (ot_json_expect_key(json, "compatibilityFlags", err) < 0 || ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        if (ot_json_string(json, &text, err) < 0)
            return -1;
        if (flags->count == FLAGS_MAX || !ot_is_flag_word(text))
            return ot_json_fail(json, err, "not a compatibility flag, or more than %u", FLAGS_MAX);
        if (ot_list_has(flags, text.data))
            return ot_json_fail(json, err, "compatibilityFlags: %s stands twice", text.data);
        ot_list_add_span(flags, text);
    }
    return more;
}

static int read_named_member(struct reader *reader, const char *const keys[3],
                             struct ot_member *member, struct ot_error *err);

/* `binary`: the engine's program, as one more member. May be missing. */
static int read_binary(struct reader *reader, struct ot_error *err)
{
    static const char *const keys[3] = {"path", "bytes", "sha256"};
    struct ot_member *member = &reader->draft.engine;
    struct ot_json *json = &reader->json;
    struct ot_span key;
    int more = ot_json_key(json, &key, err);

    if (more <= 0)
        return more;
    if (!ot_span_is(key, "binary"))
        return ot_json_fail(json, err, "an unknown key, expected \"binary\" or none");
    if (ot_json_object(json, err) < 0 || read_named_member(reader, keys, member, err) < 0)
        return -1;
    if (strcmp(member->path, OT_ENGINE_PATH) != 0)
        return ot_json_fail(json, err, "the engine's path is not " OT_ENGINE_PATH);
    if (read_string(reader, "architecture", is_architecture, &reader->draft.manifest->architecture,
                    err) < 0 ||
        ot_json_expect_end(json, err) < 0)
        return -1;
    return ot_json_expect_end(json, err);
}

static int read_engine(struct reader *reader, struct ot_error *err)
{
    struct ot_json *json = &reader->json;
    struct ot_span name;
    char printable[64];

    if (ot_json_expect_key(json, "engine", err) < 0 || ot_json_object(json, err) < 0 ||
        ot_json_expect_key(json, "name", err) < 0 || ot_json_string(json, &name, err) < 0)
        return -1;
    if (!ot_span_is(name, OT_ENGINE_NAME)) {
        ot_printable(printable, sizeof(printable), name);
        return ot_refuse(err, OT_E_ENGINE, "the engine is \"%s\", this build runs \"%s\"",
                         printable, OT_ENGINE_NAME);
    }
    if (read_string(reader, "compatibilityDate", ot_is_date,
                    &reader->draft.manifest->compatibility_date, err) < 0 ||
        read_flags(reader, err) < 0)
        return -1;
    return read_binary(reader, err);
}

static int read_path(struct reader *reader, const char *key, char **out, struct ot_error *err)
{
    struct ot_span path;

    if (read_string(reader, key, ot_is_relative_path, out, err) < 0)
        return -1;
    path = ot_span_of(*out);
    if (ot_span_is(path, OT_SIGNATURES_NAME) || ot_span_is(path, OT_STATEMENT_NAME) ||
        ot_span_is(path, OT_MANIFEST_NAME))
        return ot_json_fail(&reader->json, err, "%s is \"%s\", a name that is reserved", key, *out);
    if (!ot_member_path_fits(path))
        return ot_json_fail(&reader->json, err, "%s is \"%s\", which does not fit a ustar header",
                            key, *out);
    return 0;
}

/* Path, size and digest under their three keys. */
static int read_named_member(struct reader *reader, const char *const keys[3],
                             struct ot_member *member, struct ot_error *err)
{
    struct ot_json *json = &reader->json;
    struct ot_span digest;
    char *path;

    if (read_path(reader, keys[0], &path, err) < 0 || ot_json_expect_key(json, keys[1], err) < 0 ||
        ot_json_uint(json, OT_MEMBER_SIZE_MAX, &member->size, err) < 0 ||
        ot_json_expect_key(json, keys[2], err) < 0 || ot_json_string(json, &digest, err) < 0)
        return -1;
    if (!ot_is_sha256(digest))
        return ot_json_fail(json, err, "%s is not 64 lower-case hexadecimal digits", keys[2]);
    ot_unhex(member->sha256, OT_SHA256_SIZE, digest);
    member->path = path;
    return 0;
}

static int add_member(struct reader *reader, const struct ot_member *member, struct ot_error *err)
{
    struct ot_manifest *manifest = reader->draft.manifest;

    if (manifest->member_count == OT_MEMBERS_MAX)
        return ot_json_fail(&reader->json, err, "more than %u bundles and files", OT_MEMBERS_MAX);
    manifest->members = grow(manifest->members, manifest->member_count, &reader->member_cap,
                             sizeof(*manifest->members));
    manifest->members[manifest->member_count++] = *member;
    return 0;
}

static int read_member(struct reader *reader, const char *const keys[3], struct ot_error *err)
{
    struct ot_member member = {0};

    if (read_named_member(reader, keys, &member, err) < 0)
        return -1;
    return add_member(reader, &member, err);
}

/* `moduleFiles`, whose key has been read. */
static int read_modules(struct reader *reader, struct ot_function *function, struct ot_error *err)
{
    struct ot_manifest_draft *draft = &reader->draft;
    struct ot_json *json = &reader->json;
    struct ot_span path;
    char printable[OT_PATH_MAX + 1];
    int more;

    if (ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        if (ot_json_string(json, &path, err) < 0)
            return -1;
        ot_printable(printable, sizeof(printable), path);
        if (!ot_is_relative_path(path))
            return ot_json_fail(json, err, "moduleFiles: \"%s\" is not valid", printable);
        draft->module_paths = grow(draft->module_paths, draft->module_count, &reader->module_cap,
                                   sizeof(*draft->module_paths));
        if (function->module_count > 0 &&
            ot_span_compare(ot_span_of(draft->module_paths[draft->module_count - 1]), path) >= 0)
            return ot_json_fail(json, err, "moduleFiles: \"%s\" stands twice or is not in order",
                                printable);
        draft->module_paths[draft->module_count++] = keep(reader, path);
        function->module_count++;
    }
    return more;
}

static int read_optional_modules(struct reader *reader, struct ot_function *function,
                                 struct ot_error *err)
{
    struct ot_span key;
    int more = ot_json_key(&reader->json, &key, err);

    if (more <= 0)
        return more;
    if (!ot_span_is(key, "moduleFiles"))
        return ot_json_fail(&reader->json, err, "an unknown key, expected \"moduleFiles\" or none");
    if (read_modules(reader, function, err) < 0)
        return -1;
    return ot_json_expect_end(&reader->json, err);
}

static int read_function(struct reader *reader, struct ot_error *err)
{
    static const char *const keys[3] = {"bundleFile", "bundleBytes", "bundleSha256"};
    struct ot_manifest_draft *draft = &reader->draft;
    struct ot_manifest *manifest = draft->manifest;
    size_t i = manifest->function_count;
    size_t cap = reader->function_cap;
    struct ot_function *function;
    char *name;

    manifest->functions = grow(manifest->functions, i, &cap, sizeof(*manifest->functions));
    draft->functions = grow(draft->functions, i, &reader->function_cap, sizeof(*draft->functions));
    function = &manifest->functions[i];
    *function = (struct ot_function){0};
    ot_function_config_init(&function->config);
    /* from here on ot_manifest_free releases its config */
    manifest->function_count++;
    if (ot_json_object(&reader->json, err) < 0 ||
        read_string(reader, "name", ot_is_name, &name, err) < 0)
        return -1;
    function->name = name;
    if (i > 0 && strcmp(manifest->functions[i - 1].name, name) >= 0)
        return ot_json_fail(&reader->json, err, "functions: %s stands twice or is not in order",
                            name);
    if (read_member(reader, keys, err) < 0 ||
        ot_json_expect_key(&reader->json, "config", err) < 0 ||
        ot_function_config_read(&reader->json, &function->config, err) < 0)
        return -1;
    draft->functions[i] = (struct ot_function_draft){
        .bundle_path = manifest->members[i].path,
        .first_module = draft->module_count,
    };
    return read_optional_modules(reader, function, err);
}

static int read_functions(struct reader *reader, struct ot_error *err)
{
    int more;

    if (ot_json_expect_key(&reader->json, "functions", err) < 0 ||
        ot_json_array(&reader->json, err) < 0)
        return -1;
    while ((more = ot_json_item(&reader->json, err)) > 0) {
        if (read_function(reader, err) < 0)
            return -1;
    }
    if (more == 0 && reader->draft.manifest->function_count == 0)
        return ot_json_fail(&reader->json, err, "there is no function, expected at least one");
    return more;
}

static int read_files(struct reader *reader, struct ot_error *err)
{
    static const char *const keys[3] = {"path", "bytes", "sha256"};
    struct ot_manifest *manifest = reader->draft.manifest;
    struct ot_json *json = &reader->json;
    int more;

    if (ot_json_expect_key(json, "files", err) < 0 || ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        const struct ot_member *last;

        if (ot_json_object(json, err) < 0 || read_member(reader, keys, err) < 0)
            return -1;
        last = &manifest->members[manifest->member_count - 1];
        if (manifest->member_count - manifest->function_count > 1 &&
            strcmp(last[-1].path, last->path) >= 0)
            return ot_json_fail(json, err, "files: %s stands twice or is not in order", last->path);
        if (ot_json_expect_end(json, err) < 0)
            return -1;
    }
    return more;
}

static int read_manifest(struct reader *reader, struct ot_error *err)
{
    struct ot_json *json = &reader->json;

    if (ot_json_object(json, err) < 0 || read_schema(reader, err) < 0 ||
        read_builder(reader, err) < 0 || read_engine(reader, err) < 0 ||
        ot_json_expect_key(json, "env", err) < 0 ||
        ot_read_sorted_list(json, ot_is_env_name, "env", &reader->draft.manifest->env, err) < 0 ||
        read_functions(reader, err) < 0 || read_files(reader, err) < 0 ||
        (reader->draft.engine.path != NULL && add_member(reader, &reader->draft.engine, err) < 0) ||
        ot_json_expect_end(json, err) < 0)
        return -1;
    return ot_json_finish(json, err);
}

static int parse(struct reader *reader, struct ot_span text, struct ot_error *err)
{
    struct ot_manifest *manifest = reader->draft.manifest;

    if (text.len > OT_MANIFEST_MAX)
        return ot_fail(err, OT_FAILED, "%zu bytes, at most %u are accepted", text.len,
                       OT_MANIFEST_MAX);
    manifest->strings = ot_alloc(text.len, 1);
    reader->next_string = manifest->strings;
    reader->draft.text_size = text.len;
    ot_json_begin(&reader->json, text, 0);
    if (read_manifest(reader, err) < 0)
        return -1;
    return ot_manifest_link(&reader->draft, err);
}

int ot_manifest_parse(struct ot_span text, struct ot_manifest **out, struct ot_error *err)
{
    struct reader reader = {.draft.manifest = ot_alloc(1, sizeof(struct ot_manifest))};
    int result = parse(&reader, text, err);

    ot_json_end(&reader.json);
    free(reader.draft.functions);
    free(reader.draft.module_paths);
    if (result < 0) {
        ot_manifest_free(reader.draft.manifest);
        if (err->kind != OT_REFUSED) {
            err->kind = OT_REFUSED;
            err->code = OT_E_MANIFEST;
        }
        return ot_error_prefix(err, "%s", OT_MANIFEST_NAME);
    }
    *out = reader.draft.manifest;
    return 0;
}

void ot_manifest_free(struct ot_manifest *manifest)
{
    if (manifest == NULL)
        return;
    for (size_t i = 0; i < manifest->function_count; i++)
        ot_function_config_free(&manifest->functions[i].config);
    free(manifest->functions);
    free(manifest->modules);
    free(manifest->members);
    ot_list_free(&manifest->compatibility_flags);
    ot_list_free(&manifest->env);
    free(manifest->strings);
    free(manifest);
}
