#include "build/path.h"

#include <string.h>

/* Drops the last component of `path` if `..` may undo it. */
static bool drop_last(struct ot_buf *path)
{
    const char *slash = path->len > 0 ? memrchr(path->data, '/', path->len) : NULL;
    size_t start = slash != NULL ? (size_t)(slash - path->data) + 1 : 0;

    if (path->len == start)
        return path->len > 0; /* ".." of "/" is "/" */
    if (strcmp(path->data + start, "..") == 0)
        return false;
    path->len = start > 1 ? start - 1 : start;
    path->data[path->len] = '\0';
    return true;
}

static void add_component(struct ot_buf *path, struct ot_span component)
{
    if (component.len == 0 || ot_span_is(component, "."))
        return;
    if (ot_span_is(component, "..") && drop_last(path))
        return;
    if (path->len > 0 && path->data[path->len - 1] != '/')
        ot_buf_putc(path, '/');
    ot_buf_append(path, component.data, component.len);
}

static void add_components(struct ot_buf *path, struct ot_span text)
{
    while (text.len > 0) {
        const char *slash = memchr(text.data, '/', text.len);
        size_t len = slash != NULL ? (size_t)(slash - text.data) : text.len;
        size_t used = len + (slash != NULL);

        add_component(path, (struct ot_span){text.data, len});
        text = (struct ot_span){text.data + used, text.len - used};
    }
}

char *ot_path_join(const char *folder, struct ot_span text)
{
    bool absolute = ot_span_starts(text, "/");
    struct ot_buf path = {0};

    ot_buf_puts(&path, absolute || folder[0] == '/' ? "/" : "");
    if (!absolute)
        add_components(&path, ot_span_of(folder));
    add_components(&path, text);
    return path.data;
}

char *ot_path_folder(const char *file)
{
    const char *slash = strrchr(file, '/');

    if (slash == NULL)
        return ot_strdup(".");
    return ot_strndup(file, slash == file ? 1 : (size_t)(slash - file));
}

bool ot_path_is_beneath(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    if (strcmp(folder, "/") == 0)
        return path[0] == '/';
    return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

char *ot_path_relative(const char *folder, const char *path)
{
    OT_AUTOFREE char *base = ot_strdup(folder);
    struct ot_buf out = {0};
    size_t len;

    ot_buf_puts(&out, "");
    while (!ot_path_is_beneath(path, base)) {
        char *slash = strrchr(base, '/');

        slash[slash == base ? 1 : 0] = '\0';
        ot_buf_puts(&out, "../");
    }
    len = strlen(base);
    path += len;
    ot_buf_puts(&out, path[0] == '/' ? path + 1 : path);
    if (out.len > 0 && out.data[out.len - 1] == '/')
        out.data[--out.len] = '\0';
    return out.data;
}

bool ot_path_is_relative(struct ot_span text)
{
    return ot_span_starts(text, "./") || ot_span_starts(text, "../") || ot_span_is(text, ".") ||
           ot_span_is(text, "..");
}

bool ot_path_is_installed(const char *path)
{
    return strncmp(path, "node_modules/", 13) == 0 || strstr(path, "/node_modules/") != NULL;
}

static bool is_folder(struct ot_span text)
{
    return ot_span_ends(text, "/") || ot_span_is(text, ".") || ot_span_is(text, "..");
}

char *ot_path_beside(const char *file, struct ot_span text)
{
    const char *slash = strrchr(file, '/');
    OT_AUTOFREE char *folder = ot_strndup(file, slash != NULL ? (size_t)(slash - file) + 1 : 0);
    OT_AUTOFREE char *path = ot_path_join(folder, text);

    return ot_asprintf("%s%s", path, is_folder(text) ? "/" : "");
}
