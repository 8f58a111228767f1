#include "base/text.h"
#include "engine/engine.h"

#include <string.h>

#define DEFAULT_PREFIX "/functions/v1"
#define SEGMENT_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-"

static bool is_segment(const char *text, size_t len)
{
    return strspn(text, SEGMENT_CHARACTERS) >= len && !(len == 1 && text[0] == '.') &&
           !(len == 2 && text[0] == '.' && text[1] == '.');
}

int ot_route_prefix(const char *text, char **out, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf prefix = {0};
    const char *at = text + strspn(text, " \t");
    size_t end = strlen(at);

    while (end > 0 && (at[end - 1] == ' ' || at[end - 1] == '\t'))
        end--;
    for (size_t i = 0; i < end;) {
        size_t len = strcspn(at + i, "/");

        len = len < end - i ? len : end - i;
        if (len > 0) {
            if (!is_segment(at + i, len))
                return ot_fail(
                    err, OT_USAGE,
                    "route prefix \"%.64s\": only letters, digits, \"._~-\" and slashes, "
                    "and no segment \".\" or \"..\"",
                    text);
            ot_buf_putc(&prefix, '/');
            ot_buf_append(&prefix, at + i, len);
        }
        i += len + 1;
    }
    if (prefix.len > OT_PATH_MAX)
        return ot_fail(err, OT_USAGE, "route prefix: longer than %d bytes", OT_PATH_MAX);
    *out = ot_strdup(prefix.len > 0 ? prefix.data : DEFAULT_PREFIX);
    return 0;
}
