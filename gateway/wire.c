#include "gateway/wire.h"

#include "gateway/wire_tls.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_poll(uv_poll_t *poll, int status, int events);

/* Waiting for nothing in particular still tells a reset. */
static void arm(struct ot_wire *wire)
{
    int wanted = (wire->reading ? UV_READABLE : 0) |
                 (ot_wire_queued(wire) > 0 && !wire->failed ? UV_WRITABLE : 0);

    if (wire->tls != NULL)
        ot_wire_tls_wake(wire->tls, wire->reading && ot_wire_tls_has_more(wire->tls));
    if (wanted == 0)
        wanted = UV_PRIORITIZED;
    if (wanted == wire->armed || wire->fd < 0 || (wire->failed && !wire->reading))
        return;
    wire->armed = wanted;
    uv_poll_start(&wire->poll, wanted, on_poll);
}

/* Sends from the queue; false when it is broken. */
static bool flush(struct ot_wire *wire)
{
    while (ot_wire_queued(wire) > 0) {
        ssize_t sent = send(wire->fd, wire->queue.data + wire->queue_at, ot_wire_queued(wire),
                            MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN;
        wire->queue_at += (size_t)sent;
    }
    ot_buf_clear(&wire->queue);
    wire->queue_at = 0;
    return true;
}

static void fail(struct ot_wire *wire)
{
    wire->failed = true;
    ot_buf_free(&wire->queue);
    wire->queue_at = 0;
}

/* Sends what was put into the queue; false when it is broken. */
static bool push(struct ot_wire *wire)
{
    bool sent = flush(wire);

    if (!sent)
        fail(wire);
    arm(wire);
    return sent;
}

/* What the peer sent before it broke off can still be read. libuv has stopped the handle. */
static void on_error(struct ot_wire *wire)
{
    bool first = !wire->failed;

    wire->armed = 0;
    fail(wire);
    if (first)
        wire->events->broken(wire);
    if (wire->fd >= 0 && wire->reading)
        wire->events->readable(wire);
    arm(wire);
}

static void shake(struct ot_wire *wire)
{
    enum ot_wire_handshake result = ot_wire_tls_shake(wire->tls);

    if (result == OT_HANDSHAKE_PLAIN) {
        ot_wire_tls_free(OT_STEAL(wire->tls), false);
        ot_buf_clear(&wire->queue);
        wire->events->secured(wire);
    } else if (!push(wire) || result == OT_HANDSHAKE_FAILED) {
        wire->events->broken(wire);
    } else if (result == OT_HANDSHAKE_DONE) {
        wire->events->secured(wire);
    }
}

static void on_readable(struct ot_wire *wire)
{
    if (wire->tls != NULL && !ot_wire_tls_is_ready(wire->tls))
        shake(wire);
    else
        wire->events->readable(wire);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct ot_wire *wire = (struct ot_wire *)poll->data;

    if (status < 0) {
        on_error(wire);
        return;
    }
    /* the peer is gone, which would be told again and again: it is read when that is wanted */
    if ((events & (UV_READABLE | UV_WRITABLE)) == 0)
        uv_poll_stop(poll);
    if ((events & UV_WRITABLE) != 0 && ot_wire_queued(wire) > 0) {
        bool taken = flush(wire);

        if (!taken)
            fail(wire);
        if (ot_wire_queued(wire) == 0) {
            arm(wire);
            (taken ? wire->events->drained : wire->events->broken)(wire);
        }
    }
    if ((events & UV_READABLE) != 0 && wire->fd >= 0 && wire->reading)
        on_readable(wire);
}

void ot_wire_open(struct ot_wire *wire, uv_loop_t *loop, int fd,
                  const struct ot_wire_events *events)
{
    *wire = (struct ot_wire){.fd = fd, .reading = true, .events = events};
    uv_poll_init(loop, &wire->poll, fd);
    wire->poll.data = wire;
    arm(wire);
}

void ot_wire_secure(struct ot_wire *wire, struct ssl_st *ssl)
{
    wire->tls = ot_wire_tls_new(wire, wire->poll.loop, ssl);
}

bool ot_wire_is_secure(const struct ot_wire *wire)
{
    return wire->tls != NULL;
}

bool ot_wire_is_http2(const struct ot_wire *wire)
{
    return wire->tls != NULL && ot_wire_tls_is_http2(wire->tls);
}

static void on_closed(uv_handle_t *handle)
{
    struct ot_wire *wire = handle->data;

    wire->events->closed(wire);
}

void ot_wire_close(struct ot_wire *wire)
{
    if (wire->fd < 0)
        return;
    if (wire->tls != NULL) {
        bool says_goodbye = !wire->failed && !wire->resets && ot_wire_queued(wire) == 0;

        ot_wire_tls_free(OT_STEAL(wire->tls), says_goodbye);
        if (says_goodbye)
            (void)flush(wire);
    }
    uv_close((uv_handle_t *)&wire->poll, on_closed);
    close(wire->fd);
    wire->fd = -1;
    ot_buf_free(&wire->queue);
    wire->queue_at = 0;
}

void ot_wire_reset(struct ot_wire *wire)
{
    static const struct linger at_once = {1, 0};

    wire->resets = true;
    setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void ot_wire_read_on(struct ot_wire *wire, bool on)
{
    wire->reading = on;
    arm(wire);
}

ssize_t ot_wire_read(struct ot_wire *wire, void *to, size_t size)
{
    ssize_t count;

    if (wire->tls != NULL) {
        count = ot_wire_tls_read(wire->tls, to, size);
        (void)push(wire);
        return count;
    }
    do
        count = recv(wire->fd, to, size, MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    if (count >= 0)
        return count;
    return errno == EAGAIN ? OT_WIRE_NOTHING : OT_WIRE_BROKEN;
}

static size_t total(const struct iovec *pieces, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += pieces[i].iov_len;
    return size;
}

static void enqueue(struct ot_wire *wire, const struct iovec *pieces, size_t count, size_t skip)
{
    ot_buf_reserve(&wire->queue, total(pieces, count) - skip);
    for (size_t i = 0; i < count; i++) {
        size_t gone = skip < pieces[i].iov_len ? skip : pieces[i].iov_len;

        skip -= gone;
        if (gone < pieces[i].iov_len)
            ot_buf_append(&wire->queue, (const char *)pieces[i].iov_base + gone,
                          pieces[i].iov_len - gone);
    }
}

static bool write_tls(struct ot_wire *wire, const struct iovec *pieces, size_t count)
{
    bool waits = ot_wire_queued(wire) > 0;

    if (!ot_wire_tls_write(wire->tls, pieces, count)) {
        fail(wire);
        return false;
    }
    return waits || push(wire);
}

bool ot_wire_write(struct ot_wire *wire, const struct iovec *pieces, size_t count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)pieces, .msg_iovlen = count};
    size_t size = total(pieces, count);
    ssize_t sent = 0;

    if (wire->failed || wire->fd < 0)
        return false;
    if (size == 0)
        return true;
    if (wire->tls != NULL)
        return write_tls(wire, pieces, count);
    if (ot_wire_queued(wire) == 0) {
        do
            sent = sendmsg(wire->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        while (sent < 0 && errno == EINTR);
        if (sent < 0 && errno != EAGAIN) {
            fail(wire);
            return false;
        }
    }
    if (sent < 0)
        sent = 0;
    if ((size_t)sent < size) {
        enqueue(wire, pieces, count, (size_t)sent);
        arm(wire);
    }
    return true;
}

size_t ot_wire_queued(const struct ot_wire *wire)
{
    return wire->queue.len - wire->queue_at;
}

void ot_wire_shut(struct ot_wire *wire)
{
    if (wire->fd < 0)
        return;
    if (wire->tls != NULL && !wire->failed) {
        ot_wire_tls_shut(wire->tls);
        (void)push(wire);
    }
    if (ot_wire_queued(wire) == 0)
        shutdown(wire->fd, SHUT_WR);
}

void ot_wire_trim(struct ot_wire *wire)
{
    ot_buf_free(&wire->queue);
}
