#include "build/discover.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRY_NAMES "index.ts, index.tsx, index.mts, index.js, index.jsx or index.mjs"

static const char *const entry_names[] = {"index.ts", "index.tsx", "index.mts",
                                          "index.js", "index.jsx", "index.mjs"};

struct discovery {
    int root;    /* the functions folder */
    char *shown; /* how messages name it */
    struct ot_sources *out;
};

static void close_discovery(struct discovery *discovery)
{
    ot_autoclose(&discovery->root);
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

/*
 * Puts the entry's file name into `*entry`, or NULL if there is none. Two are an error, as is
 * something else than a file under such a name: skipping it would silently drop a function.
 */
static int find_entry(const char *label, int folder, const char **entry, struct ot_error *err)
{
    struct stat info;

    *entry = NULL;
    for (size_t i = 0; i < OT_COUNT(entry_names); i++) {
        if (fstatat(folder, entry_names[i], &info, AT_SYMLINK_NOFOLLOW) < 0) {
            if (errno == ENOENT)
                continue;
            return ot_fail_errno(err, OT_FAILED, "%s/%s", label, entry_names[i]);
        }
        if (S_ISLNK(info.st_mode) && fstatat(folder, entry_names[i], &info, 0) < 0)
            return ot_fail_errno(err, OT_FAILED, "%s/%s", label, entry_names[i]);
        if (!S_ISREG(info.st_mode))
            return ot_fail(err, OT_FAILED, "%s/%s: is not a regular file", label, entry_names[i]);
        if (*entry != NULL)
            return ot_fail(err, OT_FAILED, "%s: has two entries, %s and %s (remove one)", label,
                           *entry, entry_names[i]);
        *entry = entry_names[i];
    }
    return 0;
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

/* A folder without an entry is no function; but one that was configured was meant to be. */
static int check_no_config(const char *label, int folder, struct ot_error *err)
{
    if (faccessat(folder, OT_CONFIG_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return ot_fail(err, OT_FAILED,
                       "%s: has a " OT_CONFIG_NAME " but no entry (" ENTRY_NAMES ")", label);
    return 0;
}

/* Adds the folder's function, if it has one. */
static int add_function(struct discovery *discovery, const char *name, int folder,
                        struct ot_error *err)
{
    OT_AUTOFREE char *label = label_of(discovery, name);
    struct ot_sources *out = discovery->out;
    struct ot_function_source *source;
    const char *entry;

    if (find_entry(label, folder, &entry, err) < 0)
        return -1;
    if (entry == NULL)
        return check_no_config(label, folder, err);
    if (!ot_is_name(ot_span_of(name)))
        return ot_fail(err, OT_FAILED,
                       "%s: is not a function name (a letter, then at most 62 letters, digits, "
                       "\"-\" and \"_\")",
                       label);
    out->items = ot_realloc(out->items, out->count + 1, sizeof(*out->items));
    source = &out->items[out->count++];
    *source = (struct ot_function_source){0};
    source->name = ot_strdup(name);
    source->entry = ot_asprintf("%s/%s", name, entry);
    ot_config_init(&source->config);
    return read_config(label, folder, &source->config, err);
}

static int add_functions(struct discovery *discovery, const struct ot_list *names,
                         const struct ot_list *only, struct ot_error *err)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        OT_AUTOCLOSE int folder = -1;

        if (!is_candidate(name) || (only->count > 0 && !ot_list_has(only, name)))
            continue;
        folder = open_folder(discovery, name);
        if (folder < 0 && (errno == ENOTDIR || errno == ENOENT))
            continue;
        if (folder < 0) {
            OT_AUTOFREE char *label = label_of(discovery, name);

            return ot_fail_errno(err, OT_FAILED, "%s", label);
        }
        if (add_function(discovery, name, folder, err) < 0)
            return -1;
    }
    return 0;
}

/* -- checks over all of them ------------------------------------------------------------------- */

/* Whether the folder is there and has an entry, so that its name may be offered. */
static bool has_entry(const struct discovery *discovery, const char *name)
{
    OT_AUTOCLOSE int folder = open_folder(discovery, name);

    for (size_t i = 0; folder >= 0 && i < OT_COUNT(entry_names); i++) {
        if (faccessat(folder, entry_names[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return true;
    }
    return false;
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

static int discover(struct discovery *discovery, const struct ot_list *only, struct ot_error *err)
{
    OT_AUTOLIST struct ot_list names = {0};

    if (ot_list_dir(discovery->root, &names, discovery->shown, err) < 0 ||
        add_functions(discovery, &names, only, err) < 0)
        return -1;
    for (size_t i = 0; i < only->count; i++) {
        if (!was_found(discovery->out, only->items[i]))
            return no_such_function(discovery, &names, only->items[i], err);
    }
    if (discovery->out->count == 0)
        return ot_fail(err, OT_FAILED,
                       "%s: holds no function (each is a folder with " ENTRY_NAMES ")",
                       discovery->shown);
    return check_case(discovery, err);
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
    if (discovery.root < 0)
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
        ot_config_free(&sources->items[i].config);
    }
    free(sources->items);
    *sources = (struct ot_sources){0};
}
