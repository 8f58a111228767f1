#include "gateway/jwks.h"

#include "gateway/jwk.h"

#include <stdatomic.h>
#include <stdlib.h>

static int read_keys(struct ot_json *json, struct ot_jwks *jwks, const char **first_why,
                     struct ot_error *err)
{
    size_t seen = 0;
    int more;

    if (ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        const char *why;

        if (seen++ == OT_JWKS_MAX_KEYS)
            return ot_json_fail(json, err, "more than %u keys", OT_JWKS_MAX_KEYS);
        if (ot_jwk_read(json, &jwks->keys[jwks->count], &why, err) < 0)
            return -1;
        if (why == NULL)
            jwks->count++;
        else if (*first_why == NULL)
            *first_why = why;
    }
    return more;
}

static int read_document(struct ot_json *json, struct ot_jwks *jwks, struct ot_error *err)
{
    const char *why = NULL;
    bool has_keys = false;
    struct ot_span key;
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &key, err)) > 0) {
        bool is_keys = ot_span_is(key, "keys");

        has_keys = has_keys || is_keys;
        if ((is_keys ? read_keys(json, jwks, &why, err) : ot_json_skip(json, err)) < 0)
            return -1;
    }
    if (more < 0 || ot_json_finish(json, err) < 0)
        return -1;
    if (!has_keys)
        return ot_fail(err, OT_FAILED, "not a key set: the key \"keys\" is missing");
    if (jwks->count == 0)
        return ot_fail(err, OT_FAILED, "no key in it can be used%s%s", why != NULL ? ": " : "",
                       why != NULL ? why : "");
    return 0;
}

int ot_jwks_read(struct ot_span text, struct ot_jwks **out, struct ot_error *err)
{
    struct ot_jwks *jwks = ot_alloc(1, sizeof(*jwks));
    struct ot_json json;
    int done;

    atomic_init(&jwks->references, 1);
    ot_json_begin(&json, text, OT_JSON_NUMBERS | OT_JSON_UNIQUE);
    done = text.len > OT_JWKS_MAX_BYTES
               ? ot_fail(err, OT_FAILED, "larger than %u bytes", OT_JWKS_MAX_BYTES)
               : read_document(&json, jwks, err);
    ot_json_end(&json);
    if (done < 0)
        ot_jwks_release(jwks);
    else
        *out = jwks;
    return done;
}

struct ot_jwks *ot_jwks_hold(struct ot_jwks *jwks)
{
    atomic_fetch_add_explicit(&jwks->references, 1, memory_order_relaxed);
    return jwks;
}

void ot_jwks_release(struct ot_jwks *jwks)
{
    if (jwks == NULL || atomic_fetch_sub_explicit(&jwks->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < jwks->count; i++)
        ot_jwk_free(&jwks->keys[i]);
    free(jwks);
}
