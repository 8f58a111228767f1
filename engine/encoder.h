/* The parts of the encoding of an engine's config: engine/config.c makes the whole of them. */
#pragma once

#include "engine/capnp.h"
#include "engine/engine.h"
#include "engine/schema.h"

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

struct ot_encoder {
    const struct ot_payload *payload;
    const struct ot_manifest *manifest;
    const struct ot_engine_plan *plan;
    const struct ot_function **functions; /* those to be started */
    uint32_t function_count;
    struct cached_member *members; /* as in the manifest */
    struct ot_list env;            /* allowed and set, whatever the functions say */
    struct ot_egress *egress;      /* as in `functions`; see engine/egress.h */
    uint32_t guarded;              /* how many of them go through the worker "egress" */
    uint32_t guarded_networks;     /* how many of those have a network of their own */
    ot_capnp_blob date;
    ot_capnp_blob *flags;
    struct ot_capnp *message;
    struct ot_engine_config *config;
};

/* Points `slot` to the service called `name`. */
struct ot_capnp_struct ot_encode_designator(struct ot_encoder *encoder, ot_capnp_slot slot,
                                            ot_capnp_blob name);

/* Makes `service` a worker of ours, called `name`, with this one module and no binding yet. */
struct ot_capnp_struct ot_encode_own_worker(struct ot_encoder *encoder,
                                            struct ot_capnp_struct service, const char *name,
                                            const char *module, struct ot_span source);

/* Makes `service` the worker of function number `index`, called `name`. OT_CONFIG for modules that
 * the engine cannot take. */
OT_MUST_USE int ot_encode_function(struct ot_encoder *encoder, struct ot_capnp_struct service,
                                   uint32_t index, ot_capnp_blob name, struct ot_error *err);
