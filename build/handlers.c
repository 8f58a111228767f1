#include "build/handlers.h"

#include "base/file.h"
#include "build/diagnostics.h"
#include "build/path.h"
#include "build/walk.h"

#include <string.h>

#define SOURCE_MAX (64u << 20) /* bytes of a source file */

static int scan_file(const struct ot_folder *folder, const char *file, struct ot_buf *text,
                     struct ot_scan *scan, struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/%s", folder->path, file);

    if (ot_read_file(path, SOURCE_MAX, text, err) < 0)
        return -1;
    ot_scan(ot_buf_span(text), scan);
    return 0;
}

/* The line with number `line`, from 1. */
static struct ot_span line_of(struct ot_span text, unsigned line)
{
    const char *end = text.data + text.len;

    for (const char *at = text.data; at != NULL; at = at + 1) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        if (line-- == 1)
            return (struct ot_span){at, (size_t)((newline != NULL ? newline : end) - at)};
        if (newline == NULL)
            break;
        at = newline;
    }
    return (struct ot_span){text.data, 0};
}

/* It surely registers a handler when the module is evaluated. */
static bool surely_registers(const struct ot_handler_site *site)
{
    return site->top_level &&
           (site->kind == OT_HANDLER_DENO_SERVE || site->kind == OT_HANDLER_SERVE ||
            site->kind == OT_HANDLER_DEFAULT_EXPORT);
}

static void check_second(const struct ot_folder *folder, const char *file, struct ot_span text,
                         const struct ot_scan *scan, struct ot_build_report *report)
{
    const struct ot_handler_site *first = NULL;

    for (size_t i = 0; i < scan->count; i++) {
        const struct ot_handler_site *site = &scan->sites[i];
        struct ot_span line;

        if (!surely_registers(site))
            continue;
        if (first == NULL) {
            first = site;
            continue;
        }
        line = line_of(text, site->line);
        ot_report_add(report, (struct ot_diagnostic){
                                  .is_error = true,
                                  .file = ot_shown_path(folder->shown, file),
                                  .line = site->line,
                                  .column = site->column,
                                  .text = ot_asprintf("a second handler: the first is in line %u; "
                                                      "a function has one",
                                                      first->line),
                                  .source_line = ot_strndup(line.data, line.len),
                              });
        return;
    }
}

/*
 * The source opens the function only if every place that may register a handler says so: with
 * `if (dev) serve(handler, { public: true }); else serve(handler);` it stays closed.
 */
static bool shows_public(const struct ot_scan *scan)
{
    for (size_t i = 0; i < scan->count; i++) {
        if (!scan->sites[i].is_public)
            return false;
    }
    return scan->count > 0;
}

/*
 * Which style a file's handlers are of: 1 of a process that lives on, 0 of single requests, -1 it
 * has none.
 */
static int style_of(const struct ot_scan *scan)
{
    int style = -1;

    for (size_t i = 0; i < scan->count; i++) {
        if (scan->sites[i].kind == OT_HANDLER_DEFAULT_EXPORT)
            style = style < 0 ? 0 : style;
        else if (scan->sites[i].kind != OT_HANDLER_OTHER || style < 0)
            style = 1;
    }
    return style;
}

static bool may_have_handler(const struct ot_scan *scan)
{
    return scan->count > 0 || scan->imports_package;
}

int ot_handlers_scan(const struct ot_folder *folder, const struct ot_function_source *source,
                     struct ot_bundle_entry *entry, struct ot_build_report *report,
                     struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    OT_CLEANUP(ot_scan_free) struct ot_scan scan = {0};

    *entry = (struct ot_bundle_entry){
        .name = source->name,
        .file = source->entry,
        .vars = source->vars,
        .assets = source->assets,
        .assets_folder = source->assets_folder,
        .strip_name =
            source->config.strip_name_given ? source->config.strip_name : source->is_worker,
    };
    if (scan_file(folder, source->entry, &text, &scan, err) < 0)
        return -1;
    if (source->config.public_given)
        entry->is_public = source->config.is_public ? OT_PUBLIC_YES : OT_PUBLIC_NO;
    else if (shows_public(&scan))
        entry->is_public = OT_PUBLIC_YES;
    entry->style = style_of(&scan);
    entry->may_have_handler = may_have_handler(&scan);
    check_second(folder, source->entry, ot_buf_span(&text), &scan, report);
    return 0;
}

