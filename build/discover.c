#include "build/discover.h"

#include "base/file.h"
#include "base/text.h"
#include "build/cells.h"
#include "build/entry.h"
#include "build/handlers.h"
#include "build/path.h"
#include "build/scan.h"
#include "build/supabase.h"
#include "build/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct discovery {
    int root;    /* the functions folder */
    char *real;  /* its absolute path, without links */
    char *shown; /* how messages name it */
    struct ot_supabase supabase;
    struct ot_sources *out;
};

static void close_discovery(struct discovery *discovery)
{
    ot_autoclose(&discovery->root);
    ot_supabase_free(&discovery->supabase);
    free(discovery->real);
    free(discovery->shown);
}

/* Shared code, hidden folders and installed packages are no functions, whatever they hold. */
static bool is_candidate(const char *name)
{
    static const char shared[] = "_shared";
    size_t len = strlen(name);

    return name[0] != '_' && name[0] != '.' && strcmp(name, "node_modules") != 0 &&
           (len < sizeof(shared) - 1 || strcmp(name + len - (sizeof(shared) - 1), shared) != 0);
}

/*
 * Opens the sub-folder, or returns -1 with errno: ENOTDIR and ENOENT (a link to nothing) mean that
 * it is none.
 */
static int open_folder(const struct discovery *discovery, const char *name)
{
    return openat(discovery->root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* "<functions>/<name>" for messages. */
static char *label_of(const struct discovery *discovery, const char *name)
{
    char printable[256];

    ot_printable(printable, sizeof(printable), ot_span_of(name));
    return ot_asprintf("%s/%s", discovery->shown, printable);
}

static int read_config(const char *label, int folder, struct ot_config *config,
                       struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOFREE char *file = ot_asprintf("%s/" OT_CONFIG_NAME, label);
    OT_AUTOCLOSE int fd = -1;
    struct stat info;

    if (fstatat(folder, OT_CONFIG_NAME, &info, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno == ENOENT)
            return 0;
        return ot_fail_errno(err, OT_FAILED, "%s", file);
    }
    fd = ot_open_regular(folder, OT_CONFIG_NAME, OT_CONFIG_MAX, NULL, err);
    if (fd < 0)
        return ot_error_prefix(err, "%s", label);
    if (ot_read_fd(fd, OT_CONFIG_MAX, &text, file, err) < 0)
        return -1;
    return ot_config_parse(config, ot_buf_span(&text), file, err);
}

/* What 1tube.json says under "files", with its places. */
static int list_files(const struct discovery *discovery, struct ot_function_source *source,
                      const char *label, const char *folder, struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_path_join(folder, OT_SPAN(OT_CONFIG_NAME));
    OT_AUTOFREE char *shown = ot_asprintf("%s/" OT_CONFIG_NAME, label);
    OT_AUTOTREE struct ot_tree tree = {0};
    const struct ot_tree *files;

    if (!source->config.files.given)
        return 0;
    if (ot_tree_read(&tree, path, shown, err) < 0)
        return -1;
    files = ot_tree_get(&tree, "files");
    for (size_t i = 0; i < files->count; i++)
        ot_static_files_add(source, discovery->real, folder, shown, &files->items[i]);
    return 0;
}

/* A folder without an entry is no function; but one that was configured was meant to be. */
static int check_no_config(const char *label, int folder, struct ot_error *err)
{
    if (faccessat(folder, OT_CONFIG_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return ot_fail(err, OT_FAILED,
                       "%s: has a " OT_CONFIG_NAME " but no entry (" OT_ENTRY_NAMES ")", label);
    return 0;
}

static struct ot_function_source *add_source(struct discovery *discovery, const char *name)
{
    struct ot_sources *out = discovery->out;
    struct ot_function_source *source;

    out->items = ot_realloc(out->items, out->count + 1, sizeof(*out->items));
    source = &out->items[out->count++];
    *source = (struct ot_function_source){.name = name != NULL ? ot_strdup(name) : NULL};
    ot_config_init(&source->config);
    return source;
}

static int check_name(const char *label, const char *name, struct ot_error *err)
{
    if (ot_is_name(ot_span_of(name)))
        return 0;
    return ot_fail(err, OT_FAILED,
                   "%s: is not a function name (a letter, then at most 62 letters, digits, "
                   "\"-\" and \"_\")",
                   label);
}

/* The rest of a function whose entry is known: its settings, from the folder `path`. */
static int add_settings(struct discovery *discovery, struct ot_function_source *source,
                        const char *label, const char *path, struct ot_error *err)
{
    OT_AUTOCLOSE int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OT_AUTOTREE struct ot_tree wrangler = {0};
    OT_AUTOFREE char *shown = NULL;
    int found;

    if (folder < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", label);
    found = ot_wrangler_read(label, path, &wrangler, &shown, err);
    if (found < 0 ||
        (found > 0 && ot_wrangler_apply(&wrangler, shown, source, discovery->out, err) < 0))
        return -1;
    if (source->assets != NULL) {
        const struct ot_tree *assets = ot_tree_get(ot_tree_get(&wrangler, "assets"), "directory");

        source->assets_folder = ot_path_join(path, ot_span_of(assets->text));
        ot_static_files_add(source, discovery->real, path, shown, assets);
    }
    if (source->name == NULL) {
        const char *slash = strrchr(path, '/');

        source->name = ot_strdup(slash != NULL ? slash + 1 : path);
    }
    if (check_name(label, source->name, err) < 0 ||
        read_config(label, folder, &source->config, err) < 0 ||
        list_files(discovery, source, label, path, err) < 0)
        return -1;
    return ot_supabase_apply(&discovery->supabase, discovery->real, source, err);
}

/* Adds the folder's function, if it has one. */
static int add_folder(struct discovery *discovery, const char *name, int folder,
                      struct ot_error *err)
{
    OT_AUTOFREE char *label = label_of(discovery, name);
    OT_AUTOFREE char *path = ot_path_join(discovery->real, ot_span_of(name));
    OT_AUTOFREE char *entry = ot_supabase_entry(&discovery->supabase, discovery->real, name);
    struct ot_function_source *source;

    if (!ot_supabase_enabled(&discovery->supabase, name))
        return 0;
    if (entry == NULL) {
        OT_AUTOFREE char *own = NULL;

        if (ot_entry_find(label, path, &own, err) < 0)
            return -1;
        if (own == NULL)
            return check_no_config(label, folder, err);
        entry = ot_asprintf("%s/%s", name, own);
    }
    if (check_name(label, name, err) < 0)
        return -1;
    source = add_source(discovery, name);
    source->entry = OT_STEAL(entry);
    return add_settings(discovery, source, label, path, err);
}

/* Whether the text may register a handler, `*surely` or not. */
static bool may_register(struct ot_span text, bool *surely)
{
    OT_CLEANUP(ot_scan_free) struct ot_scan scan = {0};

    ot_scan(text, &scan);
    *surely = false;
    for (size_t i = 0; i < scan.count; i++)
        *surely =
            *surely || (scan.sites[i].top_level && (scan.sites[i].kind == OT_HANDLER_DENO_SERVE ||
                                                    scan.sites[i].kind == OT_HANDLER_SERVE ||
                                                    scan.sites[i].kind == OT_HANDLER_LISTENER));
    return scan.count > 0;
}

static int add_file(struct discovery *discovery, const char *name, struct ot_error *err)
{
    OT_AUTOFREE char *own = ot_strndup(name, strcspn(name, "."));
    struct ot_function_source *source;

    for (size_t i = 0; i < discovery->out->count; i++) {
        if (strcmp(discovery->out->items[i].name, own) == 0)
            return ot_fail(err, OT_FAILED, "%s: has two entries, %s and %s (remove one)",
                           discovery->shown, discovery->out->items[i].entry, name);
    }
    source = add_source(discovery, own);
    source->entry = ot_strdup(name);
    return ot_supabase_apply(&discovery->supabase, discovery->real, source, err);
}

/*
 * hello.ts: it starts a server or listens by itself; or it may register a handler, as by its
 * default export, and nothing imports it. (What functions share may stand beside them, too.)
 */
static int look_at_file(struct discovery *discovery, const char *name, struct ot_list *perhaps,
                        struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_path_join(discovery->real, ot_span_of(name));
    OT_AUTOFREE char *own = ot_strndup(name, strcspn(name, "."));
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error ignored;
    bool surely;

    if (!ot_is_source_name(name) || strchr(name + strlen(own) + 1, '.') != NULL ||
        !ot_is_name(ot_span_of(own)) || !ot_supabase_enabled(&discovery->supabase, own) ||
        ot_read_file(path, OT_SOURCE_MAX, &text, &ignored) < 0 ||
        !may_register(ot_buf_span(&text), &surely))
        return 0;
    if (surely)
        return add_file(discovery, name, err);
    ot_list_add(perhaps, name);
    return 0;
}

static int add_functions(struct discovery *discovery, const struct ot_list *names,
                         const struct ot_list *only, struct ot_error *err)
{
    OT_AUTOLIST struct ot_list perhaps = {0};

    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        OT_AUTOFREE char *own = ot_strndup(name, strcspn(name, "."));
        OT_AUTOCLOSE int folder = -1;
        int result;

        if (!is_candidate(name) ||
            (only->count > 0 && !ot_list_has(only, name) && !ot_list_has(only, own)))
            continue;
        folder = open_folder(discovery, name);
        if (folder < 0 && errno == ENOENT)
            continue;
        if (folder < 0 && errno != ENOTDIR) {
            OT_AUTOFREE char *label = label_of(discovery, name);

            return ot_fail_errno(err, OT_FAILED, "%s", label);
        }
        result = folder < 0 ? look_at_file(discovery, name, &perhaps, err)
                            : add_folder(discovery, name, folder, err);
        if (result < 0)
            return -1;
    }
    if (perhaps.count > 0 && ot_handlers_drop_imported(discovery->real, &perhaps, err) < 0)
        return -1;
    for (size_t i = 0; i < perhaps.count; i++) {
        if (add_file(discovery, perhaps.items[i], err) < 0)
            return -1;
    }
    return 0;
}

/* What only config.toml names, by its entry. */
static int add_named(struct discovery *discovery, const struct ot_list *only, struct ot_error *err)
{
    OT_AUTOLIST struct ot_list names = {0};

    ot_supabase_names(&discovery->supabase, &names);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        OT_AUTOFREE char *entry = ot_supabase_entry(&discovery->supabase, discovery->real, name);
        struct ot_function_source *source;
        bool found = false;

        for (size_t j = 0; j < discovery->out->count && !found; j++)
            found = strcmp(discovery->out->items[j].name, name) == 0;
        if (found || entry == NULL || !ot_supabase_enabled(&discovery->supabase, name) ||
            (only->count > 0 && !ot_list_has(only, name)))
            continue;
        if (check_name(discovery->supabase.shown, name, err) < 0)
            return -1;
        source = add_source(discovery, name);
        source->entry = OT_STEAL(entry);
        if (ot_supabase_apply(&discovery->supabase, discovery->real, source, err) < 0)
            return -1;
    }
    return 0;
}

/* The folder itself is a wrangler project. */
static int add_project(struct discovery *discovery, bool *is_one, struct ot_error *err)
{
    OT_AUTOTREE struct ot_tree tree = {0};
    OT_AUTOFREE char *shown = NULL;
    OT_AUTOFREE char *entry = NULL;
    struct ot_function_source *source;
    int found = ot_wrangler_read(discovery->shown, discovery->real, &tree, &shown, err);

    *is_one = found > 0;
    if (found <= 0)
        return found;
    if (ot_entry_find(discovery->shown, discovery->real, &entry, err) < 0)
        return -1;
    if (ot_tree_text(ot_tree_get(&tree, "main")) != NULL)
        entry =
            (free(entry), ot_path_join("", ot_span_of(ot_tree_text(ot_tree_get(&tree, "main")))));
    if (entry == NULL)
        return ot_fail(err, OT_FAILED, "%s: has no \"main\", the entry of the Worker", shown);
    source = add_source(discovery, NULL);
    source->entry = OT_STEAL(entry);
    return add_settings(discovery, source, discovery->shown, discovery->real, err);
}

/* -- checks over all of them ------------------------------------------------------------------- */

/* Whether the folder is there and has an entry, so that its name may be offered. */
static bool has_entry(const struct discovery *discovery, const char *name)
{
    OT_AUTOFREE char *path = ot_path_join(discovery->real, ot_span_of(name));
    OT_AUTOFREE char *entry = NULL;
    struct ot_error ignored;

    return ot_entry_find(name, path, &entry, &ignored) < 0 || entry != NULL;
}

static int no_such_function(const struct discovery *discovery, const struct ot_list *names,
                            const char *name, struct ot_error *err)
{
    OT_AUTOFREE const char **words = ot_alloc(names->count + 1, sizeof(*words));
    char printable[80];
    const char *nearest;
    size_t count = 0;

    for (size_t i = 0; i < names->count; i++) {
        if (is_candidate(names->items[i]) && ot_is_name(ot_span_of(names->items[i])) &&
            has_entry(discovery, names->items[i]))
            words[count++] = names->items[i];
    }
    ot_printable(printable, sizeof(printable), ot_span_of(name));
    nearest = ot_nearest_word(name, words);
    if (nearest != NULL)
        return ot_fail(err, OT_USAGE, "%s: no function \"%s\" (did you mean \"%s\"?)",
                       discovery->shown, printable, nearest);
    return ot_fail(err, OT_USAGE, "%s: no function \"%s\"", discovery->shown, printable);
}

static bool was_found(const struct ot_sources *sources, const char *name)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (strcmp(sources->items[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Function names are ASCII; the locale must not have a say. */
static int compare_folded(const void *a, const void *b)
{
    const char *left = *(const char *const *)a;
    const char *right = *(const char *const *)b;

    for (;; left++, right++) {
        int l = *left >= 'A' && *left <= 'Z' ? *left - 'A' + 'a' : *left;
        int r = *right >= 'A' && *right <= 'Z' ? *right - 'A' + 'a' : *right;

        if (l != r || l == 0)
            return l - r;
    }
}

/* Two names that differ only in case would be one file on some machines. */
static int check_case(const struct discovery *discovery, struct ot_error *err)
{
    const struct ot_sources *sources = discovery->out;
    OT_AUTOFREE const char **names = ot_alloc(sources->count + 1, sizeof(*names));

    for (size_t i = 0; i < sources->count; i++)
        names[i] = sources->items[i].name;
    qsort(names, sources->count, sizeof(*names), compare_folded);
    for (size_t i = 1; i < sources->count; i++) {
        bool ordered = strcmp(names[i - 1], names[i]) < 0;

        if (compare_folded(&names[i - 1], &names[i]) == 0)
            return ot_fail(err, OT_FAILED, "%s: the functions %s and %s differ only in case",
                           discovery->shown, names[ordered ? i - 1 : i],
                           names[ordered ? i : i - 1]);
    }
    return 0;
}

static int compare_sources(const void *a, const void *b)
{
    const struct ot_function_source *left = a, *right = b;

    return strcmp(left->name, right->name);
}

static int discover(struct discovery *discovery, const struct ot_list *only, struct ot_error *err)
{
    OT_AUTOLIST struct ot_list names = {0};
    bool is_project;

    if (ot_list_dir(discovery->root, &names, discovery->shown, err) < 0 ||
        ot_supabase_read(&discovery->supabase, discovery->real, discovery->shown, err) < 0 ||
        add_project(discovery, &is_project, err) < 0 ||
        (!is_project &&
         (add_functions(discovery, &names, only, err) < 0 || add_named(discovery, only, err) < 0)))
        return -1;
    if (discovery->out->count > 0)
        qsort(discovery->out->items, discovery->out->count, sizeof(*discovery->out->items),
              compare_sources);
    ot_list_sort_unique(&discovery->out->loaders);
    ot_list_sort_unique(&discovery->out->vars);
    for (size_t i = 0; i < only->count; i++) {
        if (!was_found(discovery->out, only->items[i]))
            return no_such_function(discovery, &names, only->items[i], err);
    }
    if (only->count == 0)
        ot_supabase_check(&discovery->supabase, discovery->out, &discovery->out->warnings);
    if (discovery->out->count == 0)
        return ot_fail(err, OT_FAILED,
                       "%s: holds no function (each is a folder with " OT_ENTRY_NAMES ")",
                       discovery->shown);
    if (check_case(discovery, err) < 0)
        return -1;
    return ot_cells_check(discovery->out, discovery->shown, err);
}

int ot_discover(const char *functions, const struct ot_list *only, struct ot_sources *out,
                struct ot_error *err)
{
    static const struct ot_list all = {0};
    OT_CLEANUP(close_discovery) struct discovery discovery = {.out = out};
    size_t len = strlen(functions);

    while (len > 1 && functions[len - 1] == '/')
        len--;
    *out = (struct ot_sources){0};
    discovery.shown = ot_strndup(functions, len);
    discovery.root = open(functions, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (discovery.root >= 0)
        discovery.real = realpath(functions, NULL);
    if (discovery.real == NULL)
        return ot_fail_errno(err, OT_FAILED, "%s", discovery.shown);
    if (discover(&discovery, only != NULL ? only : &all, err) < 0) {
        ot_sources_free(out);
        return -1;
    }
    return 0;
}

void ot_sources_free(struct ot_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        free(sources->items[i].name);
        free(sources->items[i].entry);
        free(sources->items[i].import_map);
        free(sources->items[i].vars);
        free(sources->items[i].assets);
        free(sources->items[i].assets_folder);
        for (size_t j = 0; j < sources->items[i].file_count; j++) {
            free(sources->items[i].files[j].pattern);
            free(sources->items[i].files[j].place);
        }
        free(sources->items[i].files);
        ot_config_free(&sources->items[i].config);
    }
    free(sources->items);
    free(sources->compat_date);
    ot_list_free(&sources->compat_flags);
    ot_list_free(&sources->loaders);
    ot_list_free(&sources->vars);
    ot_list_free(&sources->warnings);
    *sources = (struct ot_sources){0};
}
