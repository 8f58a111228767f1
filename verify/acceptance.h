/*
 * Remembering in the state file that a release was accepted, once it has answered: prepared before
 * the engine starts, so that a place that cannot be written to is found in time; committed when the
 * release has answered its health check. Until then, and after a kill at any moment, the file is
 * the old one; from then on it is the new one.
 */
#pragma once

#include "verify/payload.h"
#include "verify/receipt.h"

struct ot_acceptance;

/*
 * For what was verified with trust->state. Makes `<state file>.lock` beside it, which two writers
 * take turns with. OT_CONFIG when the state file's folder is not there or cannot be written to.
 */
OT_MUST_USE int ot_acceptance_new(const struct ot_payload *payload, const struct ot_trust *trust,
                                  struct ot_acceptance **out, struct ot_error *err);
void ot_acceptance_free(struct ot_acceptance *acceptance);
/* A boot's receipt, taken over, is appended when this is committed. `*acceptance` may be NULL. */
void ot_acceptance_add_receipt(struct ot_acceptance **acceptance,
                               struct ot_pending_receipt *receipt);
/* NULL: there is none. */
struct ot_pending_receipt *ot_acceptance_receipt(const struct ot_acceptance *acceptance);
/* Gives it back, for what is written after it. */
struct ot_pending_receipt *ot_acceptance_take_receipt(struct ot_acceptance *acceptance);

/*
 * Looks again, as another process may have accepted something meanwhile (then what ot_state_check
 * says), and writes. Nothing is written where nothing changes. `told` gets what is worth telling,
 * such as "/var/lib/shop.state: the floor is 8 now, it was 7", or stays as it is. OT_FAILED when it
 * cannot be written, or when another process has it locked for 10 seconds.
 */
OT_MUST_USE int ot_acceptance_commit(struct ot_acceptance *acceptance, struct ot_buf *told,
                                     struct ot_error *err);
