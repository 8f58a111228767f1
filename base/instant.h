/* Points in time as people and scripts write them. */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/* No time was given. */
#define OT_NO_TIME UINT64_MAX

/*
 * Seconds since 1970, at most 2^53 - 1, or YYYY-MM-DDTHH:MM:SSZ (RFC 3339, section 5.6; UTC only,
 * years from 1970).
 */
bool ot_parse_time(const char *text, uint64_t *seconds);
