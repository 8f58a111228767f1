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
    X(assets, "assets.js")                                                                         \
    X(bytes, "bytes.js")                                                                           \
    X(caches, "caches.js")                                                                         \
    X(commonjs, "commonjs.js")                                                                     \
    X(console, "console.js")                                                                       \
    X(default_export, "default-export.js")                                                         \
    X(deno_errors, "deno-errors.js")                                                               \
    X(deno_file, "deno-file.js")                                                                   \
    X(deno_files, "deno-files.js")                                                                 \
    X(deno_net, "deno-net.js")                                                                     \
    X(deno_system, "deno-system.js")                                                               \
    X(deno, "deno.js")                                                                             \
    X(dispatch, "dispatch.js")                                                                     \
    X(edge_runtime, "edge-runtime.js")                                                             \
    X(env, "env.js")                                                                               \
    X(file_fetch, "file-fetch.js")                                                                 \
    X(file_info, "file-info.js")                                                                   \
    X(identity, "identity.js")                                                                     \
    X(install, "install.js")                                                                       \
    X(land_djwt, "land/djwt.js")                                                                   \
    X(land_sift, "land/sift.js")                                                                   \
    X(media_types, "media-types.js")                                                               \
    X(node_http, "node-http.js")                                                                   \
    X(node, "node.js")                                                                             \
    X(npm_deno_shim_deno, "npm/@deno/shim-deno.js")                                                \
    X(npm_depd, "npm/depd.js")                                                                     \
    X(npm_undici, "npm/undici.js")                                                                 \
    X(paths, "paths.js")                                                                           \
    X(registry, "registry.js")                                                                     \
    X(serve, "serve.js")                                                                           \
    X(shim, "shim.js")                                                                             \
    X(source_map, "source-map.js")                                                                 \
    X(std_assert_mod, "std/assert/mod.js")                                                         \
    X(std_async_mod, "std/async/mod.js")                                                           \
    X(std_crypto_mod, "std/crypto/mod.js")                                                         \
    X(std_dotenv_load, "std/dotenv/load.js")                                                       \
    X(std_dotenv_mod, "std/dotenv/mod.js")                                                         \
    X(std_encoding_base64, "std/encoding/base64.js")                                               \
    X(std_encoding_base64url, "std/encoding/base64url.js")                                         \
    X(std_encoding_hex, "std/encoding/hex.js")                                                     \
    X(std_encoding_mod, "std/encoding/mod.js")                                                     \
    X(std_http_cookie, "std/http/cookie.js")                                                       \
    X(std_http_http_status, "std/http/http_status.js")                                             \
    X(std_http_mod, "std/http/mod.js")                                                             \
    X(std_http_server, "std/http/server.js")                                                       \
    X(std_http_status, "std/http/status.js")                                                       \
    X(std_path_mod, "std/path/mod.js")                                                             \
    X(std_testing_asserts, "std/testing/asserts.js")                                               \
    X(uncaught, "uncaught.js")                                                                     \
    X(wasm, "wasm.js")                                                                             \
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

const char *ot_shim_name(size_t index)
{
    return index < OT_COUNT(files) ? files[index].name : NULL;
}
