/* Version ranges as npm and JSR have them (semver.org 2.0.0; node-semver's ranges). */
#pragma once

#include "base/buf.h"

enum ot_range_match {
    OT_RANGE_MATCHES,     /* also where `range` is a tag such as "latest", or not a range at all */
    OT_RANGE_OTHER_MINOR, /* outside of the range, but of a major version that it allows */
    OT_RANGE_OTHER_MAJOR, /* of another major version */
};

/*
 * Whether `version` ("1.2.3-beta.1") is in `range` ("^1.2", "1.x", ">=1 <3 || 5.0.0", "1 - 2").
 * Below 1.0.0 the minor version counts as the major one. Takes any bytes.
 */
enum ot_range_match ot_range_check(struct ot_span range, struct ot_span version);
