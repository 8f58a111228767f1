#include "engine/engine.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#define PACKAGE "@cloudflare/workerd-linux-64"
#elif defined(__aarch64__)
#define PACKAGE "@cloudflare/workerd-linux-arm64"
#else
#error "the engine is published for x86-64 and arm64 only"
#endif

#define PIECE (1u << 20) /* bytes that are hashed at once */

/* Beside the program: installed, or in the tree that it was built in (out/ or out/san/). */
static const char *const places[] = {
    "../libexec/onetube/workerd",
    "../node_modules/" PACKAGE "/bin/workerd",
    "../../node_modules/" PACKAGE "/bin/workerd",
    NULL,
};

static int find(const char *path, char **out, struct ot_error *err)
{
    OT_AUTOFREE char *found = NULL;

    if (path != NULL) {
        if (!ot_is_program(path))
            return ot_fail(err, OT_TOOL,
                           "engine %s: %s (give the workerd program with --engine, or install it: "
                           "npm install workerd@" OT_ENGINE_VERSION ")",
                           path, strerror(errno));
        found = ot_strdup(path);
    } else {
        found = ot_find_program("workerd", places);
    }
    if (found == NULL)
        return ot_fail(err, OT_TOOL,
                       "there is no engine: no workerd beside this program or on PATH (install it: "
                       "npm install workerd@" OT_ENGINE_VERSION
                       ", or say where it is with --engine)");
    /* absolute, because the engine is started in "/" */
    *out = realpath(found, NULL);
    return *out != NULL ? 0 : ot_fail_errno(err, OT_TOOL, "engine %s", found);
}

int ot_engine_program_open(struct ot_engine_program *program, const char *path,
                           struct ot_error *err)
{
    if (find(path, &program->name, err) < 0)
        return -1;
    program->fd = open(program->name, O_RDONLY | O_CLOEXEC);
    program->sha256[0] = '\0';
    if (program->fd < 0) {
        ot_fail_errno(err, OT_TOOL, "engine %s", program->name);
        ot_engine_program_close(program);
        return -1;
    }
    return 0;
}

void ot_engine_program_close(struct ot_engine_program *program)
{
    ot_autoclose(&program->fd);
    free(OT_STEAL(program->name));
}

/* The same file, not written to since: the change time cannot be set back. */
static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int hash_file(const struct ot_engine_program *program, char out[OT_SHA256_HEX],
                     struct ot_error *err)
{
    OT_AUTOFREE char *piece = ot_alloc(PIECE, 1);
    uint8_t digest[OT_SHA256_SIZE];
    struct ot_sha256 hash;
    uint64_t at = 0;
    ssize_t got;

    ot_sha256_init(&hash);
    while ((got = ot_read_at(program->fd, piece, PIECE, at, program->name, err)) > 0) {
        ot_sha256_update(&hash, piece, (size_t)got);
        at += (uint64_t)got;
    }
    if (got < 0)
        return -1;
    ot_sha256_final(&hash, digest);
    ot_hex(out, digest, sizeof(digest));
    return 0;
}

int ot_engine_program_hash(struct ot_engine_program *program, struct ot_error *err)
{
    struct stat now;

    if (fstat(program->fd, &now) < 0)
        return ot_fail_errno(err, OT_TOOL, "engine %s", program->name);
    if (program->sha256[0] != '\0' && same_file(&now, &program->hashed))
        return 0;
    program->hashed = now;
    return hash_file(program, program->sha256, err);
}

int ot_engine_program_check(struct ot_engine_program *program, const struct ot_payload *payload,
                            struct ot_error *err)
{
    const struct ot_policy *policy = ot_payload_policy(payload);

    if (policy == NULL || policy->engines.count == 0)
        return 0;
    if (ot_engine_program_hash(program, err) < 0)
        return -1;
    if (ot_list_has(&policy->engines, program->sha256))
        return 0;
    return ot_refuse(err, OT_E_ENGINE,
                     "engine %s: its SHA-256 is %s, which the trust file does not allow",
                     program->name, program->sha256);
}

int ot_engine_program_unchanged(const struct ot_engine_program *program, struct ot_error *err)
{
    char sha256[OT_SHA256_HEX];
    struct stat now;

    if (program->sha256[0] == '\0' ||
        (fstat(program->fd, &now) == 0 && same_file(&now, &program->hashed)))
        return 0;
    /* one more link to it changes the time, too */
    if (hash_file(program, sha256, err) < 0)
        return -1;
    if (strcmp(sha256, program->sha256) == 0)
        return 0;
    return ot_refuse(err, OT_E_ENGINE, "engine %s: was written to after it was checked",
                     program->name);
}
