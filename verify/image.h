/*
 * Private to verify/: the memory in which a payload is put together. Anonymous and private, so
 * no other process can write to it and no truncated file can fault it; huge pages where the
 * system has them.
 */
#pragma once

#include "base/error.h"

#include <stdint.h>

struct ot_image {
    uint8_t *bytes; /* NULL while nothing is mapped; zeros where nothing was put */
    uint64_t size;
};

/* Makes it at least `size` bytes, which may move it. OT_FAILED when there is no memory. */
OT_MUST_USE int ot_image_grow(struct ot_image *image, uint64_t size, struct ot_error *err);
/* From now on nothing in this process can write to it either. */
OT_MUST_USE int ot_image_seal(struct ot_image *image, struct ot_error *err);
/* Gives the memory of these bytes back, as far as nothing else is in its pages; they read as zeros
 * then. */
void ot_image_release(struct ot_image *image, uint64_t offset, uint64_t size);
void ot_image_free(struct ot_image *image);
