#include "gateway/address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define HOPS_MAX 32
#define IPV4_BITS 96u /* in front of an IPv4 address */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/* -- addresses --------------------------------------------------------------------------------- */

bool ot_address_is_ipv4(const struct ot_address *address)
{
    return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

static void set_ipv4(struct ot_address *address, const void *bytes)
{
    memcpy(address->bytes, mapped, sizeof(mapped));
    memcpy(address->bytes + sizeof(mapped), bytes, 4);
}

static bool is_unspecified(const struct ot_address *address)
{
    static const struct ot_address unspecified;

    return memcmp(address, &unspecified, sizeof(unspecified)) == 0;
}

bool ot_address_parse(struct ot_span text, struct ot_address *out)
{
    char copy[OT_ADDRESS_TEXT];
    struct in_addr ipv4;

    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.data, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (memchr(copy, ':', text.len) != NULL)
        return inet_pton(AF_INET6, copy, out->bytes) == 1;
    if (inet_pton(AF_INET, copy, &ipv4) != 1)
        return false;
    set_ipv4(out, &ipv4);
    return true;
}

void ot_address_of(const struct sockaddr *from, struct ot_address *out)
{
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;

    *out = (struct ot_address){{0}};
    if (from->sa_family == AF_INET) {
        memcpy(&ipv4, from, sizeof(ipv4));
        set_ipv4(out, &ipv4.sin_addr);
    } else if (from->sa_family == AF_INET6) {
        memcpy(&ipv6, from, sizeof(ipv6));
        memcpy(out->bytes, &ipv6.sin6_addr, sizeof(out->bytes));
    }
}

/* For every request of a client: inet_ntop prints IPv4 with sprintf. */
static void put_ipv4(const uint8_t bytes[4], char *out)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned byte = bytes[i];

        if (byte >= 100)
            *out++ = (char)('0' + byte / 100);
        if (byte >= 10)
            *out++ = (char)('0' + byte / 10 % 10);
        *out++ = (char)('0' + byte % 10);
        *out++ = i < 3 ? '.' : '\0';
    }
}

void ot_address_text(const struct ot_address *address, char out[OT_ADDRESS_TEXT])
{
    if (ot_address_is_ipv4(address))
        put_ipv4(address->bytes + sizeof(mapped), out);
    else
        inet_ntop(AF_INET6, address->bytes, out, OT_ADDRESS_TEXT);
}

struct ot_address ot_address_network(const struct ot_address *address)
{
    struct ot_address network = *address;

    if (!ot_address_is_ipv4(address))
        memset(network.bytes + 8, 0, 8);
    return network;
}

/* -- ranges ------------------------------------------------------------------------------------ */

struct word {
    const char *name;
    const char *ranges[7];
};

