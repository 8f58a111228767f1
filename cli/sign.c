#include "cli/output.h"
#include "cli/signers.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/text.h"

#include <string.h>

struct values {
    struct ot_signer_values signers;
    const char *keyid;
    const char *signature;
    const char *trust;
    const char *release;
    bool json;
};

static const struct ot_option options[] = {
    OT_SIGNER_OPTIONS(struct values, signers),
    {.name = "signature",
     .value = "SIG",
     .help = "attach a signature made elsewhere: 88 base64 or 128 hexadecimal characters, or @FILE "
             "with its 64 raw bytes",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, signature)},
    {.name = "keyid",
     .value = "ID",
     .help = "the key that made --signature: SHA-256 of its SPKI DER, 64 hexadecimal digits",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, keyid)},
    {.name = "trust",
     .value = "PUBKEY",
     .help = "check --signature with this public key, which also tells its --keyid",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, trust)},
    {.name = "release",
     .value = "SHA256",
     .help = "sign only if this is the release's digest, which onetube package and verify print",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, release)},
    {.name = "json",
     .help = "print a report as JSON",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, json)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "sign",
    .operands = "FILE",
    .summary = "add a signature to a payload",
    .description =
        "Adds one signature for each --sign-key, for --signer and for --signature. Only the first "
        "4,096 "
        "bytes change, so the digest of the release stays what it was. The file is replaced whole; "
        "what is "
        "signed is checked first, every member included.\n\n"
        "A signature made elsewhere, by a KMS, a smart card or openssl, covers the bytes that "
        "onetube pae "
        "prints. Without --trust such a signature cannot be checked here and is attached as it is.",
    .example = "  onetube sign fw.1tube --sign-key second.key.pem --release SHA256\n"
               "  onetube pae fw.1tube > tbs\n"
               "  openssl pkeyutl -sign -rawin -in tbs -inkey release.key.pem -out sig\n"
               "  onetube sign fw.1tube --trust release.pub.pem --signature @sig",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

/* A signature made elsewhere, and what goes with it. */
struct attached {
    uint8_t bytes[OT_SIGNATURE_SIZE];
    struct ot_public_key public_key;
};

static int read_signature_file(const char *path, uint8_t out[OT_SIGNATURE_SIZE],
                               struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf file = {0};

    if (ot_read_file(path, OT_KEY_TEXT_MAX, &file, err) < 0)
        return ot_error_prefix(err, "--signature");
    if (file.len != OT_SIGNATURE_SIZE)
        return ot_fail(err, OT_FAILED, "--signature: %s: %zu bytes, %d raw bytes are wanted", path,
                       file.len, OT_SIGNATURE_SIZE);
    memcpy(out, file.data, OT_SIGNATURE_SIZE);
    return 0;
}

static int read_signature(const char *text, uint8_t out[OT_SIGNATURE_SIZE], struct ot_error *err)
{
    if (text[0] == '@')
        return read_signature_file(text + 1, out, err);
    if (ot_unhex(out, OT_SIGNATURE_SIZE, ot_span_of(text)) ||
        ot_base64_read(ot_span_of(text), out, OT_SIGNATURE_SIZE))
        return 0;
    return ot_fail(err, OT_USAGE,
                   "--signature: not 88 base64 or 128 hexadecimal characters of a signature, nor "
                   "@FILE");
}

static int add_attached(struct ot_signer_set *set, const struct values *values,
                        struct attached *attached, struct ot_error *err)
{
    const char *key_id = values->keyid;

    /* --trust alone may come from the environment of a verifying pipeline */
    if (values->signature == NULL && values->keyid == NULL)
        return 0;
    if (values->signature == NULL)
        return ot_fail(err, OT_USAGE, "--keyid belongs to --signature, which is missing");
    if (values->keyid == NULL && values->trust == NULL)
        return ot_fail(err, OT_USAGE,
                       "--signature needs --keyid ID, or --trust PUBKEY, which also checks it");
    if (read_signature(values->signature, attached->bytes, err) < 0)
        return -1;
    if (values->trust != NULL) {
        if (ot_public_key_load(&attached->public_key, values->trust, err) < 0)
            return ot_error_prefix(err, "--trust");
        key_id = key_id != NULL ? key_id : attached->public_key.id;
    }
    set->items[set->count++] = (struct ot_signer){
        .signature = attached->bytes,
        .key_id = key_id,
        .public_key = values->trust != NULL ? &attached->public_key : NULL,
    };
    return 0;
}

static void print_json(const char *file, const struct ot_sign_report *report)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json_writer writer;

    ot_jw_begin(&writer, &text, false);
    ot_jw_object(&writer, NULL);
    ot_out_json_text(&writer, "file", file);
    ot_jw_string(&writer, "releaseSha256", report->release_sha256);
    ot_jw_list(&writer, "added", &report->added);
    ot_jw_object_end(&writer);
    ot_out_json(&writer);
}

static void print_report(const char *file, const struct ot_sign_report *report,
                         const struct ot_signer_set *signers)
{
    for (size_t i = 0; i < report->added.count; i++) {
        const struct ot_signer *signer = &signers->items[i];

        ot_out_text(stdout, file);
        printf(": signed by %s%s\n", report->added.items[i],
               signer->signature != NULL && signer->public_key == NULL ? " (not checked)" : "");
    }
    printf("release sha256 %s\n", report->release_sha256);
}

/* `digest` in the one spelling of digests: lower case. */
static int read_release(const char *text, char digest[OT_SHA256_HEX], struct ot_error *err)
{
    uint8_t bytes[OT_SHA256_HEX / 2];

    if (!ot_unhex(bytes, sizeof(bytes), ot_span_of(text)))
        return ot_fail(err, OT_USAGE, "--release: \"%.64s\" is not 64 hexadecimal digits", text);
    ot_hex(digest, bytes, sizeof(bytes));
    return 0;
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    const char *file = parsed->operands[0];
    OT_AUTOSIGNERS struct ot_signer_set signers = {.count = 0};
    struct ot_sign_options sign = {.path = file, .signers = signers.items};
    struct ot_sign_report report;
    struct attached attached;
    char release[OT_SHA256_HEX];
    int done;

    if (values->release != NULL) {
        if (read_release(values->release, release, err) < 0)
            return -1;
        sign.expect_release = release;
    }
    if (ot_signer_set_load(&signers, &values->signers, err) < 0 ||
        add_attached(&signers, values, &attached, err) < 0)
        return -1;
    if (signers.count == 0)
        return ot_fail(err, OT_USAGE, "--sign-key KEY, --signer CMD or --signature SIG is missing");
    sign.signer_count = signers.count;
    done = ot_sign_payload(&sign, &report, err);
    if (done == 0 && values->json)
        print_json(file, &report);
    else if (done == 0)
        print_report(file, &report, &signers);
    ot_sign_report_free(&report);
    return done;
}

const struct ot_cli_command ot_cli_sign = {.command = &command, .group = "Sign", .run = run};
