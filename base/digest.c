#include "base/digest.h"

#include "base/text.h"

void ot_sha256_init(struct ot_sha256 *hash)
{
    sha256_init(&hash->ctx);
}

void ot_sha256_update(struct ot_sha256 *hash, const void *data, size_t len)
{
    sha256_update(&hash->ctx, len, data);
}

void ot_sha256_final(struct ot_sha256 *hash, uint8_t out[OT_SHA256_SIZE])
{
    sha256_digest(&hash->ctx, OT_SHA256_SIZE, out);
}

void ot_sha256(struct ot_span data, uint8_t out[OT_SHA256_SIZE])
{
    struct ot_sha256 hash;

    ot_sha256_init(&hash);
    ot_sha256_update(&hash, data.data, data.len);
    ot_sha256_final(&hash, out);
}

void ot_sha256_hex(struct ot_span data, char out[OT_SHA256_HEX])
{
    uint8_t raw[OT_SHA256_SIZE];

    ot_sha256(data, raw);
    ot_hex(out, raw, sizeof(raw));
}
