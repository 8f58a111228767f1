/*
 * TLS between a wire and who uses it; only wire.c includes this. What is to be sent is encrypted
 * into the wire's queue, which is then sent as any other.
 */
#pragma once

#include "gateway/wire.h"

/* `ssl` is owned from now on. */
struct ot_wire_tls *ot_wire_tls_new(struct ot_wire *wire, uv_loop_t *loop, struct ssl_st *ssl);
/* At once; `say_goodbye`: the peer is told so, into the queue. */
void ot_wire_tls_free(struct ot_wire_tls *tls, bool say_goodbye);

enum ot_wire_handshake {
    OT_HANDSHAKE_MORE, /* needs more from the peer */
    OT_HANDSHAKE_DONE,
    OT_HANDSHAKE_PLAIN, /* the peer does not speak TLS, but something like HTTP */
    OT_HANDSHAKE_FAILED,
};
enum ot_wire_handshake ot_wire_tls_shake(struct ot_wire_tls *tls);
bool ot_wire_tls_is_ready(const struct ot_wire_tls *tls);

/* As ot_wire_read. */
ssize_t ot_wire_tls_read(struct ot_wire_tls *tls, void *to, size_t size);
/* Whether more has come than the socket tells. */
bool ot_wire_tls_has_more(const struct ot_wire_tls *tls);
/* Calls the wire's `readable` from the loop, again and again while it has more. */
void ot_wire_tls_wake(struct ot_wire_tls *tls, bool on);

/* Into the queue. */
bool ot_wire_tls_write(struct ot_wire_tls *tls, const struct iovec *pieces, size_t count);
/* Nothing more will be written (close_notify, RFC 8446 section 6.1); into the queue. */
void ot_wire_tls_shut(struct ot_wire_tls *tls);
bool ot_wire_tls_is_http2(const struct ot_wire_tls *tls);
