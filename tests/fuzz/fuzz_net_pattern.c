/* Any bytes as an item of permissions.net. What is read can be written and read again. */
#include "base/net_pattern.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void write_again(const struct ot_net_pattern *pattern, struct ot_buf *out)
{
    char address[INET6_ADDRSTRLEN];

    if (pattern->kind == OT_NET_ANY) {
        ot_buf_puts(out, "*");
    } else if (pattern->kind == OT_NET_RANGE) {
        check(inet_ntop(AF_INET6, pattern->address, address, sizeof(address)) != NULL);
        ot_buf_printf(out, pattern->port > 0 ? "[%s]" : "%s/%u", address, pattern->bits);
    } else {
        ot_buf_puts(out, pattern->kind == OT_NET_BELOW ? "*." : "");
        ot_buf_append(out, pattern->name.data, pattern->name.len);
    }
    if (pattern->port > 0)
        ot_buf_printf(out, ":%u", pattern->port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_span text = {(const char *)data, size};
    OT_AUTOBUF struct ot_buf written = {0};
    struct ot_net_pattern first, second;

    if (!ot_net_pattern_parse(text, &first))
        return 0;
    check(first.bits <= 128 &&
          (first.port == 0 || first.kind != OT_NET_RANGE || first.bits == 128));
    check(first.kind == OT_NET_ANY || first.kind == OT_NET_RANGE ||
          (first.name.len > 0 && memchr(first.name.data, '*', first.name.len) == NULL));
    write_again(&first, &written);
    check(ot_net_pattern_parse(ot_buf_span(&written), &second));
    check(first.kind == second.kind && first.bits == second.bits && first.port == second.port);
    check(memcmp(first.address, second.address, sizeof(first.address)) == 0);
    check(ot_span_equal(first.name, second.name));
    return 0;
}
