/*
 * Makes trust files in memory, a second implementation of their one spelling and of what is signed.
 * Keys are those of maker_key, a letter each.
 */
#pragma once

#include "tests/unit/payload_maker.h"
#include "verify/trust_file.h"

#include <inttypes.h>
#include <stdio.h>

/* What to make. Letters are lower case; NULL stands for none. */
struct trust_maker {
    uint64_t version;
    uint64_t expires;        /* 0: never */
    unsigned thresholds[3];  /* root, release, rebuild */
    unsigned growth;         /* 0: left out */
    const char *keys[3];     /* the letters of each role */
    const char *revoked;     /* letters */
    const char *manifest;    /* a revoked manifest's SHA-256 */
    const char *engine;      /* an allowed engine's SHA-256 */
    const char *target;      /* a target's name, for payloads called "made" */
    const char *target_name; /* another payload's name instead of "made" */
    uint64_t min_sequence;
    const char *signers; /* as trust_sign takes them */
};

/* Another valid signature of the same key over the same message: its nonce is another one. */
static inline void trust_sign_again(const struct maker_key *key, struct ot_span message,
                                    uint8_t signature[OT_SIGNATURE_SIZE])
{
    uint8_t hash[64], r[32], k[32], a[32];
    crypto_hash_sha512_state state;

    crypto_hash_sha512(hash, key->secret, 32);
    memcpy(a, hash, 32);
    a[0] &= 248;
    a[31] = (uint8_t)((a[31] & 127) | 64);
    crypto_core_ed25519_scalar_random(r);
    if (crypto_scalarmult_ed25519_base_noclamp(signature, r) != 0)
        abort();
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, signature, 32);
    crypto_hash_sha512_update(&state, key->public_key.bytes, 32);
    crypto_hash_sha512_update(&state, (const unsigned char *)message.data, message.len);
    crypto_hash_sha512_final(&state, hash);
    crypto_core_ed25519_scalar_reduce(k, hash);
    crypto_core_ed25519_scalar_mul(k, k, a);
    crypto_core_ed25519_scalar_add(signature + 32, r, k);
}

/*
 * Adds a signature of each letter: lower case as it should be, upper case a wrong one, and where a
 * letter stands once more a second valid one.
 */
static inline void trust_sign(const char *letters, struct ot_span message,
                              struct ot_signature_page *page)
{
    for (const char *at = letters; *at != '\0'; at++) {
        bool bad = *at >= 'A' && *at <= 'Z';
        struct ot_signature *signature = &page->items[page->count++];
        struct maker_key key;

        maker_key((char)(bad ? *at - 'A' + 'a' : *at), &key);
        memcpy(signature->key_id, key.public_key.id, sizeof(signature->key_id));
        if (memchr(letters, *at, (size_t)(at - letters)) != NULL)
            trust_sign_again(&key, message, signature->bytes);
        else
            crypto_sign_detached(signature->bytes, NULL, (const unsigned char *)message.data,
                                 message.len - (bad ? 1 : 0), key.secret);
    }
}

static inline int trust_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* An array of strings or of objects that are given with their indent, sorted. */
static inline void trust_array(struct ot_buf *out, const char *indent, const char *name,
                               char **items, size_t count)
{
    qsort(items, count, sizeof(items[0]), trust_compare);
    ot_buf_printf(out, "%s\"%s\": [", indent, name);
    for (size_t i = 0; i < count; i++) {
        ot_buf_printf(out, "%s\n%s  %s", i > 0 ? "," : "", indent, items[i]);
        free(items[i]);
    }
    if (count > 0)
        ot_buf_printf(out, "\n%s", indent);
    ot_buf_putc(out, ']');
}

static inline void trust_keys(const struct trust_maker *maker, struct ot_buf *out)
{
    static const char *const roles[] = {"root", "release", "rebuild"};
    char *items[64];
    size_t count = 0;

    for (int role = 0; role < 3; role++) {
        for (const char *at = maker->keys[role]; at != NULL && *at != '\0'; at++) {
            char base64[sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL)];
            struct maker_key key;

            maker_key(*at, &key);
            sodium_bin2base64(base64, sizeof(base64), key.public_key.bytes, 32,
                              sodium_base64_VARIANT_ORIGINAL);
            items[count++] =
                ot_asprintf("{\n      \"id\": \"%s\",\n      \"role\": \"%s\",\n      "
                            "\"algorithm\": \"ed25519\",\n      \"key\": \"%s\"\n    }",
                            key.public_key.id, roles[role], base64);
        }
    }
    trust_array(out, "  ", "keys", items, count);
}

