#include "package/secret_key.h"

#include "base/base64.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

struct ot_secret_key {
    uint8_t
        expanded[crypto_sign_SECRETKEYBYTES]; /* libsodium's form: the seed and the public key */
    struct ot_public_key public_key;
};

/* PrivateKeyInfo of an Ed25519 key (RFC 8410, section 7) up to the 32 bytes of the seed. */
static const uint8_t pkcs8_prefix[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                       0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

#define PKCS8_SIZE (sizeof(pkcs8_prefix) + OT_SEED_SIZE)
#define PEM_LABEL "PRIVATE KEY"
#define PEM_BEGIN "-----BEGIN " PEM_LABEL "-----\n"
#define PEM_END "-----END " PEM_LABEL "-----"
#define PEM_BODY 64u /* base64 characters of PKCS8_SIZE bytes: exactly one line */

_Static_assert(crypto_sign_SEEDBYTES == OT_SEED_SIZE, "Ed25519 seed");
_Static_assert(OT_BASE64_LENGTH(PKCS8_SIZE) == PEM_BODY, "PEM body");
_Static_assert(sizeof(PEM_BEGIN) - 1 + PEM_BODY + 1 + sizeof(PEM_END) - 1 + 1 == OT_SECRET_PEM_SIZE,
               "PEM");

void *ot_guarded_alloc(size_t size)
{
    void *memory = sodium_init() < 0 ? NULL : sodium_malloc(size);

    /* before the first byte of a key is read; the kernel refuses it to nobody */
    (void)prctl(PR_SET_DUMPABLE, 0);
    if (memory == NULL) {
        fputs("no memory for a private key\n", stderr);
        abort();
    }
    return memory;
}

void ot_guarded_cleanup(void *pointer_to_pointer)
{
    void *memory;

    memcpy(&memory, pointer_to_pointer, sizeof(memory));
    sodium_free(memory);
}

/* `seed` must be in guarded memory. */
static struct ot_secret_key *from_seed(const uint8_t seed[OT_SEED_SIZE])
{
    struct ot_secret_key *key = ot_guarded_alloc(sizeof(*key));
    uint8_t public_bytes[OT_PUBLIC_KEY_SIZE];

    crypto_sign_seed_keypair(public_bytes, key->expanded, seed);
    ot_public_key_init(&key->public_key, public_bytes);
    sodium_mprotect_readonly(key);
    return key;
}

/*
 * Whether `text` without its blanks is how `bytes` are written: libsodium 1.0.18 takes some bytes
 * above 0x7f for letters (see base/base64.c). What it is compared with is in guarded memory.
 */
static bool is_spelling(struct ot_span text, const uint8_t *bytes, size_t len)
{
    OT_AUTOGUARDED char *again = ot_guarded_alloc(OT_BASE64_LENGTH(len) + 1);
    size_t at = 0;

    ot_base64_write(again, bytes, len);
    for (size_t i = 0; i < text.len; i++) {
        if (ot_is_blank(text.data[i]))
            continue;
        if (at == OT_BASE64_LENGTH(len) || text.data[i] != again[at])
            return false;
        at++;
    }
    return at == OT_BASE64_LENGTH(len);
}

/* What a PEM label says that is not an unencrypted PKCS#8 private key. */
static int refuse_label(struct ot_span label, struct ot_error *err)
{
    static const struct {
        const char *label;
        const char *what;
    } known[] = {
        {"PUBLIC KEY", "this is a public key; the private key is wanted here"},
        {"ENCRYPTED PRIVATE KEY",
         "this private key is encrypted; decrypt it first, for instance in a pipe: openssl pkey "
         "-in KEY | onetube ... --sign-key -"},
        {"OPENSSH PRIVATE KEY",
         "this is an OpenSSH key; a PKCS#8 key is wanted (onetube keygen makes one)"},
        {"RSA PRIVATE KEY", "this is an RSA key; an Ed25519 key is wanted"},
        {"EC PRIVATE KEY", "this is an EC key; an Ed25519 key is wanted"},
        {"EC PARAMETERS", "this is an EC key; an Ed25519 key is wanted"},
        {"CERTIFICATE", "this is a certificate; a private key is wanted here"},
    };

    for (size_t i = 0; i < OT_COUNT(known); i++) {
        if (ot_span_is(label, known[i].label))
            return ot_fail(err, OT_USAGE, "%s", known[i].what);
    }
    return ot_fail(err, OT_USAGE, "the PEM block is not of the type \"" PEM_LABEL "\"");
}

/* Names the algorithm of a PKCS#8 key that is not in the one form read here. */
static int refuse_der(const uint8_t *der, size_t len, struct ot_error *err)
{
    static const struct {
        const char *name;
        uint8_t oid[11]; /* tag, length, value */
        size_t len;
    } known[] = {
        {"an RSA", {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01}, 11},
        {"an RSA-PSS", {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a}, 11},
        {"an EC", {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01}, 9},
        {"an X25519", {0x06, 0x03, 0x2b, 0x65, 0x6e}, 5},
        {"an Ed448", {0x06, 0x03, 0x2b, 0x65, 0x71}, 5},
    };
    static const uint8_t ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
    /* SEQUENCE, version, SEQUENCE and then the object identifier: within the first bytes */
    size_t look = len < 32 ? len : 32;

    for (size_t i = 0; i < OT_COUNT(known); i++) {
        if (memmem(der, look, known[i].oid, known[i].len) != NULL)
            return ot_fail(err, OT_USAGE, "this is %s key; an Ed25519 key is wanted",
                           known[i].name);
    }
    if (memmem(der, look, ed25519, sizeof(ed25519)) != NULL)
        return ot_fail(err, OT_USAGE,
                       "an Ed25519 key of another length or form (%zu bytes, %zu are wanted): "
                       "write it again with openssl pkey -in KEY",
                       len, PKCS8_SIZE);
    return ot_fail(err, OT_USAGE, "the PEM block holds no PKCS#8 key");
}

/* RFC 7468: one block and nothing around it. `seed` is in guarded memory. */
static int read_pem(struct ot_span text, uint8_t *seed, struct ot_error *err)
{
    OT_AUTOGUARDED uint8_t *der = ot_guarded_alloc(OT_KEY_TEXT_MAX);
    size_t end_size = sizeof(PEM_END) - 1;
    struct ot_span label = {text.data + strlen("-----BEGIN "), 0};
    struct ot_span body;
    size_t len;

    while (label.data + label.len < text.data + text.len && label.data[label.len] != '-')
        label.len++;
    if (!ot_span_is(label, PEM_LABEL))
        return refuse_label(label, err);
    body.data = text.data + sizeof(PEM_BEGIN) - 2; /* without the newline */
    if (text.len < sizeof(PEM_BEGIN) - 2 + end_size || !ot_span_ends(text, PEM_END))
        return ot_fail(err, OT_USAGE, "the PEM block does not end with \"" PEM_END "\"");
    body.len = (size_t)(text.data + text.len - end_size - body.data);
    if (memcmp(body.data - 5, "-----", 5) != 0 ||
        sodium_base642bin(der, OT_KEY_TEXT_MAX, body.data, body.len, " \t\r\n", &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        !is_spelling(body, der, len))
        return ot_fail(err, OT_USAGE, "the PEM block is not one block of base64");
    if (len != PKCS8_SIZE || memcmp(der, pkcs8_prefix, sizeof(pkcs8_prefix)) != 0)
        return refuse_der(der, len, err);
    memcpy(seed, der + sizeof(pkcs8_prefix), OT_SEED_SIZE);
    return 0;
}

/* 64 hexadecimal or 44 base64 characters. `seed` is in guarded memory. */
static bool read_raw(struct ot_span text, uint8_t *seed)
{
    size_t len;

    if (text.len == 2 * OT_SEED_SIZE)
        return sodium_hex2bin(seed, OT_SEED_SIZE, text.data, text.len, NULL, &len, NULL) == 0 &&
               len == OT_SEED_SIZE;
    return text.len == OT_BASE64_LENGTH(OT_SEED_SIZE) &&
           sodium_base642bin(seed, OT_SEED_SIZE, text.data, text.len, NULL, &len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           len == OT_SEED_SIZE && is_spelling(text, seed, len);
}

int ot_secret_key_parse(struct ot_span text, struct ot_secret_key **out, struct ot_error *err)
{
    OT_AUTOGUARDED uint8_t *seed = ot_guarded_alloc(OT_SEED_SIZE);

    text = ot_span_trim(text);
    if (text.len > OT_KEY_TEXT_MAX)
        return ot_fail(err, OT_USAGE, "%zu bytes, a private key has at most %d", text.len,
                       OT_KEY_TEXT_MAX);
    if (text.len == 0)
        return ot_fail(err, OT_USAGE, "is empty; a private key is wanted");
    if (ot_span_starts(text, "-----BEGIN ")) {
        if (read_pem(text, seed, err) < 0)
            return -1;
    } else if (!read_raw(text, seed)) {
        return ot_fail(err, OT_USAGE,
                       "not a private key: PKCS#8 PEM, or 64 hexadecimal or 44 base64 characters "
                       "are wanted");
    }
    *out = from_seed(seed);
    return 0;
}

int ot_secret_key_generate(struct ot_secret_key **out, struct ot_error *err)
{
    OT_AUTOGUARDED uint8_t *seed = ot_guarded_alloc(OT_SEED_SIZE);

    (void)err; /* libsodium aborts when the system has no random numbers */
    randombytes_buf(seed, OT_SEED_SIZE);
    *out = from_seed(seed);
    return 0;
}

void ot_secret_key_pem(const struct ot_secret_key *key, char out[OT_SECRET_PEM_SIZE])
{
    OT_AUTOGUARDED uint8_t *der = ot_guarded_alloc(PKCS8_SIZE);
    OT_AUTOGUARDED char *body = ot_guarded_alloc(PEM_BODY + 1);
    char *at = out;

    memcpy(der, pkcs8_prefix, sizeof(pkcs8_prefix));
    crypto_sign_ed25519_sk_to_seed(der + sizeof(pkcs8_prefix), key->expanded);
    ot_base64_write(body, der, PKCS8_SIZE);
    memcpy(at, PEM_BEGIN, sizeof(PEM_BEGIN) - 1);
    at += sizeof(PEM_BEGIN) - 1;
    memcpy(at, body, PEM_BODY);
    at += PEM_BODY;
    *at++ = '\n';
    memcpy(at, PEM_END, sizeof(PEM_END) - 1);
    at[sizeof(PEM_END) - 1] = '\n';
}

void ot_secret_key_sign(const struct ot_secret_key *key, struct ot_span message,
                        uint8_t signature[OT_SIGNATURE_SIZE])
{
    crypto_sign_ed25519_detached(signature, NULL, (const unsigned char *)message.data, message.len,
                                 key->expanded);
}

void ot_secret_key_free(struct ot_secret_key *key)
{
    sodium_free(key);
}

const struct ot_public_key *ot_secret_key_public(const struct ot_secret_key *key)
{
    return &key->public_key;
}
