/*
 * Where everything stands in a .1tube payload, version 1: a stored POSIX ustar archive of which
 * exactly one sequence of bytes is valid for a given manifest, statement and set of signatures.
 *
 *     0     header of `signatures`        512   signature page
 *     4096  header of `statement.json`    4608  statement, then newlines
 *     8192  header of `manifest.json`     8704  manifest, zero padding
 *     ...   each member, sorted by path: header, data, zero padding
 *     end   1,024 zero bytes
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

#define OT_BLOCK 512u
#define OT_PAGE_SIZE 3584u /* of the signature page and of the statement page */
#define OT_SIGNATURES_OFFSET 512u
#define OT_STATEMENT_OFFSET 4608u
#define OT_SIGNED_OFFSET 4096u /* from here on the release's digest is taken */
#define OT_MANIFEST_HEADER 8192u
#define OT_MANIFEST_OFFSET 8704u
#define OT_TRAILER_SIZE 1024u
#define OT_MANIFEST_MAX (8u << 20)            /* bytes */
#define OT_PAYLOAD_MAX (1ull << 30)           /* bytes, unless told otherwise */
#define OT_MEMBERS_MAX 65536u                 /* bundles and files together */
#define OT_MEMBER_SIZE_MAX ((1ull << 33) - 1) /* bytes: eleven octal digits */
#define OT_PAYLOAD_MIN (OT_MANIFEST_OFFSET + OT_BLOCK + OT_TRAILER_SIZE)

#define OT_SIGNATURES_NAME "signatures"
#define OT_STATEMENT_NAME "statement.json"
#define OT_MANIFEST_NAME "manifest.json"

/* `size` rounded up to whole blocks. */
uint64_t ot_padded(uint64_t size);

/*
 * Whether a valid path can stand in a header: up to 100 bytes, or with a `/` at which it can be
 * split into at most 155 and at most 100 bytes.
 */
bool ot_member_path_fits(struct ot_span path);

/*
 * The one header that may stand before a member: what libarchive's ustar writer makes of a regular
 * file (mode 0644, owner and time 0). `path` must pass ot_is_relative_path or be one of the three
 * names above, `size` is below 8 GiB. Returns -1 when the path cannot be split to fit ustar's name
 * and prefix fields.
 */
OT_MUST_USE int ot_member_header(struct ot_span path, uint64_t size, uint8_t out[OT_BLOCK]);
