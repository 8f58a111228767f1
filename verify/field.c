#include "verify/field.h"

#include "base/text.h"

#include <string.h>

int ot_field_uint(struct ot_json *json, const char *key, uint64_t max, uint64_t *out,
                  struct ot_error *err)
{
    if (ot_json_expect_key(json, key, err) < 0)
        return -1;
    return ot_json_uint(json, max, out, err);
}

int ot_field_sha256(struct ot_json *json, const char *key, char out[OT_SHA256_HEX],
                    struct ot_error *err)
{
    struct ot_span digest;

    if (ot_json_expect_key(json, key, err) < 0 || ot_json_string(json, &digest, err) < 0)
        return -1;
    if (!ot_is_sha256(digest))
        return ot_json_fail(json, err, "%s is not 64 lower-case hexadecimal digits", key);
    memcpy(out, digest.data, digest.len);
    out[digest.len] = '\0';
    return 0;
}

int ot_field_list(struct ot_json *json, const char *key, bool (*valid)(struct ot_span),
                  struct ot_list *out, struct ot_error *err)
{
    struct ot_span text;
    int more;

    if (ot_json_expect_key(json, key, err) < 0 || ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        if (ot_json_string(json, &text, err) < 0)
            return -1;
        if (!valid(text))
            return ot_json_fail(json, err, "%s: not a valid item", key);
        ot_list_add_span(out, text);
    }
    return more;
}
