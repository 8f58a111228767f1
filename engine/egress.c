#include "engine/egress.h"

#include "base/json_write.h"
#include "base/net_pattern.h"
#include "base/text.h"
#include "engine/scripts.h"

#include <string.h>

#define EGRESS_SERVICE "egress"
#define INTERNET_SERVICE "internet"
#define NAMED_SERVICE "named"
#define NETWORK_PREFIX "net:"

static const struct ot_list *list_of(const struct ot_encoder *encoder, uint32_t index)
{
    return &encoder->functions[index]->config.net.list;
}

/* A port is nothing that the engine's networks look at. */
static bool is_whole_range(const char *text)
{
    struct ot_net_pattern pattern;

    return ot_net_pattern_parse(ot_span_of(text), &pattern) && pattern.kind == OT_NET_RANGE &&
           pattern.port == 0;
}

static int plan_one(const struct ot_function *function, struct ot_egress *out, struct ot_error *err)
{
    const struct ot_list *list = &function->config.net.list;
    bool any = false, hosts = false, below = false, ranges = false;

    for (size_t i = 0; i < list->count; i++) {
        struct ot_net_pattern pattern;
        char shown[64];

        if (!ot_net_pattern_parse(ot_span_of(list->items[i]), &pattern)) {
            ot_printable(shown, sizeof(shown), ot_span_of(list->items[i]));
            return ot_fail(err, OT_CONFIG,
                           "permissions.net of \"%s\": \"%s\" must be " OT_NET_PATTERN_WANTED,
                           function->name, shown);
        }
        any = any || pattern.kind == OT_NET_ANY;
        below = below || pattern.kind == OT_NET_BELOW;
        ranges = ranges || is_whole_range(list->items[i]);
        hosts = hosts || pattern.kind == OT_NET_NAME || pattern.port != 0;
    }
    /* below "*" a suffix adds nothing */
    out->guarded = function->config.net.given && (!any || hosts);
    out->network = ranges && (any || below);
    return 0;
}

int ot_egress_plan(struct ot_encoder *encoder, struct ot_error *err)
{
    int services = 0;

    encoder->egress = ot_alloc(encoder->function_count + 1, sizeof(*encoder->egress));
    for (uint32_t i = 0; i < encoder->function_count; i++) {
        struct ot_egress *egress = &encoder->egress[i];

        if (plan_one(encoder->functions[i], egress, err) < 0)
            return -1;
        encoder->guarded += egress->guarded;
        encoder->guarded_networks += egress->guarded && egress->network;
        services += egress->network;
    }
    return services + (encoder->guarded > 0 ? 2 : 0); /* the worker, and NAMED_SERVICE */
}

/* -- networks ---------------------------------------------------------------------------------- */

static void add_texts(struct ot_capnp *message, ot_capnp_slot slot, const struct ot_list *texts)
{
    ot_capnp_slot first = ot_capnp_add_pointers(message, slot, (uint32_t)texts->count);

    for (uint32_t i = 0; i < texts->count; i++)
        ot_capnp_set_text(message, first + i, ot_span_of(texts->items[i]));
}

/* Reaches addresses that are in one of `allow` and in none of `deny`. */
static void add_network(struct ot_encoder *encoder, struct ot_capnp_struct service,
                        const char *name, const struct ot_list *allow, const struct ot_list *deny)
{
    struct ot_capnp *message = encoder->message;
    struct ot_capnp_struct network, tls;

    ot_capnp_set_text(message, ot_capnp_pointer(service, SERVICE_NAME), ot_span_of(name));
    ot_capnp_set_u16(message, service, SERVICE_KIND, SERVICE_IS_NETWORK);
    network = ot_capnp_add_struct(message, ot_capnp_pointer(service, SERVICE_BODY), NETWORK_DATA,
                                  NETWORK_POINTERS);
    add_texts(message, ot_capnp_pointer(network, NETWORK_ALLOW), allow);
    if (deny->count > 0)
        add_texts(message, ot_capnp_pointer(network, NETWORK_DENY), deny);
    tls = ot_capnp_add_struct(message, ot_capnp_pointer(network, NETWORK_TLS), TLS_DATA,
                              TLS_POINTERS);
    ot_capnp_set_bit(message, tls, TLS_TRUST_BROWSER_CAS);
}

