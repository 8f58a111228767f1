#include "build/vendor_parts.h"

#include "base/process.h"
#include "build/diagnostics.h"
#include "build/discover.h"
#include "build/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long one run waits for another in the same folder. */
#define WAIT_MS (10 * 60 * 1000)
/* Rounds of finding modules that modules import. */
#define ROUNDS_MAX 200u

/* What the vendor folder holds, see vendored.h; the first is always there. */
static const char *const members[] = {"https", "index", "npm", NULL};

static void free_vendoring(struct ot_vendoring *vendoring)
{
    ot_temp_dir_discard(&vendoring->temp);
    ot_vendored_free(&vendoring->old);
    ot_vendored_free(&vendoring->next);
    ot_collection_free(&vendoring->collection);
    ot_deno_lock_free(&vendoring->deno);
    free(vendoring->npm);
    free(vendoring->shown);
    free(vendoring->folder);
}

void ot_vendor_report_free(struct ot_vendor_report *report)
{
    ot_build_report_free(&report->build);
    ot_lock_free(&report->lock);
}

void ot_vendor_step(const struct ot_vendoring *vendoring, const char *step)
{
    const struct ot_build_report *report = &vendoring->report->build;

    if (report->progress != NULL)
        report->progress(report->progress_context, step);
}

bool ot_vendor_updates(const struct ot_vendoring *vendoring, const char *name)
{
    const struct ot_vendor_options *options = vendoring->options;

    return options->update && (options->names->count == 0 || ot_list_has(options->names, name));
}

