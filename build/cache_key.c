#include "build/cache_key.h"

#include "base/file.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "onetube/cache.key"

/*
 * As the XDG base directory specification has it: relative paths do not count, and the folder that
 * is named is made, where that above it is there. What `*base` bytes of the path name is not made.
 */
static char *key_path(size_t *base)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    const char *folder = state != NULL && state[0] == '/' ? state : home;

    if (folder == NULL || folder[0] != '/')
        return NULL;
    *base = strlen(folder) - (folder == state ? 1 : 0);
    return ot_asprintf("%s%s/" NAME, folder, folder == state ? "" : "/.local/state");
}

/* 1: read; 0: there is none; -1: it cannot be trusted. */
static int read_key(const char *path, uint8_t key[OT_CACHE_KEY_SIZE])
{
    struct stat info;
    struct ot_error err;
    OT_AUTOCLOSE int fd = ot_open_regular(AT_FDCWD, path, OT_CACHE_KEY_SIZE, &info, &err);

    if (fd < 0)
        return err.errnum == ENOENT ? 0 : -1;
    if (info.st_uid != geteuid() || (info.st_mode & (S_IRWXG | S_IRWXO)) != 0 ||
        info.st_size != OT_CACHE_KEY_SIZE ||
        ot_read_at(fd, key, OT_CACHE_KEY_SIZE, 0, path, &err) != OT_CACHE_KEY_SIZE)
        return -1;
    return 1;
}

/* The folders above the file, beneath the first `base` bytes of its path, for the user alone. */
static void make_folders(const char *path, size_t base)
{
    OT_AUTOFREE char *folder = ot_strdup(path);

    for (char *slash = strchr(folder + base + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(folder, 0700); /* some are there */
        *slash = '/';
    }
}

bool ot_cache_key(uint8_t key[OT_CACHE_KEY_SIZE])
{
    size_t base = 0;
    OT_AUTOFREE char *path = key_path(&base);
    OT_AUTOTEMP struct ot_temp_file temp = OT_TEMP_INIT;
    struct ot_error err;
    int found = path == NULL ? -1 : read_key(path, key);

    if (found != 0)
        return found > 0;
    make_folders(path, base);
    ot_random(key, OT_CACHE_KEY_SIZE);
    if (ot_temp_open(&temp, path, 0600, &err) == 0 &&
        ot_write_all(temp.fd, key, OT_CACHE_KEY_SIZE, path, &err) == 0 &&
        ot_temp_commit(&temp, true, &err) == 0)
        return true;
    /* another build may have made one in the meantime */
    return read_key(path, key) > 0;
}
