/*
 * Releases that may do more than the one that was accepted before need more signatures, where the
 * trust root says so: a second pair of eyes for power, not for every fix.
 */
#pragma once

#include "verify/power.h"
#include "verify/state.h"

/*
 * E_POLICY when `after` may do more (ot_power_is_growth) than the manifest that the state remembers
 * and fewer than `threshold` distinct release keys have signed it. A remembered manifest that this
 * build cannot read counts as one that could do less. Without one there is nothing to compare.
 */
OT_MUST_USE int ot_growth_check(const struct ot_state *state, const struct ot_manifest *after,
                                size_t signed_by, unsigned threshold, struct ot_error *err);
