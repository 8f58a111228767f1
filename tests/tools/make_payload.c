/*
 * For measurements: writes a payload of COUNT members of SIZE bytes each, signed by a fixed key,
 * and prints that key's 64 hexadecimal digits. With `verify` it verifies a payload with that key:
 * `make_payload verify FILE [THREADS]`.
 *
 *     make_payload COUNT SIZE FILE
 */
#include "tests/unit/payload_maker.h"
#include "tests/unit/write_file.h"

#include <stdio.h>

/* Bytes that do not repeat within a member, and no two members are equal (xorshift64*). */
static struct ot_span noise(uint64_t seed, size_t size)
{
    uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
    char *bytes = ot_alloc(size + 8, 1);

    for (size_t at = 0; at < size; at += 8) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        memcpy(bytes + at, &state, 8);
    }
    return (struct ot_span){bytes, size};
}

static int write_payload(size_t count, size_t size, const char *path, struct ot_error *err)
{
    static const char *const keys[] = {"a"};
    struct maker_file *functions = ot_alloc(count, sizeof(*functions));
    const struct maker maker = {.functions = functions,
                                .function_count = count,
                                .sequence = 1,
                                .keys = keys,
                                .key_count = OT_COUNT(keys)};
    OT_AUTOBUF struct ot_buf payload = {0};
    int result;

    ot_buf_reserve(&payload, count * (size + 2048) + (1u << 20));
    for (size_t i = 0; i < count; i++)
        functions[i] = (struct maker_file){ot_asprintf("f%06zu", i), noise(i, size)};
    maker_payload(&maker, &payload);
    result = unit_write_file(path, ot_buf_span(&payload), 0644, false, err);
    /* the members' memory goes with the process */
    free(functions);
    return result;
}

static int verify_payload(const char *path, unsigned threads, struct ot_error *err)
{
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    struct ot_trust trust;
    int result;

    ot_trust_init(&trust);
    maker_trust(&trust, "a");
    result = ot_payload_open(path, &trust, threads, NULL, &payload, err);
    ot_trust_free(&trust);
    return result;
}

int main(int argc, char **argv)
{
    struct ot_error err;
    char hex[2 * OT_PUBLIC_KEY_SIZE + 1];
    struct maker_key key;
    uint64_t count;
    uint64_t size;
    int result;

    if (argc >= 3 && strcmp(argv[1], "verify") == 0) {
        count = 0;
        if (argc > 3 && !ot_parse_uint(ot_span_of(argv[3]), 64, &count))
            return 2;
        result = verify_payload(argv[2], (unsigned)count, &err);
    } else if (argc == 4 && ot_parse_uint(ot_span_of(argv[1]), OT_MEMBERS_MAX, &count) &&
               ot_parse_uint(ot_span_of(argv[2]), OT_PAYLOAD_MAX, &size)) {
        maker_key('a', &key);
        ot_hex(hex, key.public_key.bytes, OT_PUBLIC_KEY_SIZE);
        puts(hex);
        result = write_payload(count, size, argv[3], &err);
    } else {
        fprintf(stderr,
                "usage: make_payload COUNT SIZE FILE | make_payload verify FILE [THREADS]\n");
        return 2;
    }
    if (result < 0)
        fprintf(stderr, "make_payload: %s\n", err.message);
    return result < 0 ? (int)err.kind : 0;
}
