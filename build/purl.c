#include "build/purl.h"

#include <string.h>

static void put(struct ot_buf *out, const char *text, const char *plain)
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~";

    for (; *text != '\0'; text++) {
        if (strchr(unreserved, *text) != NULL || strchr(plain, *text) != NULL)
            ot_buf_putc(out, *text);
        else
            ot_buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}

static void put_version(struct ot_buf *out, const char *version)
{
    if (version == NULL)
        return;
    ot_buf_putc(out, '@');
    put(out, version, ":");
}

char *ot_purl_npm(const char *name, const char *version)
{
    struct ot_buf out = {0};

    ot_buf_puts(&out, "pkg:npm/");
    put(&out, name, "/");
    put_version(&out, version);
    return out.data;
}

/* The last part of the path, or the host. */
static char *last_part(const char *url)
{
    const char *path = strstr(url, "://");
    size_t len;

    path = path != NULL ? path + 3 : url;
    len = strcspn(path, "?#");
    while (len > 0 && path[len - 1] == '/')
        len--;
    for (size_t i = len; i > 0; i--) {
        if (path[i - 1] == '/')
            return ot_strndup(path + i, len - i);
    }
    return ot_strndup(path, len);
}

char *ot_purl_download(const char *url, const char *sha256)
{
    OT_AUTOFREE char *name = last_part(url);
    struct ot_buf out = {0};

    ot_buf_puts(&out, "pkg:generic/");
    put(&out, name[0] != '\0' ? name : "module", ":");
    ot_buf_putc(&out, '?');
    if (sha256 != NULL)
        ot_buf_printf(&out, "checksum=sha256:%s&", sha256);
    ot_buf_puts(&out, "download_url=");
    put(&out, url, ":/");
    return out.data;
}

char *ot_purl_generic(const char *name, const char *version)
{
    struct ot_buf out = {0};

    ot_buf_puts(&out, "pkg:generic/");
    put(&out, name, "");
    put_version(&out, version);
    return out.data;
}
