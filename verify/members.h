/* Private to verify/: taking all members into the image and hashing them, on several threads. */
#pragma once

#include "verify/source.h"

/*
 * Takes every member and compares its SHA-256. The image must have the manifest's payload_size.
 * With several faulty members the error is that of the first in path order, however many threads
 * there are: E_LAYOUT, E_HASH, or OT_FAILED when reading fails.
 */
OT_MUST_USE int ot_members_take(const struct ot_source *source, struct ot_image *image,
                                const struct ot_manifest *manifest, unsigned threads,
                                struct ot_error *err);
