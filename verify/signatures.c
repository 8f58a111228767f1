#include "verify/signatures.h"

#include "base/base64.h"
#include "base/text.h"
#include "verify/refusal.h"

#include <stdlib.h>
#include <string.h>

#define BASE64_SIZE OT_BASE64_LENGTH(OT_SIGNATURE_SIZE)

static const char tag[] = "onetube-sig-v1 ed25519 ";

#define TAG_SIZE (sizeof(tag) - 1)
#define ID_SIZE (OT_SHA256_HEX - 1u)

_Static_assert(TAG_SIZE + ID_SIZE + 1 + BASE64_SIZE + 1 == OT_SIGNATURE_LINE, "line");
_Static_assert(OT_SIGNATURES_MAX *OT_SIGNATURE_LINE <= OT_PAGE_SIZE, "page");

static int refuse_line(struct ot_error *err, unsigned line, const char *what)
{
    return ot_refuse(err, OT_E_LAYOUT, "%s: line %u: %s", OT_SIGNATURES_NAME, line + 1, what);
}

static int read_line(struct ot_signature *signature, const char *text, unsigned line,
                     struct ot_error *err)
{
    struct ot_span id = {text + TAG_SIZE, ID_SIZE};
    struct ot_span base64 = {id.data + ID_SIZE + 1, BASE64_SIZE};

    if (memcmp(text, tag, TAG_SIZE) != 0)
        return refuse_line(err, line, "does not begin with \"onetube-sig-v1 ed25519 \"");
    if (!ot_is_sha256(id) || id.data[ID_SIZE] != ' ')
        return refuse_line(err, line,
                           "the key id is not 64 lower-case hexadecimal digits and a space");
    if (!ot_base64_read(base64, signature->bytes, OT_SIGNATURE_SIZE))
        return refuse_line(err, line, "the signature is not 64 bytes as 88 base64 characters");
    if (base64.data[BASE64_SIZE] != '\n')
        return refuse_line(err, line, "is longer than 177 bytes");
    memcpy(signature->key_id, id.data, ID_SIZE);
    signature->key_id[ID_SIZE] = '\0';
    return 0;
}

int ot_signature_page_parse(struct ot_signature_page *page, const uint8_t bytes[OT_PAGE_SIZE],
                            struct ot_error *err)
{
    const char *text = (const char *)bytes;
    size_t at = 0;

    page->count = 0;
    while (page->count < OT_SIGNATURES_MAX && text[at] != '\n') {
        if (read_line(&page->items[page->count], text + at, page->count, err) < 0)
            return -1;
        if (page->count > 0 &&
            memcmp(text + at - OT_SIGNATURE_LINE, text + at, OT_SIGNATURE_LINE) >= 0)
            return refuse_line(err, page->count, "stands twice, or the lines are not sorted");
        page->count++;
        at += OT_SIGNATURE_LINE;
    }
    for (; at < OT_PAGE_SIZE; at++) {
        if (text[at] != '\n')
            return ot_refuse(err, OT_E_LAYOUT,
                             "%s: byte %zu behind the last line is 0x%02x, only newlines (0x0a) "
                             "may fill the page",
                             OT_SIGNATURES_NAME, at, bytes[at]);
    }
    return 0;
}

bool ot_signature_line_read(struct ot_signature *signature, struct ot_span text)
{
    char line[OT_SIGNATURE_LINE];
    struct ot_error ignored;

    if (text.len != OT_SIGNATURE_LINE - 1)
        return false;
    memcpy(line, text.data, text.len);
    line[text.len] = '\n';
    return read_line(signature, line, 0, &ignored) == 0;
}

static int compare_lines(const void *a, const void *b)
{
    return memcmp(a, b, OT_SIGNATURE_LINE);
}

void ot_signature_page_write(const struct ot_signature_page *page, uint8_t bytes[OT_PAGE_SIZE])
{
    uint8_t *line = bytes;

    memset(bytes, '\n', OT_PAGE_SIZE);
    for (unsigned i = 0; i < page->count; i++, line += OT_SIGNATURE_LINE) {
        char base64[BASE64_SIZE + 1];

        ot_base64_write(base64, page->items[i].bytes, OT_SIGNATURE_SIZE);
        memcpy(line, tag, TAG_SIZE);
        memcpy(line + TAG_SIZE, page->items[i].key_id, ID_SIZE);
        line[TAG_SIZE + ID_SIZE] = ' ';
        memcpy(line + TAG_SIZE + ID_SIZE + 1, base64, BASE64_SIZE);
    }
    qsort(bytes, page->count, OT_SIGNATURE_LINE, compare_lines);
}
