#include "package/kit.h"

#include "base/confine.h"
#include "base/file.h"
#include "base/text.h"
#include "verify/attestation.h"
#include "verify/member_io.h"
#include "verify/pae.h"
#include "verify/refusal.h"
#include "verify/trust_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256u << 10)

/* What an installed folder may hold, so that nothing else is ever replaced. */
static const char *const known[] = {
    OT_KIT_PAYLOAD, "attestations", OT_KIT_PROVENANCE, OT_KIT_SBOM, "trust", NULL,
};

struct import {
    const struct ot_import_options *options;
    struct ot_import_report *report;
    const struct ot_kit *kit;
    const char *folder; /* where the kit was unpacked */
    struct ot_trust_file *installed;
    struct ot_trust_file *first; /* the operator's */
    struct ot_trust_file *files[OT_KIT_LIST_MAX];
    size_t file_count;
};

void ot_import_report_free(struct ot_import_report *report)
{
    ot_list_free(&report->signers);
    ot_list_free(&report->rebuilders);
}

static void import_free(struct import *import)
{
    ot_trust_file_free(import->installed);
    ot_trust_file_free(import->first);
    for (size_t i = 0; i < import->file_count; i++)
        ot_trust_file_free(import->files[i]);
}

/* -- unpacking ----------------------------------------------------------------------------------
 */

static int unpack_member(int fd, const struct ot_kit_member *member, int folder,
                         struct ot_error *err)
{
    OT_AUTOFREE char *room = ot_alloc(1, CHUNK);
    OT_AUTOCLOSE int to = -1;

    /* makes its folder, too */
    if (ot_write_beneath(folder, member->name, (struct ot_span){"", 0}, err) < 0)
        return -1;
    to = ot_open_beneath(folder, member->name, O_WRONLY, 0, err);
    if (to < 0)
        return -1;
    for (uint64_t at = 0; at < member->size;) {
        size_t len = member->size - at < CHUNK ? (size_t)(member->size - at) : CHUNK;

        if (ot_member_read(fd, room, len, member->offset + at, member->name, err) < 0 ||
            ot_write_all(to, room, len, member->name, err) < 0)
            return -1;
        at += len;
    }
    return 0;
}

static int unpack(int fd, const struct ot_kit *kit, int folder, struct ot_error *err)
{
    for (size_t i = 0; i < kit->count; i++) {
        if (unpack_member(fd, &kit->members[i], folder, err) < 0)
            return -1;
    }
    return 0;
}

/* -- whom to trust ------------------------------------------------------------------------------
 */

/* The newest trust file in the installed folder: the one with the highest number. */
static int load_installed(struct import *import, struct ot_error *err)
{
    for (unsigned i = OT_KIT_LIST_MAX; i-- > 0;) {
        OT_AUTOFREE char *path = ot_asprintf("%s/trust/%02u.json", import->options->into, i);

        if (access(path, F_OK) == 0)
            return ot_trust_file_load(path, &import->installed, err);
        if (errno != ENOENT && errno != ENOTDIR)
            return ot_fail_errno(err, OT_FAILED, "%s", path);
    }
    return 0;
}

static int load_files(struct import *import, struct ot_error *err)
{
    for (size_t i = 0; i < OT_KIT_LIST_MAX; i++) {
        OT_AUTOFREE char *name = ot_asprintf("trust/%02zu.json", i);
        OT_AUTOFREE char *path = ot_asprintf("%s/%s", import->folder, name);

        if (ot_kit_find(import->kit, name) == NULL)
            continue;
        if (ot_trust_file_load(path, &import->files[import->file_count], err) < 0)
            return -1;
        import->file_count++;
    }
    return 0;
}

/* The kit's files from the installed one's version on must follow that. */
static int check_follows(const struct import *import, uint64_t now, struct ot_error *err)
{
    struct ot_trust_file *chain[OT_KIT_LIST_MAX + 1] = {import->installed};
    size_t count = 1;

    for (size_t i = 0; i < import->file_count; i++) {
        if (import->files[i]->version >= import->installed->version)
            chain[count++] = import->files[i];
    }
    if (count == 1)
        return ot_refuse(err, OT_E_ROLLBACK,
                         "its trust files are older than the one that is installed");
    return ot_trust_file_chain(chain, count, now, err);
}

