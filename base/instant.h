/* Points in time as people and scripts write them. */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/* Milliseconds since 1970, now. */
uint64_t ot_wall_ms(void);

/* No time was given. */
#define OT_NO_TIME UINT64_MAX

/*
 * Seconds since 1970, at most 2^53 - 1, or YYYY-MM-DDTHH:MM:SSZ (RFC 3339, section 5.6; UTC only,
 * years from 1970).
 */
bool ot_parse_time(const char *text, uint64_t *seconds);

/* "2027-01-31T12:00:00.123Z" of milliseconds since 1970 (before the year 10000), NUL-terminated. */
#define OT_INSTANT_TEXT 25
void ot_instant_text(uint64_t ms, char out[OT_INSTANT_TEXT]);
