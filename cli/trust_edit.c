/* Changes to a trust file. */
#include "cli/trust.h"

#include "base/file.h"
#include "base/instant.h"
#include "base/text.h"
#include "verify/payload.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ENGINE_MAX (1u << 30) /* bytes of an engine program */

void ot_trust_changes_init(void *pointer)
{
    struct ot_trust_changes *changes = pointer;

    for (int role = 0; role < OT_ROLE_COUNT; role++)
        changes->thresholds[role] = UINT64_MAX;
    changes->growth = changes->sequence_floor = UINT64_MAX;
}

/* -- what is added -- */

static int add_keys(struct ot_trust_file *file, enum ot_role role, const struct ot_list *sources,
                    struct ot_error *err)
{
    for (size_t i = 0; i < sources->count; i++) {
        struct ot_public_key key;

        if (ot_public_key_load(&key, sources->items[i], err) < 0)
            return -1;
        if (file->key_count == OT_TRUST_FILE_KEYS_MAX)
            return ot_fail(err, OT_FAILED, "more than %u keys", OT_TRUST_FILE_KEYS_MAX);
        file->keys = ot_realloc(file->keys, file->key_count + 1, sizeof(file->keys[0]));
        file->keys[file->key_count++] = (struct ot_trust_key){key, role};
    }
    return 0;
}

static struct ot_trust_target *find_target(struct ot_trust_file *file, struct ot_span name)
{
    for (size_t i = 0; i < file->target_count; i++) {
        if (ot_span_is(name, file->targets[i].name))
            return &file->targets[i];
    }
    return NULL;
}

static struct ot_trust_target *add_target(struct ot_trust_file *file, struct ot_span name)
{
    file->targets = ot_realloc(file->targets, file->target_count + 1, sizeof(file->targets[0]));
    file->targets[file->target_count] =
        (struct ot_trust_target){.name = ot_strndup(name.data, name.len)};
    return &file->targets[file->target_count++];
}

static void remove_target(struct ot_trust_file *file, struct ot_trust_target *target)
{
    free(target->name);
    ot_list_free(&target->payloads);
    *target = file->targets[--file->target_count];
}

/* "edge=shop,blog": these are all that may run there. */
static int allow(struct ot_trust_file *file, const char *text, struct ot_error *err)
{
    const char *equals = strchr(text, '=');
    struct ot_span name = {text, equals != NULL ? (size_t)(equals - text) : 0};
    OT_AUTOLIST struct ot_list payloads = {0};
    struct ot_trust_target *target;

    if (equals == NULL || !ot_is_statement_text(name))
        return ot_fail(err, OT_USAGE, "--allow: \"%.64s\" is not TARGET=NAME,NAME", text);
    ot_list_split(&payloads, equals + 1);
    for (size_t i = 0; i < payloads.count; i++) {
        if (!ot_is_statement_text(ot_span_of(payloads.items[i])))
            return ot_fail(err, OT_USAGE, "--allow: \"%.64s\" is no payload's name",
                           payloads.items[i]);
    }
    target = find_target(file, name);
    if (target != NULL)
        remove_target(file, target);
    if (payloads.count == 0)
        return 0;
    if (file->target_count == OT_TRUST_FILE_TARGETS_MAX)
        return ot_fail(err, OT_FAILED, "more than %u targets", OT_TRUST_FILE_TARGETS_MAX);
    target = add_target(file, name);
    for (size_t i = 0; i < payloads.count; i++)
        ot_list_add(&target->payloads, payloads.items[i]);
    return 0;
}

/* 64 hexadecimal digits, or the digest of a file. */
static int engine_digest(const char *source, char digest[OT_SHA256_HEX], struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf bytes = {0};

    if (ot_is_sha256(ot_span_of(source))) {
        memcpy(digest, source, OT_SHA256_HEX);
        return 0;
    }
    if (ot_read_file(source, ENGINE_MAX, &bytes, err) < 0)
        return -1;
    ot_sha256_hex(ot_buf_span(&bytes), digest);
    return 0;
}

static int allow_engines(struct ot_trust_file *file, const struct ot_list *sources,
                         struct ot_error *err)
{
    for (size_t i = 0; i < sources->count; i++) {
        char digest[OT_SHA256_HEX];

        if (engine_digest(sources->items[i], digest, err) < 0)
            return -1;
        ot_list_add(&file->engines, digest);
    }
    return 0;
}

/* -- what is revoked -- */

static void drop(struct ot_list *list, const char *text)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0)
            free(list->items[i]);
        else
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

/* An id of the file, which looks like a key's hexadecimal text, goes first. */
static int key_id(const struct ot_trust_file *file, const char *source, char id[OT_SHA256_HEX],
                  struct ot_error *err)
{
    struct ot_public_key key;

    for (size_t i = 0; i < file->key_count; i++) {
        if (strcmp(file->keys[i].key.id, source) == 0) {
            memcpy(id, source, OT_SHA256_HEX);
            return 0;
        }
    }
    if (ot_public_key_load(&key, source, err) < 0)
        return -1;
    memcpy(id, key.id, OT_SHA256_HEX);
    return 0;
}

static int revoke_keys(struct ot_trust_file *file, const struct ot_list *sources,
                       struct ot_error *err)
{
    for (size_t i = 0; i < sources->count; i++) {
        char id[OT_SHA256_HEX];

        if (key_id(file, sources->items[i], id, err) < 0)
            return ot_error_prefix(err, "--key");
        ot_trust_file_ignore(file, id);
        ot_list_add(&file->revoked_keys, id);
    }
    return 0;
}

