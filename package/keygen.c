#include "base/base64.h"
#include "base/file.h"
#include "package/secret_key.h"

#include <string.h>
#include <unistd.h>

#define SPKI_PREFIX_SIZE 12u
#define SPKI_SIZE (SPKI_PREFIX_SIZE + OT_PUBLIC_KEY_SIZE)

/* SubjectPublicKeyInfo of an Ed25519 key (RFC 8410, section 4) up to the 32 raw bytes. */
static const uint8_t spki_prefix[SPKI_PREFIX_SIZE] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

/* Appends the SPKI PEM, as `openssl pkey -pubout` writes it. */
static void write_public_pem(const struct ot_public_key *key, struct ot_buf *out)
{
    uint8_t der[SPKI_SIZE];
    char body[OT_BASE64_LENGTH(SPKI_SIZE) + 1];

    memcpy(der, spki_prefix, sizeof(spki_prefix));
    memcpy(der + sizeof(spki_prefix), key->bytes, OT_PUBLIC_KEY_SIZE);
    ot_base64_write(body, der, sizeof(der));
    ot_buf_printf(out, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", body);
}

/* Makes both files or none: each is complete under a temporary name before the first appears. */
static int write_pair(const struct ot_secret_key *key, const char *key_path,
                      const char *public_path, struct ot_error *err)
{
    OT_AUTOTEMP struct ot_temp_file key_file = OT_TEMP_INIT;
    OT_AUTOTEMP struct ot_temp_file public_file = OT_TEMP_INIT;
    OT_AUTOGUARDED char *pem = ot_guarded_alloc(OT_SECRET_PEM_SIZE);
    OT_AUTOBUF struct ot_buf public_pem = {0};

    ot_secret_key_pem(key, pem);
    write_public_pem(ot_secret_key_public(key), &public_pem);
    if (ot_temp_open(&key_file, key_path, 0600, err) < 0 ||
        ot_temp_open(&public_file, public_path, 0644, err) < 0 ||
        ot_write_all(key_file.fd, pem, OT_SECRET_PEM_SIZE, key_path, err) < 0 ||
        ot_write_all(public_file.fd, public_pem.data, public_pem.len, public_path, err) < 0 ||
        ot_temp_commit(&key_file, true, err) < 0)
        return -1;
    if (ot_temp_commit(&public_file, true, err) < 0) {
        /* ours alone: it did not exist a moment ago and was not replaced by the commit */
        unlinkat(key_file.dir_fd, key_file.target, 0);
        return -1;
    }
    return 0;
}

/* Before a key is made; the commit makes sure again. */
static int check_absent(const char *path, struct ot_error *err)
{
    struct stat info;

    if (lstat(path, &info) == 0)
        return ot_fail(err, OT_FAILED, "%s: exists already and is not overwritten", path);
    return 0;
}

int ot_keygen(const char *name, struct ot_public_key *public_key, struct ot_error *err)
{
    OT_AUTOFREE char *key_path = ot_asprintf("%s.key.pem", name);
    OT_AUTOFREE char *public_path = ot_asprintf("%s.pub.pem", name);
    struct ot_secret_key *key;
    size_t len = strlen(name);
    int done;

    if (len == 0 || name[len - 1] == '/')
        return ot_fail(err, OT_USAGE, "a name is wanted: NAME.key.pem and NAME.pub.pem are made");
    if (check_absent(key_path, err) < 0 || check_absent(public_path, err) < 0 ||
        ot_secret_key_generate(&key, err) < 0)
        return -1;
    done = write_pair(key, key_path, public_path, err);
    *public_key = *ot_secret_key_public(key);
    ot_secret_key_free(key);
    return done;
}
