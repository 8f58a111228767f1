#include "verify/in_toto.h"

#include "base/text.h"
#include "verify/refusal.h"

#include <string.h>

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

int ot_in_toto_text(struct ot_json *json, const char *key, char out[OT_STATEMENT_TEXT_MAX + 1],
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

static int read_subject(struct ot_json *json, char manifest_sha256[OT_SHA256_HEX],
                        struct ot_error *err)
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
    memcpy(manifest_sha256, digest.data, digest.len);
    manifest_sha256[digest.len] = '\0';
    if (ot_json_expect_end(json, err) < 0 || ot_json_expect_end(json, err) < 0)
        return -1;
    more = ot_json_item(json, err);
    return more > 0 ? ot_json_fail(json, err, "there is more than one subject") : more;
}

/* A statement of another kind is E_SCHEMA only when it is one, so the rest must be well-formed. */
static int check_predicate_type(struct ot_json *json, const char *expected, struct ot_error *err)
{
    struct ot_span type;
    char printable[80];

    if (ot_json_expect_key(json, "predicateType", err) < 0 || ot_json_string(json, &type, err) < 0)
        return -1;
    if (ot_span_is(type, expected))
        return 0;
    ot_printable(printable, sizeof(printable), type);
    if (ot_json_expect_key(json, "predicate", err) < 0 || ot_json_skip(json, err) < 0 ||
        ot_json_expect_end(json, err) < 0 || ot_json_finish(json, err) < 0)
        return -1;
    return ot_refuse(err, OT_E_SCHEMA, "the predicate type is \"%s\", this build reads \"%s\"",
                     printable, expected);
}

int ot_in_toto_head(struct ot_json *json, const char *predicate_type,
                    char manifest_sha256[OT_SHA256_HEX], struct ot_error *err)
{
    if (ot_json_object(json, err) < 0 ||
        expect_string(json, "_type", OT_IN_TOTO_STATEMENT, err) < 0 ||
        read_subject(json, manifest_sha256, err) < 0)
        return -1;
    return check_predicate_type(json, predicate_type, err);
}
