#include "base/json_write.h"
#include "base/text.h"
#include "engine/capnp.h"
#include "engine/engine.h"
#include "engine/router.h"
#include "engine/schema.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/* The router's own, whatever the payload says: its behaviour belongs to this program. */
#define ROUTER_DATE "2025-09-15"
#define ROUTER_SERVICE "router"
#define INTERNET_SERVICE "internet"
#define PIECES_AT_ONCE 64u

struct ot_engine_config {
    struct ot_capnp message;
    struct ot_list env;
    size_t function_count;
    size_t written_pieces;
    size_t written_bytes; /* of the piece after those */
};

/* A member's place in the message, once some function has needed it. */
struct cached_member {
    bool has_name, has_text, has_data;
    ot_capnp_blob name, text, data;
};

struct encoder {
    const struct ot_payload *payload;
    const struct ot_manifest *manifest;
    const struct ot_engine_plan *plan;
    const struct ot_function **functions; /* those to be started */
    uint32_t function_count;
    struct cached_member *members; /* as in the manifest */
    struct ot_list env;            /* allowed and set, whatever the functions say */
    ot_capnp_blob date;
    ot_capnp_blob *flags;
    struct ot_capnp *message;
    struct ot_engine_config *config;
};

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
static int select_wanted(struct encoder *encoder, const struct ot_list *wanted,
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

static int select_functions(struct encoder *encoder, struct ot_error *err)
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

static void select_env(struct encoder *encoder)
{
    const struct ot_list *names = &encoder->manifest->env;
    const struct ot_list *allowed = encoder->plan->env;

    for (size_t i = 0; allowed != NULL && i < names->count; i++) {
        const char *name = names->items[i];

        if ((ot_list_has(allowed, name) || ot_list_has(allowed, "*")) && getenv(name) != NULL)
            ot_list_add(&encoder->env, name);
    }
}

static bool function_may_read(const struct ot_function *function, const char *name)
{
    const struct ot_optional_list *permitted = &function->config.env;

    return !permitted->given || ot_list_has(&permitted->list, name) ||
           ot_list_has(&permitted->list, "*");
}

/* Files are what a function declared, not code: a script among them is never compiled. */
static uint16_t module_kind(const struct ot_member *member)
{
    struct ot_span path = ot_span_of(member->path);

    if (ot_span_ends(path, ".wasm"))
        return MODULE_IS_WASM;
    if (!ot_span_starts(path, "files/") &&
        (ot_span_ends(path, ".js") || ot_span_ends(path, ".mjs")))
        return MODULE_IS_ES;
    return MODULE_IS_DATA;
}

static int body_blob(struct encoder *encoder, const struct ot_member *member, uint16_t kind,
                     ot_capnp_blob *out, struct ot_error *err)
{
    struct cached_member *cached = &encoder->members[member - encoder->manifest->members];
    struct ot_span bytes = ot_payload_bytes(encoder->payload, member);

    if (bytes.len > OT_CAPNP_TEXT_MAX)
        return ot_fail(err, OT_CONFIG, "%s: %zu bytes, but the engine takes at most %u",
                       member->path, bytes.len, OT_CAPNP_TEXT_MAX);
    if (kind == MODULE_IS_ES) {
        if (!cached->has_text && !ot_is_utf8(bytes))
            return ot_fail(err, OT_CONFIG,
                           "%s: not UTF-8 without NUL, so the engine cannot load it", member->path);
        if (!cached->has_text)
            cached->text = ot_capnp_borrow_text(encoder->message, bytes);
        cached->has_text = true;
        *out = cached->text;
        return 0;
    }
    if (!cached->has_data)
        cached->data = ot_capnp_borrow_data(encoder->message, bytes);
    cached->has_data = true;
    *out = cached->data;
    return 0;
}

static int add_module(struct encoder *encoder, struct ot_capnp_struct module,
                      const struct ot_member *member, uint16_t kind, struct ot_error *err)
{
    struct cached_member *cached = &encoder->members[member - encoder->manifest->members];
    ot_capnp_blob body = 0;

    if (body_blob(encoder, member, kind, &body, err) < 0)
        return -1;
    if (!cached->has_name)
        cached->name = ot_capnp_copy_text(encoder->message, ot_span_of(member->path));
    cached->has_name = true;
    ot_capnp_use(encoder->message, ot_capnp_pointer(module, MODULE_NAME), cached->name);
    ot_capnp_set_u16(encoder->message, module, MODULE_KIND, kind);
    ot_capnp_use(encoder->message, ot_capnp_pointer(module, MODULE_BODY), body);
    return 0;
}

static struct ot_capnp_struct add_worker(struct encoder *encoder, struct ot_capnp_struct service)
{
    ot_capnp_set_u16(encoder->message, service, SERVICE_KIND, SERVICE_IS_WORKER);
    return ot_capnp_add_struct(encoder->message, ot_capnp_pointer(service, SERVICE_BODY),
                               WORKER_DATA, WORKER_POINTERS);
}

static void add_compatibility(struct encoder *encoder, struct ot_capnp_struct worker)
{
    const struct ot_list *flags = &encoder->manifest->compatibility_flags;
    ot_capnp_slot first;

    ot_capnp_use(encoder->message, ot_capnp_pointer(worker, WORKER_DATE), encoder->date);
    first = ot_capnp_add_pointers(encoder->message, ot_capnp_pointer(worker, WORKER_FLAGS),
                                  (uint32_t)flags->count);
    for (uint32_t i = 0; i < flags->count; i++)
        ot_capnp_use(encoder->message, first + i, encoder->flags[i]);
}

static void add_env(struct encoder *encoder, struct ot_capnp_struct worker,
                    const struct ot_function *function)
{
    struct ot_capnp_struct first;
    uint32_t count = 0;

    for (size_t i = 0; i < encoder->env.count; i++)
        count += function_may_read(function, encoder->env.items[i]);
    first = ot_capnp_add_list(encoder->message, ot_capnp_pointer(worker, WORKER_BINDINGS), count,
                              BINDING_DATA, BINDING_POINTERS);
    count = 0;
    for (size_t i = 0; i < encoder->env.count; i++) {
        const char *name = encoder->env.items[i];
        struct ot_capnp_struct binding = ot_capnp_element(first, count);
        ot_capnp_blob text;

        if (!function_may_read(function, name))
            continue;
        text = ot_capnp_copy_text(encoder->message, ot_span_of(name));
        ot_capnp_use(encoder->message, ot_capnp_pointer(binding, BINDING_NAME), text);
        ot_capnp_set_u16(encoder->message, binding, BINDING_KIND, BINDING_IS_FROM_ENVIRONMENT);
        ot_capnp_use(encoder->message, ot_capnp_pointer(binding, BINDING_BODY), text);
        if (!ot_list_has(&encoder->config->env, name))
            ot_list_add(&encoder->config->env, name);
        count++;
    }
}

static int add_function(struct encoder *encoder, struct ot_capnp_struct service,
                        const struct ot_function *function, ot_capnp_blob name,
                        struct ot_error *err)
{
    struct ot_capnp_struct worker = add_worker(encoder, service);
    struct ot_capnp_struct modules;

    ot_capnp_use(encoder->message, ot_capnp_pointer(service, SERVICE_NAME), name);
    add_compatibility(encoder, worker);
    add_env(encoder, worker, function);
    modules = ot_capnp_add_list(encoder->message, ot_capnp_pointer(worker, WORKER_MODULES),
                                (uint32_t)function->module_count + 1, MODULE_DATA, MODULE_POINTERS);
    /* the first module is the one whose exports answer */
    if (add_module(encoder, modules, function->bundle, MODULE_IS_ES, err) < 0)
        return -1;
    for (uint32_t i = 0; i < function->module_count; i++) {
        const struct ot_member *member = function->modules[i];

        if (add_module(encoder, ot_capnp_element(modules, i + 1), member, module_kind(member),
                       err) < 0)
            return -1;
    }
    return 0;
}

/* What router.js reads as env.ROUTES. */
static void write_routes(const struct encoder *encoder, struct ot_buf *out)
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

static void add_designator(struct encoder *encoder, ot_capnp_slot slot, ot_capnp_blob name)
{
    struct ot_capnp_struct designator =
        ot_capnp_add_struct(encoder->message, slot, DESIGNATOR_DATA, DESIGNATOR_POINTERS);

    ot_capnp_use(encoder->message, ot_capnp_pointer(designator, DESIGNATOR_NAME), name);
}

/* `names` are those of the functions' services, which are the router's bindings to them, too. */
static void add_router(struct encoder *encoder, struct ot_capnp_struct service,
                       const ot_capnp_blob *names)
{
    OT_AUTOBUF struct ot_buf routes = {0};
    struct ot_capnp *message = encoder->message;
    struct ot_capnp_struct worker = add_worker(encoder, service);
    struct ot_capnp_struct module, first;

    ot_capnp_set_text(message, ot_capnp_pointer(service, SERVICE_NAME), OT_SPAN(ROUTER_SERVICE));
    ot_capnp_set_text(message, ot_capnp_pointer(worker, WORKER_DATE), OT_SPAN(ROUTER_DATE));
    module = ot_capnp_add_list(message, ot_capnp_pointer(worker, WORKER_MODULES), 1, MODULE_DATA,
                               MODULE_POINTERS);
    ot_capnp_set_text(message, ot_capnp_pointer(module, MODULE_NAME), OT_SPAN("router.js"));
    ot_capnp_set_u16(message, module, MODULE_KIND, MODULE_IS_ES);
    ot_capnp_use(message, ot_capnp_pointer(module, MODULE_BODY),
                 ot_capnp_borrow_text(message, ot_router_source()));

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
        add_designator(encoder, ot_capnp_pointer(binding, BINDING_BODY), names[i]);
    }
}

