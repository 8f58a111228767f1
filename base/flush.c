#include "base/flush.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each fsync asks the disk to empty its own cache; what is asked at the same time it does at once.
 */
#define AT_A_TIME 8u

struct flush {
    int dir_fd;
    struct ot_list paths; /* of files and folders, in the folder */
    atomic_size_t next;
    atomic_int errnum;   /* 0: none yet */
    atomic_size_t wrong; /* which path that is of */
};

static int open_entry(int dir_fd, const char *path)
{
    return openat(dir_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* Lists the folder's contents, and lets the disk begin with them. */
static int list_tree(struct flush *flush, int fd, const char *path, const char *what,
                     struct ot_error *err)
{
    OT_AUTOLIST struct ot_list names = {0};

    if (ot_list_dir(fd, &names, what, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        OT_AUTOFREE char *inner = ot_asprintf("%s%s", path, names.items[i]);
        OT_AUTOCLOSE int entry = open_entry(fd, names.items[i]);
        struct stat info;

        if (entry < 0 || fstat(entry, &info) < 0)
            return ot_fail_errno(err, OT_FAILED, "%s: %s", what, inner);
        if (S_ISREG(info.st_mode))
            (void)sync_file_range(entry, 0, 0, SYNC_FILE_RANGE_WRITE);
        if (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))
            ot_list_add(&flush->paths, inner);
        if (S_ISDIR(info.st_mode)) {
            OT_AUTOFREE char *folder = ot_asprintf("%s/", inner);

            if (list_tree(flush, entry, folder, what, err) < 0)
                return -1;
        }
    }
    return 0;
}

static void *work(void *context)
{
    struct flush *flush = context;

    for (;;) {
        size_t index = atomic_fetch_add(&flush->next, 1);
        OT_AUTOCLOSE int fd = -1;

        if (index >= flush->paths.count)
            return NULL;
        fd = open_entry(flush->dir_fd, flush->paths.items[index]);
        if (fd < 0 || fsync(fd) < 0) {
            atomic_store(&flush->wrong, index);
            atomic_store(&flush->errnum, errno);
        }
    }
}

/* This thread works, too: where there can be no others, alone. */
static void run(struct flush *flush)
{
    pthread_t threads[AT_A_TIME - 1];
    size_t count = 0;

    while (count < OT_COUNT(threads) && count + 1 < flush->paths.count &&
           pthread_create(&threads[count], NULL, work, flush) == 0)
        count++;
    work(flush);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

int ot_flush_tree(int dir_fd, const char *what, struct ot_error *err)
{
    struct flush flush = {.dir_fd = dir_fd};
    int result = list_tree(&flush, dir_fd, "", what, err);

    if (result == 0)
        run(&flush);
    errno = atomic_load(&flush.errnum);
    if (result == 0 && errno != 0)
        result = ot_fail_errno(err, OT_FAILED, "%s: %s", what,
                               flush.paths.items[atomic_load(&flush.wrong)]);
    if (result == 0 && fsync(dir_fd) < 0)
        result = ot_fail_errno(err, OT_FAILED, "%s", what);
    ot_list_free(&flush.paths);
    return result;
}