static int check_first(struct import *import, struct ot_error *err)
{
    if (import->options->first_trust_file == NULL)
        return ot_refuse(err, OT_E_UNTRUSTED,
                         "it has trust files, but none is installed that they could follow "
                         "(--first-trust FILE says which is the first)");
    if (ot_trust_file_load(import->options->first_trust_file, &import->first, err) < 0)
        return -1;
    if (strcmp(import->first->sha256, import->files[0]->sha256) != 0)
        return ot_refuse(err, OT_E_UNTRUSTED, "its first trust file is not that of --first-trust");
    return 0;
}

static int check_trust_files(struct import *import, struct ot_error *err)
{
    uint64_t now = import->options->trust->now;

    if (load_installed(import, err) < 0 || load_files(import, err) < 0)
        return -1;
    if (import->file_count == 0)
        return import->installed == NULL && import->options->first_trust_file == NULL
                   ? 0
                   : ot_refuse(err, OT_E_UNTRUSTED,
                               "it has no trust file that could follow the one in use");
    if (ot_trust_file_chain(import->files, import->file_count, now, err) < 0)
        return -1;
    return import->installed != NULL ? check_follows(import, now, err) : check_first(import, err);
}

/* Of what decides: NULL, if no trust file does. */
static const struct ot_trust_file *newest(const struct import *import)
{
    return import->file_count > 0 ? import->files[import->file_count - 1] : NULL;
}

/* -- the release --------------------------------------------------------------------------------
 */

static void trust_keys_of(const struct ot_trust_file *file, struct ot_trust *trust)
{
    trust->keys = ot_alloc(file->key_count, sizeof(*trust->keys));
    for (size_t i = 0; i < file->key_count; i++) {
        if (file->keys[i].role == OT_ROLE_RELEASE)
            trust->keys[trust->key_count++] = file->keys[i].key;
    }
    trust->threshold = file->thresholds[OT_ROLE_RELEASE];
}

static int open_payload(const struct import *import, struct ot_payload **out, struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/%s", import->folder, OT_KIT_PAYLOAD);
    const struct ot_trust *given = import->options->trust;
    const struct ot_trust_file *file = newest(import);
    struct ot_trust trust;
    int done;

    if (file == NULL)
        return ot_payload_open(path, given, 0, NULL, out, err);
    ot_trust_init(&trust);
    trust_keys_of(file, &trust);
    trust.now = given->now;
    trust.max_size = given->max_size;
    trust.min_sequence =
        file->min_sequence > given->min_sequence ? file->min_sequence : given->min_sequence;
    done = ot_payload_open(path, &trust, 0, NULL, out, err);
    ot_trust_free(&trust);
    return done;
}

static int check_release(const struct import *import, const struct ot_payload *payload,
                         const char *manifest_sha256, struct ot_error *err)
{
    const struct ot_member *engine = ot_payload_manifest(payload)->engine;
    const struct ot_trust_file *file = newest(import);
    char digest[OT_SHA256_HEX];

    if (file == NULL)
        return 0;
    if (ot_list_has(&file->revoked_manifests, manifest_sha256))
        return ot_refuse(err, OT_E_POLICY, "%s: its manifest is revoked", OT_KIT_PAYLOAD);
    if (engine == NULL || file->engines.count == 0)
        return 0;
    ot_hex(digest, engine->sha256, sizeof(engine->sha256));
    if (!ot_list_has(&file->engines, digest))
        return ot_refuse(err, OT_E_POLICY, "%s: the trust file does not allow its engine",
                         OT_KIT_PAYLOAD);
    return 0;
}

/* -- attestations -------------------------------------------------------------------------------
 */

static int count_rebuilders(const struct import *import, const char *name,
                            const struct ot_envelope *envelope, struct ot_error *err)
{
    OT_AUTOLIST struct ot_list signers = {0};
    OT_AUTOBUF struct ot_buf message = {0};
    struct ot_list *counted = &import->report->rebuilders;

    if (newest(import) == NULL)
        return 0;
    ot_pae(OT_IN_TOTO_TYPE, ot_buf_span(&envelope->text), &message);
    if (ot_trust_file_count(newest(import), OT_ROLE_REBUILD, name, &envelope->page,
                            ot_buf_span(&message), &signers, err) < 0)
        return -1;
    for (size_t i = 0; i < signers.count; i++) {
        if (!ot_list_has(counted, signers.items[i]))
            ot_list_add(counted, signers.items[i]);
    }
    return 0;
}

