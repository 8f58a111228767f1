#include "cli/gateways.h"

#include "base/file.h"
#include "base/json.h"
#include "gateway/ops_path.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MAX_BYTES (16u << 20)
#define READ_SIZE 65536u

void ot_gateway_link_close(struct ot_gateway_link *link)
{
    ot_autoclose(&link->fd);
    ot_autoclose(&link->process);
    ot_buf_free(&link->input);
}

/* -- connecting -- */

/* The descriptor, which its scope does not close then. */
static int keep(int *fd)
{
    int kept = *fd;

    *fd = -1;
    return kept;
}

static int connect_to(const char *path, struct ot_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    OT_AUTOCLOSE int fd = -1;

    if (strlen(path) >= sizeof(address.sun_path))
        return ot_fail(err, OT_USAGE, "--control-socket %s: a socket's path has at most %zu bytes",
                       path, sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return ot_fail_errno(err, OT_FAILED, "no gateway answers at %s", path);
    return keep(&fd);
}

/* What fits of them into one message. */
static int several(const struct ot_list *paths, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};

    for (size_t i = 0; i < paths->count; i++)
        ot_buf_printf(&text, "\n  --control-socket %s", paths->items[i]);
    return ot_fail(err, OT_FAILED, "several gateways run; say which one:%s", text.data);
}

/* The descriptor of the only one that answers. */
static int find(struct ot_error *err)
{
    OT_AUTOLIST struct ot_list paths = {0};
    OT_AUTOLIST struct ot_list running = {0};
    OT_AUTOCLOSE int found = -1;
    bool denied = false;

    ot_ops_list_paths(&paths);
    for (size_t i = 0; i < paths.count; i++) {
        struct ot_error unused = {0};
        int fd = connect_to(paths.items[i], &unused);

        denied = denied || (fd < 0 && unused.errnum == EACCES);
        if (fd < 0)
            continue;
        ot_list_add(&running, paths.items[i]);
        ot_autoclose(&found);
        found = fd;
    }
    if (running.count > 1)
        return several(&running, err);
    if (running.count == 0)
        return ot_fail(err, OT_FAILED, "no running gateway was found%s; give --control-socket PATH",
                       denied ? " that this user may control (root may control all)" : "");
    return keep(&found);
}

int ot_gateway_connect(const char *path, struct ot_gateway_link *link, struct ot_error *err)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    link->fd = path != NULL ? connect_to(path, err) : find(err);
    if (link->fd < 0)
        return -1;
    if (getsockopt(link->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
        link->process = (int)syscall(SYS_pidfd_open, peer.pid, 0);
    return 0;
}

/* -- talking -- */

int ot_gateway_ask(struct ot_gateway_link *link, const char *request, struct ot_error *err)
{
    OT_AUTOFREE char *line = ot_asprintf("%s\n", request);
    struct ot_span rest = ot_span_of(line);

    while (rest.len > 0) {
        ssize_t sent = send(link->fd, rest.data, rest.len, MSG_NOSIGNAL);

        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
            return 0; /* it said why before it closed, or the answer is missing */
        if (sent < 0 && errno != EINTR)
            return ot_fail_errno(err, OT_FAILED, "the gateway");
        if (sent > 0)
            rest = ot_span_skip(rest, (size_t)sent);
    }
    return 0;
}

/* {"error":"...","reason":"..."} */
static int check_refusal(struct ot_span line, struct ot_error *err)
{
    struct ot_error unread = {0};
    struct ot_span key, text;
    struct ot_json json;
    int refused = 0;

    ot_json_begin(&json, line, 0);
    if (ot_json_object(&json, &unread) == 0 && ot_json_key(&json, &key, &unread) > 0 &&
        ot_span_is(key, "error") && ot_json_string(&json, &text, &unread) == 0)
        refused = ot_fail(err, OT_FAILED, "the gateway refuses: %.*s", (int)text.len, text.data);
    ot_json_end(&json);
    return refused;
}

static bool take_line(struct ot_gateway_link *link, struct ot_span *line)
{
    const char *start = link->input.data + link->taken;
    size_t len = link->input.len - link->taken;
    const char *end = len > 0 ? memchr(start, '\n', len) : NULL;

    if (end == NULL)
        return false;
    *line = (struct ot_span){start, (size_t)(end - start)};
    link->taken += line->len + 1;
    return true;
}

int ot_gateway_line(struct ot_gateway_link *link, struct ot_span *line, struct ot_error *err)
{
    while (!take_line(link, line)) {
        size_t left = link->input.len - link->taken;
        ssize_t got;

        if (left > 0)
            memmove(link->input.data, link->input.data + link->taken, left);
        link->input.len = left;
        link->taken = 0;
        if (left > LINE_MAX_BYTES)
            return ot_fail(err, OT_FAILED, "the gateway's answer is too long");
        got = recv(link->fd, ot_buf_reserve(&link->input, READ_SIZE), READ_SIZE, 0);
        if (got < 0 && errno != EINTR && errno != ECONNRESET)
            return ot_fail_errno(err, OT_FAILED, "the gateway");
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            return 0;
        if (got > 0)
            link->input.len += (size_t)got;
    }
    return check_refusal(*line, err) < 0 ? -1 : 1;
}

int ot_gateway_answer(struct ot_gateway_link *link, struct ot_span *line, struct ot_error *err)
{
    int got = ot_gateway_line(link, line, err);

    if (got == 0)
        return ot_fail(err, OT_FAILED, "the gateway ended before it answered");
    return got < 0 ? -1 : 0;
}
