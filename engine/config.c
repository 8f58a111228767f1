#include "base/json_write.h"
#include "base/text.h"
#include "engine/egress.h"
#include "engine/scripts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define ROUTER_SERVICE "router"
#define PIECES_AT_ONCE 64u

void ot_engine_config_free(struct ot_engine_config *config)
{
    if (config == NULL)
        return;
    ot_capnp_free(&config->message);
    ot_list_free(&config->env);
    free(config);
}

void ot_engine_config_cleanup(struct ot_engine_config **config)
{
    ot_engine_config_free(*config);
}

uint64_t ot_engine_config_size(const struct ot_engine_config *config)
{
    return config->message.size;
}

size_t ot_engine_config_functions(const struct ot_engine_config *config)
{
    return config->function_count;
}

const struct ot_list *ot_engine_config_env(const struct ot_engine_config *config)
{
    return &config->env;
}

static int by_place(const void *a, const void *b)
{
    const struct ot_function *const *left = a, *const *right = b;

    return (*left > *right) - (*left < *right);
}

/* In the manifest's order and each once. Never walks all functions: a payload may have hundreds,
 * each in an engine of its own. */
static int select_wanted(struct ot_encoder *encoder, const struct ot_list *wanted,
                         struct ot_error *err)
{
    const struct ot_function **functions = ot_alloc(wanted->count, sizeof(*functions));
    uint32_t count = 0;

    encoder->functions = functions;
    for (size_t i = 0; i < wanted->count; i++) {
        functions[i] = ot_manifest_function(encoder->manifest, ot_span_of(wanted->items[i]));
        if (functions[i] == NULL)
            return ot_fail(err, OT_USAGE, "there is no function \"%.64s\" in the payload",
                           wanted->items[i]);
    }
    qsort(functions, wanted->count, sizeof(*functions), by_place);
    for (size_t i = 0; i < wanted->count; i++) {
        if (i == 0 || functions[i] != functions[i - 1])
            functions[count++] = functions[i];
    }
    encoder->function_count = count;
    return 0;
}

static int select_functions(struct ot_encoder *encoder, struct ot_error *err)
{
    const struct ot_manifest *manifest = encoder->manifest;
    const struct ot_list *wanted = encoder->plan->functions;

    if (wanted == NULL || wanted->count == 0) {
        encoder->functions = ot_alloc(manifest->function_count + 1, sizeof(*encoder->functions));
        for (size_t i = 0; i < manifest->function_count; i++)
            encoder->functions[encoder->function_count++] = &manifest->functions[i];
    } else if (select_wanted(encoder, wanted, err) < 0) {
        return -1;
    }
    if (encoder->plan->direct && encoder->function_count != 1)
        return ot_fail(err, OT_USAGE, "a direct engine has one function, not %u",
                       encoder->function_count);
    return 0;
}

static void select_env(struct ot_encoder *encoder)
{
    const struct ot_list *names = &encoder->manifest->env;
    const struct ot_list *allowed = encoder->plan->env;

    for (size_t i = 0; allowed != NULL && i < names->count; i++) {
        const char *name = names->items[i];

        if ((ot_list_has(allowed, name) || ot_list_has(allowed, "*")) && getenv(name) != NULL)
            ot_list_add(&encoder->env, name);
    }
}

/* What router.js reads as env.ROUTES. */
static void write_routes(const struct ot_encoder *encoder, struct ot_buf *out)
{
    struct ot_json_writer writer;

    ot_jw_begin(&writer, out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "prefix", encoder->plan->route_prefix);
    ot_jw_bool(&writer, "trustIdentity", encoder->plan->trust_identity_headers);
    ot_jw_object(&writer, "functions");
    for (uint32_t i = 0; i < encoder->function_count; i++)
        ot_jw_bool(&writer, encoder->functions[i]->name, encoder->functions[i]->config.is_public);
    ot_jw_object_end(&writer);
    ot_jw_object_end(&writer);
}

/* `names` are those of the functions' services, which are the router's bindings to them, too. */
static void add_router(struct ot_encoder *encoder, struct ot_capnp_struct service,
                       const ot_capnp_blob *names)
{
    OT_AUTOBUF struct ot_buf routes = {0};
    struct ot_capnp *message = encoder->message;
    struct ot_capnp_struct worker =
        ot_encode_own_worker(encoder, service, ROUTER_SERVICE, "router.js", ot_router_source());
    struct ot_capnp_struct first;

    first = ot_capnp_add_list(message, ot_capnp_pointer(worker, WORKER_BINDINGS),
                              encoder->function_count + 1, BINDING_DATA, BINDING_POINTERS);
    write_routes(encoder, &routes);
    ot_capnp_set_text(message, ot_capnp_pointer(first, BINDING_NAME), OT_SPAN("ROUTES"));
    ot_capnp_set_u16(message, first, BINDING_KIND, BINDING_IS_JSON);
    ot_capnp_set_text(message, ot_capnp_pointer(first, BINDING_BODY), ot_buf_span(&routes));
    for (uint32_t i = 0; i < encoder->function_count; i++) {
        struct ot_capnp_struct binding = ot_capnp_element(first, i + 1);

        ot_capnp_use(message, ot_capnp_pointer(binding, BINDING_NAME), names[i]);
        ot_capnp_set_u16(message, binding, BINDING_KIND, BINDING_IS_SERVICE);
        ot_encode_designator(encoder, ot_capnp_pointer(binding, BINDING_BODY), names[i]);
    }
}

