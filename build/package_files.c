#include "build/package_files.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 64u
#define SEPARATOR "  "

struct walk {
    struct ot_list lines; /* "<path>\n<digest>" */
    const char *folder;
};

static int add_file(struct walk *walk, int dir, const char *name, const char *path,
                    struct ot_error *err)
{
    OT_AUTOCLOSE int fd = ot_open_regular(dir, name, OT_PACKAGE_FILE_MAX, NULL, err);
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOFREE char *line = NULL;
    char digest[OT_SHA256_HEX];

    if (fd < 0 || ot_read_fd(fd, OT_PACKAGE_FILE_MAX, &text, path, err) < 0)
        return ot_error_prefix(err, "%s", walk->folder);
    ot_sha256_hex(ot_buf_span(&text), digest);
    line = ot_asprintf("%s\n%s", path, digest);
    ot_list_add(&walk->lines, line);
    return 0;
}

/* Such a name would break the order of the lines; nobody can use the file. */
static bool has_control(const char *name)
{
    for (; *name != '\0'; name++) {
        if ((unsigned char)*name < ' ')
            return true;
    }
    return false;
}

static int add_folder(struct walk *walk, int dir, const char *path, unsigned depth,
                      struct ot_error *err)
{
    OT_AUTOLIST struct ot_list names = {0};

    if (depth == DEPTH_MAX)
        return ot_fail(err, OT_FAILED, "%s/%s: too many folders in each other", walk->folder, path);
    if (ot_list_dir(dir, &names, walk->folder, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        OT_AUTOFREE char *full = ot_asprintf("%s%s%s", path, depth > 0 ? "/" : "", name);
        OT_AUTOCLOSE int below = -1;
        struct stat info;

        if (has_control(name) || (depth == 0 && strcmp(name, "node_modules") == 0))
            continue;
        if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
            return ot_fail_errno(err, OT_FAILED, "%s/%s", walk->folder, full);
        if (S_ISREG(info.st_mode) && add_file(walk, dir, name, full, err) < 0)
            return -1;
        if (!S_ISDIR(info.st_mode))
            continue;
        below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0)
            return ot_fail_errno(err, OT_FAILED, "%s/%s", walk->folder, full);
        if (add_folder(walk, below, full, depth + 1, err) < 0)
            return -1;
    }
    return 0;
}

int ot_package_index(const char *folder, struct ot_buf *index, struct ot_error *err)
{
    OT_AUTOCLOSE int dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct walk walk = {.folder = folder};
    int result;

    if (dir < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", folder);
    result = add_folder(&walk, dir, "", 0, err);
    ot_list_sort(&walk.lines);
    for (size_t i = 0; i < walk.lines.count; i++) {
        char *digest = strchr(walk.lines.items[i], '\n');

        *digest++ = '\0';
        ot_buf_printf(index, "%s" SEPARATOR "%s\n", digest, walk.lines.items[i]);
    }
    ot_list_free(&walk.lines);
    return result;
}

struct ot_span ot_package_index_find(struct ot_span index, struct ot_span path)
{
    const size_t before = OT_SHA256_HEX - 1 + strlen(SEPARATOR);
    size_t low = 0, high = index.len;

    while (low < high) {
        size_t start = low + (high - low) / 2;
        struct ot_span line;
        const char *end;
        int order;

        while (start > low && index.data[start - 1] != '\n')
            start--;
        end = memchr(index.data + start, '\n', index.len - start);
        line.data = index.data + start;
        line.len = end != NULL ? (size_t)(end - line.data) : index.len - start;
        if (line.len <= before)
            break;
        order = ot_span_compare(path, (struct ot_span){line.data + before, line.len - before});
        if (order == 0)
            return (struct ot_span){line.data, OT_SHA256_HEX - 1};
        if (order < 0)
            high = start;
        else
            low = start + line.len + 1;
    }
    return (struct ot_span){NULL, 0};
}
