#include "package/sign.h"

#include "base/process.h"
#include "base/text.h"
#include "package/secret_key.h"

#include <string.h>
#include <sys/wait.h>

/* A signing program may wait for a person who touches a token, but not for ever. */
#define SIGNER_TIMEOUT_MS (5u * 60u * 1000u)
#define SIGNER_OUTPUT_MAX 65536u

const char *ot_signer_key_id(const struct ot_signer *signer)
{
    if (signer->key != NULL)
        return ot_secret_key_public(signer->key)->id;
    return signer->public_key != NULL ? signer->public_key->id : signer->key_id;
}

static int check_signer(const struct ot_signer *signer, struct ot_error *err)
{
    if (signer->command != NULL && signer->public_key == NULL)
        return ot_fail(err, OT_USAGE,
                       "the public key of the signing program is needed (--signer-key)");
    if (signer->signature == NULL)
        return 0;
    if (signer->key_id == NULL || !ot_is_sha256(ot_span_of(signer->key_id)))
        return ot_fail(err, OT_USAGE, "the key id is not 64 lower-case hexadecimal digits");
    if (signer->public_key != NULL && strcmp(signer->public_key->id, signer->key_id) != 0)
        return ot_fail(err, OT_USAGE, "the public key given has the key id %s, not %s",
                       signer->public_key->id, signer->key_id);
    return 0;
}

int ot_signers_check(const struct ot_signer *signers, size_t count,
                     const struct ot_signature_page *page, struct ot_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (check_signer(&signers[i], err) < 0)
            return -1;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(ot_signer_key_id(&signers[k]), ot_signer_key_id(&signers[i])) == 0)
                return ot_fail(err, OT_USAGE, "the key %s is given twice",
                               ot_signer_key_id(&signers[i]));
        }
        for (unsigned k = 0; k < page->count; k++) {
            if (strcmp(page->items[k].key_id, ot_signer_key_id(&signers[i])) == 0)
                return ot_fail(err, OT_FAILED, "the key %s has signed it already",
                               page->items[k].key_id);
        }
    }
    if (count > OT_SIGNATURES_MAX - page->count)
        return ot_fail(err, OT_FAILED, "%zu signatures, a payload holds at most %u",
                       count + page->count, OT_SIGNATURES_MAX);
    return 0;
}

/* The last line that a failing program wrote, made safe to show. */
static void last_line(const struct ot_buf *output, char *out, size_t out_size)
{
    struct ot_span text = ot_buf_span(output);
    size_t start;

    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;
    start = text.len;
    while (start > 0 && text.data[start - 1] != '\n')
        start--;
    ot_printable(out, out_size, (struct ot_span){text.data + start, text.len - start});
}

static int run_signer(const char *command, struct ot_span message,
                      uint8_t signature[OT_SIGNATURE_SIZE], struct ot_error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    struct ot_process_options options = {
        .argv = argv, .envp = (const char *const *)environ, .die_with_parent = true};
    OT_AUTORESULT struct ot_process_result result = {0};
    char line[512];
    char status[64];

    if (ot_process_run(&options, message, SIGNER_OUTPUT_MAX, SIGNER_TIMEOUT_MS, &result, err) < 0)
        return ot_error_prefix(err, "the signing program");
    if (!WIFEXITED(result.status) || WEXITSTATUS(result.status) != 0) {
        ot_process_status_text(result.status, status, sizeof(status));
        last_line(&result.errors, line, sizeof(line));
        return ot_fail(err, OT_TOOL, "the signing program %s%s%s", status,
                       line[0] != '\0' ? ": " : "", line);
    }
    if (result.out.len != OT_SIGNATURE_SIZE)
        return ot_fail(err, OT_TOOL,
                       "the signing program wrote %zu bytes, the %d raw bytes of an Ed25519 "
                       "signature are wanted",
                       result.out.len, OT_SIGNATURE_SIZE);
    memcpy(signature, result.out.data, OT_SIGNATURE_SIZE);
    return 0;
}

static int make_signature(const struct ot_signer *signer, struct ot_span message,
                          struct ot_signature *out, struct ot_error *err)
{
    const struct ot_public_key *public_key =
        signer->key != NULL ? ot_secret_key_public(signer->key) : signer->public_key;

    memcpy(out->key_id, ot_signer_key_id(signer), sizeof(out->key_id));
    if (signer->key != NULL)
        ot_secret_key_sign(signer->key, message, out->bytes);
    else if (signer->command == NULL)
        memcpy(out->bytes, signer->signature, OT_SIGNATURE_SIZE);
    else if (run_signer(signer->command, message, out->bytes, err) < 0)
        return -1;
    if (public_key == NULL || ot_public_key_verifies(public_key, message, out->bytes))
        return 0;
    return ot_fail(err, signer->command != NULL ? OT_TOOL : OT_FAILED,
                   "the signature does not verify with the key %s: it is of another key or over "
                   "other bytes (onetube pae prints the bytes to sign)",
                   public_key->id);
}

int ot_signers_sign(const struct ot_signer *signers, size_t count, struct ot_span message,
                    struct ot_signature_page *page, struct ot_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (make_signature(&signers[i], message, &page->items[page->count], err) < 0)
            return -1;
        page->count++;
    }
    return 0;
}
