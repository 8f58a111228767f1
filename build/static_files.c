#include "build/static_files.h"

#include "base/file.h"
#include "base/text.h"
#include "build/diagnostics.h"
#include "build/package_reads.h"
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

static bool is_known(const struct ot_static_list *list, const char *path)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->members[i].path, path) == 0)
            return true;
    }
    return false;
}

void ot_static_add(struct ot_static_list *list, size_t function, const char *path,
                   struct ot_buf *data)
{
    if (!ot_list_has(&list->functions[function], path))
        ot_list_add(&list->functions[function], path);
    if (is_known(list, path))
        return;
    list->members = ot_realloc(list->members, list->count + 1, sizeof(*list->members));
    list->members[list->count++] = (struct ot_static_member){ot_strdup(path), *data};
    *data = (struct ot_buf){0};
}

/* Adds the file `relative` (to the functions folder) for the function. */
static int add_file(struct finder *finder, size_t function, const char *relative,
                    struct ot_error *err)
{
    struct ot_static_list *out = finder->out;
    OT_AUTOFREE char *path = ot_path_join(finder->project->folder, ot_span_of(relative));
    OT_AUTOFREE char *virtual_path = ot_project_virtual_path(finder->project, path);
    OT_AUTOFREE char *member = ot_asprintf("files/%s", virtual_path);
    OT_AUTOBUF struct ot_buf data = {0};

    if (!ot_is_relative_path(ot_span_of(member)))
        return ot_fail(err, OT_FAILED,
                       "\"%s\" cannot be a file of a dist: use only letters, digits, '.', '_' and "
                       "'-' in its name, and at most %d bytes",
                       relative, OT_PATH_MAX);
    if (!is_known(out, member) && ot_read_file(path, FILE_MAX, &data, err) < 0)
        return -1;
    ot_static_add(out, function, member, &data);
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

/* -- files that sources read ------------------------------------------------------------------- */

struct use {
    const struct ot_source_use *source;
    const struct ot_function_source *function;
    size_t index; /* of the function */
    bool found;
    bool hidden; /* what it names is there, but not meant for others */
};

static void report_use(struct finder *finder, const struct use *use, bool is_error, char *text)
{
    const struct ot_source_use *source = use->source;

    ot_report_add(finder->report, (struct ot_diagnostic){
                                      .is_error = is_error,
                                      .file = ot_shown_path(finder->project->shown, source->source),
                                      .line = source->read.line,
                                      .column = source->read.column,
                                      .text = text});
}

/* ".env" and the like: nobody's reading of such a file means to hand it on. */
static bool is_hidden(const char *path)
{
    while (strncmp(path, "../", 3) == 0)
        path += 3;
    return path[0] == '.' || strstr(path, "/.") != NULL;
}

/*
 * Whether the path, relative to the functions folder, is, with links followed, in the smallest
 * folder that holds both the functions and the source that reads it.
 */
static bool is_in_reach(const struct finder *finder, const struct use *use, const char *relative)
{
    const char *functions = finder->project->folder;
    OT_AUTOFREE char *reach = ot_strdup(functions);
    OT_AUTOFREE char *source = ot_path_join(functions, ot_span_of(use->source->source));
    OT_AUTOFREE char *path = ot_path_join(functions, ot_span_of(relative));
    OT_AUTOFREE char *real = realpath(path, NULL);

    while (!ot_path_is_beneath(source, reach)) {
        char *parent = ot_path_folder(reach);

        free(reach);
        reach = parent;
    }
    return real != NULL && ot_path_is_beneath(real, reach) && strcmp(real, reach) != 0;
}

static bool is_taken(const struct finder *finder, size_t function, const char *path)
{
    OT_AUTOFREE char *virtual_path = ot_project_virtual_path(finder->project, path);
    OT_AUTOFREE char *member = ot_asprintf("files/%s", virtual_path);

    return ot_list_has(&finder->out->functions[function], member);
}

static int take(struct finder *finder, struct use *use, const char *relative, struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_path_join(finder->project->folder, ot_span_of(relative));
    bool named_only = (use->source->read.flags & OT_READ_CALL) == 0;

    if (!is_file(path) || (named_only && ot_is_source_name(path)) ||
        !is_in_reach(finder, use, relative))
        return 0;
    if (is_hidden(relative) && !is_taken(finder, use->index, path)) {
        use->hidden = true;
        return 0;
    }
    use->found = true;
    return add_file(finder, use->index, relative, err);
}

/*
 * All that the pattern may mean, if it names a folder of its own: in the folder of the source are
 * also sources and settings.
 */
static int take_pattern(struct finder *finder, struct use *use, const char *pattern,
                        struct ot_error *err)
{
    size_t fixed = strcspn(pattern, "*");
    OT_AUTOFREE char *start = ot_strndup(pattern, fixed);
    char *slash = strrchr(start, '/');
    OT_AUTOFREE char *source = ot_path_folder(use->source->source);
    OT_AUTOFREE char *base = NULL;
    OT_AUTOLIST struct ot_list found = {0};
    struct stat info;

