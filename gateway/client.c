#include "gateway/client.h"

#include "gateway/http1.h"
#include "gateway/http2.h"
#include "gateway/thread.h"

#include <stdlib.h>

/* How long a client may take to close its side, and what it may send meanwhile. */
#define LINGER_MS 3000u
#define LINGER_MAX (16u << 20)

uint64_t ot_client_in(const struct ot_client *client, uint64_t milliseconds)
{
    return milliseconds > 0 ? uv_now(&client->worker->loop) + milliseconds : OT_NEVER;
}

/* -- the end ----------------------------------------------------------------------------------- */

static void freed(struct ot_client *client)
{
    struct ot_worker *worker = client->worker;

    if (--client->closing > 0)
        return;
    free(client);
    ot_worker_check_end(worker);
}

static void on_timer_closed(uv_handle_t *handle)
{
    freed(handle->data);
}

static void on_wire_closed(struct ot_wire *wire)
{
    freed((struct ot_client *)wire);
}

void ot_client_close(struct ot_client *client)
{
    struct ot_worker *worker = client->worker;

    client->closing = 2;
    if (client->previous != NULL)
        client->previous->next = client->next;
    else
        worker->clients = client->next;
    if (client->next != NULL)
        client->next->previous = client->previous;
    if (client->is_counted)
        ot_connections_leave(worker->options.connections, &client->peer.address, client->is_exempt);
    else
        worker->refused--;
    ot_count(&worker->counters.connections_open, (uint64_t)-1);
    ot_timer_close(&client->timer, on_timer_closed);
    ot_wire_close(&client->wire);
}

static void drop_input(struct ot_client *client)
{
    ssize_t got = ot_wire_read(&client->wire, client->worker->input, OT_READ_SIZE);

    if (got == OT_WIRE_NOTHING)
        return;
    if (got > 0)
        client->dropped += (uint64_t)got;
    if (got <= 0 || client->dropped > LINGER_MAX)
        ot_client_close(client);
}

/* Closing at once would take the answer away from a client that has sent more than was read (RFC
 * 9112 section 9.6). */
static void linger(struct ot_client *client)
{
    ot_wire_shut(&client->wire);
    ot_timer_set(&client->timer, ot_client_in(client, LINGER_MS));
    ot_wire_read_on(&client->wire, true);
}

static void ignore(struct ot_client *client)
{
    (void)client;
}

static const struct ot_client_protocol ending = {
    .readable = drop_input,
    .drained = linger,
    .timeout = ot_client_close,
    .stop = ignore,
    .close = ot_client_close,
};

void ot_client_end(struct ot_client *client)
{
    client->protocol = &ending;
    if (ot_wire_queued(&client->wire) == 0) {
        linger(client);
        return;
    }
    ot_wire_read_on(&client->wire, false);
    ot_timer_set(&client->timer, ot_client_in(client, OT_CLIENT_FLUSH_MS));
}

/* -- the beginning ----------------------------------------------------------------------------- */

static void on_readable(struct ot_wire *wire)
{
    struct ot_client *client = (struct ot_client *)wire;

    client->protocol->readable(client);
}

static void on_drained(struct ot_wire *wire)
{
    struct ot_client *client = (struct ot_client *)wire;

    client->protocol->drained(client);
}

static void on_broken(struct ot_wire *wire)
{
    struct ot_client *client = (struct ot_client *)wire;

    client->protocol->close(client);
}

static void on_secured(struct ot_wire *wire);

static const struct ot_wire_events events = {
    .secured = on_secured,
    .readable = on_readable,
    .drained = on_drained,
    .broken = on_broken,
    .closed = on_wire_closed,
};

static void on_timer(struct ot_timer *timer)
{
    struct ot_client *client = timer->context;

    client->protocol->timeout(client);
}

static void enlist(struct ot_client *client)
{
    struct ot_worker *worker = client->worker;

    client->next = worker->clients;
    if (worker->clients != NULL)
        worker->clients->previous = client;
    worker->clients = client;
    worker->refused += !client->is_counted;
    ot_count(&worker->counters.connections, 1);
    ot_count(&worker->counters.connections_open, 1);
}

struct ot_client *ot_client_open(struct ot_worker *worker, int fd, const struct ot_peer *peer,
                                 bool is_exempt, bool is_counted)
{
    const size_t size = sizeof(struct ot_http1) > sizeof(struct ot_http2) ? sizeof(struct ot_http1)
                                                                          : sizeof(struct ot_http2);
    struct ot_client *client = ot_alloc(1, size);

    client->worker = worker;
    client->peer = *peer;
    client->is_exempt = is_exempt;
    client->is_counted = is_counted;
    enlist(client);
    ot_timer_open(&client->timer, &worker->loop, on_timer, client);
    ot_wire_open(&client->wire, &worker->loop, fd, &events);
    return client;
}

void ot_client_begin(struct ot_client *client)
{
    ot_http1_begin(client);
}

void ot_client_refuse(struct ot_client *client)
{
    ot_http1_refuse(client, OT_TOO_MANY_CONNECTIONS);
}

/* -- TLS --------------------------------------------------------------------------------------- */

static const struct ot_client_protocol handshake = {
    .readable = ignore,
    .drained = ignore,
    .timeout = ot_client_close,
    .stop = ot_client_close,
    .close = ot_client_close,
};

/* Who speaks HTTP to a port of HTTPS gets to know it. */
static void on_secured(struct ot_wire *wire)
{
    struct ot_client *client = (struct ot_client *)wire;

    if (!ot_wire_is_secure(wire))
        ot_http1_refuse(client, OT_BAD_REQUEST);
    else if (ot_wire_is_http2(wire))
        ot_http2_begin(client);
    else
        ot_http1_begin(client);
}

void ot_client_begin_tls(struct ot_client *client, struct ssl_st *ssl)
{
    client->protocol = &handshake;
    ot_timer_set(&client->timer, ot_client_in(client, client->worker->settings->header_ms));
    ot_wire_secure(&client->wire, ssl);
}
