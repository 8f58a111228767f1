/* Network addresses, ranges of them, and which address a request really came from. */
#pragma once

#include "gateway/http.h"

#include <sys/socket.h>

/* 16 bytes in network order; IPv4 as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2). A client on a
 * Unix socket is the unspecified address `::`. */
struct ot_address {
    uint8_t bytes[16];
};

bool ot_address_is_ipv4(const struct ot_address *address);

/* A numeric IPv4 or IPv6 address, without port, brackets or zone. */
bool ot_address_parse(struct ot_span text, struct ot_address *out);
void ot_address_of(const struct sockaddr *from, struct ot_address *out);
/* "192.0.2.1", "2001:db8::1"; room for at most 46 bytes with the final NUL. */
#define OT_ADDRESS_TEXT 46
void ot_address_text(const struct ot_address *address, char out[OT_ADDRESS_TEXT]);

/* Where one subscriber is: the address, of IPv6 its /64, of which everybody has at least one (RFC
 * 6177). */
struct ot_address ot_address_network(const struct ot_address *address);

/* Ranges (RFC 4632). One of IPv6 holds no IPv4 address, also "::/0". Start from `{0}`. */
struct ot_ranges {
    struct ot_range {
        struct ot_address base;
        unsigned bits; /* 0 to 128, of the mapped form */
    } * items;
    size_t count;
};

/*
 * Adds "10.0.0.0/8", "2001:db8::/32", a single address, or the words "loopback" and "private" (RFC
 * 1918, RFC 4193, link-local) and "unix" (clients on Unix sockets). OT_USAGE, also for bits set
 * behind the mask.
 */
OT_MUST_USE int ot_ranges_add(struct ot_ranges *ranges, struct ot_span text, struct ot_error *err);
bool ot_ranges_have(const struct ot_ranges *ranges, const struct ot_address *address);
void ot_ranges_free(struct ot_ranges *ranges);

/* Where a request came from, as far as the proxies that are trusted can be believed. */
struct ot_origin {
    struct ot_address client;
    bool through_proxy; /* the peer is a trusted proxy: its X-Forwarded-Proto and -Host count */
};

/*
 * The peer itself unless it is a trusted proxy; else the right-most address of all X-Forwarded-For
 * fields that is no trusted proxy (the left-most one if all are), or X-Real-IP when there is no
 * X-Forwarded-For. A hop may have a port behind it, and brackets around it when it is IPv6. What is
 * no address ends the walk at the last hop that was one. At most 32 hops are looked at.
 */
void ot_origin_find(const struct ot_ranges *trusted, const struct ot_address *peer,
                    const struct ot_headers *headers, struct ot_origin *out);
