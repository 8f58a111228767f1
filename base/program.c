/* The program itself: its standard streams, its clock, and the programs that it finds. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void ot_open_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
            abort();
    }
}

int ot_flush_stdout(struct ot_error *err)
{
    if (fflush(stdout) != 0)
        return ot_fail_errno(err, OT_FAILED, "standard output");
    if (ferror(stdout))
        return ot_fail(err, OT_FAILED, "standard output: not all of it could be written");
    return 0;
}

int64_t ot_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The folder of the running program; NULL when unknown. */
static char *program_dir(void)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    char *slash;

    if (len <= 0)
        return NULL;
    path[len] = '\0';
    slash = strrchr(path, '/');
    if (slash == NULL)
        return NULL;
    *(slash == path ? slash + 1 : slash) = '\0';
    return ot_strdup(path);
}

bool ot_is_program(const char *path)
{
    struct stat info;

    if (stat(path, &info) < 0)
        return false;
    if (!S_ISREG(info.st_mode)) {
        errno = EACCES;
        return false;
    }
    return access(path, X_OK) == 0;
}

static char *find_beside(const char *const *places)
{
    OT_AUTOFREE char *dir = program_dir();

    for (; dir != NULL && *places != NULL; places++) {
        OT_AUTOFREE char *path = ot_asprintf("%s/%s", dir, *places);

        if (ot_is_program(path))
            return OT_STEAL(path);
    }
    return NULL;
}

static char *find_on_path(const char *name)
{
    const char *path = getenv("PATH");

    while (path != NULL && *path != '\0') {
        size_t len = strcspn(path, ":");
        OT_AUTOFREE char *full = ot_asprintf("%.*s/%s", (int)len, path, name);

        if (len > 0 && ot_is_program(full))
            return OT_STEAL(full);
        path += len + (path[len] == ':');
    }
    return NULL;
}

char *ot_find_program(const char *name, const char *const *beside)
{
    char *found = beside != NULL ? find_beside(beside) : NULL;

    return found == NULL && name != NULL ? find_on_path(name) : found;
}