/* 1: `file` may register a handler; 0: surely not; -1. The first style found goes into `*style`. */
static int may_register(const struct ot_folder *folder, const char *file, int *style,
                        struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    OT_CLEANUP(ot_scan_free) struct ot_scan scan = {0};

    if (scan_file(folder, file, &text, &scan, err) < 0)
        return -1;
    if (*style < 0)
        *style = style_of(&scan);
    return may_have_handler(&scan);
}

int ot_handlers_check(const struct ot_folder *folder, const struct ot_metafile *metafile,
                      struct ot_bundle_entry *entry, struct ot_build_report *report,
                      struct ot_error *err)
{
    int style = entry->style;
    OT_AUTOFREE char *start = ot_asprintf(OT_ENTRY_NAMESPACE ":%s", entry->name);
    OT_AUTOLIST struct ot_list files = {0};
    int found = entry->may_have_handler;
    OT_AUTOFREE char *shown = NULL;

    if (found >= 0 && (found == 0 || style < 0))
        ot_metafile_local(metafile, start, &files);
    for (size_t i = 0; i < files.count && found >= 0 && (found == 0 || style < 0); i++) {
        if (ot_is_source_name(files.items[i])) {
            int other = may_register(folder, files.items[i], &style, err);

            found = other < 0 ? -1 : found | other;
        }
    }
    /* what shows nothing gets its handler from a package: some server's */
    entry->is_isolate = style != 0;
    if (found != 0)
        return found < 0 ? -1 : 0;
    shown = ot_shown_path(folder->shown, entry->file);
    ot_report_error(report, shown, 1, 1,
                    ot_strdup("no handler: write Deno.serve((request) => new Response(\"hello\")) "
                              "or export default { fetch(request) { ... } }"));
    return 0;
}

/* -- files beside each other ------------------------------------------------------------------- */

struct imported {
    const char *folder;
    struct ot_list *files;
};

/* "/f/x" for "/f/x.ts": an import may leave the extension out, or name another one. */
static struct ot_span without_extension(const char *path)
{
    size_t len = strlen(path);

    return (struct ot_span){path,
                            ot_is_source_name(path) ? (size_t)(strrchr(path, '.') - path) : len};
}

static void drop(const struct imported *imported, const char *target)
{
    struct ot_list kept = {0};

    for (size_t i = 0; i < imported->files->count; i++) {
        OT_AUTOFREE char *path =
            ot_path_join(imported->folder, ot_span_of(imported->files->items[i]));

        if (!ot_span_equal(without_extension(path), without_extension(target)))
            ot_list_add(&kept, imported->files->items[i]);
    }
    ot_list_free(imported->files);
    *imported->files = kept;
}

static void drop_imported(void *context, const char *file, struct ot_span text)
{
    OT_CLEANUP(ot_scan_free) struct ot_scan scan = {0};
    OT_AUTOFREE char *folder = ot_path_folder(file);

    ot_scan(text, &scan);
    for (size_t i = 0; i < scan.relative.count; i++) {
        OT_AUTOFREE char *target = ot_path_join(folder, ot_span_of(scan.relative.items[i]));

        drop(context, target);
    }
}

int ot_handlers_drop_imported(const char *path, struct ot_list *files, struct ot_error *err)
{
    struct imported imported = {path, files};

    return ot_walk(path, NULL, drop_imported, &imported, err);
}
