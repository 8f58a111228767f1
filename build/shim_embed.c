#include "build/shim.h"

/* The assembler finds the files beneath the folder that the compiler was started in, the root. */
#define EMBED(symbol, file)                                                                        \
    __asm__(".pushsection .rodata\n"                                                               \
            "shim_" #symbol ":\n"                                                                  \
            ".incbin \"build/shim/" file "\"\n"                                                    \
            "shim_" #symbol "_end:\n"                                                              \
            ".popsection\n");                                                                      \
    extern const char shim_##symbol[];                                                             \
    extern const char shim_##symbol##_end[];

#define FILES(X)                                                                                   \
    X(actor, "actor.js")                                                                           \
    X(answers, "answers.js")                                                                       \
    X(default_export, "default-export.js")                                                         \
    X(deno, "deno.js")                                                                             \
    X(dispatch, "dispatch.js")                                                                     \
    X(env, "env.js")                                                                               \
    X(install, "install.js")                                                                       \
    X(identity, "identity.js")                                                                     \
    X(registry, "registry.js")                                                                     \
    X(serve, "serve.js")                                                                           \
    X(shim, "shim.js")                                                                             \
    X(std_http_server, "std-http-server.js")                                                       \
    X(websocket, "websocket.js")

FILES(EMBED)

#define ROW(symbol, file) {file, shim_##symbol, shim_##symbol##_end},

static const struct {
    const char *name;
    const char *data;
    const char *end;
} files[] = {FILES(ROW)};

struct ot_span ot_shim_file(struct ot_span name)
{
    for (size_t i = 0; i < OT_COUNT(files); i++) {
        if (ot_span_is(name, files[i].name))
            return (struct ot_span){files[i].data, (size_t)(files[i].end - files[i].data)};
    }
    return (struct ot_span){NULL, 0};
}
