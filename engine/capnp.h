/*
 * Builds one Cap'n Proto message (https://capnproto.org/encoding.html): a single segment of
 * structs, lists and texts, in which large texts and data are not copied but stay where they are
 * until the message is written. The same text or data can be referenced from many places and is
 * written once.
 *
 * Places are word indices in the segment's own part. What outgrows the format's limits (2^29 words
 * between a pointer and its target, 2^29 - 1 bytes in a text or data) is found by ot_capnp_finish.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <sys/uio.h>

/* Bytes of the longest text (without its NUL) and data. */
#define OT_CAPNP_TEXT_MAX ((1u << 29) - 2)

/* Where a pointer goes, and where a struct's fields are. */
typedef uint32_t ot_capnp_slot;

struct ot_capnp_struct {
    uint32_t data; /* word index of its data section */
    uint16_t data_words;
    uint16_t pointers; /* count */
};

/* A text, or data, that pointers can refer to. */
typedef uint32_t ot_capnp_blob;

struct ot_capnp {
    struct ot_buf words;          /* the segment's own part: structs, lists, short texts */
    struct ot_capnp_entry *blobs; /* every text and data, inside `words` or behind it */
    size_t blob_count, blob_cap;
    struct ot_capnp_use *uses; /* pointers to blobs, written by ot_capnp_finish */
    size_t use_count, use_cap;
    struct iovec *pieces; /* the whole message, once finished */
    size_t piece_count;
    uint64_t size; /* bytes of the whole message, once finished */
    uint32_t frame[2];
    bool overflow;
};

/* Starts a message; `message` must be zeroed. The root pointer stands at slot 0. */
void ot_capnp_begin(struct ot_capnp *message);
void ot_capnp_free(struct ot_capnp *message);

/* A new struct, pointed to from `slot`. */
struct ot_capnp_struct ot_capnp_add_struct(struct ot_capnp *message, ot_capnp_slot slot,
                                           uint16_t data_words, uint16_t pointers);
/* A new list of `count` structs (at most 2^29 - 1) of one shape; the result is its first element.
 */
struct ot_capnp_struct ot_capnp_add_list(struct ot_capnp *message, ot_capnp_slot slot,
                                         uint32_t count, uint16_t data_words, uint16_t pointers);
/* Element `index` of the list that begins at `first`. */
struct ot_capnp_struct ot_capnp_element(struct ot_capnp_struct first, uint32_t index);
/* A new list of `count` pointers; the result is the slot of the first, the others follow it. */
ot_capnp_slot ot_capnp_add_pointers(struct ot_capnp *message, ot_capnp_slot slot, uint32_t count);

/* The slot of the struct's pointer `index`. */
ot_capnp_slot ot_capnp_pointer(struct ot_capnp_struct at, uint16_t index);
/* Sets a 16-bit field (an enum or union tag) and one bit of the struct's data section. */
void ot_capnp_set_u16(struct ot_capnp *message, struct ot_capnp_struct at, uint32_t byte,
                      uint16_t value);
void ot_capnp_set_bit(struct ot_capnp *message, struct ot_capnp_struct at, uint32_t bit);

/* A text whose bytes are copied; a text or data whose bytes must live until the message was
 * written. */
ot_capnp_blob ot_capnp_copy_text(struct ot_capnp *message, struct ot_span text);
ot_capnp_blob ot_capnp_borrow_text(struct ot_capnp *message, struct ot_span text);
ot_capnp_blob ot_capnp_borrow_data(struct ot_capnp *message, struct ot_span data);
/* Points `slot` to a blob, which may be used any number of times. */
void ot_capnp_use(struct ot_capnp *message, ot_capnp_slot slot, ot_capnp_blob blob);
/* Copies a text and points to it. */
void ot_capnp_set_text(struct ot_capnp *message, ot_capnp_slot slot, struct ot_span text);

/*
 * Fills in the pointers and lays out `pieces`, frame included. OT_CONFIG when the message is too
 * large for the format. Nothing may be added afterwards.
 */
OT_MUST_USE int ot_capnp_finish(struct ot_capnp *message, struct ot_error *err);
