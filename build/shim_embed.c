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
    X(assets, "assets.js")                                                                         \
    X(land_djwt, "land/djwt.js")                                                                   \
    X(land_sift, "land/sift.js")                                                                   \
    X(npm_deno_shim_deno, "npm/@deno/shim-deno.js")                                                \
    X(npm_depd, "npm/depd.js")                                                                     \
    X(npm_http2_wrapper, "npm/http2-wrapper.js")                                                   \
    X(npm_undici, "npm/undici.js")                                                                 \
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

EMBED_FROM(runtime, OT_RUNTIME ".js")
EMBED_FROM(small_runtime, OT_RUNTIME ".min.js")
FILES(EMBED)

#define ROW(symbol, file) {file, shim_##symbol, shim_##symbol##_end},

static const struct {
    const char *name;
    const char *data;
    const char *end;
} files[] = {FILES(ROW)};

static struct ot_span span_between(const char *start, const char *end)
{
    return (struct ot_span){start, (size_t)(end - start)};
}

struct ot_span ot_shim_runtime(bool minified)
{
    return minified ? span_between(shim_small_runtime, shim_small_runtime_end)
                    : span_between(shim_runtime, shim_runtime_end);
}

struct ot_span ot_shim_file(struct ot_span name)
{
    for (size_t i = 0; i < OT_COUNT(files); i++) {
        if (ot_span_is(name, files[i].name))
            return span_between(files[i].data, files[i].end);
    }
    return (struct ot_span){NULL, 0};
}

const char *ot_shim_name(size_t index)
{
    return index < OT_COUNT(files) ? files[index].name : NULL;
}
