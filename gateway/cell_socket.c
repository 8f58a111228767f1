#include "gateway/cell_socket.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Requests that may wait while an engine starts; the system's own bound is often the same. */
#define BACKLOG 4096
#define FILE_NAME "socket"
#define DIR_PREFIX "onetube-cell-"
#define PLACES 4u
/* Longer than making one takes. */
#define STALE_S 60

/* Folders in which one may be made; those that are not absolute do not count. */
static void list_places(const char *places[PLACES])
{
    places[0] = getenv("TMPDIR");
    places[1] = "/tmp";
    places[2] = "/dev/shm";
    places[3] = "/run";
}

static char *make_private_dir(struct ot_error *err)
{
    const char *places[PLACES];
    const size_t room = sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof("/" FILE_NAME);

    list_places(places);
    errno = ENOENT;
    for (size_t i = 0; i < PLACES; i++) {
        OT_AUTOFREE char *dir = NULL;

        if (places[i] == NULL || places[i][0] != '/')
            continue;
        dir = ot_asprintf("%s/" DIR_PREFIX "XXXXXX", places[i]);
        if (strlen(dir) <= room && mkdtemp(dir) != NULL)
            return OT_STEAL(dir);
    }
    ot_fail_errno(err, OT_FAILED,
                  "cannot make a folder for a socket (set TMPDIR to one that can be written to)");
    return NULL;
}

static void remove_files(struct ot_cell_socket *socket)
{
    OT_AUTOFREE char *file = NULL;

    if (socket->dir == NULL)
        return;
    file = ot_asprintf("%s/" FILE_NAME, socket->dir);
    unlink(file);
    rmdir(socket->dir);
    free(OT_STEAL(socket->dir));
}

/* Whether `path` leads to what `fd` is open at. */
static bool leads_to(const char *path, int fd)
{
    struct stat there, here;

    return stat(path, &there) == 0 && fstat(fd, &here) == 0 && there.st_dev == here.st_dev &&
           there.st_ino == here.st_ino;
}

static int bind_in(struct ot_cell_socket *at, const char *proc_fds, struct ot_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/" FILE_NAME, at->dir);
    at->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (at->listen_fd < 0 ||
        bind(at->listen_fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(at->listen_fd, BACKLOG) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", address.sun_path);
    at->path_fd = open(address.sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (at->path_fd < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", address.sun_path);
    snprintf(at->path, sizeof(at->path), "%s/%d", proc_fds, at->path_fd);
    if (leads_to(at->path, at->path_fd))
        remove_files(at);
    else
        memcpy(at->path, address.sun_path, sizeof(at->path));
    return 0;
}

int ot_cell_socket_open(struct ot_cell_socket *socket, const char *proc_fds, struct ot_error *err)
{
    *socket = (struct ot_cell_socket){.listen_fd = -1, .path_fd = -1};
    socket->dir = make_private_dir(err);
    if (socket->dir == NULL)
        return -1;
    if (bind_in(socket, proc_fds, err) < 0) {
        ot_cell_socket_close(socket);
        return -1;
    }
    return 0;
}

void ot_cell_socket_close(struct ot_cell_socket *socket)
{
    remove_files(socket);
    ot_autoclose(&socket->listen_fd);
    ot_autoclose(&socket->path_fd);
}

void ot_cell_socket_refuse(const struct ot_cell_socket *socket)
{
    int taken;

    for (int i = 0;
         i < BACKLOG && (taken = accept4(socket->listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0; i++)
        close(taken);
}

/* -- what others left behind -- */

static bool is_stale(int dir_fd, const char *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat info;
    OT_AUTOCLOSE int probe = -1;
    int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/" FILE_NAME, dir);

    if (fstat(dir_fd, &info) < 0 || info.st_uid != geteuid() || (info.st_mode & 0777) != 0700 ||
        time(NULL) - info.st_mtime < STALE_S || length >= (int)sizeof(address.sun_path))
        return false;
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return probe >= 0 && connect(probe, (const struct sockaddr *)&address, sizeof(address)) < 0 &&
           (errno == ECONNREFUSED || errno == ENOENT);
}

static void sweep(int place_fd, const char *place, const char *name)
{
    OT_AUTOFREE char *dir = ot_asprintf("%s/%s", place, name);
    OT_AUTOCLOSE int fd = openat(place_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 || !is_stale(fd, dir))
        return;
    unlinkat(fd, FILE_NAME, 0);
    unlinkat(place_fd, name, AT_REMOVEDIR); /* only when it is empty */
}

void ot_cell_socket_sweep(void)
{
    const char *places[PLACES];
    const char *place;
    OT_AUTOLIST struct ot_list names = {0};
    OT_AUTOCLOSE int fd = -1;
    struct ot_error err;

    list_places(places);
    place = places[0] != NULL && *places[0] == '/' ? places[0] : places[1];
    fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || ot_list_dir(fd, &names, place, &err) < 0)
        return;
    for (size_t i = 0; i < names.count; i++) {
        if (strncmp(names.items[i], DIR_PREFIX, strlen(DIR_PREFIX)) == 0)
            sweep(fd, place, names.items[i]);
    }
}