/* `service` is what answers on it. */
static void add_socket(struct ot_encoder *encoder, ot_capnp_slot slot, ot_capnp_blob service)
{
    struct ot_capnp *message = encoder->message;
    struct ot_capnp_struct socket =
        ot_capnp_add_list(message, slot, 1, SOCKET_DATA, SOCKET_POINTERS);
    struct ot_capnp_struct http;

    ot_capnp_set_text(message, ot_capnp_pointer(socket, SOCKET_NAME), OT_SPAN(OT_ENGINE_SOCKET));
    http = ot_capnp_add_struct(message, ot_capnp_pointer(socket, SOCKET_HTTP), HTTP_DATA,
                               HTTP_POINTERS);
    /* only a gateway may say what a client's request came over */
    if (encoder->plan->direct || encoder->plan->trust_proto)
        ot_capnp_set_text(message, ot_capnp_pointer(http, HTTP_FORWARDED_PROTO),
                          OT_SPAN(OT_ENGINE_PROTO_HEADER));
    ot_encode_designator(encoder, ot_capnp_pointer(socket, SOCKET_SERVICE), service);
}

static void add_shared_texts(struct ot_encoder *encoder)
{
    const struct ot_manifest *manifest = encoder->manifest;

    encoder->date = ot_capnp_copy_text(encoder->message, ot_span_of(manifest->compatibility_date));
    for (size_t i = 0; i < manifest->compatibility_flags.count; i++)
        encoder->flags[i] = ot_capnp_copy_text(encoder->message,
                                               ot_span_of(manifest->compatibility_flags.items[i]));
}

static int encode(struct ot_encoder *encoder, struct ot_error *err)
{
    struct ot_capnp *message = encoder->message;
    OT_AUTOFREE ot_capnp_blob *names = ot_alloc(encoder->function_count + 1, sizeof(*names));
    const uint32_t first = encoder->plan->direct ? 1 : 2; /* function, after our own services */
    const uint32_t behind = first + encoder->function_count;
    struct ot_capnp_struct root, services;
    int egress = ot_egress_plan(encoder, err);

    if (egress < 0)
        return -1;

    ot_capnp_begin(message);
    root = ot_capnp_add_struct(message, 0, CONFIG_DATA, CONFIG_POINTERS);
    services = ot_capnp_add_list(message, ot_capnp_pointer(root, CONFIG_SERVICES),
                                 behind + (uint32_t)egress, SERVICE_DATA, SERVICE_POINTERS);
    add_shared_texts(encoder);
    for (uint32_t i = 0; i < encoder->function_count; i++) {
        OT_AUTOFREE char *name = ot_asprintf(OT_FUNCTION_SERVICE "%s", encoder->functions[i]->name);

        names[i] = ot_capnp_copy_text(message, ot_span_of(name));
        if (ot_encode_function(encoder, ot_capnp_element(services, first + i), i, names[i], err) <
            0)
            return -1;
    }
    ot_encode_internet(encoder, services);
    ot_encode_egress(encoder, ot_capnp_element(services, behind));
    if (!encoder->plan->direct)
        add_router(encoder, ot_capnp_element(services, 1), names);
    add_socket(encoder, ot_capnp_pointer(root, CONFIG_SOCKETS),
               encoder->plan->direct ? names[0]
                                     : ot_capnp_copy_text(message, OT_SPAN(ROUTER_SERVICE)));
    return ot_capnp_finish(message, err);
}

int ot_engine_config_make(const struct ot_payload *payload, const struct ot_engine_plan *plan,
                          struct ot_engine_config **out, struct ot_error *err)
{
    OT_AUTOCONFIG struct ot_engine_config *config = ot_alloc(1, sizeof(*config));
    const struct ot_manifest *manifest = ot_payload_manifest(payload);
    OT_AUTOFREE struct cached_member *members =
        ot_alloc(manifest->member_count + 1, sizeof(*members));
    OT_AUTOFREE ot_capnp_blob *flags =
        ot_alloc(manifest->compatibility_flags.count + 1, sizeof(*flags));
    struct ot_encoder encoder = {.payload = payload,
                                 .manifest = manifest,
                                 .plan = plan,
                                 .members = members,
                                 .flags = flags,
                                 .message = &config->message,
                                 .config = config};
    int made = select_functions(&encoder, err);

    if (made == 0) {
        select_env(&encoder);
        made = encode(&encoder, err);
    }
    config->function_count = encoder.function_count;
    free(encoder.functions);
    free(encoder.egress);
    ot_list_free(&encoder.env);
    if (made == 0)
        *out = OT_STEAL(config);
    return made;
}

int ot_engine_config_write(struct ot_engine_config *config, int fd, struct ot_error *err)
{
    const struct ot_capnp *message = &config->message;

    while (config->written_pieces < message->piece_count) {
        struct iovec batch[PIECES_AT_ONCE];
        size_t left = message->piece_count - config->written_pieces;
        size_t count = left < PIECES_AT_ONCE ? left : PIECES_AT_ONCE;
        ssize_t put;

        memcpy(batch, message->pieces + config->written_pieces, count * sizeof(*batch));
        batch[0].iov_base = (char *)batch[0].iov_base + config->written_bytes;
        batch[0].iov_len -= config->written_bytes;
        put = writev(fd, batch, (int)count);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            return 0;
        if (put < 0)
            return ot_fail_errno(err, OT_TOOL, "giving the engine its configuration");
        config->written_bytes += (size_t)put;
        while (config->written_pieces < message->piece_count &&
               config->written_bytes >= message->pieces[config->written_pieces].iov_len)
            config->written_bytes -= message->pieces[config->written_pieces++].iov_len;
    }
    return 1;
}
