/* Reading trust.json. */
#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "verify/field.h"
#include "verify/refusal.h"
#include "verify/statement.h"
#include "verify/trust_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA 1

static int read_schema(struct ot_json *json, struct ot_error *err)
{
    uint64_t schema;

    if (ot_json_expect_key(json, "schema", err) < 0 ||
        ot_json_uint(json, OT_SAFE_INTEGER_MAX, &schema, err) < 0)
        return -1;
    return schema == SCHEMA ? 0
                            : ot_refuse(err, OT_E_SCHEMA, "schema %" PRIu64 ", this build reads %d",
                                        schema, SCHEMA);
}

static int read_head(struct ot_json *json, struct ot_trust_file *file, struct ot_error *err)
{
    if (ot_json_object(json, err) < 0 || read_schema(json, err) < 0 ||
        ot_json_expect_key(json, "version", err) < 0 ||
        ot_json_uint(json, OT_SAFE_INTEGER_MAX, &file->version, err) < 0 ||
        ot_json_expect_key(json, "expires", err) < 0)
        return -1;
    file->expires = OT_NO_TIME;
    if (ot_json_peek(json, err) != 'n')
        return ot_json_uint(json, OT_SAFE_INTEGER_MAX, &file->expires, err);
    return ot_json_skip(json, err); /* null, or the spelling differs */
}

/* Is left out when it is 0. */
static int read_growth(struct ot_json *json, struct ot_trust_file *file, struct ot_error *err)
{
    struct ot_span key;
    uint64_t value;
    int more = ot_json_key(json, &key, err);

    if (more <= 0)
        return more;
    if (!ot_span_is(key, "growth"))
        return ot_json_fail(json, err, "an unknown key, expected \"growth\" or none");
    if (ot_json_uint(json, OT_TRUST_FILE_KEYS_MAX, &value, err) < 0)
        return -1;
    file->growth = (unsigned)value;
    return ot_json_expect_end(json, err);
}

static int read_thresholds(struct ot_json *json, struct ot_trust_file *file, struct ot_error *err)
{
    if (ot_json_expect_key(json, "thresholds", err) < 0 || ot_json_object(json, err) < 0)
        return -1;
    for (int role = 0; role < OT_ROLE_COUNT; role++) {
        uint64_t value;

        if (ot_json_expect_key(json, ot_role_name((enum ot_role)role), err) < 0 ||
            ot_json_uint(json, OT_TRUST_FILE_KEYS_MAX, &value, err) < 0)
            return -1;
        file->thresholds[role] = (unsigned)value;
    }
    return read_growth(json, file, err);
}

static int read_role(struct ot_json *json, enum ot_role *role, struct ot_error *err)
{
    struct ot_span text;
    char printable[64];

    if (ot_json_expect_key(json, "role", err) < 0 || ot_json_string(json, &text, err) < 0)
        return -1;
    *role = ot_role_of(text);
    if (*role != OT_ROLE_COUNT)
        return 0;
    ot_printable(printable, sizeof(printable), text);
    return ot_json_fail(json, err, "the role \"%s\" is unknown", printable);
}

/* The raw key alone counts; its id is there to be read, so it must be right. */
static int read_key(struct ot_json *json, struct ot_trust_key *key, struct ot_error *err)
{
    char id[OT_SHA256_HEX] = "";
    struct ot_span text;
    struct ot_error why;

    if (ot_json_object(json, err) < 0 || ot_json_expect_key(json, "id", err) < 0 ||
        ot_json_string(json, &text, err) < 0)
        return -1;
    if (!ot_is_sha256(text))
        return ot_json_fail(json, err, "id is not 64 lower-case hexadecimal digits");
    memcpy(id, text.data, text.len);
    if (read_role(json, &key->role, err) < 0 || ot_json_expect_key(json, "algorithm", err) < 0 ||
        ot_json_string(json, &text, err) < 0)
        return -1;
    if (!ot_span_is(text, "ed25519"))
        return ot_json_fail(json, err, "algorithm is not \"ed25519\"");
    if (ot_json_expect_key(json, "key", err) < 0 || ot_json_string(json, &text, err) < 0)
        return -1;
    if (ot_public_key_parse(&key->key, text, &why) < 0)
        return ot_json_fail(json, err, "%s", why.message);
    if (strcmp(key->key.id, id) != 0)
        return ot_json_fail(json, err, "the key's id is %s", key->key.id);
    return ot_json_expect_end(json, err);
}

static int read_keys(struct ot_json *json, struct ot_trust_file *file, struct ot_error *err)
{
    int more;

    if (ot_json_expect_key(json, "keys", err) < 0 || ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        if (file->key_count == OT_TRUST_FILE_KEYS_MAX)
            return ot_json_fail(json, err, "more than %u keys", OT_TRUST_FILE_KEYS_MAX);
        file->keys = ot_realloc(file->keys, file->key_count + 1, sizeof(file->keys[0]));
        if (read_key(json, &file->keys[file->key_count], err) < 0)
            return -1;
        file->key_count++;
    }
    return more;
}

