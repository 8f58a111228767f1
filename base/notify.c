#include "base/notify.h"

#include "base/file.h"
#include "base/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int ot_notify(struct ot_span message, struct ot_error *err)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    OT_AUTOCLOSE int fd = -1;
    size_t len;

    if (path == NULL || *path == '\0')
        return 0;
    len = strlen(path);
    if ((*path != '/' && *path != '@') || len >= sizeof(address.sun_path))
        return ot_fail(err, OT_FAILED, "NOTIFY_SOCKET: neither a path nor an abstract name: %.108s",
                       path);
    memcpy(address.sun_path, path, len);
    if (*path == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        sendto(fd, message.data, message.len, MSG_NOSIGNAL, (const struct sockaddr *)&address,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
        return ot_fail_errno(err, OT_FAILED, "NOTIFY_SOCKET %.108s", path);
    return 0;
}

int ot_ready_fd_check(uint64_t fd, struct ot_error *err)
{
    if (fd == UINT64_MAX)
        return 0;
    if (fd <= STDERR_FILENO)
        return ot_fail(err, OT_USAGE, "--ready-fd %" PRIu64 ": a number from 3", fd);
    if (fcntl((int)fd, F_GETFD) < 0)
        return ot_fail_errno(err, OT_USAGE, "--ready-fd %" PRIu64, fd);
    return 0;
}

int ot_ready_fd_tell(uint64_t fd, struct ot_error *err)
{
    int done;

    if (fd == UINT64_MAX)
        return 0;
    done = ot_write_all((int)fd, "ready\n", strlen("ready\n"), "--ready-fd", err);
    close((int)fd);
    return done;
}

/* The manager's first descriptor, and more than anybody listens on. */
#define FIRST_FD 3
#define INHERITED_MAX 128

int ot_inherited_sockets(struct ot_list *out, struct ot_error *err)
{
    const char *pid_text = getenv("LISTEN_PID");
    const char *count_text = getenv("LISTEN_FDS");
    uint64_t pid, count;

    if (pid_text == NULL || count_text == NULL ||
        !ot_parse_uint(ot_span_of(pid_text), INT32_MAX, &pid) || pid != (uint64_t)getpid())
        return 0;
    if (!ot_parse_uint(ot_span_of(count_text), INHERITED_MAX, &count))
        return ot_fail(err, OT_CONFIG, "LISTEN_FDS: \"%.32s\" is not a number from 0 to %d",
                       count_text, INHERITED_MAX);
    for (uint64_t i = 0; i < count; i++) {
        OT_AUTOFREE char *name = ot_asprintf("fd:%" PRIu64, FIRST_FD + i);

        if (fcntl((int)(FIRST_FD + i), F_SETFD, FD_CLOEXEC) < 0)
            return ot_fail_errno(err, OT_CONFIG, "LISTEN_FDS: %s", name);
        ot_list_add(out, name);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return 0;
}
