#include "verify/state.h"

#include "base/file.h"
#include "verify/field.h"
#include "verify/in_toto.h"
#include "verify/refusal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARK "onetube-state-v1 "
/* Of the mark, the digest and the newline. */
#define HEAD_LEN (sizeof(MARK) - 1 + OT_SHA256_HEX)
#define REMEDY                                                                                     \
    "nothing is accepted until it is restored, or removed by somebody who knows what may run "     \
    "here "                                                                                        \
    "and says so with --min-sequence"

void ot_state_free(struct ot_state *state)
{
    if (state == NULL)
        return;
    ot_buf_free(&state->manifest);
    free(state->path);
    free(state);
}

void ot_state_cleanup(struct ot_state **state)
{
    ot_state_free(*state);
}

/* -- reading -- */

/* The trust file that was seen last, if there was one. */
static int read_trust(struct ot_json *json, struct ot_state *state, struct ot_error *err)
{
    struct ot_span key;
    int more = ot_json_key(json, &key, err);

    if (more <= 0)
        return more;
    if (!ot_span_is(key, "trust"))
        return ot_json_fail(json, err, "an unknown key, expected \"trust\" or none");
    if (ot_json_object(json, err) < 0 ||
        ot_field_uint(json, "version", OT_SAFE_INTEGER_MAX, &state->trust_version, err) < 0 ||
        ot_field_sha256(json, "sha256", state->trust_sha256, err) < 0 ||
        ot_json_expect_end(json, err) < 0)
        return -1;
    return ot_json_expect_end(json, err);
}

static int read_line(struct ot_span line, struct ot_state *state, uint64_t *manifest_bytes,
                     struct ot_error *err)
{
    struct ot_json json;
    int done = -1;

    ot_json_begin(&json, line, 0);
    if (ot_json_object(&json, err) == 0 && ot_in_toto_text(&json, "name", state->name, err) == 0 &&
        ot_field_uint(&json, "floor", OT_SAFE_INTEGER_MAX, &state->floor, err) == 0 &&
        ot_field_uint(&json, "sequence", OT_SAFE_INTEGER_MAX, &state->sequence, err) == 0 &&
        ot_field_sha256(&json, "manifestSha256", state->manifest_sha256, err) == 0 &&
        ot_field_uint(&json, "manifestBytes", OT_SAFE_INTEGER_MAX, manifest_bytes, err) == 0 &&
        ot_field_uint(&json, "reset", OT_SAFE_INTEGER_MAX, &state->reset, err) == 0 &&
        read_trust(&json, state, err) == 0)
        done = ot_json_finish(&json, err);
    ot_json_end(&json);
    return done;
}

static int read_text(struct ot_span text, struct ot_state *state, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf again = {0};
    char digest[OT_SHA256_HEX];
    struct ot_span rest, line;
    uint64_t manifest_bytes;
    const char *end;

    if (text.len < HEAD_LEN || !ot_span_starts(text, MARK))
        return ot_fail(err, OT_FAILED, "it does not begin with \"" MARK "\" and a digest");
    rest = ot_span_skip(text, HEAD_LEN);
    ot_sha256_hex(rest, digest);
    if (memcmp(text.data + sizeof(MARK) - 1, digest, OT_SHA256_HEX - 1) != 0)
        return ot_fail(err, OT_FAILED, "the SHA-256 in its first line is not that of the rest");
    end = memchr(rest.data, '\n', rest.len);
    line = (struct ot_span){rest.data, end != NULL ? (size_t)(end - rest.data) : rest.len};
    if (read_line(line, state, &manifest_bytes, err) < 0)
        return -1;
    ot_buf_append(&state->manifest, rest.data + line.len + (end != NULL),
                  rest.len - line.len - (end != NULL));
    state->exists = true;
    /* the one spelling: also of the first line's end, of the manifest's size and its digest */
    ot_state_write(state, &again);
    if (!ot_span_equal(text, ot_buf_span(&again)) || manifest_bytes != state->manifest.len)
        return ot_fail(err, OT_FAILED, "it is not in its one valid spelling");
    ot_sha256_hex(ot_buf_span(&state->manifest), digest);
    if (strcmp(digest, state->manifest_sha256) != 0)
        return ot_fail(err, OT_FAILED, "the manifest in it is not the one that it names");
    if (state->floor > state->sequence)
        return ot_fail(err, OT_FAILED, "its floor is above its sequence");
    return 0;
}

int ot_state_parse(struct ot_span text, struct ot_state *state, struct ot_error *err)
{
    struct ot_error why;

    if (read_text(text, state, &why) == 0)
        return 0;
    state->exists = false;
    return ot_refuse(err, OT_E_STATE, "the state file is damaged: %s; " REMEDY, why.message);
}

