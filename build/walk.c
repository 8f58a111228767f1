#include "build/walk.h"

#include "base/file.h"
#include "build/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct walk {
    int (*on_folder)(void *context, const char *folder, const struct ot_list *names);
    void (*on_source)(void *context, const char *file, struct ot_span text);
    void (*on_file)(void *context, const char *file);
    void *context;
    size_t seen;
    unsigned depth;
};

bool ot_is_source_name(const char *name)
{
    static const char *const endings[] = {".ts", ".tsx", ".mts", ".cts",
                                          ".js", ".jsx", ".mjs", ".cjs"};
    static const char *const declarations[] = {".d.ts", ".d.mts", ".d.cts"};

    for (size_t i = 0; i < OT_COUNT(declarations); i++) {
        if (ot_span_ends(ot_span_of(name), declarations[i]))
            return false;
    }
    for (size_t i = 0; i < OT_COUNT(endings); i++) {
        if (ot_span_ends(ot_span_of(name), endings[i]))
            return true;
    }
    return false;
}

static void visit_source(struct walk *walk, const char *path)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error ignored;

    /* what cannot be read is reported when it is imported */
    if (ot_read_file(path, OT_SOURCE_MAX, &text, &ignored) == 0 && text.len > 0)
        walk->on_source(walk->context, path, ot_buf_span(&text));
}

static int walk_folder(struct walk *walk, const char *folder, struct ot_error *err);

static int visit(struct walk *walk, int fd, const char *folder, const char *name,
                 struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_path_join(folder, ot_span_of(name));
    struct stat info;
    int result;

    if (++walk->seen > OT_WALK_MAX)
        return ot_fail(err, OT_FAILED, "%s: holds more than %u files", folder, OT_WALK_MAX);
    if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (S_ISREG(info.st_mode)) {
        if (walk->on_source != NULL && ot_is_source_name(name))
            visit_source(walk, path);
        if (walk->on_file != NULL)
            walk->on_file(walk->context, path);
        return 0;
    }
    if (!S_ISDIR(info.st_mode) || name[0] == '.' || strcmp(name, "node_modules") == 0 ||
        walk->depth == OT_WALK_DEPTH)
        return 0;
    walk->depth++;
    result = walk_folder(walk, path, err);
    walk->depth--;
    return result;
}

static int walk_folder(struct walk *walk, const char *folder, struct ot_error *err)
{
    OT_AUTOCLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OT_AUTOLIST struct ot_list names = {0};

    if (fd < 0)
        return errno == EACCES ? 0 : ot_fail_errno(err, OT_FAILED, "%s", folder);
    if (ot_list_dir(fd, &names, folder, err) < 0 ||
        (walk->on_folder != NULL && walk->on_folder(walk->context, folder, &names) < 0))
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        if (visit(walk, fd, folder, names.items[i], err) < 0)
            return -1;
    }
    return 0;
}

int ot_walk(const char *folder,
            int (*on_folder)(void *context, const char *folder, const struct ot_list *names),
            void (*on_source)(void *context, const char *file, struct ot_span text), void *context,
            struct ot_error *err)
{
    struct walk walk = {.on_folder = on_folder, .on_source = on_source, .context = context};

    return walk_folder(&walk, folder, err);
}

void ot_walk_folders(const char *folder, const char *pattern, struct ot_list *out)
{
    struct ot_span text = ot_span_of(pattern);
    bool all = ot_span_ends(text, "/*");
    OT_AUTOFREE char *path = NULL;
    OT_AUTOLIST struct ot_list names = {0};
    OT_AUTOCLOSE int fd = -1;
    struct ot_error ignored;

    if (all)
        text.len -= 2;
    path = ot_path_join(folder, text);
    if (!all) {
        ot_list_add(out, path);
        return;
    }
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || ot_list_dir(fd, &names, path, &ignored) < 0)
        return;
    for (size_t i = 0; i < names.count; i++) {
        OT_AUTOFREE char *member = ot_path_join(path, ot_span_of(names.items[i]));

        ot_list_add(out, member);
    }
}

/* -- patterns ---------------------------------------------------------------------------------- */

/*
 * Linear but for its stars, of which only the last is ever tried again: a later star makes an
 * earlier one of the same kind superfluous.
 */
bool ot_glob_matches(struct ot_span pattern, struct ot_span path)
{
    struct ot_span star = {0}, star_path = {0}, globstar = {0}, globstar_path = {0};
    bool folders = false; /* the globstar has a slash behind it: it ends where a name begins */

    for (;;) {
        if (ot_span_starts(pattern, "**")) {
            pattern = ot_span_skip(pattern, 2);
            folders = ot_span_starts(pattern, "/");
            pattern = ot_span_skip(pattern, folders ? 1 : 0);
            globstar = pattern;
            globstar_path = path;
            star = (struct ot_span){0};
            continue;
        }
        if (ot_span_starts(pattern, "*")) {
            pattern = ot_span_skip(pattern, 1);
            star = pattern;
            star_path = path;
            continue;
        }
        if (path.len == 0 && pattern.len == 0)
            return true;
        if (path.len > 0 && pattern.len > 0 &&
            (pattern.data[0] == path.data[0] || (pattern.data[0] == '?' && path.data[0] != '/'))) {
            pattern = ot_span_skip(pattern, 1);
            path = ot_span_skip(path, 1);
            continue;
        }
        if (star.data != NULL && star_path.len > 0 && star_path.data[0] != '/') {
            star_path = ot_span_skip(star_path, 1);
            pattern = star;
            path = star_path;
        } else if (globstar.data != NULL && globstar_path.len > 0) {
            do
                globstar_path = ot_span_skip(globstar_path, 1);
            while (folders && globstar_path.len > 0 && globstar_path.data[-1] != '/');
            pattern = globstar;
            path = globstar_path;
            star = (struct ot_span){0};
        } else {
            return false;
        }
    }
}

struct matching {
    const char *folder;
    struct ot_span pattern;
    struct ot_list *out;
};

static void match_file(void *context, const char *file)
{
    struct matching *matching = context;
    const char *relative = file + strlen(matching->folder) + 1;

    if (ot_glob_matches(matching->pattern, ot_span_of(relative)))
        ot_list_add(matching->out, relative);
}

int ot_walk_match(const char *folder, const char *pattern, struct ot_list *out,
                  struct ot_error *err)
{
    OT_AUTOFREE char *clean = ot_path_join(folder, ot_span_of(pattern));
    OT_AUTOFREE char *below = NULL;
    struct matching matching = {folder, {0}, out};
    struct walk walk = {.on_file = match_file, .context = &matching};
    struct stat info;

    if (!ot_path_is_beneath(clean, folder))
        return 0;
    if (stat(clean, &info) == 0 && S_ISDIR(info.st_mode)) {
        below = ot_asprintf("%s/**", clean);
        free(clean);
        clean = OT_STEAL(below);
    }
    matching.pattern = ot_span_of(clean + strlen(folder) + 1);
    return walk_folder(&walk, folder, err);
}
