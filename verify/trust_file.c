#include "verify/trust_file.h"

#include "base/base64.h"
#include "base/json_write.h"
#include "verify/pae.h"
#include "verify/quorum.h"
#include "verify/refusal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const role_names[OT_ROLE_COUNT] = {
    [OT_ROLE_ROOT] = "root", [OT_ROLE_RELEASE] = "release", [OT_ROLE_REBUILD] = "rebuild"};

const char *ot_role_name(enum ot_role role)
{
    return (unsigned)role < OT_ROLE_COUNT ? role_names[role] : "unknown";
}

enum ot_role ot_role_of(struct ot_span name)
{
    int role = 0;

    while (role < OT_ROLE_COUNT && !ot_span_is(name, role_names[role]))
        role++;
    return (enum ot_role)role;
}

void ot_trust_file_free(struct ot_trust_file *file)
{
    if (file == NULL)
        return;
    for (size_t i = 0; i < file->target_count; i++) {
        free(file->targets[i].name);
        ot_list_free(&file->targets[i].payloads);
    }
    free(file->targets);
    free(file->keys);
    ot_list_free(&file->revoked_keys);
    ot_list_free(&file->revoked_manifests);
    ot_list_free(&file->engines);
    free(file);
}

void ot_trust_file_cleanup(struct ot_trust_file **file)
{
    ot_trust_file_free(*file);
}

size_t ot_trust_file_keys(const struct ot_trust_file *file, enum ot_role role)
{
    size_t count = 0;

    for (size_t i = 0; i < file->key_count; i++)
        count += file->keys[i].role == role;
    return count;
}

void ot_trust_file_ignore(struct ot_trust_file *file, const char *key_id)
{
    size_t kept = 0;

    for (size_t i = 0; i < file->key_count; i++) {
        if (strcmp(file->keys[i].key.id, key_id) != 0)
            file->keys[kept++] = file->keys[i];
    }
    file->key_count = kept;
}

/* -- writing -- */

static void write_keys(struct ot_json_writer *writer, const struct ot_trust_file *file)
{
    char key[OT_BASE64_LENGTH(OT_PUBLIC_KEY_SIZE) + 1];

    ot_jw_array(writer, "keys");
    for (size_t i = 0; i < file->key_count; i++) {
        ot_base64_write(key, file->keys[i].key.bytes, OT_PUBLIC_KEY_SIZE);
        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "id", file->keys[i].key.id);
        ot_jw_string(writer, "role", ot_role_name(file->keys[i].role));
        ot_jw_string(writer, "algorithm", "ed25519");
        ot_jw_string(writer, "key", key);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

static void write_targets(struct ot_json_writer *writer, const struct ot_trust_file *file)
{
    ot_jw_array(writer, "targets");
    for (size_t i = 0; i < file->target_count; i++) {
        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "name", file->targets[i].name);
        ot_jw_list(writer, "payloads", &file->targets[i].payloads);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

static void write_signatures(struct ot_json_writer *writer, const struct ot_signature_page *page)
{
    uint8_t bytes[OT_PAGE_SIZE];

    ot_signature_page_write(page, bytes);
    for (unsigned i = 0; i < page->count; i++)
        ot_jw_span(writer, NULL,
                   (struct ot_span){(const char *)bytes + (size_t)i * OT_SIGNATURE_LINE,
                                    OT_SIGNATURE_LINE - 1});
}

void ot_trust_file_write(const struct ot_trust_file *file, bool sign, struct ot_buf *out)
{
    struct ot_json_writer writer;

    ot_jw_begin(&writer, out, false);
    ot_jw_object(&writer, NULL);
    ot_jw_uint(&writer, "schema", 1);
    ot_jw_uint(&writer, "version", file->version);
    if (file->expires == OT_NO_TIME)
        ot_jw_null(&writer, "expires");
    else
        ot_jw_uint(&writer, "expires", file->expires);
    ot_jw_object(&writer, "thresholds");
    for (int role = 0; role < OT_ROLE_COUNT; role++)
        ot_jw_uint(&writer, role_names[role], file->thresholds[role]);
    if (file->growth > 0)
        ot_jw_uint(&writer, "growth", file->growth);
    ot_jw_object_end(&writer);
    write_keys(&writer, file);
    ot_jw_object(&writer, "revoked");
    ot_jw_list(&writer, "keys", &file->revoked_keys);
    ot_jw_list(&writer, "manifests", &file->revoked_manifests);
    ot_jw_object_end(&writer);
    ot_jw_uint(&writer, "minSequence", file->min_sequence);
    write_targets(&writer, file);
    ot_jw_list(&writer, "engines", &file->engines);
    ot_jw_array(&writer, "signatures");
    if (sign)
        write_signatures(&writer, &file->page);
    ot_jw_array_end(&writer);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
}

void ot_trust_file_message(const struct ot_trust_file *file, struct ot_buf *out)
{
    ot_pae(OT_TRUST_TYPE, ot_span_of(file->sha256), out);
}

/* -- putting in order -- */

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct ot_trust_key *)a)->key.id,
                  ((const struct ot_trust_key *)b)->key.id);
}

