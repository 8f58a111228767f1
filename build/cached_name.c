#include "build/cached_name.h"

#include "base/file.h"
#include "build/path.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORMAT "onetube build record 4"

/* -- texts that are told apart ----------------------------------------------------------------- */

/* With its length in front, so that two texts one after the other are not another one. */
static void put(struct ot_buf *out, const char *text)
{
    if (text == NULL)
        ot_buf_puts(out, "-\n");
    else
        ot_buf_printf(out, "%zu:%s\n", strlen(text), text);
}

static void put_list(struct ot_buf *out, const struct ot_list *list)
{
    ot_buf_printf(out, "%zu\n", list->count);
    for (size_t i = 0; i < list->count; i++)
        put(out, list->items[i]);
}

/* -- the record's name ------------------------------------------------------------------------- */

/* A program by what its file is; one that is replaced is another file, or was changed later. */
static bool put_program(struct ot_buf *out, const char *path)
{
    OT_AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    char start[2] = "";
    struct ot_error ignored;

    if (fd < 0 || fstat(fd, &info) < 0 ||
        ot_read_at(fd, start, sizeof(start), 0, path, &ignored) != sizeof(start) ||
        memcmp(start, "#!", sizeof(start)) == 0)
        return false;
    ot_buf_printf(out, "%ju %ju %jd %jd.%09ld %jd.%09ld\n", (uintmax_t)info.st_dev,
                  (uintmax_t)info.st_ino, (intmax_t)info.st_size, (intmax_t)info.st_mtim.tv_sec,
                  info.st_mtim.tv_nsec, (intmax_t)info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
    return true;
}

bool ot_record_name(const struct ot_bundle_options *options, const char *program,
                    char name[OT_SHA256_HEX])
{
    const struct ot_project *project = options->project;
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOBUF struct ot_buf lock = {0};
    OT_AUTOLIST struct ot_list flags = {0};

    ot_bundle_flags(options, &flags);
    ot_lock_write(&options->vendored->lock, &lock);
    put(&text, FORMAT);
    put(&text, OT_VERSION);
    if (!put_program(&text, "/proc/self/exe") || !put_program(&text, program))
        return false;
    put(&text, project->folder);
    put(&text, project->shown);
    put_list(&text, &flags);
    ot_buf_printf(&text, "%d %d %d\n", options->splitting, (int)options->sourcemap,
                  options->vendored->has_lock);
    put_list(&text, &project->vendored);
    put_list(&text, &project->members);
    put(&text, lock.data);
    for (size_t i = 0; i < project->sources->count; i++) {
        put(&text, project->sources->items[i].name);
        put(&text, project->sources->items[i].entry);
    }
    ot_sha256_hex(ot_buf_span(&text), name);
    return true;
}

/* -- functions --------------------------------------------------------------------------------- */

static const struct ot_bundle_entry *find_entry(const struct ot_bundle_entry *entries, size_t count,
                                                const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(entries[i].name, name) == 0)
            return &entries[i];
    }
    return NULL;
}

void ot_record_describe(struct ot_record *record, const struct ot_bundle_options *options,
                        const struct ot_bundle_entry *entries)
{
    const struct ot_sources *sources = options->project->sources;

    record->functions = ot_alloc(sources->count, sizeof(*record->functions));
    record->function_count = record->facts.functions = sources->count;
    for (size_t i = 0; i < sources->count; i++) {
        struct ot_record_function *function = &record->functions[i];
        const struct ot_bundle_entry *entry =
            find_entry(entries, sources->count, sources->items[i].name);
        OT_AUTOBUF struct ot_buf text = {0};

        function->name = ot_strdup(entry->name);
        function->top_level_await = entry->top_level_await;
        put(&text, entry->file);
        put(&text, entry->vars);
        put(&text, entry->assets);
        put(&text, entry->assets_folder);
        ot_buf_printf(&text, "%d %d\n", (int)entry->is_public, entry->strip_name);
        ot_sha256_hex(ot_buf_span(&text), function->entry);
    }
}

/* -- settings ---------------------------------------------------------------------------------- */

static void put_entries(struct ot_buf *out, const struct ot_import_entries *entries)
{
    ot_buf_printf(out, "%zu\n", entries->count);
    for (size_t i = 0; i < entries->count; i++) {
        put(out, entries->items[i].key);
        put(out, entries->items[i].target);
        ot_buf_puts(out, entries->items[i].is_path ? "path\n" : "\n");
    }
}

static void put_settings(struct ot_buf *out, const struct ot_settings *settings)
{
    put(out, settings->folder);
    put(out, settings->jsx.runtime);
    put(out, settings->jsx.import_source);
    put(out, settings->jsx.factory);
    put(out, settings->jsx.fragment);
    put_entries(out, &settings->map.imports);
    for (size_t i = 0; i < settings->map.scope_count; i++) {
        put(out, settings->map.scopes[i].prefix);
        put_entries(out, &settings->map.scopes[i].entries);
    }
}

