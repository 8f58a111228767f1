/* Any bytes as addresses, ranges and X-Forwarded-For: lines of "r<range>", "f<field>" or
 * "i<X-Real-IP>". What is read can be written and read again; the client is the peer, or stands in
 * a field. */
#include "gateway/address.h"

#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void check_text(struct ot_span text)
{
    struct ot_address first, second;
    char shown[OT_ADDRESS_TEXT];

    if (!ot_address_parse(text, &first))
        return;
    ot_address_text(&first, shown);
    check(ot_address_parse(ot_span_of(shown), &second));
    check(memcmp(&first, &second, sizeof(first)) == 0);
}

static void check_range(struct ot_ranges *ranges, struct ot_span text)
{
    struct ot_error err = {0};
    size_t before = ranges->count;

    if (ot_ranges_add(ranges, text, &err) < 0) {
        check(err.kind == OT_USAGE && ranges->count == before);
        return;
    }
    check(ranges->count > before);
    for (size_t i = before; i < ranges->count; i++) {
        const struct ot_range *range = &ranges->items[i];

        check(range->bits <= 128);
        if (range->bits == 128 || (range->bits >= 96 && ot_address_is_ipv4(&range->base)))
            check(ot_ranges_have(ranges, &range->base));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const peers[] = {"10.0.0.1", "2001:db8::1", "::"};
    struct ot_header items[FIELDS_MAX];
    uint8_t fields[FIELDS_MAX];
    struct ot_headers headers = {.items = items, .fields = fields};
    struct ot_ranges ranges = {0};
    struct ot_origin origin;
    struct ot_address peer;

    for (size_t at = 0; at < size;) {
        const char *line = (const char *)data + at;
        const char *end = memchr(line, '\n', size - at);
        size_t len = end != NULL ? (size_t)(end - line) : size - at;
        struct ot_span rest = {line + 1, len > 0 ? len - 1 : 0};

        at += len + 1;
        if (len == 0)
            continue;
        check_text(rest);
        if (line[0] == 'r' && ranges.count < 64) {
            check_range(&ranges, rest);
        } else if ((line[0] == 'f' || line[0] == 'i') && headers.count < FIELDS_MAX) {
            enum ot_field field = line[0] == 'f' ? OT_FIELD_FORWARDED_FOR : OT_FIELD_REAL_IP;

            items[headers.count] = (struct ot_header){OT_SPAN("x"), ot_span_trim(rest)};
            fields[headers.count++] = (uint8_t)field;
            if (headers.first[field] == 0)
                headers.first[field] = (uint16_t)headers.count;
        }
    }
    for (size_t i = 0; i < OT_COUNT(peers); i++) {
        check(ot_address_parse(ot_span_of(peers[i]), &peer));
        ot_origin_find(&ranges, &peer, &headers, &origin);
        check(origin.through_proxy == ot_ranges_have(&ranges, &peer));
        check(origin.through_proxy || memcmp(&origin.client, &peer, sizeof(peer)) == 0);
    }
    ot_ranges_free(&ranges);
    return 0;
}
