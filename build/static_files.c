#include "build/static_files.h"

#include "base/file.h"
#include "base/text.h"
#include "build/diagnostics.h"
#include "build/path.h"
#include "build/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (256u << 20) /* bytes of a static file */

struct finder {
    const struct ot_project *project;
    const struct ot_bundle *bundle;
    struct ot_static_list *out;
    struct ot_build_report *report;
};

static bool is_file(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* Adds the file `relative` (to the functions folder) for the function. */
static int add_file(struct finder *finder, size_t function, const char *relative,
                    struct ot_error *err)
{
    struct ot_static_list *out = finder->out;
    OT_AUTOFREE char *path = ot_path_join(finder->project->folder, ot_span_of(relative));
    OT_AUTOFREE char *virtual_path = ot_project_virtual_path(finder->project, path);
    OT_AUTOFREE char *member = ot_asprintf("files/%s", virtual_path);
    struct ot_buf data = {0};

    if (!ot_is_relative_path(ot_span_of(member)))
        return ot_fail(err, OT_FAILED,
                       "\"%s\" cannot be a file of a dist: use only letters, digits, '.', '_' and "
                       "'-' in its name, and at most %d bytes",
                       relative, OT_PATH_MAX);
    if (!ot_list_has(&out->functions[function], member))
        ot_list_add(&out->functions[function], member);
    for (size_t i = 0; i < out->count; i++) {
        if (strcmp(out->members[i].path, member) == 0)
            return 0;
    }
    if (ot_read_file(path, FILE_MAX, &data, err) < 0) {
        ot_buf_free(&data);
        return -1;
    }
    out->members = ot_realloc(out->members, out->count + 1, sizeof(*out->members));
    out->members[out->count++] = (struct ot_static_member){OT_STEAL(member), data};
    return 0;
}

/* "supabase/config.toml:3:5" as a diagnostic's place */
static void report_missing(struct finder *finder, const struct ot_static_files *files)
{
    const char *column = strrchr(files->place, ':');
    const char *line = memrchr(files->place, ':', (size_t)(column - files->place));
    OT_AUTOFREE char *file = ot_strndup(files->place, (size_t)(line - files->place));
    unsigned numbers[2] = {0};

    sscanf(line, ":%u:%u", &numbers[0], &numbers[1]);
    ot_report_error(finder->report, file, numbers[0], numbers[1],
                    ot_asprintf("no file matches the static file \"%s\"", files->pattern));
}

/* A pattern may climb out of the functions folder: it is matched from where it stays. */
static int add_declared(struct finder *finder, size_t function, const struct ot_static_files *files,
                        struct ot_error *err)
{
    OT_AUTOFREE char *base = ot_strdup(finder->project->folder);
    OT_AUTOLIST struct ot_list found = {0};
    const char *pattern = files->pattern;

    while (strncmp(pattern, "../", 3) == 0) {
        char *parent = ot_path_folder(base);

        free(base);
        base = parent;
        pattern += 3;
    }
    if (ot_walk_match(base, pattern, &found, err) < 0)
        return -1;
    if (found.count == 0)
        report_missing(finder, files);
    for (size_t i = 0; i < found.count; i++) {
        OT_AUTOFREE char *path = ot_path_join(base, ot_span_of(found.items[i]));
        OT_AUTOFREE char *relative = ot_path_relative(finder->project->folder, path);

        if (add_file(finder, function, relative, err) < 0)
            return -1;
    }
    return 0;
}

/*
 * Where a file that a source reads is, relative to the functions folder: beside the source, or, if
 * it is named from the current folder, in the function's folder or in that of all functions.
 */
static char *find_used(const struct finder *finder, const struct ot_function_source *function,
                       const struct ot_source_use *use)
{
    OT_AUTOFREE char *source = ot_path_folder(use->from_cwd ? function->entry : use->source);
    OT_AUTOFREE char *own = ot_path_join(source, ot_span_of(use->path));
    OT_AUTOFREE char *shared = ot_path_join("", ot_span_of(use->path));
    const char *const places[] = {own, use->from_cwd ? shared : NULL};

    for (size_t i = 0; i < OT_COUNT(places); i++) {
        OT_AUTOFREE char *path = NULL;

        if (places[i] == NULL)
            continue;
        path = ot_path_join(finder->project->folder, ot_span_of(places[i]));
        if (is_file(path) && !ot_is_source_name(path))
            return ot_strdup(places[i]);
    }
    return NULL;
}

static int add_use(struct finder *finder, size_t function, const struct ot_source_use *use,
                   struct ot_error *err)
{
    const struct ot_function_source *source = &finder->project->sources->items[function];
    OT_AUTOFREE char *found = find_used(finder, source, use);
    OT_AUTOFREE char *shown = NULL;

    if (found != NULL)
        return add_file(finder, function, found, err);
    if (!use->must_exist)
        return 0;
    shown = ot_shown_path(finder->project->shown, use->source);
    ot_report_error(finder->report, shown, use->line, use->column,
                    ot_asprintf("the file \"%s\" that is read here does not exist", use->path));
    return 0;
}

static int add_function(struct finder *finder, size_t index, struct ot_error *err)
{
    const struct ot_function_source *source = &finder->project->sources->items[index];
    const struct ot_bundle *bundle = finder->bundle;
    OT_AUTOFREE char *start = ot_asprintf(OT_ENTRY_NAMESPACE ":%s", source->name);
    OT_AUTOLIST struct ot_list inputs = {0};

    for (size_t i = 0; i < source->file_count; i++) {
        if (add_declared(finder, index, &source->files[i], err) < 0)
            return -1;
    }
    if (bundle->use_count == 0)
        return 0;
    ot_metafile_local(&bundle->metafile, start, &inputs);
    for (size_t i = 0; i < bundle->use_count; i++) {
        if (ot_list_has(&inputs, bundle->uses[i].source) &&
            add_use(finder, index, &bundle->uses[i], err) < 0)
            return -1;
    }
    return 0;
}

static int compare_members(const void *a, const void *b)
{
    const struct ot_static_member *left = a, *right = b;

    return strcmp(left->path, right->path);
}

int ot_static_find(const struct ot_project *project, const struct ot_bundle *bundle,
                   struct ot_static_list *out, struct ot_build_report *report, struct ot_error *err)
{
    struct finder finder = {project, bundle, out, report};

    out->functions = ot_alloc(project->sources->count, sizeof(*out->functions));
    out->function_count = project->sources->count;
    for (size_t i = 0; i < out->function_count; i++) {
        if (add_function(&finder, i, err) < 0)
            return -1;
        ot_list_sort(&out->functions[i]);
    }
    if (out->count > 0)
        qsort(out->members, out->count, sizeof(*out->members), compare_members);
    return 0;
}

void ot_static_free(struct ot_static_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->members[i].path);
        ot_buf_free(&list->members[i].data);
    }
    free(list->members);
    for (size_t i = 0; i < list->function_count; i++)
        ot_list_free(&list->functions[i]);
    free(list->functions);
    *list = (struct ot_static_list){0};
}
