#include "verify/trust.h"

#include "base/file.h"
#include "verify/quorum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void ot_trust_init(struct ot_trust *trust)
{
    time_t now = time(NULL);

    /* a clock that cannot be read must not make anything look fresh */
    *trust = (struct ot_trust){.threshold = 1, .now = now < 0 ? UINT64_MAX : (uint64_t)now};
}

void ot_trust_free(struct ot_trust *trust)
{
    free(trust->keys);
    free(trust->revoked);
    ot_state_free(trust->state);
    free(trust->reset);
    ot_trust_file_free(trust->file);
    for (size_t i = 0; i < trust->attestation_count; i++)
        ot_envelope_free(&trust->attestations[i]);
    free(trust->attestations);
    *trust = (struct ot_trust){0};
}

static const struct ot_public_key *find(const struct ot_public_key *keys, size_t count,
                                        const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].id, id) == 0)
            return &keys[i];
    }
    return NULL;
}

static int add_key(struct ot_public_key **keys, size_t *count, const struct ot_public_key *key,
                   struct ot_error *err)
{
    if (find(*keys, *count, key->id) != NULL)
        return 0;
    if (*count == OT_TRUST_KEYS_MAX)
        return ot_fail(err, OT_USAGE, "more than %d keys", OT_TRUST_KEYS_MAX);
    *keys = ot_realloc(*keys, *count + 1, sizeof(**keys));
    (*keys)[(*count)++] = *key;
    return 0;
}

static int add(struct ot_public_key **keys, size_t *count, const char *source, struct ot_error *err)
{
    struct ot_public_key key;

    return ot_public_key_load(&key, source, err) < 0 ? -1 : add_key(keys, count, &key, err);
}

int ot_trust_add(struct ot_trust *trust, const char *source, struct ot_error *err)
{
    return add(&trust->keys, &trust->key_count, source, err);
}

int ot_trust_revoke(struct ot_trust *trust, const char *source, struct ot_error *err)
{
    if (add(&trust->revoked, &trust->revoked_count, source, err) < 0)
        return -1;
    for (size_t i = 0; trust->file != NULL && i < trust->revoked_count; i++)
        ot_trust_file_ignore(trust->file, trust->revoked[i].id);
    return 0;
}

static bool is_pem(const char *name)
{
    return name[0] != '.' && ot_span_ends(ot_span_of(name), ".pem");
}

/* Whoever can write to the file, or put one into the folder, decides what is trusted. */
static int check_writers(int fd, const char *path, struct ot_error *err)
{
    struct stat info;

    if (fstat(fd, &info) < 0)
        return ot_fail_errno(err, OT_USAGE, "%s", path);
    if (info.st_uid != 0 && info.st_uid != geteuid())
        return ot_fail(err, OT_USAGE, "%s: belongs to another user, who could add keys", path);
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return ot_fail(err, OT_USAGE, "%s: others may write to it and could add keys (chmod go-w)",
                       path);
    return 0;
}

int ot_trust_add_dir(struct ot_trust *trust, const char *dir, struct ot_error *err)
{
    OT_AUTOLIST struct ot_list names = {0};
    OT_AUTOCLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return ot_fail_errno(err, OT_USAGE, "%s", dir);
    if (check_writers(fd, dir, err) < 0)
        return -1;
    if (ot_list_dir(fd, &names, dir, err) < 0) {
        err->kind = OT_USAGE;
        return -1;
    }
    for (size_t i = 0; i < names.count; i++) {
        OT_AUTOFREE char *path = ot_asprintf("%s/%s", dir, names.items[i]);

        if (is_pem(names.items[i]) && ot_trust_add(trust, path, err) < 0)
            return -1;
    }
    return 0;
}

int ot_trust_take_file(struct ot_trust *trust, const char *path, struct ot_error *err)
{
    OT_AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    OT_AUTOTRUSTFILE struct ot_trust_file *file = NULL;
    OT_AUTOBUF struct ot_buf text = {0};

    if (fd < 0)
        return ot_fail_errno(err, OT_USAGE, "%s", path);
    if (check_writers(fd, path, err) < 0)
        return -1;
    if (ot_read_fd(fd, OT_TRUST_FILE_MAX, &text, path, err) < 0) {
        err->kind = OT_USAGE;
        return -1;
    }
    if (ot_trust_file_parse(ot_buf_span(&text), &file, err) < 0)
        return ot_error_prefix(err, "%s", path);
    for (size_t i = 0; i < file->key_count; i++) {
        const struct ot_trust_key *key = &file->keys[i];

        if (key->role == OT_ROLE_RELEASE &&
            add_key(&trust->keys, &trust->key_count, &key->key, err) < 0)
            return -1;
    }
    if (trust->threshold < file->thresholds[OT_ROLE_RELEASE])
        trust->threshold = file->thresholds[OT_ROLE_RELEASE];
    if (trust->growth_threshold < file->growth)
        trust->growth_threshold = file->growth;
    if (trust->min_sequence < file->min_sequence)
        trust->min_sequence = file->min_sequence;
    trust->file = OT_STEAL(file);
    return 0;
}

