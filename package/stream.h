/*
 * A file written and hashed in the background: one thread fills buffers, a second one writes each
 * to the file and a third one adds it to the SHA-256 of the whole, so that reading and hashing a
 * member overlaps with both.
 */
#pragma once

#include "base/digest.h"

struct ot_stream;

/*
 * Writes to `fd` from `offset` on. `what` names the file in messages and must outlive the stream.
 * `*out` is released by ot_stream_cleanup, also after a failure.
 */
OT_MUST_USE int ot_stream_open(struct ot_stream **out, int fd, uint64_t offset, const char *what,
                               struct ot_error *err);

/*
 * Where the next bytes go, and how many fit there (at least 1). Fails when the background thread
 * could not write.
 */
OT_MUST_USE int ot_stream_space(struct ot_stream *stream, char **at, size_t *room,
                                struct ot_error *err);
/* The first `len` bytes of that space are filled. */
void ot_stream_advance(struct ot_stream *stream, size_t len);

OT_MUST_USE int ot_stream_put(struct ot_stream *stream, const void *data, size_t len,
                              struct ot_error *err);
OT_MUST_USE int ot_stream_zeros(struct ot_stream *stream, size_t len, struct ot_error *err);

/* Waits until all is written; the digest of all that went through, and how many bytes that were. */
OT_MUST_USE int ot_stream_finish(struct ot_stream *stream, uint8_t digest[OT_SHA256_SIZE],
                                 uint64_t *bytes, struct ot_error *err);

/* Stops the thread, finished or not. */
void ot_stream_cleanup(struct ot_stream **stream);
#define OT_AUTOSTREAM OT_CLEANUP(ot_stream_cleanup)
