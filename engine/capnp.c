#include "engine/capnp.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define WORD 8u
#define POINTER_LIST 1u
#define LIST_OF_BYTES 2u
#define LIST_OF_POINTERS 6u
#define LIST_OF_STRUCTS 7u
#define REACH ((int64_t)1 << 29) /* words that a pointer's signed 30-bit offset spans */
#define LIST_MAX ((1u << 29) - 1)

struct ot_capnp_entry {
    struct ot_span bytes; /* borrowed; `data` is NULL when they are in the segment's own part */
    uint64_t word;        /* where it begins in the segment; of a borrowed one, set by finish */
    size_t size;          /* bytes, with a text's NUL */
};

struct ot_capnp_use {
    ot_capnp_slot slot;
    ot_capnp_blob blob;
};

static const char zeros[WORD];

void ot_capnp_free(struct ot_capnp *message)
{
    ot_buf_free(&message->words);
    free(message->blobs);
    free(message->uses);
    free(message->pieces);
    *message = (struct ot_capnp){0};
}

/* Appends zeroed words; returns the index of the first. Past the format's limit all share index 0.
 */
static uint32_t add_words(struct ot_capnp *message, uint64_t count)
{
    size_t first = message->words.len / WORD;

    if (message->overflow || first + count >= (uint64_t)REACH) {
        message->overflow = true;
        return 0;
    }
    memset(ot_buf_reserve(&message->words, (size_t)count * WORD), 0, (size_t)count * WORD);
    message->words.len += (size_t)count * WORD;
    return (uint32_t)first;
}

void ot_capnp_begin(struct ot_capnp *message)
{
    add_words(message, 1);
}

static void store(struct ot_capnp *message, size_t byte, uint64_t value, size_t size)
{
    if (message->overflow)
        return;
    for (size_t i = 0; i < size; i++)
        message->words.data[byte + i] = (char)(value >> (8 * i));
}

/* Struct and list pointers share their lower half: kind, and the distance from the pointer's end to
 * its target. */
static void store_pointer(struct ot_capnp *message, ot_capnp_slot slot, uint64_t target,
                          unsigned kind, uint32_t upper)
{
    int64_t distance = (int64_t)target - (int64_t)slot - 1;

    if (distance >= REACH || distance < -REACH)
        message->overflow = true;
    store(message, (size_t)slot * WORD,
          (uint32_t)((uint64_t)distance << 2) | kind | (uint64_t)upper << 32, WORD);
}

struct ot_capnp_struct ot_capnp_add_struct(struct ot_capnp *message, ot_capnp_slot slot,
                                           uint16_t data_words, uint16_t pointers)
{
    uint32_t at = add_words(message, (uint64_t)data_words + pointers);

    store_pointer(message, slot, at, 0, data_words | (uint32_t)pointers << 16);
    return (struct ot_capnp_struct){at, data_words, pointers};
}

struct ot_capnp_struct ot_capnp_add_list(struct ot_capnp *message, ot_capnp_slot slot,
                                         uint32_t count, uint16_t data_words, uint16_t pointers)
{
    uint64_t content = (uint64_t)count * ((uint64_t)data_words + pointers);
    uint32_t tag = add_words(message, content + 1);

    if (content > LIST_MAX)
        message->overflow = true;
    store_pointer(message, slot, tag, POINTER_LIST,
                  LIST_OF_STRUCTS | (uint32_t)(content & LIST_MAX) << 3);
    /* in front of the elements stands a struct pointer with their count instead of a distance */
    store(message, (size_t)tag * WORD,
          (uint64_t)count << 2 | (uint64_t)data_words << 32 | (uint64_t)pointers << 48, WORD);
    return (struct ot_capnp_struct){tag + 1, data_words, pointers};
}

struct ot_capnp_struct ot_capnp_element(struct ot_capnp_struct first, uint32_t index)
{
    first.data += index * ((uint32_t)first.data_words + first.pointers);
    return first;
}

ot_capnp_slot ot_capnp_add_pointers(struct ot_capnp *message, ot_capnp_slot slot, uint32_t count)
{
    uint32_t at = add_words(message, count);

    if (count > LIST_MAX)
        message->overflow = true;
    store_pointer(message, slot, at, POINTER_LIST, LIST_OF_POINTERS | (count & LIST_MAX) << 3);
    return at;
}

ot_capnp_slot ot_capnp_pointer(struct ot_capnp_struct at, uint16_t index)
{
    return at.data + at.data_words + index;
}