void ot_vendor_refuse(struct ot_vendoring *vendoring, const char *what, const char *format, ...)
{
    char text[OT_ERROR_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ot_pairs_put(&vendoring->collection.refused, what, text);
}

/* -- preparing --------------------------------------------------------------------------------- */

/* .onetube, which version control leaves alone. */
static int make_folder(const struct ot_vendoring *vendoring, struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/.onetube", vendoring->folder);
    OT_AUTOFREE char *ignore = ot_asprintf("%s/.gitignore", path);
    OT_AUTOTEMP struct ot_temp_file file = OT_TEMP_INIT;

    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return ot_fail_errno(err, OT_FAILED, "%s", path);
    if (access(ignore, F_OK) == 0)
        return 0;
    if (ot_temp_open(&file, ignore, 0644, err) < 0 ||
        ot_write_all(file.fd, "*\n", 2, ignore, err) < 0)
        return -1;
    return ot_temp_commit(&file, false, err);
}

/* One run at a time; `*fd` holds the lock until it is closed. */
static int enter(const struct ot_vendoring *vendoring, int *fd, struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/.onetube/vendor.lock", vendoring->folder);

    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (*fd < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", path);
    return ot_lock(*fd, ot_now_ms() + WAIT_MS, path, err);
}

/* The deno.lock of each function's folder, of the functions folder, and above, in the repository.
 */
static int read_deno_locks(struct ot_vendoring *vendoring, struct ot_error *err)
{
    OT_AUTOFREE char *folder = ot_strdup(vendoring->folder);
    OT_AUTOCLOSE int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OT_AUTOLIST struct ot_list names = {0};

    if (dir < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", folder);
    if (ot_list_dir(dir, &names, vendoring->shown, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        OT_AUTOFREE char *path = ot_asprintf("%s/%s/deno.lock", folder, names.items[i]);
        OT_AUTOFREE char *shown = ot_asprintf("%s/%s/deno.lock", vendoring->shown, names.items[i]);

        if (names.items[i][0] != '.' && ot_deno_lock_add(&vendoring->deno, path, shown, err) < 0)
            return -1;
    }
    for (;;) {
        OT_AUTOFREE char *path = ot_path_join(folder, OT_SPAN("deno.lock"));
        OT_AUTOFREE char *git = ot_path_join(folder, OT_SPAN(".git"));
        char *parent;

        if (ot_deno_lock_add(&vendoring->deno, path, path, err) < 0)
            return -1;
        if (access(git, F_OK) == 0 || strcmp(folder, "/") == 0)
            return 0;
        parent = ot_path_folder(folder);
        free(folder);
        folder = parent;
    }
}

static int check_names(const struct ot_vendoring *vendoring, struct ot_error *err)
{
    const struct ot_list *names = vendoring->options->names;
    const struct ot_lock *lock = &vendoring->old.lock;

    for (size_t i = 0; i < names->count; i++) {
        OT_AUTOFREE char *folder = ot_asprintf("node_modules/%s\"", names->items[i]);
        bool found = ot_lock_module(lock, names->items[i]) != NULL;

        for (size_t j = 0; j < lock->group_count && !found; j++)
            found = strstr(lock->groups[j].packages, folder) != NULL;
        if (!found)
            return ot_fail(err, OT_USAGE, "--update: " OT_LOCK_NAME " has nothing called \"%s\"",
                           names->items[i]);
    }
    return 0;
}

static int prepare(struct ot_vendoring *vendoring, struct ot_error *err)
{
    OT_AUTOFREE char *target = ot_asprintf("%s/" OT_VENDOR_FOLDER, vendoring->folder);

    if (ot_vendored_open(&vendoring->old, vendoring->folder, vendoring->shown, err) < 0 ||
        check_names(vendoring, err) < 0 || read_deno_locks(vendoring, err) < 0 ||
        ot_temp_dir_open(&vendoring->temp, target, err) < 0)
        return -1;
    for (size_t i = 0; members[i] != NULL; i++) {
        if (mkdirat(vendoring->temp.fd, members[i], 0755) < 0)
            return ot_fail_errno(err, OT_FAILED, "%s/%s", target, members[i]);
    }
    vendoring->collection.known = &vendoring->old.lock;
    vendoring->next.shown = vendoring->shown;
    vendoring->next.root = ot_asprintf("%s/.onetube/%s", vendoring->folder, vendoring->temp.name);
    return 0;
}

/* -- finding out what is needed ---------------------------------------------------------------- */

static int collect(struct ot_vendoring *vendoring, struct ot_error *err)
{
    const struct ot_build_options options = {
        .functions = vendoring->options->functions,
        .target = "esnext",
        .esbuild = vendoring->options->esbuild,
    };

    return ot_collect(&options, &vendoring->next, &vendoring->collection, &vendoring->report->build,
                      err);
}

/* What is refused becomes an error where it is imported: one more round puts it there. */
static int check_refused(struct ot_vendoring *vendoring, struct ot_error *err)
{
    const struct ot_pairs *refused = &vendoring->collection.refused;

    if (refused->count == 0)
        return 0;
    if (collect(vendoring, err) < 0)
        return -1;
    return ot_fail(err, OT_FAILED, "%s", refused->items[0].value);
}

static int get_modules(struct ot_vendoring *vendoring, struct ot_error *err)
{
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        if (collect(vendoring, err) < 0)
            return -1;
        if (vendoring->collection.modules.count == 0)
            return 0;
        ot_vendor_step(vendoring, "get modules");
        if (ot_vendor_modules(vendoring, err) < 0 || check_refused(vendoring, err) < 0)
            return -1;
    }
    return ot_fail(err, OT_FAILED, "modules from the web import each other in more than %u steps",
                   ROUNDS_MAX);
}

/* -- writing ----------------------------------------------------------------------------------- */

static void list_specifiers(const struct ot_lock *lock, struct ot_list *out)
{
    for (size_t i = 0; i < lock->group_count; i++) {
        for (size_t j = 0; j < lock->groups[i].specifiers.count; j++)
            ot_list_add(out, lock->groups[i].specifiers.items[j].key);
    }
    for (size_t i = 0; i < lock->module_count; i++)
        ot_list_add(out, lock->modules[i].url);
    ot_list_sort_unique(out);
}

static int fail_frozen(const struct ot_vendoring *vendoring, struct ot_error *err)
{
    OT_AUTOLIST struct ot_list before = {0};
    OT_AUTOLIST struct ot_list after = {0};
    OT_AUTOBUF struct ot_buf text = {0};
    size_t count = 0;

    list_specifiers(&vendoring->old.lock, &before);
    list_specifiers(&vendoring->next.lock, &after);
    for (size_t i = 0; i < before.count; i++) {
        if (!ot_list_has(&after, before.items[i]) && count++ < 5)
            ot_buf_printf(&text, "%s %s", count > 1 ? "," : ": nothing needs", before.items[i]);
    }
    return ot_fail(err, OT_FAILED,
                   "--frozen: " OT_LOCK_NAME " would change%s%s; write it: onetube vendor "
                   "--functions %s",
                   vendoring->old.has_lock ? "" : ": there is none", text.len > 0 ? text.data : "",
                   vendoring->shown);
}

/* The folder first: a lock that is newer than its folder is put right by the next run. */
static int commit(struct ot_vendoring *vendoring, struct ot_span text, struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/" OT_LOCK_NAME, vendoring->folder);
    OT_AUTOTEMP struct ot_temp_file file = OT_TEMP_INIT;

    ot_vendor_step(vendoring, "write");
    if (vendoring->report->changed && (ot_temp_open(&file, path, 0644, err) < 0 ||
                                       ot_write_all(file.fd, text.data, text.len, path, err) < 0))
        return -1;
    if (vendoring->report->made && ot_temp_dir_commit(&vendoring->temp, members, err) < 0)
        return -1;
    return vendoring->report->changed ? ot_temp_commit(&file, false, err) : 0;
}

/* What is as it was is not made again. */
static int finish(struct ot_vendoring *vendoring, bool same_packages, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf before = {0};
    OT_AUTOBUF struct ot_buf after = {0};
    struct ot_vendor_report *report = vendoring->report;
    bool same = false;

    if (vendoring->old.has_lock)
        ot_lock_write(&vendoring->old.lock, &before);
    if (same_packages) {
        ot_lock_write(&vendoring->next.lock, &after);
        same = ot_span_equal(ot_buf_span(&before), ot_buf_span(&after));
    }
    if (vendoring->options->frozen && !same)
        return fail_frozen(vendoring, err);
    report->made = !same || !ot_vendored_is_whole(&vendoring->old);
    if (report->made) {
        if (ot_vendor_install(vendoring, err) < 0)
            return -1;
        ot_buf_clear(&after);
        ot_lock_write(&vendoring->next.lock, &after);
    }
    report->changed = !ot_span_equal(ot_buf_span(&before), ot_buf_span(&after));
    if (vendoring->options->frozen && report->changed)
        return fail_frozen(vendoring, err);
    if (commit(vendoring, ot_buf_span(&after), err) < 0)
        return -1;
    report->lock = vendoring->next.lock;
    vendoring->next.lock = (struct ot_lock){0};
    return 0;
}

int ot_vendor(const struct ot_vendor_options *options, struct ot_vendor_report *report,
              struct ot_error *err)
{
    OT_CLEANUP(free_vendoring)
    struct ot_vendoring vendoring = {
        .options = options, .report = report, .temp = OT_TEMP_DIR_INIT};
    OT_AUTOCLOSE int lock = -1;
    bool same_packages;

    vendoring.shown = ot_functions_folder(options->functions, err);
    if (vendoring.shown == NULL)
        return -1;
    vendoring.folder = realpath(vendoring.shown, NULL);
    if (vendoring.folder == NULL)
        return ot_fail_errno(err, OT_FAILED, "%s", vendoring.shown);
    if (make_folder(&vendoring, err) < 0 || enter(&vendoring, &lock, err) < 0 ||
        prepare(&vendoring, err) < 0 || get_modules(&vendoring, err) < 0 ||
        ot_vendor_packages(&vendoring, &same_packages, err) < 0 ||
        check_refused(&vendoring, err) < 0)
        return -1;
    return finish(&vendoring, same_packages, err);
}