static int compare_targets(const void *a, const void *b)
{
    return strcmp(((const struct ot_trust_target *)a)->name,
                  ((const struct ot_trust_target *)b)->name);
}

static const unsigned threshold_max[OT_ROLE_COUNT] = {
    [OT_ROLE_ROOT] = OT_ROOT_THRESHOLD_MAX,
    [OT_ROLE_RELEASE] = OT_RELEASE_THRESHOLD_MAX,
    [OT_ROLE_REBUILD] = OT_TRUST_FILE_KEYS_MAX,
};

static int check_keys(const struct ot_trust_file *file, struct ot_error *err)
{
    for (size_t i = 0; i < file->key_count; i++) {
        const char *id = file->keys[i].key.id;

        if (i > 0 && strcmp(file->keys[i - 1].key.id, id) == 0)
            return ot_fail(err, OT_FAILED, "the key %s stands twice; a key has one role", id);
        if (ot_list_has(&file->revoked_keys, id))
            return ot_fail(err, OT_FAILED, "the key %s is revoked and has a role", id);
    }
    for (int role = 0; role < OT_ROLE_COUNT; role++) {
        size_t keys = ot_trust_file_keys(file, (enum ot_role)role);

        if (file->thresholds[role] > threshold_max[role])
            return ot_fail(err, OT_FAILED, "the threshold of %s is %u, at most %u are possible",
                           role_names[role], file->thresholds[role], threshold_max[role]);
        if (file->thresholds[role] > keys)
            return ot_fail(err, OT_FAILED, "the threshold of %s is %u, but it has %zu key%s",
                           role_names[role], file->thresholds[role], keys, keys == 1 ? "" : "s");
        if (file->thresholds[role] == 0 && role != OT_ROLE_REBUILD)
            return ot_fail(err, OT_FAILED, "the threshold of %s is at least 1", role_names[role]);
    }
    if (file->growth > threshold_max[OT_ROLE_RELEASE] ||
        file->growth > ot_trust_file_keys(file, OT_ROLE_RELEASE))
        return ot_fail(err, OT_FAILED,
                       "the threshold of growth is %u, above what release keys can reach",
                       file->growth);
    return 0;
}

int ot_trust_file_seal(struct ot_trust_file *file, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};

    if (file->version == 0)
        return ot_fail(err, OT_FAILED, "the version is at least 1");
    if (file->key_count > 0)
        qsort(file->keys, file->key_count, sizeof(file->keys[0]), compare_keys);
    ot_list_sort_unique(&file->revoked_keys);
    ot_list_sort_unique(&file->revoked_manifests);
    ot_list_sort_unique(&file->engines);
    if (file->target_count > 0)
        qsort(file->targets, file->target_count, sizeof(file->targets[0]), compare_targets);
    for (size_t i = 0; i < file->target_count; i++) {
        ot_list_sort_unique(&file->targets[i].payloads);
        if (i > 0 && strcmp(file->targets[i - 1].name, file->targets[i].name) == 0)
            return ot_fail(err, OT_FAILED, "the target \"%s\" stands twice", file->targets[i].name);
    }
    if (check_keys(file, err) < 0)
        return -1;
    ot_trust_file_write(file, false, &text);
    ot_sha256_hex(ot_buf_span(&text), file->sha256);
    return 0;
}

