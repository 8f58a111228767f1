/*
 * What the cache keeps of one build (cache.h): what its functions were, what it looked at, and what
 * came out. As bytes it is one packet (packet.h) that only an authentic record gets to be read
 * from.
 */
#pragma once

#include "build/bundle.h"
#include "build/facts.h"

struct ot_record_function {
    char *name;
    /* Digests of what decides about it beside the file system: its entry, and the import maps and
       other settings for its files */
    char entry[OT_SHA256_HEX];
    char settings[OT_SHA256_HEX];
    bool top_level_await;
};

/* A blob of the cache (cache.h): outputs that one build made, one behind the other. */
struct ot_record_pack {
    char sha256[OT_SHA256_HEX];
    struct ot_span data; /* the bytes are the bundle's */
};

/* Where a file's bytes are. */
struct ot_record_place {
    size_t pack, offset;
};

/* Start from `{0}`. */
struct ot_record {
    struct ot_record_function *functions; /* sorted by name bytewise */
    size_t function_count;
    struct ot_facts facts;
    struct ot_bundle bundle;        /* complete; the data of its files is in the packs */
    struct ot_record_place *places; /* of the files */
    struct ot_record_pack *packs;
    size_t pack_count;
    struct ot_diagnostic *diagnostics; /* warnings */
    size_t diagnostic_count;
};

#define OT_AUTORECORD OT_CLEANUP(ot_record_free)
void ot_record_free(struct ot_record *record);

/* Appends the record as bytes; false: it cannot be written. */
bool ot_record_write(const struct ot_record *record, struct ot_buf *out);
/*
 * Reads one. The lengths of its files and packs are those that they must have, their data is NULL.
 * False: it is none.
 */
bool ot_record_read(struct ot_record *record, struct ot_span bytes);
