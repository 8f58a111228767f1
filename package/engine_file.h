/* The engine's program as a payload carries it: a member that the manifest's `engine` names. */
#pragma once

#include "base/digest.h"
#include "verify/layout.h"

struct ot_engine_file {
    int fd; /* -1 when not open */
    uint64_t size;
    char sha256[OT_SHA256_HEX];
    const char *architecture; /* what uname -m says of such a machine */
};

#define OT_ENGINE_FILE_INIT ((struct ot_engine_file){.fd = -1})
#define OT_AUTOENGINEFILE OT_CLEANUP(ot_engine_file_close)

/*
 * Opens a program and reads it once, for its digest. OT_FAILED for what is no ELF program for an
 * architecture of the engine, or is larger than a payload may be.
 */
OT_MUST_USE int ot_engine_file_open(struct ot_engine_file *file, const char *path,
                                    struct ot_error *err);
void ot_engine_file_close(struct ot_engine_file *file);

/*
 * Appends the manifest's text with the program named in its `engine`; everything else in it stays
 * byte for byte. OT_FAILED when it names one already or is no manifest.
 */
OT_MUST_USE int ot_engine_file_name(const struct ot_engine_file *file, struct ot_span manifest,
                                    struct ot_buf *out, struct ot_error *err);

/*
 * Puts the program into a dist that carries none and names it in the manifest, whose digest is told
 * then.
 */
OT_MUST_USE int ot_engine_file_add(const char *program, const char *dist,
                                   char manifest_sha256[OT_SHA256_HEX], struct ot_error *err);
