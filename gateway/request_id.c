#include "gateway/request_id.h"

#include "base/random.h"
#include "base/text.h"

#include <string.h>

#define SEQUENCE_MAX 0xfffu /* rand_a, 12 bits */

/* The random and the sampled flag; all others must be zero. */
#define TRACE_FLAGS 0x03u

/* The next random bytes; `len` is far below the size of the store. */
static const uint8_t *take(struct ot_ids *ids, size_t len)
{
    if (!ids->filled || sizeof(ids->random) - ids->used < len) {
        ot_random(ids->random, sizeof(ids->random));
        ids->filled = true;
        ids->used = 0;
    }
    ids->used += len;
    return ids->random + ids->used - len;
}

void ot_request_id(struct ot_ids *ids, uint64_t now_ms, char out[OT_REQUEST_ID])
{
    uint8_t id[16];
    char text[2 * sizeof(id) + 1];
    const uint8_t *random;

    if (now_ms > ids->last_ms) {
        ids->last_ms = now_ms;
        random = take(ids, 2);
        /* begins in the lower half, so that there is room to count */
        ids->sequence = (uint32_t)(random[0] << 8 | random[1]) & (SEQUENCE_MAX >> 1);
    } else if (++ids->sequence > SEQUENCE_MAX) {
        ids->last_ms++;
        ids->sequence = 0;
    }
    for (unsigned i = 0; i < 6; i++)
        id[i] = (uint8_t)(ids->last_ms >> (40 - 8 * i));
    id[6] = (uint8_t)(0x70 | ids->sequence >> 8);
    id[7] = (uint8_t)ids->sequence;
    memcpy(id + 8, take(ids, 8), 8);
    id[8] = (id[8] & 0x3f) | 0x80;
    ot_hex(text, id, sizeof(id));
    memcpy(out, text, 8);
    for (unsigned i = 0; i < 3; i++) {
        out[8 + 5 * i] = '-';
        memcpy(out + 9 + 5 * i, text + 8 + 4 * i, 4);
    }
    out[23] = '-';
    memcpy(out + 24, text + 20, 12);
}

/* What a traceparent holds, in its order. */
struct trace {
    uint8_t version, id[16], parent[8], flags;
};

static bool is_zero(const uint8_t *bytes, size_t len)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* Later versions may have more behind it (section 3.2.4, "Versioning of traceparent"). */
static bool read_trace(struct ot_span given, struct trace *trace)
{
    const char *text = given.data;

    if (given.len < OT_TRACEPARENT || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return false;
    for (size_t i = 0; i < OT_TRACEPARENT; i++) {
        if (text[i] >= 'A' && text[i] <= 'F')
            return false;
    }
    return ot_unhex(&trace->version, 1, (struct ot_span){text, 2}) &&
           ot_unhex(trace->id, 16, (struct ot_span){text + 3, 32}) &&
           ot_unhex(trace->parent, 8, (struct ot_span){text + 36, 16}) &&
           ot_unhex(&trace->flags, 1, (struct ot_span){text + 53, 2}) && trace->version != 0xff &&
           (given.len == OT_TRACEPARENT || (trace->version != 0 && text[OT_TRACEPARENT] == '-')) &&
           !is_zero(trace->id, sizeof(trace->id)) && !is_zero(trace->parent, sizeof(trace->parent));
}

static void write_trace(const struct trace *trace, char out[OT_TRACEPARENT])
{
    char text[2 * sizeof(*trace) + 1];

    ot_hex(text, trace, sizeof(*trace));
    memcpy(out, text, 2);
    out[2] = '-';
    memcpy(out + 3, text + 2, 32);
    out[35] = '-';
    memcpy(out + 36, text + 34, 16);
    out[52] = '-';
    memcpy(out + 53, text + 50, 2);
}

_Static_assert(sizeof(struct trace) == 26, "hexadecimal of it is the text without its dashes");

bool ot_traceparent(struct ot_ids *ids, struct ot_span given, char out[OT_TRACEPARENT])
{
    struct trace trace;
    bool kept = read_trace(given, &trace);

    if (!kept) {
        memcpy(trace.id, take(ids, sizeof(trace.id)), sizeof(trace.id));
        trace.id[0] |= (uint8_t)is_zero(trace.id, sizeof(trace.id));
        trace.flags = 0;
    }
    memcpy(trace.parent, take(ids, sizeof(trace.parent)), sizeof(trace.parent));
    trace.parent[0] |= (uint8_t)is_zero(trace.parent, sizeof(trace.parent));
    trace.version = 0;
    trace.flags &= TRACE_FLAGS;
    write_trace(&trace, out);
    return kept;
}
