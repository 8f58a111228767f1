/* A list of origins, one line, and then the Origin of a request. Who is allowed by an item of the
 * list has its host, and no answer has more lines than were written. */
#include "gateway/cors.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* Lines end with CRLF, and neither byte stands anywhere else. */
static void check_lines(struct ot_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        check(text.data[i] != '\0');
        check(text.data[i] != '\r' || (i + 1 < text.len && text.data[i + 1] == '\n'));
        check(text.data[i] != '\n' || (i > 0 && text.data[i - 1] == '\r'));
    }
    check(text.len == 0 || text.data[text.len - 1] == '\n');
}

static void check_allowed(const struct ot_list *origins, struct ot_span origin)
{
    bool found = false;

    for (size_t i = 0; i < origin.len; i++)
        check(origin.data[i] > ' ' && origin.data[i] <= '~');
    for (size_t i = 0; i < origins->count && !found; i++) {
        char *host = origins->items[i];
        size_t len;

        if (strstr(host, "://") != NULL)
            host = strstr(host, "://") + 3;
        host += *host == '*';
        len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
        for (size_t k = 0; k < len; k++) {
            if (host[k] >= 'A' && host[k] <= 'Z')
                host[k] |= 0x20;
        }
        found = len == 0 || memmem(origin.data, origin.len, host, len) != NULL;
    }
    check(found);
}

static void check_origin(const struct ot_cors *cors, const struct ot_list *origins,
                         struct ot_span origin)
{
    OT_AUTOBUF struct ot_buf out = {0};
    enum ot_cors_verdict verdict = ot_cors_decide(cors, origin);

    check(verdict != OT_CORS_NO_ORIGIN);
    if (verdict == OT_CORS_ALLOWED)
        check_allowed(origins, origin);
    ot_cors_write(cors, verdict, origin, NULL, &out);
    ot_cors_write_preflight(cors, verdict, origin, &out);
    check_lines(ot_buf_span(&out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size > 0 ? memchr(text, '\n', size) : NULL;
    OT_AUTOLIST struct ot_list origins = {0};
    struct ot_list none = {0};
    OT_AUTOFREE char *line = NULL;
    struct ot_cors_options options = {.origins = &origins,
                                      .allow_headers = &none,
                                      .allow_methods = &none,
                                      .expose_headers = &none,
                                      .max_age = size};
    struct ot_cors *cors;
    struct ot_error err = {0};

    if (end == NULL)
        return 0;
    line = ot_strndup(text, (size_t)(end - text));
    ot_list_split(&origins, line);
    if (ot_cors_make(&options, &cors, &err) < 0) {
        check(err.kind == OT_USAGE);
        return 0;
    }
    check_origin(cors, &origins, (struct ot_span){end + 1, size - (size_t)(end + 1 - text)});
    ot_cors_free(cors);
    return 0;
}