    if (slash == NULL || fixed == strlen(pattern))
        return 0;
    *slash = '\0';
    base = ot_path_join(finder->project->folder, ot_span_of(start));
    if (ot_path_is_beneath(source, start) || ot_path_is_beneath(use->function->entry, start) ||
        !is_in_reach(finder, use, start) || stat(base, &info) != 0 || !S_ISDIR(info.st_mode))
        return 0;
    if (ot_walk_match(base, pattern + (slash - start) + 1, &found, err) < 0)
        return -1;
    for (size_t i = 0; i < found.count; i++) {
        OT_AUTOFREE char *path = ot_path_join(start, ot_span_of(found.items[i]));

        if (take(finder, use, path, err) < 0)
            return -1;
    }
    return 0;
}

static int take_any(struct finder *finder, struct use *use, const char *path, struct ot_error *err)
{
    OT_AUTOFREE char *all = ot_asprintf("%s/**", path);

    if (strchr(path, OT_UNKNOWN) == NULL)
        return (use->source->read.flags & OT_READ_FOLDER) != 0 ? take_pattern(finder, use, all, err)
                                                               : take(finder, use, path, err);
    return (use->source->read.flags & OT_READ_CALL) != 0 ? take_pattern(finder, use, path, err) : 0;
}

/*
 * Beside the source, as it says; or, from the working folder, in the function's folder or in that
 * of all functions.
 */
static int look(struct finder *finder, struct use *use, struct ot_error *err)
{
    const struct ot_read *read = &use->source->read;
    OT_AUTOFREE char *folder = ot_path_folder(use->function->entry);
    OT_AUTOFREE char *own = NULL;

    if ((read->flags & OT_READ_FROM_CWD) == 0) {
        own = ot_project_file_at(read->path);
        return own != NULL ? take_any(finder, use, own, err) : 0;
    }
    own = ot_path_join(folder, ot_span_of(read->path));
    if (strncmp(own, "../", 3) != 0 && take_any(finder, use, own, err) < 0)
        return -1;
    return use->found || strncmp(read->path, "../", 3) == 0
               ? 0
               : take_any(finder, use, read->path, err);
}

/* The folder of the package that the file is in, else the file; the caller frees it. */
static char *shown_package(const struct ot_project *project, const char *relative)
{
    OT_AUTOFREE char *file = ot_path_join(project->folder, ot_span_of(relative));
    OT_AUTOFREE char *package = ot_package_folder(file);
    OT_AUTOFREE char *shown = ot_path_relative(project->folder, package != NULL ? package : file);

    return ot_shown_path(project->shown, shown);
}

/* What was not found: an error where it must be missed, a warning where it may be. */
static void report_not_found(struct finder *finder, const struct use *use)
{
    const struct ot_read *read = &use->source->read;
    bool required = (read->flags & OT_READ_REQUIRED) != 0;
    bool from_cwd = (read->flags & OT_READ_FROM_CWD) != 0;

    if ((read->flags & OT_READ_CALL) == 0 || (read->flags & OT_READ_GUARDED) != 0)
        return;
    if (use->hidden)
        report_use(finder, use, false,
                   ot_asprintf("the file \"%s\" that is read here is not made part of the payload, "
                               "for its name begins with a point: if it may be, name it in "
                               "\"files\" of 1tube.json, or in static_files",
                               read->path));
    else if (strchr(read->path, OT_UNKNOWN) != NULL || (read->flags & OT_READ_FOLDER) != 0) {
        if (use->function->file_count == 0 && !from_cwd)
            report_use(
                finder, use, false,
                ot_strdup("which files are read here is known only at run time: name them in "
                          "\"files\" of 1tube.json, or in static_files"));
    } else if (use->source->package != NULL) {
        OT_AUTOFREE char *package = shown_package(finder->project, use->source->package);

        report_use(finder, use, required,
                   ot_asprintf("the file \"%s\" that is read here is not in the package that is "
                               "installed (%s)",
                               read->path, package));
    } else if (strncmp(read->path, "../", 3) == 0 && !from_cwd)
        report_use(finder, use, required,
                   ot_strdup("the file that is read here is outside of the functions folder, where "
                             "a function does not find it: move it into that folder"));
    else if (required || !from_cwd)
        report_use(finder, use, required,
                   ot_asprintf("the file \"%s\" that is read here does not exist", read->path));
}

static int add_use(struct finder *finder, size_t function, const struct ot_source_use *source,
                   struct ot_error *err)
{
    struct use use = {
        .source = source,
        .function = &finder->project->sources->items[function],
        .index = function,
    };

    if (look(finder, &use, err) < 0)
        return -1;
    if (!use.found)
        report_not_found(finder, &use);
    return 0;
}

/* What is read of a package; what it lacks of its own, it lacks everywhere. */
static int add_packaged(struct finder *finder, size_t function, const struct ot_source_use *use,
                        struct ot_error *err)
{
    const char *functions = finder->project->folder;
    OT_AUTOFREE char *source =
        ot_path_join(functions, ot_span_of(use->package != NULL ? use->package : use->source));
    OT_AUTOFREE char *path = ot_package_read_file(source, &use->read);
    OT_AUTOFREE char *relative = path != NULL ? ot_path_relative(functions, path) : NULL;

    if (path == NULL || !ot_is_relative_path(ot_span_of(use->read.path))) {
        if (use->package != NULL && (use->read.flags & OT_READ_CALL) != 0)
            report_not_found(finder, &(struct use){use, &finder->project->sources->items[function],
                                                   function, 0, 0});
        return 0;
    }
    if (!ot_list_has(&finder->out->packaged, relative))
        ot_list_add(&finder->out->packaged, relative);
    return add_file(finder, function, relative, err);
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
    ot_metafile_inputs(&bundle->metafile, start, &inputs);
    for (size_t i = 0; i < bundle->use_count; i++) {
        const struct ot_source_use *use = &bundle->uses[i];
        bool packaged = use->package != NULL || ot_path_is_installed(use->source);

        if (ot_list_has(&inputs, use->source) &&
            (packaged ? add_packaged : add_use)(finder, index, use, err) < 0)
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
    ot_list_sort(&out->packaged);
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
    ot_list_free(&list->packaged);
    *list = (struct ot_static_list){0};
}
