#include "verify/keys.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/*
 * sodium_init is not called on purpose: it selects implementations of ciphers that are not used
 * here. Ed25519 verification and base64 have one implementation each and keep no state.
 */

#define SPKI_SIZE 44

/* SubjectPublicKeyInfo of an Ed25519 key (RFC 8410, section 4) up to the 32 raw bytes. */
static const uint8_t spki_prefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
_Static_assert(sizeof(spki_prefix) + OT_PUBLIC_KEY_SIZE == SPKI_SIZE, "SPKI");
_Static_assert(OT_PUBLIC_KEY_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519 public key");
_Static_assert(OT_SIGNATURE_SIZE == crypto_sign_BYTES, "Ed25519 signature");

void ot_public_key_init(struct ot_public_key *key, const uint8_t bytes[OT_PUBLIC_KEY_SIZE])
{
    char spki[SPKI_SIZE];

    memcpy(key->bytes, bytes, OT_PUBLIC_KEY_SIZE);
    memcpy(spki, spki_prefix, sizeof(spki_prefix));
    memcpy(spki + sizeof(spki_prefix), bytes, OT_PUBLIC_KEY_SIZE);
    ot_sha256_hex((struct ot_span){spki, sizeof(spki)}, key->id);
}

/* 64 hexadecimal or 44 base64 characters. */
static bool read_raw(struct ot_span text, uint8_t out[OT_PUBLIC_KEY_SIZE])
{
    return ot_unhex(out, OT_PUBLIC_KEY_SIZE, text) || ot_base64_read(text, out, OT_PUBLIC_KEY_SIZE);
}

/* A PEM block that is not of a public key: says what it is by its label. */
static int refuse_label(struct ot_span text, struct ot_error *err)
{
    struct ot_span label = {text.data + strlen("-----BEGIN "), 0};
    char printable[64];

    while (label.data + label.len < text.data + text.len && label.data[label.len] != '-' &&
           label.data[label.len] != '\n')
        label.len++;
    if (ot_span_ends(label, "PRIVATE KEY"))
        return ot_fail(err, OT_USAGE,
                       "this is a private key; a public key is wanted here (openssl pkey -pubout)");
    ot_printable(printable, sizeof(printable), label);
    return ot_fail(err, OT_USAGE, "this is a PEM block of type \"%s\", not \"PUBLIC KEY\"",
                   printable);
}

/*
 * What stands between the first and the last line of the one block that `text` is; else
 * an empty span.
 */
static struct ot_span pem_body(struct ot_span text, size_t begin)
{
    static const char end[] = "-----END PUBLIC KEY-----";
    struct ot_span none = {NULL, 0};

    if (!ot_span_ends(text, end) || text.len <= begin + sizeof(end) - 1 ||
        strchr("\r\n", text.data[begin]) == NULL)
        return none;
    return (struct ot_span){text.data + begin, text.len - begin - (sizeof(end) - 1)};
}

/* RFC 7468: one block and nothing around it. */
static int read_pem(struct ot_span text, uint8_t out[OT_PUBLIC_KEY_SIZE], struct ot_error *err)
{
    static const char begin[] = "-----BEGIN PUBLIC KEY-----";
    OT_AUTOBUF struct ot_buf base64 = {0};
    uint8_t spki[SPKI_SIZE];
    struct ot_span body;

    if (!ot_span_starts(text, begin))
        return refuse_label(text, err);
    body = pem_body(text, sizeof(begin) - 1);
    if (body.len == 0)
        return ot_fail(err, OT_USAGE, "this is not one whole PEM block of type \"PUBLIC KEY\"");
    for (size_t i = 0; i < body.len; i++) {
        if (!ot_is_blank(body.data[i]))
            ot_buf_putc(&base64, body.data[i]);
    }
    if (!ot_base64_read(ot_buf_span(&base64), spki, sizeof(spki)) ||
        memcmp(spki, spki_prefix, sizeof(spki_prefix)) != 0)
        return ot_fail(err, OT_USAGE,
                       "this public key is of another algorithm or damaged; Ed25519 is wanted");
    memcpy(out, spki + sizeof(spki_prefix), OT_PUBLIC_KEY_SIZE);
    return 0;
}

int ot_public_key_parse(struct ot_public_key *key, struct ot_span text, struct ot_error *err)
{
    uint8_t bytes[OT_PUBLIC_KEY_SIZE];

    if (text.len > OT_KEY_TEXT_MAX)
        return ot_fail(err, OT_USAGE, "%zu bytes, a public key has at most %d", text.len,
                       OT_KEY_TEXT_MAX);
    text = ot_span_trim(text);
    if (ot_span_starts(text, "-----BEGIN ")) {
        if (read_pem(text, bytes, err) < 0)
            return -1;
    } else if (!read_raw(text, bytes)) {
        return ot_fail(err, OT_USAGE,
                       "not a public key: PEM, or 64 hexadecimal or 44 base64 characters are "
                       "wanted");
    }
    /*
     * Small-order points would let anybody sign; whoever makes keys as RFC 8032 says
     * never meets one.
     */
    if (crypto_core_ed25519_is_valid_point(bytes) != 1)
        return ot_fail(err, OT_USAGE,
                       "not a usable Ed25519 key: a point of small or mixed order, or none of the "
                       "curve");
    ot_public_key_init(key, bytes);
    return 0;
}

static bool looks_like_key(struct ot_span text)
{
    uint8_t bytes[OT_PUBLIC_KEY_SIZE];

    return ot_span_starts(text, "-----BEGIN ") || read_raw(text, bytes);
}

static int load_variable(struct ot_public_key *key, const char *name, struct ot_error *err)
{
    const char *value = getenv(name);

    if (value == NULL)
        return ot_fail(err, OT_USAGE, "env:%s: the variable is not set", name);
    if (ot_public_key_parse(key, ot_span_of(value), err) < 0)
        return ot_error_prefix(err, "env:%s", name);
    return 0;
}

int ot_public_key_load(struct ot_public_key *key, const char *source, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf file = {0};

    if (ot_span_starts(ot_span_of(source), "env:"))
        return load_variable(key, source + strlen("env:"), err);
    if (looks_like_key(ot_span_trim(ot_span_of(source)))) {
        /* never quoted: it may be a private key that was given by mistake */
        if (ot_public_key_parse(key, ot_span_of(source), err) < 0)
            return ot_error_prefix(err, "the key given as text");
        return 0;
    }
    if (ot_read_file(source, OT_KEY_TEXT_MAX, &file, err) < 0) {
        err->kind = OT_USAGE;
        return -1;
    }
    if (ot_public_key_parse(key, ot_buf_span(&file), err) < 0)
        return ot_error_prefix(err, "%s", source);
    return 0;
}

bool ot_public_key_verifies(const struct ot_public_key *key, struct ot_span message,
                            const uint8_t signature[OT_SIGNATURE_SIZE])
{
    return crypto_sign_ed25519_verify_detached(signature, (const unsigned char *)message.data,
                                               message.len, key->bytes) == 0;
}
