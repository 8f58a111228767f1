#include "verify/acceptance.h"

#include "base/file.h"
#include "base/process.h"
#include "verify/growth.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_WAIT_MS 10000

struct ot_acceptance {
    char *path; /* NULL: only the receipt is written */
    int dir_fd; /* its folder */
    int lock_fd;
    struct ot_statement statement;
    struct ot_buf manifest;
    size_t signed_by;
    unsigned growth_threshold;
    uint64_t trust_version; /* 0: without a trust file */
    char trust_sha256[OT_SHA256_HEX];
    bool has_reset;
    struct ot_reset reset;
    struct ot_pending_receipt *receipt; /* NULL: none */
};

void ot_acceptance_free(struct ot_acceptance *acceptance)
{
    if (acceptance == NULL)
        return;
    ot_autoclose(&acceptance->dir_fd);
    ot_autoclose(&acceptance->lock_fd);
    ot_buf_free(&acceptance->manifest);
    ot_pending_receipt_free(acceptance->receipt);
    free(acceptance->path);
    free(acceptance);
}

static void acceptance_cleanup(struct ot_acceptance **acceptance)
{
    ot_acceptance_free(*acceptance);
}

/* The state file is replaced whenever it is written, so another file is what is locked. */
static int open_lock(struct ot_acceptance *acceptance, const char *name, struct ot_error *err)
{
    OT_AUTOFREE char *lock = ot_asprintf("%s.lock", name);
    struct stat info;

    if (faccessat(acceptance->dir_fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
        return ot_fail_errno(err, OT_CONFIG, "cannot write in its folder");
    acceptance->lock_fd = openat(acceptance->dir_fd, lock,
                                 O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (acceptance->lock_fd < 0 || fstat(acceptance->lock_fd, &info) < 0)
        return ot_fail_errno(err, OT_CONFIG, "cannot open %s beside it", lock);
    if (!S_ISREG(info.st_mode))
        return ot_fail(err, OT_CONFIG, "%s beside it is not a regular file", lock);
    return 0;
}

static int prepare(struct ot_acceptance *acceptance, struct ot_error *err)
{
    OT_AUTOFREE char *name = NULL;

    if (ot_open_parent(acceptance->path, &acceptance->dir_fd, &name, err) < 0) {
        err->kind = OT_CONFIG;
        return -1;
    }
    return open_lock(acceptance, name, err);
}

/* What decided, to decide again at the commit. */
static void take_policy(struct ot_acceptance *acceptance, const struct ot_payload *payload,
                        const struct ot_trust *trust)
{
    const struct ot_policy *policy = ot_payload_policy(payload);

    acceptance->signed_by = ot_payload_signers(payload)->count;
    acceptance->growth_threshold = trust->growth_threshold;
    if (policy != NULL) {
        acceptance->trust_version = policy->version;
        memcpy(acceptance->trust_sha256, policy->sha256, sizeof(acceptance->trust_sha256));
    }
    acceptance->has_reset = trust->reset != NULL;
    if (trust->reset != NULL)
        acceptance->reset = *trust->reset;
}

int ot_acceptance_new(const struct ot_payload *payload, const struct ot_trust *trust,
                      struct ot_acceptance **out, struct ot_error *err)
{
    OT_CLEANUP(acceptance_cleanup)
    struct ot_acceptance *acceptance = ot_alloc(1, sizeof(*acceptance));
    struct ot_span manifest = ot_payload_manifest_text(payload);

    acceptance->path = ot_strdup(trust->state->path);
    acceptance->dir_fd = acceptance->lock_fd = -1;
    acceptance->statement = *ot_payload_statement(payload);
    ot_buf_append(&acceptance->manifest, manifest.data, manifest.len);
    take_policy(acceptance, payload, trust);
    if (prepare(acceptance, err) < 0)
        return ot_error_prefix(err, "--state %s", acceptance->path);
    *out = OT_STEAL(acceptance);
    return 0;
}

void ot_acceptance_add_receipt(struct ot_acceptance **acceptance,
                               struct ot_pending_receipt *receipt)
{
    if (*acceptance == NULL) {
        *acceptance = ot_alloc(1, sizeof(**acceptance));
        (*acceptance)->dir_fd = (*acceptance)->lock_fd = -1;
    }
    (*acceptance)->receipt = receipt;
}

struct ot_pending_receipt *ot_acceptance_receipt(const struct ot_acceptance *acceptance)
{
    return acceptance != NULL ? acceptance->receipt : NULL;
}

struct ot_pending_receipt *ot_acceptance_take_receipt(struct ot_acceptance *acceptance)
{
    return acceptance != NULL ? OT_STEAL(acceptance->receipt) : NULL;
}

/* The verdicts of the verification again: the state may be another one by now. */
static int check_again(const struct ot_acceptance *acceptance, const struct ot_state *state,
                       struct ot_error *err)
{
    struct ot_manifest *manifest = NULL;
    int done;

    if (ot_state_check(state, &acceptance->statement, true, err) < 0 ||
        (acceptance->trust_version > 0 &&
         ot_state_check_trust(state, acceptance->trust_version, acceptance->trust_sha256, err) < 0))
        return -1;
    if (acceptance->growth_threshold == 0)
        return 0;
    done = ot_manifest_parse(ot_buf_span(&acceptance->manifest), &manifest, err);
    if (done == 0)
        done = ot_growth_check(state, manifest, acceptance->signed_by, acceptance->growth_threshold,
                               err);
    ot_manifest_free(manifest);
    return done;
}

/* What the state becomes. */
static struct ot_state *succeed(const struct ot_acceptance *acceptance,
                                const struct ot_state *before)
{
    const struct ot_statement *statement = &acceptance->statement;
    bool has_trust = acceptance->trust_version > 0;
    struct ot_state *after = ot_alloc(1, sizeof(*after));

    after->path = ot_strdup(acceptance->path);
    after->exists = true;
    memcpy(after->name, statement->name, sizeof(after->name));
    after->floor = after->sequence = statement->sequence;
    memcpy(after->manifest_sha256, statement->manifest_sha256, sizeof(after->manifest_sha256));
    ot_buf_append(&after->manifest, acceptance->manifest.data, acceptance->manifest.len);
    after->reset = before->reset;
    after->trust_version = has_trust ? acceptance->trust_version : before->trust_version;
    memcpy(after->trust_sha256, has_trust ? acceptance->trust_sha256 : before->trust_sha256,
           sizeof(after->trust_sha256));
    return after;
}

static bool is_same(const struct ot_state *a, const struct ot_state *b)
{
    return a->exists == b->exists && a->floor == b->floor && a->sequence == b->sequence &&
           a->reset == b->reset && a->trust_version == b->trust_version;
}

static void tell(bool existed, uint64_t floor_before, const struct ot_state *after,
                 struct ot_buf *told)
{
    if (existed && floor_before == after->floor)
        return;
    ot_buf_printf(told, "%s: ", after->path);
    if (!existed)
        ot_buf_printf(told, "made for the releases of %s; the floor is %" PRIu64, after->name,
                      after->floor);
    else
        ot_buf_printf(told, "the floor is %" PRIu64 " now, it was %" PRIu64, after->floor,
                      floor_before);
}

static int write_state(const struct ot_state *state, struct ot_error *err)
{
    OT_AUTOTEMP struct ot_temp_file temp = OT_TEMP_INIT;
    OT_AUTOBUF struct ot_buf text = {0};

    ot_state_write(state, &text);
    if (ot_temp_open(&temp, state->path, 0600, err) < 0 ||
        ot_write_all(temp.fd, text.data, text.len, state->path, err) < 0)
        return -1;
    return ot_temp_commit(&temp, false, err);
}

/* With the lock held. */
static int commit(const struct ot_acceptance *acceptance, struct ot_buf *told, struct ot_error *err)
{
    OT_AUTOSTATE struct ot_state *before = NULL;
    OT_AUTOSTATE struct ot_state *after = NULL;
    uint64_t floor;

    if (ot_state_load(acceptance->path, &before, err) < 0)
        return -1;
    floor = before->floor;
    if (acceptance->has_reset && ot_reset_is_of(&acceptance->reset, before))
        ot_reset_apply(&acceptance->reset, before);
    if (check_again(acceptance, before, err) < 0)
        return ot_error_prefix(err, "%s", acceptance->path);
    after = succeed(acceptance, before);
    if (is_same(before, after)) {
        /* who wrote it may have been killed before the folder was on the disk */
        ot_temp_remove_abandoned(acceptance->path);
        return fsync(acceptance->dir_fd) == 0
                   ? 0
                   : ot_fail_errno(err, OT_FAILED, "%s: its folder", acceptance->path);
    }
    if (write_state(after, err) < 0)
        return -1;
    tell(before->exists, floor, after, told);
    return 0;
}

static int commit_state(struct ot_acceptance *acceptance, struct ot_buf *told, struct ot_error *err)
{
    int done;

    if (ot_lock(acceptance->lock_fd, ot_now_ms() + LOCK_WAIT_MS, acceptance->path, err) < 0)
        return -1;
    done = commit(acceptance, told, err);
    (void)flock(acceptance->lock_fd, LOCK_UN);
    return done;
}

int ot_acceptance_commit(struct ot_acceptance *acceptance, struct ot_buf *told,
                         struct ot_error *err)
{
    if (acceptance->path != NULL && commit_state(acceptance, told, err) < 0)
        return -1;
    return acceptance->receipt != NULL ? ot_pending_receipt_append(acceptance->receipt, told, err)
                                       : 0;
}
