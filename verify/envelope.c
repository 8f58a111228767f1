#include "verify/envelope.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"
#include "verify/pae.h"
#include "verify/refusal.h"

#include <stdlib.h>
#include <string.h>

void ot_envelope_free(struct ot_envelope *envelope)
{
    ot_buf_free(&envelope->text);
}

static int read_payload(struct ot_json *json, struct ot_envelope *envelope, struct ot_error *err)
{
    struct ot_span text;

    if (ot_json_expect_key(json, "payloadType", err) < 0 || ot_json_string(json, &text, err) < 0)
        return -1;
    if (!ot_span_is(text, OT_IN_TOTO_TYPE))
        return ot_json_fail(json, err, "payloadType is not \"%s\"", OT_IN_TOTO_TYPE);
    if (ot_json_expect_key(json, "payload", err) < 0 || ot_json_string(json, &text, err) < 0)
        return -1;
    if (text.len > OT_BASE64_LENGTH(OT_ENVELOPE_TEXT_MAX) ||
        !ot_base64_append(&envelope->text, text))
        return ot_json_fail(json, err, "payload is not base64 of at most %u bytes",
                            OT_ENVELOPE_TEXT_MAX);
    return 0;
}

static int read_signature(struct ot_json *json, struct ot_signature *signature,
                          struct ot_error *err)
{
    struct ot_span text;

    if (ot_json_object(json, err) < 0 || ot_json_expect_key(json, "keyid", err) < 0 ||
        ot_json_string(json, &text, err) < 0)
        return -1;
    if (!ot_is_sha256(text))
        return ot_json_fail(json, err, "keyid is not 64 lower-case hexadecimal digits");
    memcpy(signature->key_id, text.data, text.len);
    signature->key_id[text.len] = '\0';
    if (ot_json_expect_key(json, "sig", err) < 0 || ot_json_string(json, &text, err) < 0)
        return -1;
    if (!ot_base64_read(text, signature->bytes, OT_SIGNATURE_SIZE))
        return ot_json_fail(json, err, "sig is not 64 bytes as 88 base64 characters");
    return ot_json_expect_end(json, err);
}

static int compare_signatures(const void *a, const void *b)
{
    const struct ot_signature *x = a;
    const struct ot_signature *y = b;
    int by_key = strcmp(x->key_id, y->key_id);

    return by_key != 0 ? by_key : memcmp(x->bytes, y->bytes, OT_SIGNATURE_SIZE);
}

static int read_signatures(struct ot_json *json, struct ot_signature_page *page,
                           struct ot_error *err)
{
    int more;

    if (ot_json_expect_key(json, "signatures", err) < 0 || ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        struct ot_signature *items = page->items;

        if (page->count == OT_SIGNATURES_MAX)
            return ot_json_fail(json, err, "more than %u signatures", OT_SIGNATURES_MAX);
        if (read_signature(json, &items[page->count], err) < 0)
            return -1;
        page->count++;
        if (page->count > 1 &&
            compare_signatures(&items[page->count - 2], &items[page->count - 1]) >= 0)
            return ot_json_fail(json, err, "a signature twice, or they are not sorted");
    }
    if (more < 0)
        return -1;
    return page->count > 0 ? 0 : ot_json_fail(json, err, "there is no signature");
}

static int read_envelope(struct ot_envelope *envelope, struct ot_span file, struct ot_error *err)
{
    OT_CLEANUP(ot_json_end) struct ot_json json;
    OT_AUTOBUF struct ot_buf again = {0};

    ot_json_begin(&json, file, 0);
    if (ot_json_object(&json, err) < 0 || read_payload(&json, envelope, err) < 0 ||
        read_signatures(&json, &envelope->page, err) < 0 || ot_json_expect_end(&json, err) < 0 ||
        ot_json_finish(&json, err) < 0)
        return -1;
    ot_envelope_write(envelope, &again);
    if (!ot_span_equal(ot_buf_span(&again), file))
        return ot_fail(err, OT_FAILED, "not the one valid spelling: one line, no white space");
    return 0;
}

int ot_envelope_parse(struct ot_envelope *envelope, struct ot_span file, struct ot_error *err)
{
    int done;

    ot_buf_clear(&envelope->text);
    envelope->page.count = 0;
    if (file.len > OT_ENVELOPE_MAX)
        return ot_refuse(err, OT_E_LAYOUT, "%zu bytes, an envelope has at most %u", file.len,
                         OT_ENVELOPE_MAX);
    done = read_envelope(envelope, file, err);
    if (done < 0) {
        err->kind = OT_REFUSED;
        err->code = OT_E_LAYOUT;
    }
    return done;
}

void ot_envelope_write(struct ot_envelope *envelope, struct ot_buf *out)
{
    struct ot_signature_page *page = &envelope->page;
    char sig[OT_BASE64_LENGTH(OT_SIGNATURE_SIZE) + 1];

    qsort(page->items, page->count, sizeof(page->items[0]), compare_signatures);
    ot_buf_puts(out, "{\"payloadType\":\"" OT_IN_TOTO_TYPE "\",\"payload\":\"");
    ot_base64_put(out, ot_buf_span(&envelope->text));
    ot_buf_puts(out, "\",\"signatures\":[");
    for (unsigned i = 0; i < page->count; i++) {
        ot_base64_write(sig, page->items[i].bytes, OT_SIGNATURE_SIZE);
        ot_buf_printf(out, "%s{\"keyid\":\"%s\",\"sig\":\"%s\"}", i > 0 ? "," : "",
                      page->items[i].key_id, sig);
    }
    ot_buf_puts(out, "]}\n");
}