int ot_trust_add_attestation(struct ot_trust *trust, const char *path, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_envelope *envelope;

    if (trust->attestation_count == OT_ATTESTATIONS_MAX)
        return ot_fail(err, OT_USAGE, "more than %d attestations", OT_ATTESTATIONS_MAX);
    if (ot_read_file(path, OT_ENVELOPE_MAX, &text, err) < 0) {
        err->kind = OT_USAGE;
        return -1;
    }
    trust->attestations = ot_realloc(trust->attestations, trust->attestation_count + 1,
                                     sizeof(trust->attestations[0]));
    envelope = &trust->attestations[trust->attestation_count++];
    *envelope = (struct ot_envelope){.page.count = 0};
    return ot_envelope_parse(envelope, ot_buf_span(&text), err) < 0
               ? ot_error_prefix(err, "%s", path)
               : 0;
}

static const struct ot_public_key *usable_key(const struct ot_trust *trust, const char *id)
{
    if (find(trust->revoked, trust->revoked_count, id) != NULL)
        return NULL;
    return find(trust->keys, trust->key_count, id);
}

size_t ot_trust_usable_keys(const struct ot_trust *trust)
{
    size_t count = 0;

    for (size_t i = 0; i < trust->key_count; i++)
        count += usable_key(trust, trust->keys[i].id) != NULL;
    return count;
}

/* What a key is that has signed, in one word. */
static const char *standing(const struct ot_trust *trust, const char *id)
{
    const struct ot_trust_file *file = trust->file;

    if (find(trust->revoked, trust->revoked_count, id) != NULL ||
        (file != NULL && ot_list_has(&file->revoked_keys, id)))
        return "revoked";
    if (usable_key(trust, id) != NULL)
        return "trusted";
    for (size_t i = 0; file != NULL && i < file->key_count; i++) {
        if (strcmp(file->keys[i].key.id, id) == 0)
            return ot_role_name(file->keys[i].role);
    }
    return "unknown";
}

static int refuse_untrusted(const struct ot_trust *trust, const struct ot_signature_page *page,
                            size_t signed_by, unsigned threshold, struct ot_error *err)
{
    size_t usable = ot_trust_usable_keys(trust);

    if (page->count == 0)
        return ot_refuse(err, OT_E_UNTRUSTED,
                         "%s: it is not signed, expected at least %u of %zu trusted keys "
                         "(package with --sign-key, or onetube sign)",
                         OT_SIGNATURES_NAME, threshold, usable);
    if (usable == 0)
        ot_refuse(err, OT_E_UNTRUSTED, "%s: it is signed, and no key is trusted (--trust KEY)",
                  OT_SIGNATURES_NAME);
    else
        ot_refuse(err, OT_E_UNTRUSTED,
                  "%s: signed by %zu of %zu trusted keys, expected at least %u", OT_SIGNATURES_NAME,
                  signed_by, usable, threshold);
    for (unsigned i = 0; i < page->count; i++) {
        const char *id = page->items[i].key_id;
        size_t len = strlen(err->message);

        snprintf(err->message + len, sizeof(err->message) - len, "; %s key %s", standing(trust, id),
                 id);
    }
    return -1;
}

static const struct ot_public_key *find_usable(const void *context, const char *id)
{
    return usable_key(context, id);
}

int ot_trust_check(const struct ot_trust *trust, const struct ot_signature_page *page,
                   struct ot_span message, struct ot_list *signers, struct ot_error *err)
{
    unsigned threshold = trust->threshold > 0 ? trust->threshold : 1;
    unsigned bad = ot_quorum_count(page, message, find_usable, trust, signers);

    if (bad > 0)
        return ot_refuse(err, OT_E_SIGNATURE,
                         "%s: line %u: not a signature of this statement by the trusted key %s",
                         OT_SIGNATURES_NAME, bad, page->items[bad - 1].key_id);
    if (page->count == 0 && trust->allow_unsigned)
        return 0;
    if (signers->count < threshold)
        return refuse_untrusted(trust, page, signers->count, threshold, err);
    return 0;
}
