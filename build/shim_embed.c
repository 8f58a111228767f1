#include "build/shim.h"

/* The assembler finds the files beneath the folder that the compiler was started in, the root. */
#define EMBED(symbol, file) EMBED_FROM(symbol, "build/shim/" file)
#define EMBED_FROM(symbol, path)                                                                   \
    __asm__(".pushsection .rodata\n"                                                               \
            "shim_" #symbol ":\n"                                                                  \
            ".incbin \"" path "\"\n"                                                               \
            "shim_" #symbol "_end:\n"                                                              \
            ".popsection\n");                                                                      \
    extern const char shim_##symbol[];                                                             \
    extern const char shim_##symbol##_end[];

#define FILES(X)                                                                                   \
    X(answers, "answers.js")                                                                       \
    X(assets, "assets.js")                                                                         \
    X(bytes, "bytes.js")                                                                           \
    X(deno_errors, "deno-errors.js")                                                               \
    X(env, "env.js")                                                                               \
    X(land_djwt, "land/djwt.js")                                                                   \
    X(land_sift, "land/sift.js")                                                                   \
    X(media_types, "media-types.js")                                                               \
    X(npm_deno_shim_deno, "npm/@deno/shim-deno.js")                                                \
    X(npm_depd, "npm/depd.js")                                                                     \
    X(npm_http2_wrapper, "npm/http2-wrapper.js")                                                   \
    X(npm_undici, "npm/undici.js")                                                                 \
    X(paths, "paths.js")                                                                           \
    X(registry, "registry.js")                                                                     \
    X(serve, "serve.js")                                                                           \
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
    X(std_testing_asserts, "std/testing/asserts.js")

/* shim.js and the files that nothing else needs, which make has joined: one for esbuild to ask for.
 */
EMBED_FROM(shim, OT_SHIM_JOINED)
FILES(EMBED)

#define ROW(symbol, file) {file, shim_##symbol, shim_##symbol##_end},

static const struct {
    const char *name;
    const char *data;
    const char *end;
} files[] = {ROW(shim, "shim.js") FILES(ROW)};

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