/* -- who has signed -- */

struct role_keys {
    const struct ot_trust_file *file;
    enum ot_role role;
};

static const struct ot_public_key *find_in_role(const void *context, const char *id)
{
    const struct role_keys *keys = context;

    for (size_t i = 0; i < keys->file->key_count; i++) {
        const struct ot_trust_key *key = &keys->file->keys[i];

        if (key->role == keys->role && strcmp(key->key.id, id) == 0)
            return &key->key;
    }
    return NULL;
}

int ot_trust_file_count(const struct ot_trust_file *by, enum ot_role role, const char *what,
                        const struct ot_signature_page *page, struct ot_span message,
                        struct ot_list *signers, struct ot_error *err)
{
    const struct role_keys keys = {by, role};
    unsigned bad = ot_quorum_count(page, message, find_in_role, &keys, signers);

    if (bad == 0)
        return 0;
    return ot_refuse(err, OT_E_SIGNATURE, "%s: signature %u: not one of it by the %s key %s", what,
                     bad, ot_role_name(role), page->items[bad - 1].key_id);
}

int ot_trust_file_root_signed(const struct ot_trust_file *by, const char *what,
                              const struct ot_signature_page *page, struct ot_span message,
                              struct ot_error *err)
{
    OT_AUTOLIST struct ot_list signers = {0};

    if (ot_trust_file_count(by, OT_ROLE_ROOT, what, page, message, &signers, err) < 0)
        return -1;
    if (signers.count >= by->thresholds[OT_ROLE_ROOT])
        return 0;
    return ot_refuse(err, OT_E_UNTRUSTED,
                     "%s: signed by %zu of the %zu root keys of trust file version %" PRIu64
                     ", expected at least %u",
                     what, signers.count, ot_trust_file_keys(by, OT_ROLE_ROOT), by->version,
                     by->thresholds[OT_ROLE_ROOT]);
}

int ot_trust_file_signed_by(const struct ot_trust_file *file, const struct ot_trust_file *by,
                            struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf message = {0};
    OT_AUTOFREE char *what = ot_asprintf("trust file version %" PRIu64, file->version);

    ot_trust_file_message(file, &message);
    return ot_trust_file_root_signed(by, what, &file->page, ot_buf_span(&message), err);
}

int ot_trust_file_follows(const struct ot_trust_file *next, const struct ot_trust_file *previous,
                          struct ot_error *err)
{
    if (next->version < previous->version)
        return ot_refuse(err, OT_E_ROLLBACK,
                         "the trust file's version is %" PRIu64 ", below %" PRIu64, next->version,
                         previous->version);
    if (next->version == previous->version && strcmp(next->sha256, previous->sha256) != 0)
        return ot_refuse(err, OT_E_TRUST,
                         "two trust files of version %" PRIu64 ": %s and %s (a fork)",
                         next->version, previous->sha256, next->sha256);
    if (next->version > previous->version + 1)
        return ot_refuse(err, OT_E_TRUST,
                         "version %" PRIu64 " behind version %" PRIu64 ": those between are needed",
                         next->version, previous->version);
    if (ot_trust_file_signed_by(next, previous, err) < 0)
        return -1;
    return ot_trust_file_signed_by(next, next, err);
}

int ot_trust_file_check_expiry(const struct ot_trust_file *file, uint64_t now, struct ot_error *err)
{
    if (file->expires == OT_NO_TIME || now <= file->expires)
        return 0;
    return ot_refuse(err, OT_E_EXPIRED,
                     "the trust file expired at %" PRIu64 ", the time is %" PRIu64
                     " (seconds since 1970)",
                     file->expires, now);
}

int ot_trust_file_chain(struct ot_trust_file *const *files, size_t count, uint64_t now,
                        struct ot_error *err)
{
    if (ot_trust_file_signed_by(files[0], files[0], err) < 0)
        return -1;
    for (size_t i = 1; i < count; i++) {
        if (ot_trust_file_follows(files[i], files[i - 1], err) < 0)
            return -1;
    }
    return ot_trust_file_check_expiry(files[count - 1], now, err);
}