void ot_encode_internet(struct ot_encoder *encoder, struct ot_capnp_struct service)
{
    OT_AUTOLIST struct ot_list allow = {0};
    const struct ot_list deny = {0};

    ot_list_add(&allow, "public");
    add_network(encoder, service, INTERNET_SERVICE, &allow, &deny);
}

/* Every address: for hosts that a function names itself. The sockets of this machine's programs are
 * no hosts. */
static void add_named(struct ot_encoder *encoder, struct ot_capnp_struct service)
{
    OT_AUTOLIST struct ot_list allow = {0};
    OT_AUTOLIST struct ot_list deny = {0};

    ot_list_split(&allow, "public,private");
    ot_list_split(&deny, "unix,unix-abstract");
    add_network(encoder, service, NAMED_SERVICE, &allow, &deny);
}

static char *network_name(const struct ot_encoder *encoder, uint32_t index)
{
    return ot_asprintf(NETWORK_PREFIX "%s", encoder->functions[index]->name);
}

/* A range as the engine wants it: a single address is "192.0.2.1/32" or "2001:db8::1/128". */
static char *range_text(const char *text)
{
    size_t len = strlen(text);

    if (strchr(text, '/') != NULL)
        return ot_strdup(text);
    return text[0] == '[' ? ot_asprintf("%.*s/128", (int)len - 2, text + 1)
                          : ot_asprintf("%s/32", text);
}

static void add_own_network(struct ot_encoder *encoder, struct ot_capnp_struct service,
                            uint32_t index)
{
    OT_AUTOFREE char *name = network_name(encoder, index);
    const struct ot_list *list = list_of(encoder, index);
    OT_AUTOLIST struct ot_list allow = {0};
    const struct ot_list deny = {0};

    ot_list_add(&allow, "public");
    for (size_t i = 0; i < list->count; i++) {
        OT_AUTOFREE char *range = NULL;

        if (!is_whole_range(list->items[i]))
            continue;
        range = range_text(list->items[i]);
        ot_list_add(&allow, range);
    }
    add_network(encoder, service, name, &allow, &deny);
}

/* -- the worker -------------------------------------------------------------------------------- */

static void bind_network(struct ot_encoder *encoder, struct ot_capnp_struct binding,
                         const char *name)
{
    struct ot_capnp *message = encoder->message;
    ot_capnp_blob text = ot_capnp_copy_text(message, ot_span_of(name));

    ot_capnp_use(message, ot_capnp_pointer(binding, BINDING_NAME), text);
    ot_capnp_set_u16(message, binding, BINDING_KIND, BINDING_IS_SERVICE);
    ot_encode_designator(encoder, ot_capnp_pointer(binding, BINDING_BODY), text);
}

static void add_worker(struct ot_encoder *encoder, struct ot_capnp_struct service)
{
    struct ot_capnp_struct worker =
        ot_encode_own_worker(encoder, service, EGRESS_SERVICE, "egress.js", ot_egress_source());
    struct ot_capnp_struct binding =
        ot_capnp_add_list(encoder->message, ot_capnp_pointer(worker, WORKER_BINDINGS),
                          encoder->guarded_networks + 2, BINDING_DATA, BINDING_POINTERS);

    bind_network(encoder, binding, INTERNET_SERVICE);
    bind_network(encoder, ot_capnp_element(binding, 1), NAMED_SERVICE);
    binding = ot_capnp_element(binding, 2);
    for (uint32_t i = 0; i < encoder->function_count; i++) {
        OT_AUTOFREE char *name = network_name(encoder, i);

        if (!encoder->egress[i].guarded || !encoder->egress[i].network)
            continue;
        bind_network(encoder, binding, name);
        binding = ot_capnp_element(binding, 1);
    }
}