void ot_capnp_set_u16(struct ot_capnp *message, struct ot_capnp_struct at, uint32_t byte,
                      uint16_t value)
{
    store(message, (size_t)at.data * WORD + byte, value, sizeof(value));
}

void ot_capnp_set_bit(struct ot_capnp *message, struct ot_capnp_struct at, uint32_t bit)
{
    if (!message->overflow)
        message->words.data[(size_t)at.data * WORD + bit / 8] |= (char)(1u << bit % 8);
}

static ot_capnp_blob add_blob(struct ot_capnp *message, struct ot_capnp_entry entry)
{
    if (entry.size > LIST_MAX || message->blob_count >= UINT32_MAX)
        message->overflow = true;
    if (message->blob_count == message->blob_cap) {
        message->blob_cap = message->blob_cap * 2 + 16;
        message->blobs = ot_realloc(message->blobs, message->blob_cap, sizeof(*message->blobs));
    }
    message->blobs[message->blob_count] = entry;
    return (ot_capnp_blob)message->blob_count++;
}

ot_capnp_blob ot_capnp_copy_text(struct ot_capnp *message, struct ot_span text)
{
    uint32_t at = add_words(message, text.len / WORD + 1);

    if (!message->overflow && text.len > 0)
        memcpy(message->words.data + (size_t)at * WORD, text.data, text.len);
    return add_blob(message, (struct ot_capnp_entry){.word = at, .size = text.len + 1});
}

static ot_capnp_blob borrow(struct ot_capnp *message, struct ot_span bytes, size_t size)
{
    if (bytes.data == NULL)
        bytes.data = zeros;
    return add_blob(message, (struct ot_capnp_entry){.bytes = bytes, .size = size});
}

ot_capnp_blob ot_capnp_borrow_text(struct ot_capnp *message, struct ot_span text)
{
    return borrow(message, text, text.len + 1);
}

ot_capnp_blob ot_capnp_borrow_data(struct ot_capnp *message, struct ot_span data)
{
    return borrow(message, data, data.len);
}

void ot_capnp_use(struct ot_capnp *message, ot_capnp_slot slot, ot_capnp_blob blob)
{
    if (message->use_count == message->use_cap) {
        message->use_cap = message->use_cap * 2 + 16;
        message->uses = ot_realloc(message->uses, message->use_cap, sizeof(*message->uses));
    }
    message->uses[message->use_count++] = (struct ot_capnp_use){slot, blob};
}

void ot_capnp_set_text(struct ot_capnp *message, ot_capnp_slot slot, struct ot_span text)
{
    ot_capnp_use(message, slot, ot_capnp_copy_text(message, text));
}

static void add_piece(struct ot_capnp *message, const void *data, size_t len)
{
    if (len == 0)
        return;
    /* writev takes no const, and changes nothing */
    message->pieces[message->piece_count++] = (struct iovec){(void *)(uintptr_t)data, len};
    message->size += len;
}

/* Puts the borrowed blobs behind the segment's own part, each filled up to whole words. Returns the
 * words of the segment. */
static uint64_t lay_out(struct ot_capnp *message)
{
    uint64_t words = message->words.len / WORD;

    message->pieces = ot_alloc(2 + 2 * message->blob_count, sizeof(*message->pieces));
    add_piece(message, message->frame, sizeof(message->frame));
    add_piece(message, message->words.data, message->words.len);
    for (size_t i = 0; i < message->blob_count; i++) {
        struct ot_capnp_entry *blob = &message->blobs[i];
        uint64_t size = ((uint64_t)blob->size + WORD - 1) / WORD;

        if (blob->bytes.data == NULL)
            continue;
        blob->word = words;
        words += size;
        add_piece(message, blob->bytes.data, blob->bytes.len);
        add_piece(message, zeros, (size_t)(size * WORD - blob->bytes.len));
    }
    return words;
}

int ot_capnp_finish(struct ot_capnp *message, struct ot_error *err)
{
    uint64_t words;

    if (!message->overflow) {
        words = lay_out(message);
        message->frame[0] = 0; /* one segment, of so many words */
        message->frame[1] = htole32((uint32_t)words);
        for (size_t i = 0; i < message->use_count; i++) {
            const struct ot_capnp_entry *blob = &message->blobs[message->uses[i].blob];

            store_pointer(message, message->uses[i].slot, blob->word, POINTER_LIST,
                          LIST_OF_BYTES | (uint32_t)blob->size << 3);
        }
    }
    if (message->overflow)
        return ot_fail(err, OT_CONFIG,
                       "too large for the engine: a module must stay below 512 MiB, "
                       "and all of them together below 4 GiB");
    return 0;
}