static void add_internet(struct encoder *encoder, struct ot_capnp_struct service)
{
    struct ot_capnp *message = encoder->message;
    struct ot_capnp_struct network, tls;
    ot_capnp_slot allow;

    ot_capnp_set_text(message, ot_capnp_pointer(service, SERVICE_NAME), OT_SPAN(INTERNET_SERVICE));
    ot_capnp_set_u16(message, service, SERVICE_KIND, SERVICE_IS_NETWORK);
    network = ot_capnp_add_struct(message, ot_capnp_pointer(service, SERVICE_BODY), NETWORK_DATA,
                                  NETWORK_POINTERS);
    allow = ot_capnp_add_pointers(message, ot_capnp_pointer(network, NETWORK_ALLOW), 1);
    ot_capnp_set_text(message, allow, OT_SPAN("public"));
    tls = ot_capnp_add_struct(message, ot_capnp_pointer(network, NETWORK_TLS), TLS_DATA,
                              TLS_POINTERS);
    ot_capnp_set_bit(message, tls, TLS_TRUST_BROWSER_CAS);
}

/* `service` is what answers on it. */
static void add_socket(struct encoder *encoder, ot_capnp_slot slot, ot_capnp_blob service)
{
    struct ot_capnp *message = encoder->message;
    struct ot_capnp_struct socket =
        ot_capnp_add_list(message, slot, 1, SOCKET_DATA, SOCKET_POINTERS);
    struct ot_capnp_struct http;

    ot_capnp_set_text(message, ot_capnp_pointer(socket, SOCKET_NAME), OT_SPAN(OT_ENGINE_SOCKET));
    http = ot_capnp_add_struct(message, ot_capnp_pointer(socket, SOCKET_HTTP), HTTP_DATA,
                               HTTP_POINTERS);
    /* only a gateway may say what a client's request came over */
    if (encoder->plan->direct)
        ot_capnp_set_text(message, ot_capnp_pointer(http, HTTP_FORWARDED_PROTO),
                          OT_SPAN(OT_ENGINE_PROTO_HEADER));
    add_designator(encoder, ot_capnp_pointer(socket, SOCKET_SERVICE), service);
}

