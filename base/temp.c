/* Whole or not at all: files and folders that are written beside their target. */
#include "base/file.h"

#include "base/flush.h"
#include "base/random.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* How the names of temporaries begin: ".<target>.onetube-" and 16 hexadecimal digits. */
#define TEMP_MARK ".onetube-"
#define TEMP_DIGITS 16u
/* How often others may take a temporary away before it is locked. */
#define TRIES_MAX 100

int ot_open_parent(const char *path, int *dir_fd, char **name, struct ot_error *err)
{
    OT_AUTOFREE char *copy = ot_strdup(path);
    size_t len = strlen(copy);
    char *slash;
    const char *last;

    while (len > 1 && copy[len - 1] == '/')
        copy[--len] = '\0';
    slash = strrchr(copy, '/');
    last = slash != NULL ? slash + 1 : copy;
    if (*last == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
        return ot_fail(err, OT_FAILED, "%s: not a name that can be written", path);
    *name = ot_strdup(last);
    if (slash != NULL)
        *slash = '\0';
    *dir_fd = open(slash == NULL   ? "."
                   : slash == copy ? "/"
                                   : copy,
                   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*dir_fd < 0)
        return ot_fail_errno(err, OT_FAILED, "%s: cannot open its folder", path);
    return 0;
}

static char *temp_name(const char *target)
{
    uint8_t random[TEMP_DIGITS / 2];
    char digits[TEMP_DIGITS + 1];

    ot_random(random, sizeof(random));
    ot_hex(digits, random, sizeof(random));
    return ot_asprintf(".%.200s" TEMP_MARK "%s", target, digits);
}

/*
 * Locks a temporary that was just made. False: before it was locked, another run took it for an
 * abandoned one; make another. Where the file system has no locks, nothing is ever taken for
 * abandoned.
 */
static bool lock_new(int fd, int parent_fd, const char *name)
{
    struct stat mine;
    struct stat named;

    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return false;
    return fstat(fd, &mine) == 0 && fstatat(parent_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

/* Where others may move things about, what has the name of a temporary may be anybody's. */
static bool may_clean(int parent_fd)
{
    struct stat info;

    return fstat(parent_fd, &info) == 0 &&
           ((info.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (info.st_mode & S_ISVTX) != 0);
}

/* What a killed run left: a temporary of this target that nobody holds locked any more. */
static void remove_abandoned(int parent_fd, const char *target)
{
    OT_AUTOLIST struct ot_list names = {0};
    OT_AUTOFREE char *prefix = ot_asprintf(".%.200s" TEMP_MARK, target);
    size_t len = strlen(prefix);
    struct ot_error ignored;

    if (!may_clean(parent_fd) || ot_list_dir(parent_fd, &names, target, &ignored) < 0)
        return;
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        OT_AUTOCLOSE int fd = -1;
        struct stat info;

        if (strncmp(name, prefix, len) != 0 || strlen(name) != len + TEMP_DIGITS ||
            fstatat(parent_fd, name, &info, AT_SYMLINK_NOFOLLOW) < 0 || info.st_uid != geteuid() ||
            (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
            continue;
        fd = openat(parent_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
            ot_remove_tree(parent_fd, name, &ignored) < 0)
            continue; /* the next run tries again */
    }
}

void ot_temp_remove_abandoned(const char *path)
{
    OT_AUTOCLOSE int parent_fd = -1;
    OT_AUTOFREE char *target = NULL;
    struct ot_error ignored;

    if (ot_open_parent(path, &parent_fd, &target, &ignored) == 0)
        remove_abandoned(parent_fd, target);
}

/* 1: try again. */
static int make_locked_file(struct ot_temp_file *temp, struct ot_error *err)
{
    temp->name = temp_name(temp->target);
    temp->fd = openat(temp->dir_fd, temp->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (temp->fd >= 0 && lock_new(temp->fd, temp->dir_fd, temp->name))
        return 0;
    free(OT_STEAL(temp->name));
    if (temp->fd < 0)
        return ot_fail_errno(err, OT_FAILED, "%s: cannot write in its folder", temp->path);
    ot_autoclose(&temp->fd);
    return 1;
}

int ot_temp_open(struct ot_temp_file *temp, const char *path, mode_t mode, struct ot_error *err)
{
    struct stat info;
    int again = 1;

    temp->path = ot_strdup(path);
    if (ot_open_parent(path, &temp->dir_fd, &temp->target, err) < 0)
        return -1;
    if (fstatat(temp->dir_fd, temp->target, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISREG(info.st_mode))
        return ot_fail(err, OT_FAILED, "%s: %s, which is not replaced", path,
                       S_ISLNK(info.st_mode) ? "is a symbolic link"
                                             : "exists and is not a regular file");
    remove_abandoned(temp->dir_fd, temp->target);
    for (int tries = 0; again > 0 && tries < TRIES_MAX; tries++)
        again = make_locked_file(temp, err);
    if (again > 0)
        return ot_fail(err, OT_FAILED, "%s: cannot keep a temporary file beside it", path);
    if (again < 0)
        return -1;
    if (fchmod(temp->fd, mode) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", path);
    return 0;
}

/* Some file systems have no RENAME_NOREPLACE; a hard link refuses to replace everywhere. */
static int rename_new(int dir_fd, const char *from, const char *to)
{
    if (renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (linkat(dir_fd, from, dir_fd, to, 0) < 0)
        return -1;
    return unlinkat(dir_fd, from, 0);
}

int ot_temp_commit(struct ot_temp_file *temp, bool keep_existing, struct ot_error *err)
{
    int moved;

    if (fsync(temp->fd) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", temp->path);
    moved = keep_existing ? rename_new(temp->dir_fd, temp->name, temp->target)
                          : renameat(temp->dir_fd, temp->name, temp->dir_fd, temp->target);
    if (moved < 0 && errno == EEXIST)
        return ot_fail(err, OT_FAILED, "%s: exists already and is not overwritten", temp->path);
    if (moved < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", temp->path);
    free(OT_STEAL(temp->name));
    if (fsync(temp->dir_fd) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s: its folder", temp->path);
    return 0;
}

void ot_temp_discard(struct ot_temp_file *temp)
{
    if (temp->name != NULL)
        unlinkat(temp->dir_fd, temp->name, 0);
    ot_autoclose(&temp->fd);
    ot_autoclose(&temp->dir_fd);
    free(temp->name);
    free(temp->target);
    free(temp->path);
    *temp = OT_TEMP_INIT;
}

/* 1: try again. */
static int make_locked_dir(struct ot_temp_dir *temp, struct ot_error *err)
{
    temp->name = temp_name(temp->target);
    if (mkdirat(temp->parent_fd, temp->name, 0755) < 0) {
        free(OT_STEAL(temp->name));
        return ot_fail_errno(err, OT_FAILED, "%s: cannot write in its folder", temp->path);
    }
    temp->fd = openat(temp->parent_fd, temp->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (temp->fd >= 0 && lock_new(temp->fd, temp->parent_fd, temp->name))
        return fchmod(temp->fd, 0755) == 0 ? 0 : ot_fail_errno(err, OT_FAILED, "%s", temp->path);
    ot_autoclose(&temp->fd);
    free(OT_STEAL(temp->name));
    return 1;
}

int ot_temp_dir_open(struct ot_temp_dir *temp, const char *path, struct ot_error *err)
{
    int again = 1;

    temp->path = ot_strdup(path);
    if (ot_open_parent(path, &temp->parent_fd, &temp->target, err) < 0)
        return -1;
    remove_abandoned(temp->parent_fd, temp->target);
    for (int tries = 0; again > 0 && tries < TRIES_MAX; tries++)
        again = make_locked_dir(temp, err);
    if (again > 0)
        return ot_fail(err, OT_FAILED, "%s: cannot keep a temporary folder beside it", path);
    return again;
}

static bool is_in(const char *name, const char *const *known)
{
    for (; *known != NULL; known++) {
        if (strcmp(name, *known) == 0)
            return true;
    }
    return false;
}

/* Nothing but a folder that we could have written, or an empty one, is ever replaced. */
static int check_replaceable(const struct ot_temp_dir *temp, const char *const *known, bool *exists,
                             struct ot_error *err)
{
    OT_AUTOLIST struct ot_list names = {0};
    struct stat info;
    OT_AUTOCLOSE int fd =
        openat(temp->parent_fd, temp->target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    *exists = fd >= 0;
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 && fstatat(temp->parent_fd, temp->target, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(info.st_mode))
        return ot_fail(err, OT_FAILED, "%s: is a symbolic link, which is not replaced", temp->path);
    if (fd < 0 && errno == ENOTDIR)
        return ot_fail(err, OT_FAILED, "%s: exists and is not a folder", temp->path);
    if (fd < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", temp->path);
    if (ot_list_dir(fd, &names, temp->path, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        if (!is_in(names.items[i], known))
            return ot_fail(err, OT_FAILED, "%s: holds %s, which is not ours; it is not replaced",
                           temp->path, names.items[i]);
    }
    if (names.count > 0 && !ot_list_has(&names, known[0]))
        return ot_fail(err, OT_FAILED, "%s: holds no %s and is not replaced", temp->path, known[0]);
    return 0;
}

/* Swaps the two in one step where the file system can, else in two, the old one put back on
 * failure. */
static int exchange(const struct ot_temp_dir *temp)
{
    OT_AUTOFREE char *aside = NULL;

    if (renameat2(temp->parent_fd, temp->name, temp->parent_fd, temp->target, RENAME_EXCHANGE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    aside = temp_name(temp->target);
    if (renameat(temp->parent_fd, temp->target, temp->parent_fd, aside) < 0)
        return -1;
    if (renameat(temp->parent_fd, temp->name, temp->parent_fd, temp->target) < 0) {
        int saved = errno;

        renameat(temp->parent_fd, aside, temp->parent_fd, temp->target);
        errno = saved;
        return -1;
    }
    return renameat(temp->parent_fd, aside, temp->parent_fd, temp->name);
}

/* Puts the folder in its place. 1: another run came between, look again. */
static int put_in_place(struct ot_temp_dir *temp, const char *const *known, struct ot_error *err)
{
    bool exists;

    if (check_replaceable(temp, known, &exists, err) < 0)
        return -1;
    if (exists)
        return exchange(temp) == 0 ? 0 : ot_fail_errno(err, OT_FAILED, "%s", temp->path);
    if (renameat(temp->parent_fd, temp->name, temp->parent_fd, temp->target) == 0) {
        free(OT_STEAL(temp->name));
        return 0;
    }
    if (errno == EEXIST || errno == ENOTEMPTY)
        return 1;
    return ot_fail_errno(err, OT_FAILED, "%s", temp->path);
}

int ot_temp_dir_commit(struct ot_temp_dir *temp, const char *const *known, struct ot_error *err)
{
    int again = 1;

    if (ot_flush_tree(temp->fd, temp->path, err) < 0)
        return -1;
    while (again > 0)
        again = put_in_place(temp, known, err);
    if (again < 0)
        return -1;
    if (fsync(temp->parent_fd) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s: its folder", temp->path);
    return 0; /* what was replaced goes with the discard */
}

void ot_temp_dir_discard(struct ot_temp_dir *temp)
{
    struct ot_error ignored;

    if (temp->name != NULL && ot_remove_tree(temp->parent_fd, temp->name, &ignored) < 0)
        ignored.kind = OT_NONE; /* left for the next run, which sees that it is abandoned */
    ot_autoclose(&temp->fd);
    ot_autoclose(&temp->parent_fd);
    free(temp->name);
    free(temp->target);
    free(temp->path);
    *temp = OT_TEMP_DIR_INIT;
}