static int check_attestation(const struct import *import, const char *name,
                             const char *manifest_sha256, struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/%s", import->folder, name);
    OT_AUTOENVELOPE struct ot_envelope envelope = {0};
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_attestation attestation;

    if (ot_read_file(path, OT_ENVELOPE_MAX, &text, err) < 0 ||
        ot_envelope_parse(&envelope, ot_buf_span(&text), err) < 0 ||
        ot_attestation_parse(&attestation, ot_buf_span(&envelope.text), err) < 0)
        return ot_error_prefix(err, "%s", name);
    if (strcmp(attestation.manifest_sha256, manifest_sha256) != 0)
        return ot_refuse(err, OT_E_STATEMENT, "%s: is of another release", name);
    import->report->attestation_count++;
    return count_rebuilders(import, name, &envelope, err);
}

static int check_attestations(const struct import *import, const char *manifest_sha256,
                              struct ot_error *err)
{
    const struct ot_trust_file *file = newest(import);
    unsigned wanted = file != NULL ? file->thresholds[OT_ROLE_REBUILD] : 0;

    for (size_t i = 0; i < import->kit->count; i++) {
        const char *name = import->kit->members[i].name;

        if (strncmp(name, "attestations/", 13) == 0 &&
            check_attestation(import, name, manifest_sha256, err) < 0)
            return -1;
    }
    if (import->report->rebuilders.count < wanted)
        return ot_refuse(err, OT_E_UNTRUSTED,
                         "%zu of the keys that rebuild have attested it, %u are needed",
                         import->report->rebuilders.count, wanted);
    return 0;
}

/* -- all ----------------------------------------------------------------------------------------
 */

static void fill_report(const struct import *import, const struct ot_payload *payload)
{
    struct ot_import_report *report = import->report;
    const struct ot_list *signers = ot_payload_signers(payload);

    report->statement = *ot_payload_statement(payload);
    for (size_t i = 0; i < signers->count; i++)
        ot_list_add(&report->signers, signers->items[i]);
    report->trust_version = newest(import) != NULL ? newest(import)->version : 0;
    report->has_sbom = ot_kit_find(import->kit, OT_KIT_SBOM) != NULL;
    report->has_provenance = ot_kit_find(import->kit, OT_KIT_PROVENANCE) != NULL;
}

/* On a thread without network. */
static int check(void *context, struct ot_error *err)
{
    struct import *import = context;
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    char manifest_sha256[OT_SHA256_HEX];

    if (check_trust_files(import, err) < 0 || open_payload(import, &payload, err) < 0)
        return -1;
    ot_sha256_hex(ot_payload_manifest_text(payload), manifest_sha256);
    if (check_release(import, payload, manifest_sha256, err) < 0 ||
        check_attestations(import, manifest_sha256, err) < 0)
        return -1;
    fill_report(import, payload);
    return 0;
}

static int check_unpacked(const struct ot_import_options *options, const struct ot_kit *kit,
                          const char *folder, struct ot_import_report *report, struct ot_error *err)
{
    OT_CLEANUP(import_free)
    struct import import = {.options = options, .report = report, .kit = kit, .folder = folder};

    return ot_confined(check, &import, err);
}

/* The temporary folder beside the target, as a path. */
static char *path_of(const struct ot_temp_dir *temp, const char *target)
{
    size_t len = strlen(target);

    while (len > 0 && target[len - 1] == '/')
        len--;
    while (len > 0 && target[len - 1] != '/')
        len--;
    return ot_asprintf("%.*s%s", (int)len, target, temp->name);
}

int ot_kit_import(const struct ot_import_options *options, struct ot_import_report *report,
                  struct ot_error *err)
{
    OT_AUTOTEMPDIR struct ot_temp_dir temp = OT_TEMP_DIR_INIT;
    OT_AUTOFREE char *folder = NULL;
    struct ot_kit kit;
    struct stat info;
    OT_AUTOCLOSE int fd = ot_open_regular(AT_FDCWD, options->kit, INT64_MAX, &info, err);

    if (fd < 0)
        return -1;
    if (ot_kit_index(fd, (uint64_t)info.st_size, &kit, err) < 0)
        return ot_error_prefix(err, "%s", options->kit);
    if (ot_temp_dir_open(&temp, options->into, err) < 0)
        return -1;
    folder = path_of(&temp, options->into);
    if (unpack(fd, &kit, temp.fd, err) < 0 ||
        check_unpacked(options, &kit, folder, report, err) < 0)
        return ot_error_prefix(err, "%s", options->kit);
    return ot_temp_dir_commit(&temp, known, err);
}
