#include "base/listen.h"

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LOCK_WAIT_MS 5000
#define BACKLOG 4096 /* the kernel lowers it to its own limit */

static int parse_unix(struct ot_listen *listen, const char *path, struct ot_error *err)
{
    struct sockaddr_un *address = (struct sockaddr_un *)&listen->address;
    size_t len = strlen(path);

    if (len == 0 || len >= sizeof(address->sun_path))
        return ot_fail(err, OT_USAGE, "--listen %s: a socket's path has 1 to %zu bytes",
                       listen->text, sizeof(address->sun_path) - 1);
    listen->kind = OT_LISTEN_UNIX;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, len + 1);
    listen->address_size = sizeof(*address);
    return 0;
}

static int parse_fd(struct ot_listen *listen, const char *number, struct ot_error *err)
{
    uint64_t fd;

    if (!ot_parse_uint(ot_span_of(number), INT_MAX, &fd) || fd <= STDERR_FILENO)
        return ot_fail(err, OT_USAGE, "--listen %s: fd:N with a number from 3", listen->text);
    listen->kind = OT_LISTEN_FD;
    listen->fd = (int)fd;
    return 0;
}

static bool parse_host(struct ot_listen *listen, const char *host, uint16_t port)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&listen->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&listen->address;
    char inner[INET6_ADDRSTRLEN];
    size_t len = strlen(host);

    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        listen->address_size = sizeof(*v4);
        return true;
    }
    if (len < 3 || len - 2 >= sizeof(inner) || host[0] != '[' || host[len - 1] != ']')
        return false;
    memcpy(inner, host + 1, len - 2);
    inner[len - 2] = '\0';
    if (inet_pton(AF_INET6, inner, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    listen->address_size = sizeof(*v6);
    return true;
}

int ot_listen_parse(struct ot_listen *listen, const char *text, struct ot_error *err)
{
    const char *colon = strrchr(text, ':');
    OT_AUTOFREE char *host = NULL;
    uint64_t port;

    *listen = OT_LISTEN_INIT;
    listen->text = text;
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(listen, text + 5, err);
    if (strncmp(text, "fd:", 3) == 0)
        return parse_fd(listen, text + 3, err);
    if (colon == NULL || !ot_parse_uint(ot_span_of(colon + 1), UINT16_MAX, &port))
        return ot_fail(err, OT_USAGE, "--listen %s: not HOST:PORT, unix:PATH or fd:N", text);
    host = ot_strndup(text, (size_t)(colon - text));
    if (!parse_host(listen, host, (uint16_t)port))
        return ot_fail(err, OT_USAGE,
                       "--listen %s: the host must be a numeric address such as 127.0.0.1, 0.0.0.0 "
                       "or [::1], or \"localhost\"",
                       text);
    listen->kind = OT_LISTEN_TCP;
    return 0;
}

/* A socket that was left behind refuses connections; one that is in use, or whose backlog is full,
 * does not. */
static bool is_stale_socket(const struct ot_listen *listen)
{
    const struct sockaddr_un *address = (const struct sockaddr_un *)&listen->address;
    OT_AUTOCLOSE int probe = -1;
    struct stat info;

    if (lstat(address->sun_path, &info) < 0 || !S_ISSOCK(info.st_mode))
        return false;
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
           errno == ECONNREFUSED;
}

/*
 * Holds the folder of a Unix socket while its file is looked at, replaced, bound and listened on,
 * so that of two programs that find the same stale file only one replaces it. Returns a descriptor
 * to close, or -1.
 */
static int lock_folder(const struct ot_listen *listen, struct ot_error *err)
{
    const struct sockaddr_un *address = (const struct sockaddr_un *)&listen->address;
    const char *slash = strrchr(address->sun_path, '/');
    OT_AUTOFREE char *folder =
        ot_strndup(address->sun_path, slash != NULL ? (size_t)(slash - address->sun_path) + 1 : 0);
    int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return ot_fail_errno(err, OT_CONFIG, "cannot listen on %s", listen->text);
    /* a file system without locks is no reason not to serve */
    if (ot_lock(fd, ot_now_ms() + LOCK_WAIT_MS, "its folder", err) < 0 && err->errnum == 0) {
        close(fd);
        err->kind = OT_CONFIG;
        return ot_error_prefix(err, "cannot listen on %s", listen->text);
    }
    return fd;
}

static int bind_unix(struct ot_listen *listen, struct ot_error *err)
{
    const struct sockaddr_un *address = (const struct sockaddr_un *)&listen->address;
    const struct sockaddr *generic = (const struct sockaddr *)address;
    mode_t before = umask(0);
    struct stat info;
    int bound;

    umask(listen->is_private ? S_IXUSR | S_IRWXG | S_IRWXO : before | S_IRWXO);
    bound = bind(listen->fd, generic, sizeof(*address));
    if (bound < 0 && errno == EADDRINUSE) {
        if (is_stale_socket(listen) && unlink(address->sun_path) == 0)
            bound = bind(listen->fd, generic, sizeof(*address));
        else
            errno = EADDRINUSE;
    }
    umask(before);
    if (bound < 0)
        return ot_fail_errno(err, OT_CONFIG, "cannot listen on %s", listen->text);
    if (lstat(address->sun_path, &info) == 0) {
        listen->device = info.st_dev;
        listen->inode = info.st_ino;
    }
    return 0;
}

static int bind_tcp(struct ot_listen *listen, struct ot_error *err)
{
    const int yes = 1;

    /* connections of the one before may linger; two listeners still exclude each other */
    if (setsockopt(listen->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
        bind(listen->fd, (const struct sockaddr *)&listen->address, listen->address_size) < 0)
        return ot_fail_errno(err, OT_CONFIG, "cannot listen on %s", listen->text);
    return 0;
}

/* Of a descriptor that was passed to us. */
static int check_listening(const struct ot_listen *listen, struct ot_error *err)
{
    int type = 0, listening = 0;
    socklen_t size = sizeof(type);

    if (getsockopt(listen->fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
        return ot_fail_errno(err, OT_CONFIG, "cannot listen on %s", listen->text);
    size = sizeof(listening);
    if (getsockopt(listen->fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0 ||
        listening == 0 || type != SOCK_STREAM)
        return ot_fail(err, OT_CONFIG, "cannot listen on %s: not a listening stream socket",
                       listen->text);
    return 0;
}

static int start_listening(int fd)
{
    return listen(fd, BACKLOG);
}

bool ot_listen_is_local(const struct ot_listen *listen)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    return getsockname(listen->fd, (struct sockaddr *)&address, &size) == 0 &&
           address.ss_family == AF_UNIX;
}

unsigned ot_listen_port(const struct ot_listen *listen)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);

    if (getsockname(listen->fd, (struct sockaddr *)&address, &size) < 0)
        return 0;
    if (address.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
    return 0;
}

int ot_listen_open(struct ot_listen *listen, struct ot_error *err)
{
    OT_AUTOCLOSE int folder = -1;
    int bound;

    if (listen->kind == OT_LISTEN_FD)
        return check_listening(listen, err);
    if (listen->kind == OT_LISTEN_UNIX) {
        folder = lock_folder(listen, err);
        if (folder < 0)
            return -1;
    }
    listen->fd = socket(listen->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listen->fd < 0)
        return ot_fail_errno(err, OT_CONFIG, "cannot listen on %s", listen->text);
    bound = listen->kind == OT_LISTEN_UNIX ? bind_unix(listen, err) : bind_tcp(listen, err);
    if (bound == 0 && start_listening(listen->fd) < 0)
        return ot_fail_errno(err, OT_CONFIG, "cannot listen on %s", listen->text);
    return bound;
}

void ot_listen_describe(const struct ot_listen *listen, const char *scheme, const char *prefix,
                        struct ot_buf *out)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address;
    char host[INET6_ADDRSTRLEN];

    if (getsockname(listen->fd, (struct sockaddr *)&address, &size) < 0)
        address.ss_family = AF_UNSPEC;
    if (address.ss_family == AF_INET && inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host)))
        ot_buf_printf(out, "%s://%s:%u%s", scheme, host, ntohs(v4->sin_port), prefix);
    else if (address.ss_family == AF_INET6 &&
             inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host)))
        ot_buf_printf(out, "%s://[%s]:%u%s", scheme, host, ntohs(v6->sin6_port), prefix);
    else
        ot_buf_printf(out, "%s %s", listen->text, prefix);
}

static void remove_own_socket(struct ot_listen *listen)
{
    const struct sockaddr_un *address = (const struct sockaddr_un *)&listen->address;
    struct stat info;

    if (listen->inode != 0 && lstat(address->sun_path, &info) == 0 &&
        info.st_dev == listen->device && info.st_ino == listen->inode)
        unlink(address->sun_path);
    listen->inode = 0;
}

void ot_listen_refuse(struct ot_listen *listen)
{
    int taken;

    if (listen->kind == OT_LISTEN_FD)
        return;
    remove_own_socket(listen);
    while ((taken = accept4(listen->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        close(taken);
}

void ot_listen_close(struct ot_listen *listen)
{
    if (listen->fd < 0)
        return;
    remove_own_socket(listen);
    ot_autoclose(&listen->fd);
}