void ot_state_write(const struct ot_state *state, struct ot_buf *out)
{
    OT_AUTOBUF struct ot_buf rest = {0};
    char digest[OT_SHA256_HEX];

    ot_buf_printf(&rest,
                  "{\"name\":\"%s\",\"floor\":%" PRIu64 ",\"sequence\":%" PRIu64
                  ",\"manifestSha256\":\"%s\",\"manifestBytes\":%zu,\"reset\":%" PRIu64,
                  state->name, state->floor, state->sequence, state->manifest_sha256,
                  state->manifest.len, state->reset);
    if (state->trust_version > 0)
        ot_buf_printf(&rest, ",\"trust\":{\"version\":%" PRIu64 ",\"sha256\":\"%s\"}",
                      state->trust_version, state->trust_sha256);
    ot_buf_puts(&rest, "}\n");
    ot_buf_append(&rest, state->manifest.data, state->manifest.len);
    ot_sha256_hex(ot_buf_span(&rest), digest);
    ot_buf_printf(out, MARK "%s\n", digest);
    ot_buf_append(out, rest.data, rest.len);
}

/* -- the file -- */

static int distrust(struct ot_error *err, const char *why)
{
    return ot_refuse(err, OT_E_STATE, "the state file %s; " REMEDY, why);
}

/* Who may write it, or put another in its place, could take back what was remembered. */
static int check_writers(int fd, bool is_folder, struct ot_error *err)
{
    struct stat info;
    bool sticky;

    if (fstat(fd, &info) < 0)
        return ot_fail_errno(err, OT_FAILED, "fstat");
    sticky = is_folder && (info.st_mode & S_ISVTX) != 0;
    if (info.st_uid != 0 && info.st_uid != geteuid())
        return distrust(err,
                        is_folder ? "is in a folder of another user" : "belongs to another user");
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky)
        return distrust(err, is_folder ? "is in a folder that others may write to (chmod go-w)"
                                       : "may be written by others (chmod go-w)");
    return 0;
}

/* 1: there is none yet. */
static int read_file(int dir_fd, const char *name, struct ot_buf *out, struct ot_error *err)
{
    struct ot_error why;
    OT_AUTOCLOSE int fd = ot_open_regular(dir_fd, name, OT_STATE_MAX, NULL, &why);

    if (fd < 0 && why.errnum == ENOENT)
        return 1;
    if (fd < 0)
        return ot_refuse(err, OT_E_STATE, "the state file cannot be read: %s; " REMEDY,
                         why.message);
    if (check_writers(fd, false, err) < 0)
        return -1;
    return ot_read_fd(fd, OT_STATE_MAX, out, name, err);
}

static int load(int dir_fd, const char *name, struct ot_state *state, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    int missing;

    if (check_writers(dir_fd, true, err) < 0)
        return -1;
    missing = read_file(dir_fd, name, &text, err);
    if (missing != 0)
        return missing < 0 ? -1 : 0;
    return ot_state_parse(ot_buf_span(&text), state, err);
}

int ot_state_load(const char *path, struct ot_state **out, struct ot_error *err)
{
    OT_AUTOSTATE struct ot_state *state = ot_alloc(1, sizeof(*state));
    OT_AUTOFREE char *name = NULL;
    OT_AUTOCLOSE int dir_fd = -1;

    state->path = ot_strdup(path);
    if (ot_open_parent(path, &dir_fd, &name, err) < 0)
        return -1;
    if (load(dir_fd, name, state, err) < 0)
        return ot_error_prefix(err, "%s", path);
    *out = OT_STEAL(state);
    return 0;
}

/* -- what may follow -- */

int ot_state_check(const struct ot_state *state, const struct ot_statement *statement,
                   bool is_signed, struct ot_error *err)
{
    if (statement == NULL || !is_signed)
        return ot_refuse(err, OT_E_ROLLBACK,
                         "it is unsigned, so nobody vouches for a sequence, which a state file "
                         "needs");
    if (!state->exists)
        return 0;
    if (strcmp(statement->name, state->name) != 0)
        return ot_refuse(err, OT_E_STATE,
                         "%s: the release is called %s, but the state file is of %s; each name has "
                         "a state file of its own",
                         OT_STATEMENT_NAME, statement->name, state->name);
    if (statement->sequence < state->floor)
        return ot_refuse(err, OT_E_ROLLBACK,
                         "%s: the sequence is %" PRIu64 ", the floor is %" PRIu64
                         " (the state file remembers %" PRIu64 ")",
                         OT_STATEMENT_NAME, statement->sequence, state->floor, state->sequence);
    if (statement->sequence == state->sequence &&
        strcmp(statement->manifest_sha256, state->manifest_sha256) != 0)
        return ot_refuse(err, OT_E_ROLLBACK,
                         "%s: the sequence %" PRIu64
                         " was accepted with another manifest, %s; a new release takes a higher "
                         "--sequence",
                         OT_STATEMENT_NAME, statement->sequence, state->manifest_sha256);
    return 0;
}

int ot_state_check_trust(const struct ot_state *state, uint64_t version, const char *sha256,
                         struct ot_error *err)
{
    if (!state->exists || version > state->trust_version)
        return 0;
    if (version < state->trust_version)
        return ot_refuse(err, OT_E_ROLLBACK,
                         "the trust file's version is %" PRIu64
                         ", the state file remembers version %" PRIu64,
                         version, state->trust_version);
    if (strcmp(sha256, state->trust_sha256) != 0)
        return ot_refuse(err, OT_E_TRUST,
                         "the trust file of version %" PRIu64
                         " is another one than the state file remembers, %s (a fork)",
                         version, state->trust_sha256);
    return 0;
}
