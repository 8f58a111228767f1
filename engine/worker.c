/* A function's worker: its modules, its variables, and the object that it may live in. */
#include "base/text.h"
#include "engine/egress.h"

#include <string.h>

/* Of our own workers, whatever the payload says: their behaviour belongs to this program. */
#define OWN_DATE "2025-09-15"

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

static int body_blob(struct ot_encoder *encoder, const struct ot_member *member, uint16_t kind,
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

static int add_module(struct ot_encoder *encoder, struct ot_capnp_struct module,
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

static struct ot_capnp_struct add_worker(struct ot_encoder *encoder, struct ot_capnp_struct service)
{
    ot_capnp_set_u16(encoder->message, service, SERVICE_KIND, SERVICE_IS_WORKER);
    return ot_capnp_add_struct(encoder->message, ot_capnp_pointer(service, SERVICE_BODY),
                               WORKER_DATA, WORKER_POINTERS);
}

struct ot_capnp_struct ot_encode_designator(struct ot_encoder *encoder, ot_capnp_slot slot,
                                            ot_capnp_blob name)
{
    struct ot_capnp_struct designator =
        ot_capnp_add_struct(encoder->message, slot, DESIGNATOR_DATA, DESIGNATOR_POINTERS);

    ot_capnp_use(encoder->message, ot_capnp_pointer(designator, DESIGNATOR_NAME), name);
    return designator;
}

struct ot_capnp_struct ot_encode_own_worker(struct ot_encoder *encoder,
                                            struct ot_capnp_struct service, const char *name,
                                            const char *module, struct ot_span source)
{
    struct ot_capnp *message = encoder->message;
    struct ot_capnp_struct worker = add_worker(encoder, service);
    struct ot_capnp_struct at;

    ot_capnp_set_text(message, ot_capnp_pointer(service, SERVICE_NAME), ot_span_of(name));
    ot_capnp_set_text(message, ot_capnp_pointer(worker, WORKER_DATE), OT_SPAN(OWN_DATE));
    at = ot_capnp_add_list(message, ot_capnp_pointer(worker, WORKER_MODULES), 1, MODULE_DATA,
                           MODULE_POINTERS);
    ot_capnp_set_text(message, ot_capnp_pointer(at, MODULE_NAME), ot_span_of(module));
    ot_capnp_set_u16(message, at, MODULE_KIND, MODULE_IS_ES);
    ot_capnp_use(message, ot_capnp_pointer(at, MODULE_BODY), ot_capnp_borrow_text(message, source));
    return worker;
}

static void add_compatibility(struct ot_encoder *encoder, struct ot_capnp_struct worker)
{
    const struct ot_list *flags = &encoder->manifest->compatibility_flags;
    ot_capnp_slot first;

    ot_capnp_use(encoder->message, ot_capnp_pointer(worker, WORKER_DATE), encoder->date);
    first = ot_capnp_add_pointers(encoder->message, ot_capnp_pointer(worker, WORKER_FLAGS),
                                  (uint32_t)flags->count);
    for (uint32_t i = 0; i < flags->count; i++)
        ot_capnp_use(encoder->message, first + i, encoder->flags[i]);
}

static uint32_t count_env(const struct ot_encoder *encoder, const struct ot_function *function)
{
    uint32_t count = 0;

    for (size_t i = 0; i < encoder->env.count; i++)
        count += function_may_read(function, encoder->env.items[i]);
    return count;
}

/* `binding` is the first of as many as count_env says; the result is the one behind them. */
static struct ot_capnp_struct add_env(struct ot_encoder *encoder, struct ot_capnp_struct binding,
                                      const struct ot_function *function)
{
    struct ot_capnp *message = encoder->message;

    for (size_t i = 0; i < encoder->env.count; i++) {
        const char *name = encoder->env.items[i];
        ot_capnp_blob text;

        if (!function_may_read(function, name))
            continue;
        text = ot_capnp_copy_text(message, ot_span_of(name));
        ot_capnp_use(message, ot_capnp_pointer(binding, BINDING_NAME), text);
        ot_capnp_set_u16(message, binding, BINDING_KIND, BINDING_IS_FROM_ENVIRONMENT);
        ot_capnp_use(message, ot_capnp_pointer(binding, BINDING_BODY), text);
        if (!ot_list_has(&encoder->config->env, name))
            ot_list_add(&encoder->config->env, name);
        binding = ot_capnp_element(binding, 1);
    }
    return binding;
}

/*
 * One object of a class that the bundle exports, for build/shim/actor.js to run the function in: in
 * memory, never evicted. `binding` is how its worker reaches it.
 */
static void add_isolate(struct ot_encoder *encoder, struct ot_capnp_struct worker,
                        struct ot_capnp_struct binding, ot_capnp_blob name)
{
    struct ot_capnp *message = encoder->message;
    ot_capnp_blob class_name = ot_capnp_copy_text(message, OT_SPAN(ISOLATE_CLASS));
    struct ot_capnp_struct space, designator;

    space = ot_capnp_add_list(message, ot_capnp_pointer(worker, WORKER_NAMESPACES), 1,
                              NAMESPACE_DATA, NAMESPACE_POINTERS);
    ot_capnp_use(message, ot_capnp_pointer(space, NAMESPACE_CLASS), class_name);
    ot_capnp_use(message, ot_capnp_pointer(space, NAMESPACE_KEY), name);
    ot_capnp_set_bit(message, space, NAMESPACE_PREVENT_EVICTION);
    ot_capnp_set_u16(message, worker, WORKER_STORAGE, WORKER_STORES_IN_MEMORY);

    ot_capnp_set_text(message, ot_capnp_pointer(binding, BINDING_NAME), OT_SPAN(ISOLATE_BINDING));
    ot_capnp_set_u16(message, binding, BINDING_KIND, BINDING_IS_NAMESPACE);
    designator = ot_capnp_add_struct(message, ot_capnp_pointer(binding, BINDING_BODY),
                                     CLASS_DESIGNATOR_DATA, CLASS_DESIGNATOR_POINTERS);
    ot_capnp_use(message, ot_capnp_pointer(designator, CLASS_DESIGNATOR_NAME), class_name);
}

static void add_bindings(struct ot_encoder *encoder, struct ot_capnp_struct worker,
                         const struct ot_function *function, ot_capnp_blob name)
{
    struct ot_capnp_struct binding = ot_capnp_add_list(
        encoder->message, ot_capnp_pointer(worker, WORKER_BINDINGS),
        count_env(encoder, function) + function->config.isolate, BINDING_DATA, BINDING_POINTERS);

    binding = add_env(encoder, binding, function);
    if (function->config.isolate)
        add_isolate(encoder, worker, binding, name);
}

int ot_encode_function(struct ot_encoder *encoder, struct ot_capnp_struct service, uint32_t index,
                       ot_capnp_blob name, struct ot_error *err)
{
    const struct ot_function *function = encoder->functions[index];
    struct ot_capnp_struct worker = add_worker(encoder, service);
    struct ot_capnp_struct modules;

    ot_capnp_use(encoder->message, ot_capnp_pointer(service, SERVICE_NAME), name);
    add_compatibility(encoder, worker);
    add_bindings(encoder, worker, function, name);
    ot_encode_outbound(encoder, worker, index);
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