void ot_encode_egress(struct ot_encoder *encoder, struct ot_capnp_struct service)
{
    if (encoder->guarded > 0) {
        add_worker(encoder, service);
        add_named(encoder, ot_capnp_element(service, 1));
        service = ot_capnp_element(service, 2);
    }
    for (uint32_t i = 0; i < encoder->function_count; i++) {
        if (!encoder->egress[i].network)
            continue;
        add_own_network(encoder, service, i);
        service = ot_capnp_element(service, 1);
    }
}

/* -- what the worker is told ------------------------------------------------------------------- */

static void write_names(struct ot_json_writer *writer, const char *key, const struct ot_list *list,
                        enum ot_net_kind kind)
{
    ot_jw_array(writer, key);
    for (size_t i = 0; i < list->count; i++) {
        OT_AUTOFREE char *lower = NULL;
        struct ot_net_pattern pattern;

        if (!ot_net_pattern_parse(ot_span_of(list->items[i]), &pattern) || pattern.kind != kind)
            continue;
        lower = ot_strndup(pattern.name.data, pattern.name.len);
        for (char *at = lower; *at != '\0'; at++)
            *at = *at >= 'A' && *at <= 'Z' ? (char)(*at | 0x20) : *at;
        ot_jw_array(writer, NULL);
        ot_jw_string(writer, NULL, lower);
        ot_jw_uint(writer, NULL, pattern.port);
        ot_jw_array_end(writer);
    }
    ot_jw_array_end(writer);
}

static void write_ranges(struct ot_json_writer *writer, const struct ot_list *list)
{
    ot_jw_array(writer, "ranges");
    for (size_t i = 0; i < list->count; i++) {
        char hex[2 * sizeof(((struct ot_net_pattern *)0)->address) + 1];
        struct ot_net_pattern pattern;

        if (!ot_net_pattern_parse(ot_span_of(list->items[i]), &pattern) ||
            pattern.kind != OT_NET_RANGE)
            continue;
        ot_hex(hex, pattern.address, sizeof(pattern.address));
        ot_jw_array(writer, NULL);
        ot_jw_string(writer, NULL, hex);
        ot_jw_uint(writer, NULL, pattern.bits);
        ot_jw_uint(writer, NULL, pattern.port);
        ot_jw_array_end(writer);
    }
    ot_jw_array_end(writer);
}

/* What egress.js reads as ctx.props. */
static void write_rules(const struct ot_encoder *encoder, uint32_t index, const char *network,
                        struct ot_buf *out)
{
    const struct ot_list *list = list_of(encoder, index);
    struct ot_json_writer writer;

    ot_jw_begin(&writer, out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "function", encoder->functions[index]->name);
    ot_jw_bool(&writer, "any", ot_list_has(list, "*"));
    write_names(&writer, "names", list, OT_NET_NAME);
    write_names(&writer, "below", list, OT_NET_BELOW);
    write_ranges(&writer, list);
    ot_jw_string(&writer, "network", network);
    ot_jw_object_end(&writer);
}

void ot_encode_outbound(struct ot_encoder *encoder, struct ot_capnp_struct worker, uint32_t index)
{
    const struct ot_egress *egress = &encoder->egress[index];
    OT_AUTOFREE char *network =
        egress->network ? network_name(encoder, index) : ot_strdup(INTERNET_SERVICE);
    const char *name = egress->guarded ? EGRESS_SERVICE : network;
    struct ot_capnp *message = encoder->message;
    OT_AUTOBUF struct ot_buf rules = {0};
    struct ot_capnp_struct designator;

    if (!egress->guarded && !egress->network)
        return; /* INTERNET_SERVICE is the engine's default */
    designator = ot_encode_designator(encoder, ot_capnp_pointer(worker, WORKER_OUTBOUND),
                                      ot_capnp_copy_text(message, ot_span_of(name)));
    if (!egress->guarded)
        return;
    write_rules(encoder, index, network, &rules);
    ot_capnp_set_u16(message, designator, DESIGNATOR_PROPS, DESIGNATOR_PROPS_JSON);
    ot_capnp_set_text(message, ot_capnp_pointer(designator, DESIGNATOR_PROPS_TEXT),
                      ot_buf_span(&rules));
}
