/* The engine's program, carried by a payload. */
#include "engine/engine.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u /* Linux 6.3 */
#endif

#if defined(__x86_64__)
#define ARCHITECTURE "x86_64"
#elif defined(__aarch64__)
#define ARCHITECTURE "aarch64"
#endif

/* Memory that may be executed, also where vm.memfd_noexec is 1. */
static int open_memory(void)
{
    int fd = memfd_create(OT_ENGINE_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(OT_ENGINE_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd;
}

static int fill(struct ot_engine_program *program, struct ot_payload *payload, struct ot_error *err)
{
    int fd = program->fd;

    if (ot_payload_take_engine(payload, fd, err) < 0)
        return -1;
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0 ||
        fstat(fd, &program->hashed) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s: cannot seal it", OT_ENGINE_PATH);
    return 0;
}

int ot_engine_program_take(struct ot_engine_program *program, struct ot_payload *payload,
                           struct ot_error *err)
{
    const struct ot_manifest *manifest = ot_payload_manifest(payload);
    const char *architecture = manifest->architecture;

    if (strcmp(architecture, ARCHITECTURE) != 0)
        return ot_fail(err, OT_CONFIG,
                       "the payload's engine is for %s, this machine is " ARCHITECTURE
                       " (--engine with --replace-engine runs another)",
                       architecture);
    program->fd = open_memory();
    if (program->fd < 0)
        return ot_fail_errno(
            err, OT_CONFIG,
            "no memory that may be executed, for %s (vm.memfd_noexec must be below 2)",
            OT_ENGINE_PATH);
    program->name = ot_strdup(OT_ENGINE_PATH);
    /* from here on it cannot change, so it need not be read again for its digest */
    if (fill(program, payload, err) == 0) {
        ot_hex(program->sha256, manifest->engine->sha256, sizeof(manifest->engine->sha256));
        return 0;
    }
    ot_engine_program_close(program);
    return -1;
}
