/* Adding signatures to a payload that exists. */
#include "base/file.h"
#include "base/process.h"
#include "package/archive.h"
#include "package/sign.h"
#include "verify/member_io.h"
#include "verify/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* A payload that is to be signed: what its first bytes say, all of it checked. */
struct original {
    int fd;
    struct stat info;
    struct ot_signature_page page;
    uint8_t statement_page[OT_PAGE_SIZE];
    struct ot_statement statement;
    struct ot_buf text; /* of manifest.json */
    struct ot_manifest *manifest;
};

static void original_close(struct original *original)
{
    ot_autoclose(&original->fd);
    ot_buf_free(&original->text);
    ot_manifest_free(original->manifest);
}

/*
 * Opens and locks the file that is at `path` once the lock is held: another run may have
 * replaced it meanwhile.
 */
static int open_locked(struct original *original, const char *path, struct ot_error *err)
{
    int64_t deadline = ot_now_ms() + OT_LOCK_SECONDS * 1000;

    for (;;) {
        struct stat named;

        original->fd = ot_open_regular(AT_FDCWD, path, INT64_MAX, &original->info, err);
        if (original->fd < 0)
            return -1;
        if (ot_lock(original->fd, deadline, path, err) < 0)
            return -1;
        if (lstat(path, &named) < 0)
            return ot_fail_errno(err, OT_FAILED, "%s", path);
        if (named.st_dev == original->info.st_dev && named.st_ino == original->info.st_ino)
            return 0;
        ot_autoclose(&original->fd);
    }
}

/* The header of one of the three fixed members; `at` is where its data stands. */
static int check_header(const struct original *original, const char *name, uint64_t at,
                        uint64_t size, struct ot_error *err)
{
    uint8_t header[OT_BLOCK];

    ot_archive_header(name, size, header);
    return ot_member_check_header(original->fd, header, at - OT_BLOCK, name, err);
}

static int read_page(const struct original *original, const char *name, uint64_t at,
                     uint8_t page[OT_PAGE_SIZE], struct ot_error *err)
{
    if (check_header(original, name, at, OT_PAGE_SIZE, err) < 0)
        return -1;
    return ot_member_read(original->fd, page, OT_PAGE_SIZE, at, name, err);
}

static int read_pages(struct original *original, struct ot_error *err)
{
    uint8_t signatures[OT_PAGE_SIZE];

    if (read_page(original, OT_SIGNATURES_NAME, OT_SIGNATURES_OFFSET, signatures, err) < 0 ||
        read_page(original, OT_STATEMENT_NAME, OT_STATEMENT_OFFSET, original->statement_page, err) <
            0 ||
        ot_signature_page_parse(&original->page, signatures, err) < 0)
        return -1;
    return ot_statement_parse(&original->statement, original->statement_page, err);
}

static int read_manifest(struct original *original, struct ot_error *err)
{
    size_t size = (size_t)original->statement.manifest_bytes; /* at most OT_MANIFEST_MAX */
    size_t padding = (size_t)(ot_padded(size) - size);
    char digest[OT_SHA256_HEX];

    if (check_header(original, OT_MANIFEST_NAME, OT_MANIFEST_OFFSET, size, err) < 0 ||
        ot_member_read(original->fd, ot_buf_reserve(&original->text, size), size,
                       OT_MANIFEST_OFFSET, OT_MANIFEST_NAME, err) < 0 ||
        ot_member_check_zeros(original->fd, OT_MANIFEST_OFFSET + size, padding, OT_MANIFEST_NAME,
                              err) < 0)
        return -1;
    original->text.len = size;
    ot_sha256_hex(ot_buf_span(&original->text), digest);
    if (strcmp(digest, original->statement.manifest_sha256) != 0)
        return ot_refuse(err, OT_E_MANIFEST, "%s: SHA-256 is %s, the statement says %s",
                         OT_MANIFEST_NAME, digest, original->statement.manifest_sha256);
    return ot_manifest_parse(ot_buf_span(&original->text), &original->manifest, err);
}

/* What the verifier refuses before it looks at a member. */
static int check_size(const struct original *original, struct ot_error *err)
{
    const struct ot_source source = {.fd = original->fd, .size = (uint64_t)original->info.st_size};

    return ot_source_check_payload_size(&source, original->manifest, UINT64_MAX, err);
}

static int check_release(const char *release, const char *expected, struct ot_error *err)
{
    if (expected == NULL || strcmp(release, expected) == 0)
        return 0;
    return ot_refuse(err, OT_E_HASH, "the release's SHA-256 is %s, %s was expected", release,
                     expected);
}

/* Copies and hashes first: nothing is signed that is not the release that was asked for. */
static int write_copy(struct original *original, const struct ot_sign_options *options,
                      char release[OT_SHA256_HEX], struct ot_error *err)
{
    OT_AUTOTEMP struct ot_temp_file out = OT_TEMP_INIT;
    OT_AUTOBUF struct ot_buf message = {0};
    const char *path = options->path;
    struct ot_archive_source source = {.manifest = original->manifest,
                                       .manifest_text = ot_buf_span(&original->text),
                                       .statement_page = original->statement_page,
                                       .dist = -1,
                                       .payload = original->fd,
                                       .shown = path};

    if (ot_temp_open(&out, path, original->info.st_mode & 0777, err) < 0 ||
        ot_archive_write(&source, out.fd, path, release, err) < 0)
        return -1;
    if (check_release(release, options->expect_release, err) < 0)
        return ot_error_prefix(err, "%s", path);
    ot_statement_pae(original->statement_page, &message);
    if (ot_signers_sign(options->signers, options->signer_count, ot_buf_span(&message),
                        &original->page, err) < 0 ||
        ot_archive_write_signatures(&original->page, out.fd, path, err) < 0)
        return -1;
    return ot_temp_commit(&out, false, err);
}

static int sign_original(struct original *original, const struct ot_sign_options *options,
                         char release[OT_SHA256_HEX], struct ot_error *err)
{
    if (open_locked(original, options->path, err) < 0)
        return -1;
    if (read_pages(original, err) < 0 ||
        ot_signers_check(options->signers, options->signer_count, &original->page, err) < 0 ||
        read_manifest(original, err) < 0 || check_size(original, err) < 0)
        return ot_error_prefix(err, "%s", options->path);
    return write_copy(original, options, release, err);
}

int ot_sign_payload(const struct ot_sign_options *options, struct ot_sign_report *report,
                    struct ot_error *err)
{
    struct original original = {.fd = -1};
    int done;

    memset(report, 0, sizeof(*report));
    done = sign_original(&original, options, report->release_sha256, err);
    original_close(&original);
    for (size_t i = 0; done == 0 && i < options->signer_count; i++)
        ot_list_add(&report->added, ot_signer_key_id(&options->signers[i]));
    return done;
}

void ot_sign_report_free(struct ot_sign_report *report)
{
    ot_list_free(&report->added);
}
