#include "base/file.h"

#include "base/process.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOCK_PAUSE_MS 20

static int check_regular(int fd, const char *path, uint64_t max, struct stat *info,
                         struct ot_error *err)
{
    if (fstat(fd, info) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", path);
    if (S_ISDIR(info->st_mode))
        return ot_fail(err, OT_FAILED, "%s: is a folder, a file is wanted", path);
    if (!S_ISREG(info->st_mode))
        return ot_fail(err, OT_FAILED, "%s: is not a regular file", path);
    if ((uint64_t)info->st_size > max)
        return ot_fail(err, OT_FAILED, "%s: %llu bytes, at most %llu are accepted", path,
                       (unsigned long long)info->st_size, (unsigned long long)max);
    return 0;
}

int ot_open_regular(int dir_fd, const char *path, uint64_t max, struct stat *info,
                    struct ot_error *err)
{
    struct stat own;
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == ELOOP)
        return ot_fail(err, OT_FAILED, "%s: is a symbolic link, which is not followed here", path);
    if (fd < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", path);
    if (check_regular(fd, path, max, info != NULL ? info : &own, err) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int ot_read_fd(int fd, size_t max, struct ot_buf *out, const char *what, struct ot_error *err)
{
    size_t total = 0;
    struct stat info;
    size_t chunk = 16384;

    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
        (uint64_t)info.st_size <= max)
        chunk = (size_t)info.st_size + 1;
    for (;;) {
        size_t room = max - total < chunk ? max - total + 1 : chunk;
        ssize_t got = read(fd, ot_buf_reserve(out, room), room);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ot_fail_errno(err, OT_FAILED, "%s", what);
        out->len += (size_t)got;
        out->data[out->len] = '\0';
        if (got == 0)
            return 0;
        total += (size_t)got;
        if (total > max)
            return ot_fail(err, OT_FAILED, "%s: more than the %zu bytes that are accepted", what,
                           max);
    }
}

int ot_read_file(const char *path, size_t max, struct ot_buf *out, struct ot_error *err)
{
    struct stat info;
    OT_AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", path);
    if (check_regular(fd, path, max, &info, err) < 0)
        return -1;
    return ot_read_fd(fd, max, out, path, err);
}

ssize_t ot_read_at(int fd, void *out, size_t len, uint64_t offset, const char *what,
                   struct ot_error *err)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got = pread(fd, (char *)out + done, len - done, (off_t)(offset + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ot_fail_errno(err, OT_FAILED, "%s", what);
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

int ot_write_all(int fd, const void *data, size_t len, const char *what, struct ot_error *err)
{
    const char *at = data;

    while (len > 0) {
        ssize_t put = write(fd, at, len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return ot_fail_errno(err, OT_FAILED, "%s", what);
        at += put;
        len -= (size_t)put;
    }
    return 0;
}

/* Without openat2: every component by itself, none of them a link. */
static int open_by_component(int root, const char *path, int flags, mode_t mode)
{
    char copy[OT_PATH_MAX + 1];
    char *name = copy;
    int dir = root;

    memcpy(copy, path, strlen(path) + 1);
    for (;;) {
        char *slash = strchr(name, '/');
        int fd;

        if (slash != NULL)
            *slash = '\0';
        fd = slash != NULL ? openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                           : openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
        if (dir != root) {
            int saved = errno;

            close(dir);
            errno = saved;
        }
        if (fd < 0 || slash == NULL)
            return fd;
        dir = fd;
        name = slash + 1;
    }
}

static int refuse_path(const char *path, struct ot_error *err)
{
    char shown[OT_PATH_MAX + 1];

    ot_printable(shown, sizeof(shown), ot_span_of(path));
    ot_fail(err, OT_FAILED, "%s: not a valid relative path", shown);
    err->errnum = EINVAL;
    return -1;
}

int ot_open_beneath(int root, const char *path, int flags, mode_t mode, struct ot_error *err)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = (flags & O_CREAT) != 0 ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd;

    if (!ot_is_relative_path(ot_span_of(path)))
        return refuse_path(path, err);
    fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
    /* EPERM: a seccomp filter that does not know the call */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = open_by_component(root, path, flags, mode);
    return fd < 0 ? ot_fail_errno(err, OT_FAILED, "%s", path) : fd;
}

/* Makes every folder above the last component of `path`, mode 0755. */
static int make_parents_beneath(int root, const char *path, struct ot_error *err)
{
    char part[OT_PATH_MAX + 1];

    if (!ot_is_relative_path(ot_span_of(path)))
        return refuse_path(path, err);
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t len = (size_t)(slash - path);
        OT_AUTOCLOSE int parent = -1;
        char *name;

        memcpy(part, path, len);
        part[len] = '\0';
        name = strrchr(part, '/');
        if (name != NULL) {
            *name++ = '\0';
            parent = ot_open_beneath(root, part, O_PATH | O_DIRECTORY, 0, err);
            if (parent < 0)
                return -1;
        }
        if (mkdirat(parent >= 0 ? parent : root, name != NULL ? name : part, 0755) < 0 &&
            errno != EEXIST)
            return ot_fail_errno(err, OT_FAILED, "%s", path);
    }
    return 0;
}

int ot_write_beneath(int root, const char *path, struct ot_span data, struct ot_error *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL;
    OT_AUTOCLOSE int fd = ot_open_beneath(root, path, flags, 0644, err);

    if (fd < 0 && err->errnum == ENOENT && make_parents_beneath(root, path, err) == 0)
        fd = ot_open_beneath(root, path, flags, 0644, err);
    if (fd < 0)
        return -1;
    return ot_write_all(fd, data.data, data.len, path, err);
}

bool ot_link_beneath(int root, const char *path, int fd)
{
    OT_AUTOFREE char *self = ot_asprintf("/proc/self/fd/%d", fd);
    OT_AUTOFREE char *folder = ot_strdup(path);
    char *slash = strrchr(folder, '/');
    OT_AUTOCLOSE int parent = -1;
    struct ot_error ignored;

    if (make_parents_beneath(root, path, &ignored) < 0)
        return false;
    if (slash != NULL) {
        *slash = '\0';
        parent = ot_open_beneath(root, folder, O_PATH | O_DIRECTORY, 0, &ignored);
        if (parent < 0)
            return false;
    }
    return linkat(AT_FDCWD, self, parent >= 0 ? parent : root, slash != NULL ? slash + 1 : path,
                  AT_SYMLINK_FOLLOW) == 0;
}

bool ot_is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int ot_list_dir(int dir_fd, struct ot_list *names, const char *what, struct ot_error *err)
{
    int own = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = own < 0 ? NULL : fdopendir(own);
    struct dirent *entry;

    if (dir == NULL) {
        ot_fail_errno(err, OT_FAILED, "%s", what);
        if (own >= 0)
            close(own);
        return -1;
    }
    errno = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ot_list_add(names, entry->d_name);
        errno = 0;
    }
    if (errno != 0) {
        ot_fail_errno(err, OT_FAILED, "%s", what);
        closedir(dir);
        return -1;
    }
    closedir(dir);
    ot_list_sort(names);
    return 0;
}

int ot_lock(int fd, int64_t deadline, const char *what, struct ot_error *err)
{
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return ot_fail_errno(err, OT_FAILED, "%s: cannot lock it", what);
        if (ot_now_ms() >= deadline)
            return ot_fail(err, OT_FAILED, "%s: is locked by another process", what);
        (void)poll(NULL, 0, LOCK_PAUSE_MS);
    }
    return 0;
}

/* A path has at most OT_PATH_MAX bytes, so nothing of ours is deeper than half of that. */
#define DEPTH_MAX (OT_PATH_MAX / 2u + 1u)

static int remove_tree(int dir_fd, const char *name, unsigned depth, struct ot_error *err)
{
    OT_AUTOLIST struct ot_list names = {0};
    OT_AUTOCLOSE int dir = -1;

    if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return ot_fail_errno(err, OT_FAILED, "cannot remove %s", name);
    if (depth > DEPTH_MAX)
        return ot_fail(err, OT_FAILED, "cannot remove %s: nested too deep", name);
    dir = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return ot_fail_errno(err, OT_FAILED, "cannot remove %s", name);
    if (ot_list_dir(dir, &names, name, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        if (remove_tree(dir, names.items[i], depth + 1, err) < 0)
            return -1;
    }
    if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return ot_fail_errno(err, OT_FAILED, "cannot remove %s", name);
    return 0;
}

int ot_remove_tree(int dir_fd, const char *name, struct ot_error *err)
{
    return remove_tree(dir_fd, name, 0, err);
}
