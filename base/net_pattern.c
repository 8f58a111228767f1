#include "base/net_pattern.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <string.h>

#define NAME_MAX_BYTES 253
#define LABEL_MAX 63
#define PORT_MAX 65535
#define IPV4_BITS                                                                                  \
    96 /* in front of an IPv4 address in its mapped form (RFC 4291 section 2.5.5.2)                \
        */

static const uint8_t mapped[IPV4_BITS / 8] = {[10] = 0xff, [11] = 0xff};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

static bool is_number(struct ot_span label)
{
    bool hex = label.len >= 2 && label.data[0] == '0' && (label.data[1] | 0x20) == 'x';

    for (size_t i = hex ? 2 : 0; i < label.len; i++) {
        char lower = (char)(label.data[i] | 0x20);

        if (!is_digit(label.data[i]) && !(hex && lower >= 'a' && lower <= 'f'))
            return false;
    }
    return true;
}

static bool is_name(struct ot_span text)
{
    size_t label = 0;

    if (text.len == 0 || text.len > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if (!is_name_byte(text.data[i]) || ++label > LABEL_MAX) {
            return false;
        }
    }
    return label > 0 && !is_number(ot_span_skip(text, text.len - label));
}

/* `family_bits` are those of the mask's largest value. `out` is left alone when it is no address.
 */
static bool parse_address(struct ot_span text, struct ot_net_pattern *out, unsigned *family_bits)
{
    struct ot_net_pattern read = {.kind = OT_NET_RANGE, .bits = 128, .port = out->port};
    char copy[INET6_ADDRSTRLEN];
    bool is_ipv6;

    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.data, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    is_ipv6 = strchr(copy, ':') != NULL;
    *family_bits = is_ipv6 ? 128 : 128 - IPV4_BITS;
    if (!is_ipv6)
        memcpy(read.address, mapped, sizeof(mapped));
    if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, copy,
                  read.address + (is_ipv6 ? 0 : sizeof(mapped))) != 1)
        return false;
    *out = read;
    return true;
}

/* Whether there are bits behind the mask: then one or the other is a mistake. */
static bool has_rest(const struct ot_net_pattern *range)
{
    for (unsigned bit = range->bits; bit < 128; bit++) {
        if (range->address[bit / 8] & (0x80 >> bit % 8))
            return true;
    }
    return false;
}

static bool parse_range(struct ot_span text, size_t slash, struct ot_net_pattern *out)
{
    unsigned family_bits;
    uint64_t bits;

    if (!parse_address((struct ot_span){text.data, slash}, out, &family_bits) ||
        !ot_parse_uint(ot_span_skip(text, slash + 1), family_bits, &bits))
        return false;
    out->bits = 128 - family_bits + (unsigned)bits;
    return !has_rest(out);
}

/* Takes ":port" off the end of `text`, if there is one. */
static bool take_port(struct ot_span *text, uint16_t *out)
{
    const char *colon = memrchr(text->data, ':', text->len);
    const char *bracket = memrchr(text->data, ']', text->len);
    uint64_t port;
    size_t host;

    if (colon == NULL || (bracket != NULL && colon < bracket))
        return true;
    host = (size_t)(colon - text->data);
    if (!ot_parse_uint(ot_span_skip(*text, host + 1), PORT_MAX, &port) || port == 0)
        return false;
    *out = (uint16_t)port;
    text->len = host;
    return true;
}

static bool parse_host(struct ot_span text, struct ot_net_pattern *out)
{
    unsigned family_bits;

    if (text.len > 2 && text.data[0] == '[' && text.data[text.len - 1] == ']') {
        text = (struct ot_span){text.data + 1, text.len - 2};
        return memchr(text.data, ':', text.len) != NULL && parse_address(text, out, &family_bits);
    }
    if (memchr(text.data, ':', text.len) != NULL)
        return false;
    if (parse_address(text, out, &family_bits))
        return true;
    out->kind = ot_span_starts(text, "*.") ? OT_NET_BELOW : OT_NET_NAME;
    out->name = out->kind == OT_NET_BELOW ? ot_span_skip(text, 2) : text;
    return is_name(out->name);
}

bool ot_net_pattern_parse(struct ot_span text, struct ot_net_pattern *out)
{
    const char *slash = text.len > 0 ? memchr(text.data, '/', text.len) : NULL;

    *out = (struct ot_net_pattern){.kind = OT_NET_ANY};
    if (text.len == 0 || ot_span_is(text, "*"))
        return text.len > 0;
    if (slash != NULL)
        return parse_range(text, (size_t)(slash - text.data), out);
    return take_port(&text, &out->port) && parse_host(text, out);
}
