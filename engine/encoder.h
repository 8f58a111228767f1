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
    ot_capnp_blob date;
    ot_capnp_blob *flags;
    struct ot_capnp *message;
    struct ot_engine_config *config;
};

/* Makes `service` a worker that has no field set yet. */
struct ot_capnp_struct ot_encode_worker(struct ot_encoder *encoder, struct ot_capnp_struct service);

/* Makes `service` the worker of `function`, called `name`. OT_CONFIG for modules that the engine
 * cannot take. */
OT_MUST_USE int ot_encode_function(struct ot_encoder *encoder, struct ot_capnp_struct service,
                                   const struct ot_function *function, ot_capnp_blob name,
                                   struct ot_error *err);
