/*
 * A byte stream over a connected socket, plain or through TLS: non-blocking, with what the socket
 * did not take at once kept in a queue. Who writes watches the queue and pauses whoever feeds it,
 * so that it stays small. Belongs to one thread's loop.
 */
#pragma once

#include "base/buf.h"

#include <sys/uio.h>
#include <uv.h>

struct ot_wire;
struct ot_wire_tls;
struct ssl_st;

/* Each may close the wire. */
struct ot_wire_events {
    /* After ot_wire_secure: the handshake is over, or the peer turned out to speak without TLS; see
     * ot_wire_is_secure. A handshake that fails is `broken`. */
    void (*secured)(struct ot_wire *wire);
    void (*readable)(struct ot_wire *wire); /* something can be read, perhaps the end */
    void (*drained)(struct ot_wire *wire);  /* the queue is empty again */
    void (*broken)(struct ot_wire *wire);   /* nothing more can be written; once */
    void (*closed)(struct ot_wire *wire);   /* after ot_wire_close: its memory may go */
};

struct ot_wire {
    uv_poll_t poll;
    int fd;
    int armed;    /* what poll waits for */
    bool reading; /* `readable` is wanted */
    bool failed;
    bool resets; /* when it is closed */
    const struct ot_wire_events *events;
    struct ot_wire_tls *tls; /* NULL: plain */
    struct ot_buf queue;
    size_t queue_at; /* the first byte that was not sent */
};

/* Takes `fd` over; calls `readable` from now on. */
void ot_wire_open(struct ot_wire *wire, uv_loop_t *loop, int fd,
                  const struct ot_wire_events *events);
/* The server's side of TLS over it, from the first byte on: nothing can be read or written before
 * `secured`. Takes `ssl` over. */
void ot_wire_secure(struct ot_wire *wire, struct ssl_st *ssl);
bool ot_wire_is_secure(const struct ot_wire *wire);
/* Whether HTTP/2 was agreed on (ALPN). */
bool ot_wire_is_http2(const struct ot_wire *wire);

/* Closes the descriptor at once; `closed` is called later. What is still queued is lost. */
void ot_wire_close(struct ot_wire *wire);
/* From now on closing it resets the connection, which no peer takes for the end of the data. */
void ot_wire_reset(struct ot_wire *wire);

/* Whether `readable` is called. A reset is noticed in any case. */
void ot_wire_read_on(struct ot_wire *wire, bool on);

/* Bytes read; 0: the peer sends no more. */
enum { OT_WIRE_NOTHING = -1, OT_WIRE_BROKEN = -2 };
ssize_t ot_wire_read(struct ot_wire *wire, void *to, size_t size);

/* Sends, or queues what the socket does not take. At most OT_WIRE_PIECES pieces. False: the
 * connection is broken, and nothing was kept; `broken` is not called then. */
#define OT_WIRE_PIECES 64u
bool ot_wire_write(struct ot_wire *wire, const struct iovec *pieces, size_t count);
size_t ot_wire_queued(const struct ot_wire *wire);
/* Says that nothing more will be sent; the queue must be empty. */
void ot_wire_shut(struct ot_wire *wire);
/* Gives the queue's memory back; it must be empty. */
void ot_wire_trim(struct ot_wire *wire);
