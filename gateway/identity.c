#include "gateway/identity.h"

#include <string.h>

/* What encodeURIComponent leaves as it is (ECMA-262, section 19.2.6.4). */
static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-_.!~*'()", c) != NULL);
}

static char *put_encoded(char *at, struct ot_span text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (is_plain(c)) {
            *at++ = (char)c;
        } else {
            *at++ = '%';
            *at++ = digits[c >> 4];
            *at++ = digits[c & 15];
        }
    }
    return at;
}

static void put_line(struct ot_buf *out, const char *name, struct ot_span value)
{
    char *start;

    ot_buf_puts(out, name);
    start = ot_buf_reserve(out, 3 * value.len);
    out->len += (size_t)(put_encoded(start, value) - start);
    ot_buf_puts(out, "\r\n");
}

bool ot_identity_write(struct ot_span user, struct ot_span email, struct ot_span token,
                       struct ot_span payload, struct ot_buf *out)
{
    size_t before = out->len;

    put_line(out, "x-1tube-auth-user: ", user);
    put_line(out, "x-1tube-auth-email: ", email);
    put_line(out, "x-1tube-auth-token: ", token);
    put_line(out, "x-1tube-auth-payload: ", payload);
    if (out->len - before <= OT_IDENTITY_MAX)
        return true;
    out->len = before;
    return false;
}
