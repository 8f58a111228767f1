#include "verify/statement.h"

#include "base/json.h"
#include "base/text.h"
#include "verify/refusal.h"

#include <inttypes.h>
#include <string.h>

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define PREDICATE_TYPE "urn:onetube:payload:v1"
#define PAYLOAD_TYPE "application/vnd.in-toto+json"

_Static_assert(sizeof(PAYLOAD_TYPE) - 1 == 28, "DSSE writes the length of the type in decimal");

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

static int expect_string(struct ot_json *json, const char *key, const char *value,
                         struct ot_error *err)
{
    struct ot_span found;
    char printable[80];

    if (ot_json_expect_key(json, key, err) < 0 || ot_json_string(json, &found, err) < 0)
        return -1;
    if (ot_span_is(found, value))
        return 0;
    ot_printable(printable, sizeof(printable), found);
    return ot_json_fail(json, err, "%s is \"%s\", expected \"%s\"", key, printable, value);
}

static int read_text(struct ot_json *json, const char *key, char out[OT_STATEMENT_TEXT_MAX + 1],
                     struct ot_error *err)
{
    struct ot_span text;

    if (ot_json_expect_key(json, key, err) < 0 || ot_json_string(json, &text, err) < 0)
        return -1;
    if (!ot_is_statement_text(text))
        return ot_json_fail(json, err,
                            "%s is not 1 to 128 printable ASCII characters without \" and \\", key);
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return 0;
}

static int read_subject(struct ot_json *json, struct ot_statement *statement, struct ot_error *err)
{
    struct ot_span digest;
    int more;

    if (ot_json_expect_key(json, "subject", err) < 0 || ot_json_array(json, err) < 0)
        return -1;
    more = ot_json_item(json, err);
    if (more <= 0)
        return more < 0 ? -1 : ot_json_fail(json, err, "there is no subject, expected one");
    if (ot_json_object(json, err) < 0 || expect_string(json, "name", OT_MANIFEST_NAME, err) < 0 ||
        ot_json_expect_key(json, "digest", err) < 0 || ot_json_object(json, err) < 0 ||
        ot_json_expect_key(json, "sha256", err) < 0 || ot_json_string(json, &digest, err) < 0)
        return -1;
    if (!ot_is_sha256(digest))
        return ot_json_fail(json, err, "sha256 is not 64 lower-case hexadecimal digits");
    memcpy(statement->manifest_sha256, digest.data, digest.len);
    statement->manifest_sha256[digest.len] = '\0';
    if (ot_json_expect_end(json, err) < 0 || ot_json_expect_end(json, err) < 0)
        return -1;
    more = ot_json_item(json, err);
    return more > 0 ? ot_json_fail(json, err, "there is more than one subject") : more;
}

/* A statement of another kind is E_SCHEMA only when it is one, so the rest must be well-formed. */
static int check_predicate_type(struct ot_json *json, struct ot_error *err)
{
    struct ot_span type;
    char printable[80];

    if (ot_json_expect_key(json, "predicateType", err) < 0 || ot_json_string(json, &type, err) < 0)
        return -1;
    if (ot_span_is(type, PREDICATE_TYPE))
        return 0;
    ot_printable(printable, sizeof(printable), type);
    if (ot_json_expect_key(json, "predicate", err) < 0 || ot_json_skip(json, err) < 0 ||
        ot_json_expect_end(json, err) < 0 || ot_json_finish(json, err) < 0)
        return -1;
    return ot_refuse(err, OT_E_SCHEMA, "the predicate type is \"%s\", this build reads \"%s\"",
                     printable, PREDICATE_TYPE);
}

static int read_number(struct ot_json *json, const char *key, uint64_t max, uint64_t *out,
                       struct ot_error *err)
{
    if (ot_json_expect_key(json, key, err) < 0)
        return -1;
    return ot_json_uint(json, max, out, err);
}

static int read_predicate(struct ot_json *json, struct ot_statement *statement,
                          struct ot_error *err)
{
    struct ot_span key;
    int more;

    if (ot_json_expect_key(json, "predicate", err) < 0 || ot_json_object(json, err) < 0 ||
        read_text(json, "name", statement->name, err) < 0 ||
        read_text(json, "version", statement->version, err) < 0 ||
        read_number(json, "sequence", OT_SEQUENCE_MAX, &statement->sequence, err) < 0 ||
        read_number(json, "manifestBytes", OT_MANIFEST_MAX, &statement->manifest_bytes, err) < 0)
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
    if (ot_json_object(json, err) < 0 || expect_string(json, "_type", STATEMENT_TYPE, err) < 0 ||
        read_subject(json, statement, err) < 0 || check_predicate_type(json, err) < 0 ||
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
                  "{\"_type\":\"" STATEMENT_TYPE "\",\"subject\":[{\"name\":\"" OT_MANIFEST_NAME
                  "\",\"digest\":{\"sha256\":\"%s\"}}],\"predicateType\":\"" PREDICATE_TYPE
                  "\",\"predicate\":{\"name\":\"%s\",\"version\":\"%s\",\"sequence\":%" PRIu64
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
    struct ot_span text = text_of(page);

    ot_buf_printf(out, "DSSEv1 %zu %s %zu ", sizeof(PAYLOAD_TYPE) - 1, PAYLOAD_TYPE, text.len);
    ot_buf_append(out, text.data, text.len);
}
