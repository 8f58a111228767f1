#include "verify/statement.h"

#include "base/json.h"
#include "base/text.h"
#include "verify/field.h"
#include "verify/in_toto.h"
#include "verify/pae.h"
#include "verify/refusal.h"

#include <inttypes.h>
#include <string.h>

#define PREDICATE_TYPE "urn:onetube:payload:v1"

bool ot_is_statement_text(struct ot_span text)
{
    if (text.len == 0 || text.len > OT_STATEMENT_TEXT_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c < ' ' || c > '~' || c == '"' || c == '\\')
            return false;
    }
    return true;
}

/* The text at the front of its page: all before the newlines that fill it. */
static struct ot_span text_of(const uint8_t page[OT_PAGE_SIZE])
{
    struct ot_span text = {(const char *)page, OT_PAGE_SIZE};

    while (text.len > 0 && text.data[text.len - 1] == '\n')
        text.len--;
    return text;
}

static int read_predicate(struct ot_json *json, struct ot_statement *statement,
                          struct ot_error *err)
{
    struct ot_span key;
    int more;

    if (ot_json_expect_key(json, "predicate", err) < 0 || ot_json_object(json, err) < 0 ||
        ot_in_toto_text(json, "name", statement->name, err) < 0 ||
        ot_in_toto_text(json, "version", statement->version, err) < 0 ||
        ot_field_uint(json, "sequence", OT_SEQUENCE_MAX, &statement->sequence, err) < 0 ||
        ot_field_uint(json, "manifestBytes", OT_MANIFEST_MAX, &statement->manifest_bytes, err) < 0)
        return -1;
    more = ot_json_key(json, &key, err);
    if (more <= 0)
        return more;
    if (!ot_span_is(key, "notAfter"))
        return ot_json_fail(json, err, "an unknown key, expected \"notAfter\" or none");
    statement->has_not_after = true;
    if (ot_json_uint(json, OT_SEQUENCE_MAX, &statement->not_after, err) < 0)
        return -1;
    return ot_json_expect_end(json, err);
}

static int read_statement(struct ot_json *json, struct ot_statement *statement,
                          struct ot_error *err)
{
    if (ot_in_toto_head(json, PREDICATE_TYPE, statement->manifest_sha256, err) < 0 ||
        read_predicate(json, statement, err) < 0 || ot_json_expect_end(json, err) < 0)
        return -1;
    return ot_json_finish(json, err);
}

/* The one spelling: white space, escapes and the like were still accepted by the reader. */
static int check_spelling(const struct ot_statement *statement, const uint8_t page[OT_PAGE_SIZE],
                          struct ot_error *err)
{
    uint8_t again[OT_PAGE_SIZE];
    size_t at = 0;

    ot_statement_page(statement, again);
    while (at < OT_PAGE_SIZE && page[at] == again[at])
        at++;
    if (at < OT_PAGE_SIZE)
        return ot_refuse(err, OT_E_STATEMENT,
                         "not the one valid spelling: byte %zu is 0x%02x, expected 0x%02x", at,
                         page[at], again[at]);
    return 0;
}

int ot_statement_parse(struct ot_statement *statement, const uint8_t page[OT_PAGE_SIZE],
                       struct ot_error *err)
{
    struct ot_json json;
    int result;

    memset(statement, 0, sizeof(*statement));
    ot_json_begin(&json, text_of(page), 0);
    result = read_statement(&json, statement, err);
    ot_json_end(&json);
    if (result == 0)
        result = check_spelling(statement, page, err);
    if (result < 0) {
        if (err->kind != OT_REFUSED) {
            err->kind = OT_REFUSED;
            err->code = OT_E_STATEMENT;
        }
        return ot_error_prefix(err, "%s", OT_STATEMENT_NAME);
    }
    return 0;
}

void ot_statement_write(const struct ot_statement *statement, struct ot_buf *out)
{
    ot_buf_printf(out,
                  OT_IN_TOTO_HEAD(PREDICATE_TYPE) "\"predicate\":{\"name\":\"%s\",\"version\":\"%"
                                                  "s\",\"sequence\":%" PRIu64
                                                  ",\"manifestBytes\":%" PRIu64,
                  statement->manifest_sha256, statement->name, statement->version,
                  statement->sequence, statement->manifest_bytes);
    if (statement->has_not_after)
        ot_buf_printf(out, ",\"notAfter\":%" PRIu64, statement->not_after);
    ot_buf_puts(out, "}}");
}

void ot_statement_page(const struct ot_statement *statement, uint8_t page[OT_PAGE_SIZE])
{
    OT_AUTOBUF struct ot_buf text = {0};

    ot_statement_write(statement, &text);
    memset(page, '\n', OT_PAGE_SIZE);
    /* at most 597 bytes, as name, version and the numbers are bounded */
    memcpy(page, text.data, text.len < OT_PAGE_SIZE ? text.len : OT_PAGE_SIZE);
}

void ot_statement_pae(const uint8_t page[OT_PAGE_SIZE], struct ot_buf *out)
{
    ot_pae(OT_IN_TOTO_TYPE, text_of(page), out);
}
