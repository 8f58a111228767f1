/*
 * The Unix socket of a cell, which nobody but this process can reach: bound in a fresh folder that
 * is ours alone, opened there with O_PATH, and then removed together with the folder. Connections
 * go through /proc/self/fd. Where there is no /proc, file and folder stay until the end.
 */
#pragma once

#include "base/buf.h"

#include <sys/un.h>

#define OT_PROC_FDS "/proc/self/fd"

struct ot_cell_socket {
    int listen_fd; /* non-blocking; shared with the engines, which accept */
    int path_fd;
    char *dir;                                              /* NULL when nothing stayed */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* to connect to */
};

/*
 * Makes it in the first of TMPDIR, /tmp, /dev/shm and /run that can be written to. `proc_fds`:
 * OT_PROC_FDS. OT_FAILED.
 */
OT_MUST_USE int ot_cell_socket_open(struct ot_cell_socket *socket, const char *proc_fds,
                                    struct ot_error *err);
void ot_cell_socket_close(struct ot_cell_socket *socket);
/*
 * Removes what is left of gateways of the same user that were killed just when they made one, a
 * minute ago or longer, where the next one will be made. What somebody listens on stays.
 */
void ot_cell_socket_sweep(void);
/* Closes the connections that wait for an engine. */
void ot_cell_socket_refuse(const struct ot_cell_socket *socket);
