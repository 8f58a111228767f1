/*
 * What a package.json says about licenses, in terms of SPDX (spdx.org/licenses): only licenses that
 * are known here are called by their identifiers, everything else is a name that somebody gave.
 */
#pragma once

#include "base/buf.h"

enum ot_license_kind {
    OT_LICENSE_ID,         /* "MIT" */
    OT_LICENSE_EXPRESSION, /* "(MIT OR Apache-2.0)": SPDX 2.3, annex D, of known licenses */
    OT_LICENSE_NAME,       /* "SEE LICENSE IN LICENSE.md" */
};

/* `text` is any bytes. */
enum ot_license_kind ot_license_kind(struct ot_span text);
