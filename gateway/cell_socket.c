#include "gateway/cell_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Requests that may wait while an engine starts; the system's own bound is often the same. */
#define BACKLOG 4096
#define FILE_NAME "socket"

static char *make_private_dir(struct ot_error *err)
{
    const char *const places[] = {getenv("TMPDIR"), "/tmp", "/dev/shm", "/run"};
    const size_t room = sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof("/" FILE_NAME);

    errno = ENOENT;
    for (size_t i = 0; i < OT_COUNT(places); i++) {
        OT_AUTOFREE char *dir = NULL;

        if (places[i] == NULL || places[i][0] != '/')
            continue;
        dir = ot_asprintf("%s/onetube-cell-XXXXXX", places[i]);
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