static void add_shared_texts(struct encoder *encoder)
{
    const struct ot_manifest *manifest = encoder->manifest;

    encoder->date = ot_capnp_copy_text(encoder->message, ot_span_of(manifest->compatibility_date));
    for (size_t i = 0; i < manifest->compatibility_flags.count; i++)
        encoder->flags[i] = ot_capnp_copy_text(encoder->message,
                                               ot_span_of(manifest->compatibility_flags.items[i]));
}

static int encode(struct encoder *encoder, struct ot_error *err)
{
    struct ot_capnp *message = encoder->message;
    OT_AUTOFREE ot_capnp_blob *names = ot_alloc(encoder->function_count + 1, sizeof(*names));
    const uint32_t first = encoder->plan->direct ? 1 : 2; /* function, after our own services */
    struct ot_capnp_struct root, services;

    ot_capnp_begin(message);
    root = ot_capnp_add_struct(message, 0, CONFIG_DATA, CONFIG_POINTERS);
    services = ot_capnp_add_list(message, ot_capnp_pointer(root, CONFIG_SERVICES),
                                 encoder->function_count + first, SERVICE_DATA, SERVICE_POINTERS);
    add_shared_texts(encoder);
    for (uint32_t i = 0; i < encoder->function_count; i++) {
        OT_AUTOFREE char *name = ot_asprintf(OT_FUNCTION_SERVICE "%s", encoder->functions[i]->name);

        names[i] = ot_capnp_copy_text(message, ot_span_of(name));
        if (add_function(encoder, ot_capnp_element(services, first + i), encoder->functions[i],
                         names[i], err) < 0)
            return -1;
    }
    add_internet(encoder, services);
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
    struct encoder encoder = {.payload = payload,
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
