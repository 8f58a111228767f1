/* Any bytes as a reference in a module from the web: base URL, newline, reference. */
#include "build/media_type.h"
#include "build/url.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* A URL that was made means itself, and no step leads out of its path. */
static void check_url(const char *url)
{
    OT_AUTOFREE char *again = ot_url_join(NULL, ot_span_of(url));
    struct ot_span path = ot_url_path(url);

    check(again != NULL && strcmp(again, url) == 0);
    check(path.len > 0 && path.data[0] == '/');
    check(strchr(url, '#') == NULL);
    check(memmem(path.data, path.len, "/../", 4) == NULL && !ot_span_ends(path, "/.."));
    check(memmem(path.data, path.len, "/./", 3) == NULL && !ot_span_ends(path, "/."));
    ot_media_loader(NULL, url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OT_AUTOFREE char *text = ot_strndup((const char *)data, size);
    char *newline = strchr(text, '\n');
    OT_AUTOFREE char *base = NULL;
    OT_AUTOFREE char *url = NULL;

    if (newline != NULL)
        *newline = '\0';
    base = ot_url_join(NULL, ot_span_of(text));
    if (base != NULL)
        check_url(base);
    if (newline == NULL)
        return 0;
    url = ot_url_join(base, ot_span_of(newline + 1));
    if (url != NULL)
        check_url(url);
    ot_media_loader(newline + 1, base != NULL ? base : "https://a/");
    return 0;
}
