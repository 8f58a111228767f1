#include "verify/layout.h"

#include <string.h>

/* Fields of a ustar header (POSIX.1-2001, pax, "ustar Interchange Format"): offset and length. */
#define NAME_SIZE 100u
#define PREFIX_AT 345u
#define PREFIX_SIZE 155u
#define SIZE_AT 124u
#define SIZE_DIGITS 11u
#define SIZE_LIMIT (1ull << (3 * SIZE_DIGITS))
#define CHECKSUM_AT 148u
#define CHECKSUM_SIZE 8u

uint64_t ot_padded(uint64_t size)
{
    return (size + OT_BLOCK - 1) / OT_BLOCK * OT_BLOCK;
}

static void put_octal(uint8_t *at, unsigned digits, uint64_t value)
{
    while (digits > 0) {
        digits--;
        at[digits] = (uint8_t)('0' + (value & 7));
        value >>= 3;
    }
}

/*
 * Where a name over 100 bytes is split: the length of the prefix, up to the first `/` that leaves
 * at most 100 bytes behind it; 0 where none does.
 */
static size_t prefix_length(struct ot_span path)
{
    const char *slash;
    size_t from = path.len - NAME_SIZE - 1;

    slash = memchr(path.data + from, '/', path.len - from);
    return slash != NULL ? (size_t)(slash - path.data) : 0;
}

bool ot_member_path_fits(struct ot_span path)
{
    size_t prefix;

    if (path.len <= NAME_SIZE)
        return path.len > 0;
    prefix = prefix_length(path);
    return prefix > 0 && prefix <= PREFIX_SIZE && prefix + 1 < path.len;
}

int ot_member_header(struct ot_span path, uint64_t size, uint8_t out[OT_BLOCK])
{
    /* Everything but name, size and checksum is the same in every header. */
    static const char mode_and_owner[] = "000644 \0"
                                         "000000 \0"
                                         "000000 ";
    static const char mtime[] = "00000000000 ";
    static const char magic[] = "ustar\0"
                                "00";
    static const char device[] = "000000 \0"
                                 "000000 ";
    size_t prefix = 0;
    unsigned sum = CHECKSUM_SIZE * ' ';

    if (!ot_member_path_fits(path) || size >= SIZE_LIMIT)
        return -1;
    memset(out, 0, OT_BLOCK);
    if (path.len > NAME_SIZE) {
        prefix = prefix_length(path);
        memcpy(out + PREFIX_AT, path.data, prefix);
        prefix++; /* the `/` itself is not kept */
    }
    memcpy(out, path.data + prefix, path.len - prefix);
    memcpy(out + 100, mode_and_owner, sizeof(mode_and_owner));
    put_octal(out + SIZE_AT, SIZE_DIGITS, size);
    out[SIZE_AT + SIZE_DIGITS] = ' ';
    memcpy(out + 136, mtime, sizeof(mtime) - 1);
    out[156] = '0';
    memcpy(out + 257, magic, sizeof(magic) - 1);
    memcpy(out + 329, device, sizeof(device));
    for (size_t i = 0; i < OT_BLOCK; i++)
        sum += out[i];
    put_octal(out + CHECKSUM_AT, 6, sum);
    out[CHECKSUM_AT + 6] = '\0';
    out[CHECKSUM_AT + 7] = ' ';
    return 0;
}