/* The digest of its manifest; of a file, as its statement says, for nothing of it is trusted. */
static int manifest_digest(const char *source, char digest[OT_SHA256_HEX], struct ot_error *err)
{
    struct ot_preview preview = {.size = 0};

    if (ot_is_sha256(ot_span_of(source))) {
        memcpy(digest, source, OT_SHA256_HEX);
        return 0;
    }
    if (ot_preview_open(source, &preview, err) < 0)
        return -1; /* what it made was freed */
    ot_sha256_hex(ot_buf_span(&preview.manifest_text), digest);
    ot_preview_free(&preview);
    return 0;
}

static int revoke_payloads(struct ot_trust_file *file, const struct ot_list *sources,
                           struct ot_error *err)
{
    for (size_t i = 0; i < sources->count; i++) {
        char digest[OT_SHA256_HEX];

        if (manifest_digest(sources->items[i], digest, err) < 0)
            return ot_error_prefix(err, "--payload");
        ot_list_add(&file->revoked_manifests, digest);
    }
    return 0;
}

static int revoke_engines(struct ot_trust_file *file, const struct ot_list *sources,
                          struct ot_error *err)
{
    for (size_t i = 0; i < sources->count; i++) {
        char digest[OT_SHA256_HEX];

        if (engine_digest(sources->items[i], digest, err) < 0)
            return -1;
        if (!ot_list_has(&file->engines, digest))
            return ot_fail(err, OT_FAILED, "the engine %s was not among the allowed ones", digest);
        drop(&file->engines, digest);
        if (file->engines.count == 0)
            return ot_fail(err, OT_FAILED,
                           "without its last engine the file would allow every one; --allow-engine "
                           "another with onetube trust add first");
    }
    return 0;
}

/* -- all of it -- */

static int set_values(struct ot_trust_file *file, const struct ot_trust_changes *changes,
                      struct ot_error *err)
{
    for (int role = 0; role < OT_ROLE_COUNT; role++) {
        if (changes->thresholds[role] != UINT64_MAX)
            file->thresholds[role] = (unsigned)changes->thresholds[role];
    }
    if (changes->growth != UINT64_MAX)
        file->growth = (unsigned)changes->growth;
    if (changes->sequence_floor != UINT64_MAX)
        file->min_sequence = changes->sequence_floor;
    if (changes->expires == NULL)
        return 0;
    if (strcmp(changes->expires, "never") == 0)
        file->expires = OT_NO_TIME;
    else if (!ot_parse_time(changes->expires, &file->expires))
        return ot_fail(err, OT_USAGE,
                       "--expires: \"%.64s\" is neither seconds since 1970 nor like "
                       "2027-01-31T12:00:00Z, nor never",
                       changes->expires);
    return 0;
}

int ot_trust_change(struct ot_trust_file *file, const struct ot_trust_changes *changes,
                    struct ot_error *err)
{
    for (int role = 0; role < OT_ROLE_COUNT; role++) {
        if (add_keys(file, (enum ot_role)role, &changes->keys[role], err) < 0)
            return -1;
    }
    for (size_t i = 0; i < changes->allow.count; i++) {
        if (allow(file, changes->allow.items[i], err) < 0)
            return -1;
    }
    if (allow_engines(file, &changes->engines, err) < 0 ||
        revoke_keys(file, &changes->revoked_keys, err) < 0 ||
        revoke_payloads(file, &changes->revoked_payloads, err) < 0 ||
        revoke_engines(file, &changes->revoked_engines, err) < 0 ||
        set_values(file, changes, err) < 0)
        return -1;
    file->page.count = 0;
    return ot_trust_file_seal(file, err);
}

int ot_trust_put(const struct ot_trust_file *file, const char *path, bool keep_existing,
                 struct ot_error *err)
{
    OT_AUTOTEMP struct ot_temp_file temp = OT_TEMP_INIT;
    OT_AUTOBUF struct ot_buf text = {0};

    if (!ot_span_ends(ot_span_of(path), ".json"))
        return ot_fail(err, OT_USAGE, "%s: --trust knows a trust file by its name: FILE.json",
                       path);
    ot_trust_file_write(file, true, &text);
    if (text.len > OT_TRUST_FILE_MAX)
        return ot_fail(err, OT_FAILED, "%s: %zu bytes, a trust file has at most %u", path, text.len,
                       OT_TRUST_FILE_MAX);
    if (ot_temp_open(&temp, path, 0644, err) < 0 ||
        ot_write_all(temp.fd, text.data, text.len, path, err) < 0)
        return -1;
    return ot_temp_commit(&temp, keep_existing, err);
}

int ot_trust_change_file(const char *path, const struct ot_trust_changes *changes,
                         struct ot_error *err)
{
    OT_AUTOTRUSTFILE struct ot_trust_file *file = NULL;
    OT_AUTOTRUSTFILE struct ot_trust_file *previous = NULL;
    const char *out = changes->out != NULL ? changes->out : path;
    struct ot_error not_yet;
    bool valid;

    if (ot_trust_file_load(path, &file, err) < 0)
        return -1;
    valid = ot_trust_file_signed_by(file, file, &not_yet) == 0;
    if (valid && changes->out == NULL)
        return ot_fail(err, OT_USAGE,
                       "%s: version %" PRIu64 " is signed, and stays; --out NEW says where the "
                       "next one goes",
                       path, file->version);
    file->version += valid;
    if (valid && ot_trust_file_load(path, &previous, err) < 0)
        return -1;
    if (ot_trust_change(file, changes, err) < 0)
        return ot_error_prefix(err, "%s", path);
    if (ot_trust_put(file, out, changes->out != NULL, err) < 0)
        return -1;
    return ot_trust_show_line(out, file, previous, err);
}
