/* Where a program listens: a TCP address, a Unix socket, or a socket that somebody else opened.
 */
#pragma once

#include "base/buf.h"

#include <sys/socket.h>
#include <sys/types.h>

enum ot_listen_kind { OT_LISTEN_TCP, OT_LISTEN_UNIX, OT_LISTEN_FD };

struct ot_listen {
    enum ot_listen_kind kind;
    struct sockaddr_storage address;
    socklen_t address_size;
    int fd;           /* listening; -1 until opened, except of OT_LISTEN_FD */
    const char *text; /* as given, for messages */
    bool is_private;  /* of a Unix socket, set before it is opened: mode 0600 */
    dev_t device;     /* of the Unix socket's file that is ours */
    ino_t inode;      /* 0 when there is none */
};

#define OT_AUTOLISTEN OT_CLEANUP(ot_listen_close)
#define OT_LISTEN_INIT ((struct ot_listen){.fd = -1})

/*
 * Reads `HOST:PORT` (a numeric address, IPv6 in brackets, or "localhost", which is 127.0.0.1; port
 * 0 takes a free one), `unix:PATH` or `fd:N`. Names are not looked up. OT_USAGE. `text` must
 * outlive `listen`.
 */
OT_MUST_USE int ot_listen_parse(struct ot_listen *listen, const char *text, struct ot_error *err);

/*
 * Binds and listens. Errors are OT_CONFIG: the port is taken, the descriptor is no listening stream
 * socket, and so on. The file of a Unix socket on which nobody accepts any more is replaced;
 * anything else at its path, a link too, is left alone. Its mode is 0770 less the umask (never open
 * to everybody), or 0600 for a private one.
 */
OT_MUST_USE int ot_listen_open(struct ot_listen *listen, struct ot_error *err);

/* Whether only processes of this machine can connect, through a Unix socket. Once it is open. */
bool ot_listen_is_local(const struct ot_listen *listen);

/* The TCP port that was bound; 0: it is none. Once it is open. */
unsigned ot_listen_port(const struct ot_listen *listen);

/* "http://127.0.0.1:3100/functions/v1" for `scheme` "http", with the port that was bound, or
 * "unix:/run/x.sock /functions/v1". */
void ot_listen_describe(const struct ot_listen *listen, const char *scheme, const char *prefix,
                        struct ot_buf *out);

/*
 * For when the engine has been told to stop, which makes it accept no more, but keeps the socket
 * open while it finishes requests: takes the connections that wait, and closes them, so that their
 * clients need not wait for its end to try elsewhere. (Shutting the socket down instead would make
 * the engine's accept fail, and the engine with it: measured.) The Unix socket's file is removed. A
 * socket that was passed to us is left alone: its owner's next program may serve what waits in it.
 */
void ot_listen_refuse(struct ot_listen *listen);

/* Closes, and removes the Unix socket's file. */
void ot_listen_close(struct ot_listen *listen);
