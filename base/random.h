/* Random bytes of the system. */
#pragma once

#include <stddef.h>

/* Fit for keys and for what nobody may guess. Waits at boot until the system has them; never fails.
 */
void ot_random(void *out, size_t len);
