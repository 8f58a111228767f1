#include "gateway/wire_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Small pieces are gathered so that they share a record; large ones are cut into such. */
#define RECORD_SIZE 16384u

struct ot_wire_tls {
    uv_idle_t wake; /* first */
    struct ot_wire *wire;
    SSL *ssl;
    bool ready;     /* the handshake is over */
    bool has_begun; /* something has come */
    bool is_plain;  /* and it is not TLS */
    bool has_more;  /* read already, not given out */
    bool at_end;    /* the socket has no more */
    bool is_broken; /* nothing can be said any more */
};

/* -- between OpenSSL and the socket ------------------------------------------------------------ */

static int read_socket(BIO *bio, char *to, size_t size, size_t *got)
{
    struct ot_wire_tls *tls = BIO_get_data(bio);
    ssize_t count;

    *got = 0;
    BIO_clear_retry_flags(bio);
    do
        count = recv(tls->wire->fd, to, size, MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    if (count < 0 && errno == EAGAIN)
        BIO_set_retry_read(bio);
    tls->at_end = count == 0;
    if (count <= 0)
        return 0;
    /* a record begins with its type, which is no letter (RFC 8446 section 5.1) */
    tls->is_plain = !tls->has_begun && to[0] >= 'A' && to[0] <= 'Z';
    tls->has_begun = true;
    *got = (size_t)count;
    return !tls->is_plain;
}

static int write_queue(BIO *bio, const char *data, size_t size, size_t *written)
{
    struct ot_wire_tls *tls = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    ot_buf_append(&tls->wire->queue, data, size);
    *written = size;
    return 1;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    struct ot_wire_tls *tls = BIO_get_data(bio);

    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_EOF)
        return tls->at_end;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;

static void make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "onetube wire");
    if (method == NULL || BIO_meth_set_read_ex(method, read_socket) != 1 ||
        BIO_meth_set_write_ex(method, write_queue) != 1 || BIO_meth_set_ctrl(method, control) != 1)
        abort();
}

static void on_wake(uv_idle_t *handle)
{
    struct ot_wire_tls *tls = (struct ot_wire_tls *)handle;

    tls->wire->events->readable(tls->wire);
}

struct ot_wire_tls *ot_wire_tls_new(struct ot_wire *wire, uv_loop_t *loop, struct ssl_st *ssl)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct ot_wire_tls *tls = ot_alloc(1, sizeof(*tls));
    BIO *bio;

    pthread_once(&once, make_method);
    bio = BIO_new(method);
    if (bio == NULL)
        abort();
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    tls->wire = wire;
    tls->ssl = ssl;
    uv_idle_init(loop, &tls->wake);
    return tls;
}

static void on_closed(uv_handle_t *handle)
{
    free((struct ot_wire_tls *)handle);
}

void ot_wire_tls_free(struct ot_wire_tls *tls, bool say_goodbye)
{
    if (say_goodbye)
        ot_wire_tls_shut(tls);
    SSL_free(tls->ssl);
    uv_close((uv_handle_t *)&tls->wake, on_closed);
}

/* -- what the wire asks for -------------------------------------------------------------------- */

enum ot_wire_handshake ot_wire_tls_shake(struct ot_wire_tls *tls)
{
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(tls->ssl);
    if (result == 1) {
        tls->ready = true;
        tls->has_more = SSL_has_pending(tls->ssl) == 1;
        return OT_HANDSHAKE_DONE;
    }
    if (SSL_get_error(tls->ssl, result) == SSL_ERROR_WANT_READ)
        return OT_HANDSHAKE_MORE;
    tls->is_broken = true;
    return tls->is_plain ? OT_HANDSHAKE_PLAIN : OT_HANDSHAKE_FAILED;
}

bool ot_wire_tls_is_ready(const struct ot_wire_tls *tls)
{
    return tls->ready;
}

ssize_t ot_wire_tls_read(struct ot_wire_tls *tls, void *to, size_t size)
{
    size_t total = 0, got;
    int result, why;

    ERR_clear_error();
    do {
        result = SSL_read_ex(tls->ssl, (char *)to + total, size - total, &got);
        total += result == 1 ? got : 0;
    } while (result == 1 && total < size && SSL_has_pending(tls->ssl));
    why = SSL_get_error(tls->ssl, result);
    /* an end that came behind data is not shown by the socket again */
    tls->has_more =
        result == 1 ? SSL_has_pending(tls->ssl) == 1 : total > 0 && why != SSL_ERROR_WANT_READ;
    if (total > 0)
        return (ssize_t)total;
    switch (why) {
    case SSL_ERROR_WANT_READ:
        return OT_WIRE_NOTHING;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        tls->is_broken = true;
        return OT_WIRE_BROKEN;
    }
}

bool ot_wire_tls_has_more(const struct ot_wire_tls *tls)
{
    return tls->has_more;
}

void ot_wire_tls_wake(struct ot_wire_tls *tls, bool on)
{
    if (on)
        uv_idle_start(&tls->wake, on_wake);
    else
        uv_idle_stop(&tls->wake);
}

static bool encrypt(struct ot_wire_tls *tls, const void *data, size_t size)
{
    size_t written;

    if (size == 0)
        return true;
    if (SSL_write_ex(tls->ssl, data, size, &written) == 1)
        return true;
    tls->is_broken = true;
    return false;
}

bool ot_wire_tls_write(struct ot_wire_tls *tls, const struct iovec *pieces, size_t count)
{
    char record[RECORD_SIZE];
    size_t filled = 0;

    ERR_clear_error();
    for (size_t i = 0; i < count; i++) {
        const char *data = pieces[i].iov_base;
        size_t left = pieces[i].iov_len;

        while (left > 0) {
            size_t room = RECORD_SIZE - filled, taken = left < room ? left : room;

            if (filled == 0 && left >= RECORD_SIZE) {
                taken = left - left % RECORD_SIZE;
                if (!encrypt(tls, data, taken))
                    return false;
            } else {
                memcpy(record + filled, data, taken);
                filled += taken;
            }
            if (filled == RECORD_SIZE && !encrypt(tls, record, filled))
                return false;
            filled = filled == RECORD_SIZE ? 0 : filled;
            data += taken;
            left -= taken;
        }
    }
    return encrypt(tls, record, filled);
}

void ot_wire_tls_shut(struct ot_wire_tls *tls)
{
    ERR_clear_error();
    if (tls->ready && !tls->is_broken && (SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN) == 0)
        (void)SSL_shutdown(tls->ssl);
}

bool ot_wire_tls_is_http2(const struct ot_wire_tls *tls)
{
    const unsigned char *name;
    unsigned int length;

    SSL_get0_alpn_selected(tls->ssl, &name, &length);
    return length == 2 && memcmp(name, "h2", 2) == 0;
}
