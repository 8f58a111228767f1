#include "base/notify.h"

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
