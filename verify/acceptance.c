#include "verify/acceptance.h"

#include "base/file.h"
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_WAIT_MS 10000

struct ot_acceptance {
    char *path;
    int dir_fd; /* its folder */
    int lock_fd;
    struct ot_statement statement;
    struct ot_buf manifest;
};

void ot_acceptance_free(struct ot_acceptance *acceptance)
{
    if (acceptance == NULL)
        return;
    ot_autoclose(&acceptance->dir_fd);
    ot_autoclose(&acceptance->lock_fd);
    ot_buf_free(&acceptance->manifest);
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
    if (prepare(acceptance, err) < 0)
        return ot_error_prefix(err, "--state %s", acceptance->path);
    *out = OT_STEAL(acceptance);
    return 0;
}

/* What the state becomes: whatever else it remembers stays. */
static void succeed(const struct ot_acceptance *acceptance, struct ot_state *state)
{
    const struct ot_statement *statement = &acceptance->statement;

    memcpy(state->name, statement->name, sizeof(state->name));
    state->floor = state->sequence = statement->sequence;
    memcpy(state->manifest_sha256, statement->manifest_sha256, sizeof(state->manifest_sha256));
    ot_buf_clear(&state->manifest);
    ot_buf_append(&state->manifest, acceptance->manifest.data, acceptance->manifest.len);
    state->exists = true;
}

static bool is_remembered(const struct ot_acceptance *acceptance, const struct ot_state *state)
{
    return state->exists && state->floor == acceptance->statement.sequence &&
           state->sequence == acceptance->statement.sequence;
}

static void tell(const struct ot_state *before, const struct ot_state *after, struct ot_buf *told)
{
    ot_buf_printf(told, "%s: ", after->path);
    if (!before->exists)
        ot_buf_printf(told, "made for the releases of %s; the floor is %" PRIu64, after->name,
                      after->floor);
    else
        ot_buf_printf(told, "the floor is %" PRIu64 " now, it was %" PRIu64, after->floor,
                      before->floor);
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

    if (ot_state_load(acceptance->path, &before, err) < 0)
        return -1;
    if (ot_state_check(before, &acceptance->statement, true, err) < 0)
        return ot_error_prefix(err, "%s", acceptance->path);
    if (is_remembered(acceptance, before)) {
        /* who wrote it may have been killed before the folder was on the disk */
        ot_temp_remove_abandoned(acceptance->path);
        return fsync(acceptance->dir_fd) == 0
                   ? 0
                   : ot_fail_errno(err, OT_FAILED, "%s: its folder", acceptance->path);
    }
    after = ot_alloc(1, sizeof(*after));
    after->path = ot_strdup(before->path);
    after->reset = before->reset;
    after->trust_version = before->trust_version;
    memcpy(after->trust_sha256, before->trust_sha256, sizeof(after->trust_sha256));
    succeed(acceptance, after);
    if (write_state(after, err) < 0)
        return -1;
    tell(before, after, told);
    return 0;
}

int ot_acceptance_commit(struct ot_acceptance *acceptance, struct ot_buf *told,
                         struct ot_error *err)
{
    int done;

    if (ot_lock(acceptance->lock_fd, ot_now_ms() + LOCK_WAIT_MS, acceptance->path, err) < 0)
        return -1;
    done = commit(acceptance, told, err);
    (void)flock(acceptance->lock_fd, LOCK_UN);
    return done;
}