static const struct word words[] = {
    {"loopback", {"127.0.0.0/8", "::1"}},
    {"private",
     {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"}},
    {"unix", {"::"}},
};

static bool starts_with(const struct ot_address *address, const struct ot_address *base,
                        unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;

    return memcmp(address->bytes, base->bytes, whole) == 0 &&
           (rest == 0 || ((address->bytes[whole] ^ base->bytes[whole]) >> (8 - rest)) == 0);
}

static void add(struct ot_ranges *ranges, const struct ot_range *range)
{
    ranges->items = ot_realloc(ranges->items, ranges->count + 1, sizeof(*ranges->items));
    ranges->items[ranges->count++] = *range;
}

static bool parse_range(struct ot_span text, struct ot_range *out)
{
    const char *slash = memchr(text.data, '/', text.len);
    size_t len = slash != NULL ? (size_t)(slash - text.data) : text.len;
    uint64_t bits = 0;
    unsigned before;

    if (!ot_address_parse((struct ot_span){text.data, len}, &out->base))
        return false;
    before = ot_address_is_ipv4(&out->base) && memchr(text.data, ':', len) == NULL ? IPV4_BITS : 0;
    out->bits = 128;
    if (slash == NULL)
        return true;
    if (!ot_parse_uint((struct ot_span){slash + 1, text.len - len - 1}, 128 - before, &bits))
        return false;
    out->bits = before + (unsigned)bits;
    return true;
}

/* Whether there are bits behind the mask: then one or the other is a mistake. */
static bool has_rest(const struct ot_range *range)
{
    for (unsigned bit = range->bits; bit < 128; bit++) {
        if (range->base.bytes[bit / 8] & (0x80 >> bit % 8))
            return true;
    }
    return false;
}

int ot_ranges_add(struct ot_ranges *ranges, struct ot_span text, struct ot_error *err)
{
    struct ot_range range;
    char shown[64];

    for (size_t i = 0; i < OT_COUNT(words); i++) {
        if (!ot_span_is(text, words[i].name))
            continue;
        for (const char *const *item = words[i].ranges; *item != NULL; item++) {
            if (parse_range(ot_span_of(*item), &range))
                add(ranges, &range);
        }
        return 0;
    }
    ot_printable(shown, sizeof(shown), text);
    if (!parse_range(text, &range))
        return ot_fail(err, OT_USAGE,
                       "\"%s\" is no address or range (such as 10.0.0.0/8, 2001:db8::/32, "
                       "192.0.2.1, loopback, private, unix)",
                       shown);
    if (has_rest(&range))
        return ot_fail(err, OT_USAGE, "\"%s\" has bits set behind its mask", shown);
    add(ranges, &range);
    return 0;
}

bool ot_ranges_have(const struct ot_ranges *ranges, const struct ot_address *address)
{
    bool is_ipv4 = ot_address_is_ipv4(address);
    bool is_unix = is_unspecified(address);

    for (size_t i = 0; i < ranges->count; i++) {
        const struct ot_range *range = &ranges->items[i];

        if ((is_ipv4 && range->bits < IPV4_BITS) || (is_unix && range->bits < 128))
            continue;
        if (starts_with(address, &range->base, range->bits))
            return true;
    }
    return false;
}

void ot_ranges_free(struct ot_ranges *ranges)
{
    free(ranges->items);
    *ranges = (struct ot_ranges){0};
}

/* -- origin ------------------------------------------------------------------------------------ */

/* The hops of all fields of one name, from the right. */
struct hops {
    const struct ot_headers *headers;
    enum ot_field field;
    size_t next;         /* fields that were not looked at yet */
    struct ot_span left; /* of the field that is looked at */
    bool inside;
};

static bool next_hop(struct hops *hops, struct ot_span *out)
{
    const char *comma;
    size_t start;

    while (!hops->inside) {
        if (hops->next < hops->headers->first[hops->field])
            return false;
        hops->next--;
        hops->inside = hops->headers->fields[hops->next] == hops->field;
        hops->left = hops->headers->items[hops->next].value;
    }
    comma = hops->left.len > 0 ? memrchr(hops->left.data, ',', hops->left.len) : NULL;
    start = comma != NULL ? (size_t)(comma - hops->left.data) + 1 : 0;
    *out = ot_span_trim((struct ot_span){hops->left.data + start, hops->left.len - start});
    hops->inside = comma != NULL;
    hops->left.len = comma != NULL ? start - 1 : 0;
    return true;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80" */
static bool parse_hop(struct ot_span hop, struct ot_address *out)
{
    const char *colon = hop.len > 0 ? memchr(hop.data, ':', hop.len) : NULL;
    const char *end = NULL; /* of the address */
    struct ot_span port = {0};
    uint64_t number;

    if (hop.len > 0 && hop.data[0] == '[') {
        hop.data++;
        hop.len--;
        end = memchr(hop.data, ']', hop.len);
        if (end == NULL || colon == NULL || colon > end)
            return false;
        port = (struct ot_span){end + 1, hop.len - (size_t)(end - hop.data) - 1};
    } else if (colon != NULL && memchr(hop.data, '.', (size_t)(colon - hop.data)) != NULL) {
        end = colon;
        port = (struct ot_span){end, hop.len - (size_t)(end - hop.data)};
    }
    if (port.len > 0 &&
        (port.data[0] != ':' ||
         !ot_parse_uint((struct ot_span){port.data + 1, port.len - 1}, 65535, &number)))
        return false;
    if (end != NULL)
        hop.len = (size_t)(end - hop.data);
    return ot_address_parse(hop, out) && !is_unspecified(out);
}

void ot_origin_find(const struct ot_ranges *trusted, const struct ot_address *peer,
                    const struct ot_headers *headers, struct ot_origin *out)
{
    struct hops hops = {.headers = headers, .next = headers->count};
    struct ot_address hop;
    struct ot_span text;

    out->client = *peer;
    out->through_proxy = ot_ranges_have(trusted, peer);
    if (!out->through_proxy)
        return;
    hops.field =
        headers->first[OT_FIELD_FORWARDED_FOR] != 0 ? OT_FIELD_FORWARDED_FOR : OT_FIELD_REAL_IP;
    if (headers->first[hops.field] == 0)
        return;
    for (int i = 0; i < HOPS_MAX && next_hop(&hops, &text); i++) {
        if (text.len == 0)
            continue; /* an empty element of a list means nothing (RFC 9110 section 5.6.1) */
        if (!parse_hop(text, &hop))
            return;
        out->client = hop;
        if (!ot_ranges_have(trusted, &hop))
            return;
    }
}
