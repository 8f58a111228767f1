#include "build/media_type.h"

#include "build/url.h"

#include <string.h>
#include <strings.h>

static const char *by_extension(struct ot_span path)
{
    static const struct {
        const char *extension, *loader;
    } loaders[] = {
        {".ts", "ts"},    {".mts", "ts"},   {".cts", "ts"},    {".tsx", "tsx"},   {".js", "js"},
        {".mjs", "js"},   {".cjs", "js"},   {".jsx", "jsx"},   {".json", "json"}, {".wasm", "copy"},
        {".txt", "text"}, {".css", "text"}, {".html", "text"}, {".md", "text"},
    };

    for (size_t i = 0; i < OT_COUNT(loaders); i++) {
        if (ot_span_ends(path, loaders[i].extension))
            return loaders[i].loader;
    }
    return NULL;
}

/* The type in front of the parameters is one of these, which NULL ends. */
static bool is_one_of(const char *content_type, const char *const *types)
{
    struct ot_span type = {content_type, strcspn(content_type, ";")};

    type = ot_span_trim(type);
    for (; *types != NULL; types++) {
        if (type.len == strlen(*types) && strncasecmp(type.data, *types, type.len) == 0)
            return true;
    }
    return false;
}

/* The extension's loader if it is a dialect of the language, else the language itself. */
static const char *dialect(const char *extension, const char *language)
{
    bool is_script = extension != NULL && (strchr("jt", extension[0]) != NULL) &&
                     strcmp(extension, "json") != 0 && strcmp(extension, "text") != 0;

    return is_script ? extension : language;
}

const char *ot_media_loader(const char *content_type, const char *url)
{
    static const char *const typescript[] = {
        "application/typescript",  "text/typescript", "application/x-typescript",
        "video/vnd.dlna.mpeg-tts", "video/mp2t",      NULL};
    static const char *const javascript[] = {
        "application/javascript",   "text/javascript",  "application/ecmascript", "text/ecmascript",
        "application/x-javascript", "application/node", "text/x-javascript",      NULL};
    static const char *const jsx[] = {"text/jsx", NULL};
    static const char *const tsx[] = {"text/tsx", NULL};
    static const char *const json[] = {"application/json", "text/json", NULL};
    static const char *const wasm[] = {"application/wasm", NULL};
    static const char *const silent[] = {"text/plain", "application/octet-stream", NULL};
    static const char *const html[] = {"text/html", NULL};
    const char *extension = by_extension(ot_url_path(url));

    /* a page where a module was expected */
    if (content_type != NULL && is_one_of(content_type, html))
        return NULL;
    if (content_type == NULL || is_one_of(content_type, silent))
        return extension;
    if (is_one_of(content_type, typescript))
        return dialect(extension, "ts");
    if (is_one_of(content_type, javascript))
        return dialect(extension, "js");
    if (is_one_of(content_type, jsx))
        return "jsx";
    if (is_one_of(content_type, tsx))
        return "tsx";
    if (is_one_of(content_type, json))
        return "json";
    if (is_one_of(content_type, wasm))
        return "copy";
    return extension;
}
