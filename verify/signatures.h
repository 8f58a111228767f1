/*
 * The signature page: 0 to 20 lines of exactly 177 bytes, sorted bytewise, none twice, then
 * newlines up to OT_PAGE_SIZE.
 *
 *     onetube-sig-v1 ed25519 <keyid, 64 lower-case hex> <signature, 88 base64>\n
 */
#pragma once

#include "verify/keys.h"
#include "verify/layout.h"

#define OT_SIGNATURE_LINE 177u
#define OT_SIGNATURES_MAX 20u

struct ot_signature {
    char key_id[OT_SHA256_HEX];
    uint8_t bytes[OT_SIGNATURE_SIZE];
};

struct ot_signature_page {
    struct ot_signature items[OT_SIGNATURES_MAX];
    unsigned count;
};

/* Reads a page; anything but the one valid spelling is E_LAYOUT. */
OT_MUST_USE int ot_signature_page_parse(struct ot_signature_page *page,
                                        const uint8_t bytes[OT_PAGE_SIZE], struct ot_error *err);

/* Writes the page, lines sorted. */
void ot_signature_page_write(const struct ot_signature_page *page, uint8_t bytes[OT_PAGE_SIZE]);

/* One line without its newline; false for anything but the one valid spelling. */
bool ot_signature_line_read(struct ot_signature *signature, struct ot_span text);
