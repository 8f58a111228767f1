/*
 * An item of permissions.net: which hosts a function may reach. As Deno's --allow-net writes them
 * (https://docs.deno.com/runtime/fundamentals/security/#network-access), where that has them:
 *
 *     *                       every public address
 *     example.com             that name and no other; every port
 *     example.com:443         only that port
 *     *.example.com[:port]    every name below it, not itself
 *     192.0.2.1[:port]        an address
 *     [2001:db8::1][:port]
 *     10.0.0.0/8, fd00::/8    every address of a range (RFC 4632), every port
 */
#pragma once

#include "base/buf.h"

enum ot_net_kind { OT_NET_ANY, OT_NET_NAME, OT_NET_BELOW, OT_NET_RANGE };

struct ot_net_pattern {
    enum ot_net_kind kind;
    struct ot_span name; /* OT_NET_NAME, OT_NET_BELOW (without "*."): a piece of the text */
    uint8_t address[16]; /* OT_NET_RANGE: network order, IPv4 as IPv4-mapped IPv6 */
    unsigned bits;       /* OT_NET_RANGE: of the mask, of 128; 128: one address */
    uint16_t port;       /* 0: every port */
};

/* What a sentence "must be ..." calls them. */
#define OT_NET_PATTERN_WANTED                                                                      \
    "*, a host, host:port, *.suffix or a range of addresses (such as 10.0.0.0/8)"

/*
 * Names are labels of 1 to 63 letters, digits, "-" and "_", 253 bytes in all (RFC 1035 section
 * 2.3.4). One that ends in a number must be an IPv4 address in its usual form, as in URLs
 * (https://url.spec.whatwg.org/#ends-in-a-number-checker). No bit of a range stands behind its
 * mask. False for all else.
 */
bool ot_net_pattern_parse(struct ot_span text, struct ot_net_pattern *out);
