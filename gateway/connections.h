/* How many connections are open, in all and from each address (of IPv6: from each /64); shared by
 * all threads. Memory is bounded by the largest number of connections. */
#pragma once

#include "gateway/address.h"

struct ot_connections;

/* `max` (at least 1) in all, `per_address` (0: no limit) from one address. */
struct ot_connections *ot_connections_new(uint64_t max, uint64_t per_address);
void ot_connections_free(struct ot_connections *connections);

/* Counts one more; false when there are too many, and then nothing was counted. With `is_exempt`
 * the limit for its address does not hold. */
bool ot_connections_enter(struct ot_connections *connections, const struct ot_address *address,
                          bool is_exempt);
/* For each that entered, with the same arguments. */
void ot_connections_leave(struct ot_connections *connections, const struct ot_address *address,
                          bool is_exempt);
uint64_t ot_connections_open(const struct ot_connections *connections);
