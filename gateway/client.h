/*
 * A client's connection, whatever is spoken over it: counted, in its thread's list, with one timer,
 * and in the end closed so that the client gets all that was sent.
 */
#pragma once

#include "gateway/exchange.h"
#include "gateway/wire.h"

struct ot_client;
struct ssl_st;

/* What a protocol does with its connection. Each may close it. */
struct ot_client_protocol {
    void (*readable)(struct ot_client *client);
    void (*drained)(struct ot_client *client);
    void (*timeout)(struct ot_client *client);
    /* The thread stops: closes it when nothing is under way, else behind what is. */
    void (*stop)(struct ot_client *client);
    /* Lets go of all it has, and calls ot_client_close. */
    void (*close)(struct ot_client *client);
};

struct ot_client {
    struct ot_wire wire; /* first */
    struct ot_worker *worker;
    struct ot_client *next, *previous; /* of its thread's */
    const struct ot_client_protocol *protocol;
    struct ot_timer timer;
    struct ot_peer peer;
    uint64_t dropped; /* bytes that came after the end */
    bool is_exempt;   /* from the limit of connections of its address */
    bool is_counted;
    uint8_t closing; /* handles still to be closed */
};

/* Takes the descriptor over. */
struct ot_client *ot_client_open(struct ot_worker *worker, int fd, const struct ot_peer *peer,
                                 bool is_exempt, bool is_counted);
/* What is spoken over it: HTTP/1.1; after a handshake over `ssl`, which is taken over, that or
 * HTTP/2; nothing at all, since there are too many connections. */
void ot_client_begin(struct ot_client *client);
void ot_client_begin_tls(struct ot_client *client, struct ssl_st *ssl);
void ot_client_refuse(struct ot_client *client);

/* Nothing more will be given to it: sends what is queued, ends our side, and lets the client close
 * its own. Its protocol hears no more of it. */
void ot_client_end(struct ot_client *client);
/* Now; what is queued is lost. */
void ot_client_close(struct ot_client *client);

/* How long a client may take to read the end of an answer. */
#define OT_CLIENT_FLUSH_MS 30000u

/* A time of the loop's clock; a limit of 0 is none. */
uint64_t ot_client_in(const struct ot_client *client, uint64_t milliseconds);
