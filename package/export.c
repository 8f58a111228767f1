#include "package/export.h"

#include "base/base64.h"
#include "base/json_write.h"
#include "base/text.h"
#include "verify/envelope.h"
#include "verify/pae.h"

#include <inttypes.h>

#define SIGSTORE_BUNDLE "application/vnd.dev.sigstore.bundle.v0.3+json"

static int check_signed(const struct ot_content *content, struct ot_error *err)
{
    if (content->preview.has_statement && content->preview.signatures.count > 0)
        return 0;
    return ot_fail(err, OT_FAILED, "%s: there is no signature", content->path);
}

static void write_bundle(struct ot_json_writer *writer, struct ot_span payload,
                         const struct ot_signature *signature)
{
    char sig[OT_BASE64_LENGTH(OT_SIGNATURE_SIZE) + 1];

    ot_base64_write(sig, signature->bytes, OT_SIGNATURE_SIZE);
    ot_jw_object(writer, NULL);
    ot_jw_string(writer, "mediaType", SIGSTORE_BUNDLE);
    ot_jw_object(writer, "verificationMaterial");
    ot_jw_object(writer, "publicKey");
    ot_jw_string(writer, "hint", signature->key_id);
    ot_jw_object_end(writer);
    ot_jw_array(writer, "tlogEntries");
    ot_jw_array_end(writer);
    ot_jw_object_end(writer);
    ot_jw_object(writer, "dsseEnvelope");
    ot_jw_span(writer, "payload", payload);
    ot_jw_string(writer, "payloadType", OT_IN_TOTO_TYPE);
    ot_jw_array(writer, "signatures");
    ot_jw_object(writer, NULL);
    ot_jw_string(writer, "sig", sig);
    ot_jw_string(writer, "keyid", signature->key_id);
    ot_jw_object_end(writer);
    ot_jw_array_end(writer);
    ot_jw_object_end(writer);
    ot_jw_object_end(writer);
}

int ot_export_sigstore(const struct ot_content *content, struct ot_buf *out, struct ot_error *err)
{
    const struct ot_preview *preview = &content->preview;
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOBUF struct ot_buf payload = {0};

    if (check_signed(content, err) < 0)
        return -1;
    ot_statement_write(&preview->statement, &text);
    ot_base64_put(&payload, ot_buf_span(&text));
    for (unsigned i = 0; i < preview->signatures.count; i++) {
        struct ot_json_writer writer;

        ot_jw_begin(&writer, out, true);
        write_bundle(&writer, ot_buf_span(&payload), &preview->signatures.items[i]);
        ot_jw_end(&writer);
    }
    return 0;
}

int ot_export_in_toto(const struct ot_content *content, struct ot_buf *out, struct ot_error *err)
{
    OT_AUTOENVELOPE struct ot_envelope envelope = {.page = content->preview.signatures};

    if (check_signed(content, err) < 0)
        return -1;
    ot_statement_write(&content->preview.statement, &envelope.text);
    ot_envelope_write(&envelope, out);
    return 0;
}

static void add_sum(struct ot_buf *out, const uint8_t sha256[OT_SHA256_SIZE], const char *path)
{
    char hex[OT_SHA256_HEX];

    ot_hex(hex, sha256, OT_SHA256_SIZE);
    ot_buf_printf(out, "%s  %s\n", hex, path);
}

int ot_export_sums(const struct ot_content *content, struct ot_buf *out, struct ot_error *err)
{
    const struct ot_preview *preview = &content->preview;
    char release[OT_SHA256_HEX];
    uint8_t sha256[OT_SHA256_SIZE];

    if (ot_content_visit(content, NULL, err) < 0)
        return -1;
    if (!content->source.is_folder) {
        if (ot_content_release(content, release, err) < 0)
            return -1;
        ot_buf_printf(out, "# release sha256 %s, of the payload from its byte 4096 on\n", release);
    }
    if (preview->has_statement) {
        ot_sha256((struct ot_span){(const char *)preview->statement_page, OT_PAGE_SIZE}, sha256);
        add_sum(out, sha256, "statement.json");
    }
    ot_sha256(ot_buf_span(&preview->manifest_text), sha256);
    add_sum(out, sha256, OT_MANIFEST_NAME);
    for (size_t i = 0; i < preview->manifest->member_count; i++)
        add_sum(out, preview->manifest->members[i].sha256, preview->manifest->members[i].path);
    return 0;
}
