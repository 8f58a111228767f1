/*
 * Makes manifests, payloads and dists in memory, a second implementation of the format that shares
 * only the header function with the one under test. Keys come from fixed seeds.
 */
#pragma once

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "verify/payload.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct maker_key {
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    struct ot_public_key public_key;
};

struct maker_file {
    const char *path;
    struct ot_span data;
};

/* What to make. `functions` are bundles at "functions/<name>.js"; both lists must be sorted. */
struct maker {
    const struct maker_file *functions; /* path: the name alone */
    size_t function_count;
    const char *const *configs; /* of each function, JSON; NULL: all {} */
    const char *flags;          /* compatibilityFlags without the brackets; NULL: none */
    const struct maker_file *files;
    size_t file_count;
    uint64_t sequence;
    uint64_t not_after; /* 0: none */
    const char *const
        *keys; /* one letter each; lower case: signs as it should, upper case: badly */
    size_t key_count;
};

/* The key pair of a letter. */
static inline void maker_key(char letter, struct maker_key *key)
{
    uint8_t seed[crypto_sign_SEEDBYTES];
    uint8_t bytes[crypto_sign_PUBLICKEYBYTES];

    memset(seed, letter, sizeof(seed));
    crypto_sign_seed_keypair(bytes, key->secret, seed);
    ot_public_key_init(&key->public_key, bytes);
}

static inline void maker_trust(struct ot_trust *trust, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        struct maker_key key;

        maker_key(*letters, &key);
        trust->keys = ot_realloc(trust->keys, trust->key_count + 1, sizeof(*trust->keys));
        trust->keys[trust->key_count++] = key.public_key;
    }
}

static inline void maker_manifest(const struct maker *maker, struct ot_buf *out)
{
    char digest[OT_SHA256_HEX];

    ot_buf_printf(out,
                  "{\"schema\":1,\"builder\":{\"onetube\":\"0.1.0\",\"esbuild\":\"0.28.2\","
                  "\"options\":{\"minify\":false,\"sourcemap\":\"none\",\"target\":\"es2024\","
                  "\"splitting\":true}},\"engine\":{\"name\":\"workerd\","
                  "\"compatibilityDate\":\"2026-01-01\",\"compatibilityFlags\":[%s]},"
                  "\"env\":[],\"functions\":[",
                  maker->flags != NULL ? maker->flags : "");
    for (size_t i = 0; i < maker->function_count; i++) {
        ot_sha256_hex(maker->functions[i].data, digest);
        ot_buf_printf(out,
                      "%s\n{\"name\":\"%s\",\"bundleFile\":\"functions/%s.js\",\"bundleBytes\":%zu,"
                      "\"bundleSha256\":\"%s\",\"config\":%s}",
                      i > 0 ? "," : "", maker->functions[i].path, maker->functions[i].path,
                      maker->functions[i].data.len, digest,
                      maker->configs != NULL ? maker->configs[i] : "{}");
    }
    ot_buf_puts(out, "],\"files\":[");
    for (size_t i = 0; i < maker->file_count; i++) {
        ot_sha256_hex(maker->files[i].data, digest);
        ot_buf_printf(out, "%s\n{\"path\":\"%s\",\"bytes\":%zu,\"sha256\":\"%s\"}",
                      i > 0 ? "," : "", maker->files[i].path, maker->files[i].data.len, digest);
    }
    ot_buf_puts(out, "]}\n");
}

static inline void maker_sign(const struct maker *maker, const uint8_t page[OT_PAGE_SIZE],
                              uint8_t out[OT_PAGE_SIZE])
{
    OT_AUTOBUF struct ot_buf message = {0};
    struct ot_signature_page signatures = {0};

    ot_statement_pae(page, &message);
    for (size_t i = 0; i < maker->key_count; i++) {
        struct ot_signature *signature = &signatures.items[signatures.count++];
        char letter = maker->keys[i][0];
        bool bad = letter >= 'A' && letter <= 'Z';
        struct maker_key key;

        maker_key((char)(bad ? letter - 'A' + 'a' : letter), &key);
        memcpy(signature->key_id, key.public_key.id, sizeof(signature->key_id));
        crypto_sign_detached(signature->bytes, NULL, (const unsigned char *)message.data,
                             message.len - (bad ? 1 : 0), key.secret);
    }
    ot_signature_page_write(&signatures, out);
}

