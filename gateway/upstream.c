#include "gateway/upstream.h"

#include "gateway/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void unlink_idle(struct ot_upstream *upstream)
{
    struct ot_upstream_pool *pool = upstream->pool;

    if (upstream->previous != NULL)
        upstream->previous->next = upstream->next;
    else
        pool->idle = upstream->next;
    if (upstream->next != NULL)
        upstream->next->previous = upstream->previous;
    upstream->next = upstream->previous = NULL;
    pool->idle_count--;
}

/* An idle connection has nothing to say but its end. */
static void on_readable(struct ot_wire *wire)
{
    struct ot_upstream *upstream = (struct ot_upstream *)wire;

    if (upstream->exchange != NULL) {
        ot_exchange_upstream_events.readable(upstream->exchange);
        return;
    }
    unlink_idle(upstream);
    ot_upstream_close(upstream);
}

static void on_drained(struct ot_wire *wire)
{
    struct ot_upstream *upstream = (struct ot_upstream *)wire;

    if (upstream->exchange != NULL)
        ot_exchange_upstream_events.drained(upstream->exchange);
}

static void on_broken(struct ot_wire *wire)
{
    struct ot_upstream *upstream = (struct ot_upstream *)wire;

    if (upstream->exchange != NULL)
        ot_exchange_upstream_events.broken(upstream->exchange);
}

static void on_closed(struct ot_wire *wire)
{
    free((struct ot_upstream *)wire);
}

static const struct ot_wire_events events = {
    .readable = on_readable,
    .drained = on_drained,
    .broken = on_broken,
    .closed = on_closed,
};

/* A Unix socket connects at once or not at all. */
static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    int fd;

    if (length >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, length + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        int reason = errno;

        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

struct ot_upstream *ot_upstream_take(struct ot_upstream_pool *pool, struct ot_exchange *exchange,
                                     bool fresh)
{
    struct ot_upstream *upstream = fresh ? NULL : pool->idle;
    int fd;

    if (upstream != NULL) {
        unlink_idle(upstream);
        upstream->reused = true;
        ot_count(&pool->worker->counters.upstream_reused, 1);
    } else {
        fd = connect_to(ot_cell_path(pool->cell));
        if (fd < 0)
            return NULL;
        upstream = ot_alloc(1, sizeof(*upstream));
        upstream->pool = pool;
        ot_wire_open(&upstream->wire, &pool->worker->loop, fd, &events);
        ot_count(&pool->worker->counters.upstream_opened, 1);
    }
    upstream->exchange = exchange;
    return upstream;
}

void ot_upstream_release(struct ot_upstream *upstream)
{
    struct ot_upstream_pool *pool = upstream->pool;
    struct ot_worker *worker = pool->worker;

    upstream->exchange = NULL;
    if (pool->idle_count >= OT_UPSTREAM_IDLE_MAX || worker->stopping) {
        ot_upstream_close(upstream);
        return;
    }
    upstream->idle_since = uv_now(&worker->loop);
    upstream->next = pool->idle;
    if (pool->idle != NULL)
        pool->idle->previous = upstream;
    pool->idle = upstream;
    pool->idle_count++;
    ot_wire_read_on(&upstream->wire, true);
    if (worker->sweep.due == OT_NEVER)
        ot_timer_set(&worker->sweep, upstream->idle_since + OT_UPSTREAM_IDLE_MS / 4);
}

void ot_upstream_close(struct ot_upstream *upstream)
{
    upstream->exchange = NULL;
    ot_buf_free(&upstream->partial);
    ot_wire_close(&upstream->wire);
}

size_t ot_upstream_sweep(struct ot_upstream_pool *pool, uint64_t since)
{
    struct ot_upstream *next;

    for (struct ot_upstream *upstream = pool->idle; upstream != NULL; upstream = next) {
        next = upstream->next;
        if (upstream->idle_since > since)
            continue;
        unlink_idle(upstream);
        ot_upstream_close(upstream);
    }
    return pool->idle_count;
}
