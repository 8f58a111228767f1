#include "gateway/control.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

/* Each descriptor is one thing only. */
static int check_descriptors(const struct ot_listening *listening, uint64_t ready_fd,
                             struct ot_error *err)
{
    for (size_t i = 0; i < listening->count; i++) {
        const struct ot_listen *one = &listening->items[i];

        if (one->kind != OT_LISTEN_FD)
            continue;
        if (ready_fd == (uint64_t)one->fd)
            return ot_fail(err, OT_USAGE, "--ready-fd %" PRIu64 ": is a socket of --listen",
                           ready_fd);
        for (size_t j = 0; j < i; j++) {
            if (listening->items[j].kind == OT_LISTEN_FD && listening->items[j].fd == one->fd)
                return ot_fail(err, OT_USAGE, "--listen %s is given twice", one->text);
        }
    }
    return 0;
}

int ot_listening_parse(struct ot_listening *listening, const struct ot_gateway_options *options,
                       struct ot_error *err)
{
    listening->items = ot_alloc(options->listen->count, sizeof(*listening->items));
    listening->fds = ot_alloc(options->listen->count, sizeof(*listening->fds));
    listening->tls = ot_alloc(options->listen->count, sizeof(*listening->tls));
    listening->polls = ot_alloc(options->listen->count, sizeof(*listening->polls));
    for (size_t i = 0; i < options->listen->count; i++) {
        listening->items[i] = OT_LISTEN_INIT;
        listening->count++;
        if (ot_listen_parse(&listening->items[i], options->listen->items[i], err) < 0)
            return -1;
    }
    return check_descriptors(listening, options->ready_fd, err);
}

int ot_listening_open(struct ot_listening *listening, struct ot_error *err)
{
    for (size_t i = 0; i < listening->count; i++) {
        struct ot_listen *one = &listening->items[i];
        int flags;

        if (ot_listen_open(one, err) < 0)
            return -1;
        flags = fcntl(one->fd, F_GETFL);
        if (flags < 0 || fcntl(one->fd, F_SETFL, flags | O_NONBLOCK) < 0)
            return ot_fail_errno(err, OT_CONFIG, "cannot listen on %s", one->text);
        listening->fds[i] = one->fd;
        listening->tls[i] = !ot_listen_is_local(one);
    }
    return 0;
}

static void on_late_client(uv_poll_t *poll, int status, int events)
{
    (void)events;
    if (status < 0)
        uv_poll_stop(poll);
    else
        ot_listen_refuse(poll->data);
}

void ot_listening_refuse(struct ot_listening *listening, uv_loop_t *loop)
{
    listening->polling = true;
    for (size_t i = 0; i < listening->count; i++) {
        listening->polls[i].data = &listening->items[i];
        /* the workers' loops poll the same socket, which epoll allows */
        uv_poll_init(loop, &listening->polls[i], listening->items[i].fd);
        if (listening->items[i].kind == OT_LISTEN_FD)
            continue;
        ot_listen_refuse(&listening->items[i]);
        uv_poll_start(&listening->polls[i], UV_READABLE, on_late_client);
    }
}

void ot_listening_close(struct ot_listening *listening)
{
    for (size_t i = 0; i < listening->count; i++) {
        if (listening->polling)
            uv_close((uv_handle_t *)&listening->polls[i], NULL);
    }
}

void ot_listening_free(struct ot_listening *listening)
{
    for (size_t i = 0; i < listening->count; i++)
        ot_listen_close(&listening->items[i]);
    free(listening->items);
    free(listening->fds);
    free(listening->tls);
    free(listening->polls);
    *listening = (struct ot_listening){0};
}