static int read_revoked(struct ot_json *json, struct ot_trust_file *file, struct ot_error *err)
{
    if (ot_json_expect_key(json, "revoked", err) < 0 || ot_json_object(json, err) < 0 ||
        ot_field_list(json, "keys", ot_is_sha256, &file->revoked_keys, err) < 0 ||
        ot_field_list(json, "manifests", ot_is_sha256, &file->revoked_manifests, err) < 0)
        return -1;
    return ot_json_expect_end(json, err);
}

static int read_targets(struct ot_json *json, struct ot_trust_file *file, struct ot_error *err)
{
    struct ot_span text;
    int more;

    if (ot_json_expect_key(json, "targets", err) < 0 || ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        struct ot_trust_target *target;

        if (file->target_count == OT_TRUST_FILE_TARGETS_MAX)
            return ot_json_fail(json, err, "more than %u targets", OT_TRUST_FILE_TARGETS_MAX);
        if (ot_json_object(json, err) < 0 || ot_json_expect_key(json, "name", err) < 0 ||
            ot_json_string(json, &text, err) < 0)
            return -1;
        if (!ot_is_statement_text(text))
            return ot_json_fail(json, err, "not a valid name of a target");
        file->targets = ot_realloc(file->targets, file->target_count + 1, sizeof(*target));
        target = &file->targets[file->target_count++];
        *target = (struct ot_trust_target){.name = ot_strndup(text.data, text.len)};
        if (ot_field_list(json, "payloads", ot_is_statement_text, &target->payloads, err) < 0 ||
            ot_json_expect_end(json, err) < 0)
            return -1;
    }
    return more;
}

static int read_signatures(struct ot_json *json, struct ot_signature_page *page,
                           struct ot_error *err)
{
    char previous[OT_SIGNATURE_LINE - 1] = "";
    struct ot_span text;
    int more;

    if (ot_json_expect_key(json, "signatures", err) < 0 || ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        if (page->count == OT_SIGNATURES_MAX)
            return ot_json_fail(json, err, "more than %u signatures", OT_SIGNATURES_MAX);
        if (ot_json_string(json, &text, err) < 0)
            return -1;
        if (!ot_signature_line_read(&page->items[page->count], text))
            return ot_json_fail(json, err, "not a signature line");
        if (memcmp(previous, text.data, sizeof(previous)) >= 0)
            return ot_json_fail(json, err, "a signature twice, or they are not sorted");
        memcpy(previous, text.data, sizeof(previous));
        page->count++;
    }
    return more;
}

static int read_file(struct ot_json *json, struct ot_trust_file *file, struct ot_error *err)
{
    if (read_head(json, file, err) < 0 || read_thresholds(json, file, err) < 0 ||
        read_keys(json, file, err) < 0 || read_revoked(json, file, err) < 0 ||
        ot_json_expect_key(json, "minSequence", err) < 0 ||
        ot_json_uint(json, OT_SEQUENCE_MAX, &file->min_sequence, err) < 0 ||
        read_targets(json, file, err) < 0 ||
        ot_field_list(json, "engines", ot_is_sha256, &file->engines, err) < 0 ||
        read_signatures(json, &file->page, err) < 0 || ot_json_expect_end(json, err) < 0)
        return -1;
    return ot_json_finish(json, err);
}

/* Sorts and checks, and then the one spelling shows whether it was in order before. */
static int check_spelling(struct ot_trust_file *file, struct ot_span text, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf again = {0};

    if (ot_trust_file_seal(file, err) < 0)
        return -1;
    ot_trust_file_write(file, true, &again);
    if (!ot_span_equal(ot_buf_span(&again), text))
        return ot_fail(err, OT_FAILED,
                       "not the one valid spelling: white space, order of lists, or an item twice");
    return 0;
}

int ot_trust_file_parse(struct ot_span text, struct ot_trust_file **out, struct ot_error *err)
{
    OT_AUTOTRUSTFILE struct ot_trust_file *file = ot_alloc(1, sizeof(*file));
    struct ot_json json;
    int done;

    if (text.len > OT_TRUST_FILE_MAX)
        return ot_refuse(err, OT_E_TRUST, "%zu bytes, a trust file has at most %u", text.len,
                         OT_TRUST_FILE_MAX);
    ot_json_begin(&json, text, 0);
    done = read_file(&json, file, err);
    ot_json_end(&json);
    if (done == 0)
        done = check_spelling(file, text, err);
    if (done < 0 && err->kind != OT_REFUSED) {
        err->kind = OT_REFUSED;
        err->code = OT_E_TRUST;
    }
    if (done == 0)
        *out = OT_STEAL(file);
    return done;
}

int ot_trust_file_load(const char *path, struct ot_trust_file **out, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};

    if (ot_read_file(path, OT_TRUST_FILE_MAX, &text, err) < 0)
        return -1;
    return ot_trust_file_parse(ot_buf_span(&text), out, err) < 0 ? ot_error_prefix(err, "%s", path)
                                                                 : 0;
}
