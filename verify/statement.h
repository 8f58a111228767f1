/*
 * The statement: what a release is. An in-toto Statement v1 in exactly one spelling (no white
 * space, fixed key order), and what is signed: its DSSE v1 pre-authentication encoding.
 */
#pragma once

#include "base/digest.h"
#include "base/text.h"
#include "verify/layout.h"

#define OT_STATEMENT_TEXT_MAX 128 /* bytes of name and of version */
#define OT_SEQUENCE_MAX OT_SAFE_INTEGER_MAX
#define OT_PAE_MAX (OT_PAGE_SIZE + 64u)

struct ot_statement {
    char name[OT_STATEMENT_TEXT_MAX + 1];
    char version[OT_STATEMENT_TEXT_MAX + 1];
    char manifest_sha256[OT_SHA256_HEX];
    uint64_t manifest_bytes;
    uint64_t sequence;
    bool has_not_after;
    uint64_t not_after; /* seconds since 1970, at most OT_SEQUENCE_MAX */
};

/* 1 to OT_STATEMENT_TEXT_MAX printable ASCII characters without `"` and `\`. */
bool ot_is_statement_text(struct ot_span text);

/*
 * Reads the statement at the front of its page and checks that writing it again gives the same
 * page. E_STATEMENT, or E_SCHEMA for a well-formed statement with another predicate type.
 */
OT_MUST_USE int ot_statement_parse(struct ot_statement *statement, const uint8_t page[OT_PAGE_SIZE],
                                   struct ot_error *err);

/*
 * Writes the text (no newline) and then, if asked for with ot_statement_page, the newlines that
 * fill the page.
 */
void ot_statement_write(const struct ot_statement *statement, struct ot_buf *out);
void ot_statement_page(const struct ot_statement *statement, uint8_t page[OT_PAGE_SIZE]);

/*
 * The bytes that a signature covers: `DSSEv1 28 application/vnd.in-toto+json <len> <text>`. `page`
 * is the page as it stands.
 */
void ot_statement_pae(const uint8_t page[OT_PAGE_SIZE], struct ot_buf *out);
