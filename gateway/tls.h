/*
 * What the gateway shows its clients over TLS (RFC 8446, RFC 5246): one certificate with its chain,
 * whatever name they ask for, TLS 1.2 and 1.3 with the ciphers that Mozilla calls intermediate, h2,
 * http/1.1 and http/1.0 by ALPN (RFC 7301). Sessions are resumed by tickets whose keys live as long
 * as the files stay loaded: loading them again makes new ones.
 */
#pragma once

#include "base/buf.h"

struct ot_tls;
struct ssl_st;

/*
 * Reads both PEM files, at most 1 MiB each: `cert_file` with the server's certificate first, then
 * the chain; `key_file` with its private key, not encrypted (the same file will do). `warnings`
 * gets what does not keep it from serving: a certificate that is not valid at this time, a key that
 * others may read. OT_CONFIG: the message names the file.
 */
OT_MUST_USE int ot_tls_open(const char *cert_file, const char *key_file, struct ot_tls **out,
                            struct ot_list *warnings, struct ot_error *err);
/* Reads the files again, for the connections that come; what goes on is left alone. When they are
 * not fit nothing changes. Any thread, but only one at a time. */
OT_MUST_USE int ot_tls_reload(struct ot_tls *tls, struct ot_list *warnings, struct ot_error *err);
/* After the last ot_tls_accept; connections may go on. May be NULL. */
void ot_tls_free(struct ot_tls *tls);

/* The server's end of a new connection, for ot_wire_secure; any thread. */
struct ssl_st *ot_tls_accept(struct ot_tls *tls);
