/* SHA-256 (FIPS 180-4) by Nettle, which uses the processor's SHA instructions. */
#pragma once

#include "base/buf.h"

#include <nettle/sha2.h>
#include <stdint.h>

#define OT_SHA256_SIZE 32
#define OT_SHA256_HEX (2 * OT_SHA256_SIZE + 1)

struct ot_sha256 {
    struct sha256_ctx ctx;
};

void ot_sha256_init(struct ot_sha256 *hash);
void ot_sha256_update(struct ot_sha256 *hash, const void *data, size_t len);
void ot_sha256_final(struct ot_sha256 *hash, uint8_t out[OT_SHA256_SIZE]);

/* In one call: of one span, as bytes or as 64 lower-case hexadecimal digits. */
void ot_sha256(struct ot_span data, uint8_t out[OT_SHA256_SIZE]);
void ot_sha256_hex(struct ot_span data, char out[OT_SHA256_HEX]);