static inline void maker_pages(const struct maker *maker, struct ot_span manifest,
                               uint8_t signatures[OT_PAGE_SIZE], uint8_t statement[OT_PAGE_SIZE])
{
    struct ot_statement values = {
        .name = "made",
        .version = "1",
        .manifest_bytes = manifest.len,
        .sequence = maker->sequence,
        .has_not_after = maker->not_after > 0,
        .not_after = maker->not_after,
    };

    ot_sha256_hex(manifest, values.manifest_sha256);
    ot_statement_page(&values, statement);
    maker_sign(maker, statement, signatures);
}

static inline void maker_member(struct ot_buf *out, const char *path, struct ot_span data)
{
    static const char zeros[OT_BLOCK];
    uint8_t header[OT_BLOCK];

    if (ot_member_header(ot_span_of(path), data.len, header) < 0)
        abort();
    ot_buf_append(out, header, sizeof(header));
    ot_buf_append(out, data.data, data.len);
    ot_buf_append(out, zeros, (OT_BLOCK - data.len % OT_BLOCK) % OT_BLOCK);
}

/* The whole payload. Paths of files must sort before "functions/" or behind it as a group. */
static inline void maker_payload(const struct maker *maker, struct ot_buf *out)
{
    static const char zeros[OT_TRAILER_SIZE];
    OT_AUTOBUF struct ot_buf manifest = {0};
    uint8_t signatures[OT_PAGE_SIZE];
    uint8_t statement[OT_PAGE_SIZE];

    maker_manifest(maker, &manifest);
    maker_pages(maker, ot_buf_span(&manifest), signatures, statement);
    maker_member(out, OT_SIGNATURES_NAME, (struct ot_span){(char *)signatures, OT_PAGE_SIZE});
    maker_member(out, OT_STATEMENT_NAME, (struct ot_span){(char *)statement, OT_PAGE_SIZE});
    maker_member(out, OT_MANIFEST_NAME, ot_buf_span(&manifest));
    for (size_t i = 0; i < maker->file_count; i++)
        maker_member(out, maker->files[i].path, maker->files[i].data);
    for (size_t i = 0; i < maker->function_count; i++) {
        OT_AUTOFREE char *path = ot_asprintf("functions/%s.js", maker->functions[i].path);

        maker_member(out, path, maker->functions[i].data);
    }
    ot_buf_append(out, zeros, sizeof(zeros));
}

/* Writes one file beneath the folder, with the folders above it; replaces the one that is there. */
static inline void maker_put(const char *dir, const char *path, struct ot_span data)
{
    OT_AUTOCLOSE int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct ot_error err;

    unlinkat(root, path, 0);
    if (root < 0 || ot_write_beneath(root, path, data, &err) < 0)
        abort();
}

/* The same as a dist in an existing folder; without signatures and statement unless `with_pages`.
 */
static inline void maker_dist(const struct maker *maker, const char *dir, bool with_pages)
{
    OT_AUTOBUF struct ot_buf manifest = {0};
    uint8_t signatures[OT_PAGE_SIZE];
    uint8_t statement[OT_PAGE_SIZE];

    maker_manifest(maker, &manifest);
    maker_pages(maker, ot_buf_span(&manifest), signatures, statement);
    if (with_pages) {
        maker_put(dir, OT_SIGNATURES_NAME, (struct ot_span){(char *)signatures, OT_PAGE_SIZE});
        maker_put(dir, OT_STATEMENT_NAME, (struct ot_span){(char *)statement, OT_PAGE_SIZE});
    }
    maker_put(dir, OT_MANIFEST_NAME, ot_buf_span(&manifest));
    for (size_t i = 0; i < maker->file_count; i++)
        maker_put(dir, maker->files[i].path, maker->files[i].data);
    for (size_t i = 0; i < maker->function_count; i++) {
        OT_AUTOFREE char *path = ot_asprintf("functions/%s.js", maker->functions[i].path);

        maker_put(dir, path, maker->functions[i].data);
    }
}