static inline void trust_revoked(const struct trust_maker *maker, struct ot_buf *out)
{
    char *items[64];
    size_t count = 0;

    for (const char *at = maker->revoked; at != NULL && *at != '\0'; at++) {
        struct maker_key key;

        maker_key(*at, &key);
        items[count++] = ot_asprintf("\"%s\"", key.public_key.id);
    }
    ot_buf_puts(out, ",\n  \"revoked\": {\n");
    trust_array(out, "    ", "keys", items, count);
    ot_buf_puts(out, ",\n");
    count = 0;
    if (maker->manifest != NULL)
        items[count++] = ot_asprintf("\"%s\"", maker->manifest);
    trust_array(out, "    ", "manifests", items, count);
    ot_buf_printf(out, "\n  },\n  \"minSequence\": %" PRIu64 ",\n", maker->min_sequence);
}

static inline void trust_rest(const struct trust_maker *maker, struct ot_buf *out)
{
    char *items[1];
    size_t count = 0;

    if (maker->target != NULL)
        items[count++] =
            ot_asprintf("{\n      \"name\": \"%s\",\n      \"payloads\": [\n        "
                        "\"%s\"\n      ]\n    }",
                        maker->target, maker->target_name != NULL ? maker->target_name : "made");
    trust_array(out, "  ", "targets", items, count);
    ot_buf_puts(out, ",\n");
    count = 0;
    if (maker->engine != NULL)
        items[count++] = ot_asprintf("\"%s\"", maker->engine);
    trust_array(out, "  ", "engines", items, count);
    ot_buf_puts(out, ",\n");
}

/* All before the signatures. */
static inline void trust_body(const struct trust_maker *maker, struct ot_buf *out)
{
    ot_buf_printf(
        out, "{\n  \"schema\": 1,\n  \"version\": %" PRIu64 ",\n  \"expires\": ", maker->version);
    if (maker->expires == 0)
        ot_buf_puts(out, "null");
    else
        ot_buf_printf(out, "%" PRIu64, maker->expires);
    ot_buf_printf(out,
                  ",\n  \"thresholds\": {\n    \"root\": %u,\n    \"release\": %u,\n    "
                  "\"rebuild\": %u",
                  maker->thresholds[0], maker->thresholds[1], maker->thresholds[2]);
    if (maker->growth > 0)
        ot_buf_printf(out, ",\n    \"growth\": %u", maker->growth);
    ot_buf_puts(out, "\n  },\n");
    trust_keys(maker, out);
    trust_revoked(maker, out);
    trust_rest(maker, out);
}

/* The bytes that are signed. */
static inline void trust_message(const struct trust_maker *maker, struct ot_buf *out)
{
    OT_AUTOBUF struct ot_buf unsigned_text = {0};
    char digest[OT_SHA256_HEX];

    trust_body(maker, &unsigned_text);
    ot_buf_puts(&unsigned_text, "  \"signatures\": []\n}\n");
    ot_sha256_hex(ot_buf_span(&unsigned_text), digest);
    ot_buf_printf(out, "DSSEv1 32 application/vnd.onetube.trust.v1 64 %s", digest);
}

/* The whole file. */
static inline void trust_text(const struct trust_maker *maker, struct ot_buf *out)
{
    OT_AUTOBUF struct ot_buf message = {0};
    struct ot_signature_page page = {.count = 0};
    char *items[OT_SIGNATURES_MAX];

    trust_message(maker, &message);
    if (maker->signers != NULL)
        trust_sign(maker->signers, ot_buf_span(&message), &page);
    for (unsigned i = 0; i < page.count; i++) {
        char base64[sodium_base64_ENCODED_LEN(64, sodium_base64_VARIANT_ORIGINAL)];

        sodium_bin2base64(base64, sizeof(base64), page.items[i].bytes, 64,
                          sodium_base64_VARIANT_ORIGINAL);
        items[i] = ot_asprintf("\"onetube-sig-v1 ed25519 %s %s\"", page.items[i].key_id, base64);
    }
    trust_body(maker, out);
    trust_array(out, "  ", "signatures", items, page.count);
    ot_buf_puts(out, "\n}\n");
}
