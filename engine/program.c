#include "engine/engine.h"

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
