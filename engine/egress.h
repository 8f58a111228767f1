/*
 * What a function may reach: permissions.net, put into the engine's config.
 *
 * No list, or "*" alone: the service "internet", public addresses, as ever. "*" and ranges of
 * addresses: a network service of its own, "net:<name>". Every other list, also an empty one, goes
 * through our own worker "egress" (engine/egress.js), which checks names, addresses and ports.
 */
#pragma once

#include "engine/encoder.h"

/* Of one function. */
struct ot_egress {
    bool guarded; /* through the worker */
    bool network; /* it has a network service of its own */
};

/* Reads all lists, fills encoder->egress, and returns how many services they need; -1: OT_CONFIG
 * for an item that is no pattern. */
OT_MUST_USE int ot_egress_plan(struct ot_encoder *encoder, struct ot_error *err);
/* Encodes these, from `service` on. */
void ot_encode_egress(struct ot_encoder *encoder, struct ot_capnp_struct service);
/* Where function number `index` sends its requests. */
void ot_encode_outbound(struct ot_encoder *encoder, struct ot_capnp_struct worker, uint32_t index);
/* The service "internet". */
void ot_encode_internet(struct ot_encoder *encoder, struct ot_capnp_struct service);
