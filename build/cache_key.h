/* The key that authenticates the records of the cache (cache.h). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define OT_CACHE_KEY_SIZE 32

/* Reads it, or makes it. False: it is not there and cannot be made, or is not fit to be trusted. */
bool ot_cache_key(uint8_t key[OT_CACHE_KEY_SIZE]);