/*
 * The user's own file that a module is, for which settings count. Modules from the web are as files
 * beside the functions. NULL: none.
 */
static char *own_file(const struct ot_project *project, const char *path)
{
    OT_AUTOFREE char *file = NULL;

    if (strncmp(path, "onetube-https:", 14) == 0)
        return ot_path_join(project->folder, OT_SPAN("_"));
    if (ot_metafile_is_virtual(path))
        return NULL;
    file = ot_path_join(project->folder, ot_span_of(path));
    return ot_path_is_installed(file) ? NULL : OT_STEAL(file);
}

static bool is_function_folder(const struct ot_project *project, const char *folder)
{
    for (size_t i = 0; i < project->sources->count; i++) {
        OT_AUTOFREE char *own =
            ot_path_join(project->folder, ot_span_of(project->sources->items[i].name));

        if (strcmp(own, folder) == 0)
            return true;
    }
    return false;
}

static bool is_shared(const struct ot_project *project, const char *file)
{
    for (size_t i = 0; i < project->sources->count; i++) {
        OT_AUTOFREE char *own =
            ot_path_join(project->folder, ot_span_of(project->sources->items[i].name));

        if (ot_path_is_beneath(file, own))
            return false;
    }
    return true;
}

/* Whether the import map says something about what the file imports. */
static bool maps_any(const struct ot_settings *settings, const struct ot_metafile_node *node,
                     const char *file)
{
    for (size_t i = 0; i < node->import_count; i++) {
        const struct ot_metafile_import *import = &node->imports[i];
        OT_AUTOFREE char *target = NULL;

        if (ot_import_map_find(
                &settings->map,
                ot_span_of(import->original != NULL ? import->original : import->path), file,
                &target) != 0)
            return true;
    }
    return false;
}

/*
 * The functions for which each folder's settings count: those with a file beneath it; and, for a
 * function's own settings, those with a file that belongs to none and imports what they map (see
 * ot_project_map).
 */
static void find_concerned(const struct ot_project *project, const struct ot_graph *graph,
                           const uint64_t *users, size_t words, uint64_t *concerned)
{
    OT_AUTOFREE bool *own = ot_alloc(project->settings_count + 1, sizeof(*own));

    for (size_t i = 0; i < project->settings_count; i++)
        own[i] = is_function_folder(project, project->settings[i]->folder);
    for (size_t i = 0; i < graph->nodes->count && project->settings_count > 0; i++) {
        OT_AUTOFREE char *file = own_file(project, graph->nodes->items[i].path);
        bool shared = file != NULL && is_shared(project, file);

        for (size_t j = 0; file != NULL && j < project->settings_count; j++) {
            if (ot_path_is_beneath(file, project->settings[j]->folder) ||
                (shared && own[j] && maps_any(project->settings[j], &graph->nodes->items[i], file)))
                ot_bits_join(&concerned[j * words], &users[i * words], words);
        }
    }
}

void ot_record_settings(struct ot_record *record, const struct ot_project *project,
                        const struct ot_graph *graph, const uint64_t *users)
{
    size_t words = OT_BITS_WORDS(record->function_count);
    OT_AUTOFREE uint64_t *concerned =
        ot_alloc(project->settings_count * words + 1, sizeof(*concerned));
    OT_AUTOFREE struct ot_buf *texts = ot_alloc(record->function_count + 1, sizeof(*texts));

    find_concerned(project, graph, users, words, concerned);
    for (size_t i = 0; i < project->settings_count; i++) {
        OT_AUTOBUF struct ot_buf text = {0};

        put_settings(&text, project->settings[i]);
        for (size_t j = 0; j < record->function_count; j++) {
            if (ot_bits_has(&concerned[i * words], j))
                ot_buf_append(&texts[j], text.data, text.len);
        }
    }
    for (size_t i = 0; i < record->function_count; i++) {
        ot_sha256_hex(ot_buf_span(&texts[i]), record->functions[i].settings);
        ot_buf_free(&texts[i]);
    }
}

uint64_t *ot_record_users(const struct ot_record *record, struct ot_graph *graph)
{
    OT_AUTOFREE size_t *starts = ot_alloc(record->function_count + 1, sizeof(*starts));

    ot_graph_open(graph, &record->bundle.metafile.inputs);
    for (size_t i = 0; i < record->function_count; i++) {
        OT_AUTOFREE char *path = ot_asprintf(OT_ENTRY_NAMESPACE ":%s", record->functions[i].name);

        starts[i] = ot_graph_find(graph, path);
    }
    return ot_graph_reach(graph, starts, record->function_count, true);
}
