#include "package/package.h"

#include "base/file.h"
#include "base/text.h"
#include "package/archive.h"
#include "package/engine_file.h"
#include "package/sign.h"
#include "verify/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_NAME "onetube"
#define DEFAULT_VERSION_DIGITS 16

/* The dist that is being packaged. */
struct dist {
    int fd;
    struct ot_buf text; /* of manifest.json */
    struct ot_manifest *manifest;
    struct ot_engine_file engine; /* that is added to it */
};

static void dist_close(struct dist *dist)
{
    ot_autoclose(&dist->fd);
    ot_engine_file_close(&dist->engine);
    ot_buf_free(&dist->text);
    ot_manifest_free(dist->manifest);
}

static int read_manifest(struct dist *dist, const char *path, const char *expected,
                         struct ot_error *err)
{
    char digest[OT_SHA256_HEX];
    OT_AUTOCLOSE int fd = ot_open_regular(dist->fd, OT_MANIFEST_NAME, OT_MANIFEST_MAX, NULL, err);

    if (fd < 0 && err->errnum == ENOENT)
        return ot_fail(err, OT_FAILED,
                       "%s: holds no " OT_MANIFEST_NAME
                       ", so it is not a dist (onetube build --out makes one)",
                       path);
    if (fd < 0 || ot_read_fd(fd, OT_MANIFEST_MAX, &dist->text, OT_MANIFEST_NAME, err) < 0)
        return ot_error_prefix(err, "%s", path);
    ot_sha256_hex(ot_buf_span(&dist->text), digest);
    if (expected != NULL && strcmp(digest, expected) != 0)
        return ot_refuse(err, OT_E_MANIFEST, "%s: %s is not the one that was built", path,
                         OT_MANIFEST_NAME);
    if (ot_manifest_parse(ot_buf_span(&dist->text), &dist->manifest, err) < 0)
        return ot_error_prefix(err, "%s", path);
    return 0;
}

/* Opens the folder and reads its manifest; nothing but what that names may be in it. */
static int dist_open(struct dist *dist, const char *path, const char *expect_manifest,
                     struct ot_error *err)
{
    struct ot_source source = {.is_folder = true, .has_pages = true};

    dist->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dist->fd < 0 && errno == ENOTDIR)
        return ot_fail(err, OT_FAILED, "%s: is not a folder, a dist is wanted", path);
    if (dist->fd < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", path);
    if (read_manifest(dist, path, expect_manifest, err) < 0)
        return -1;
    source.fd = dist->fd;
    if (ot_source_check_folder(&source, dist->manifest, err) < 0)
        return ot_error_prefix(err, "%s", path);
    return 0;
}

static int add_engine(struct dist *dist, const char *program, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf named = {0};
    struct ot_buf before = dist->text;

    if (ot_engine_file_open(&dist->engine, program, err) < 0 ||
        ot_engine_file_name(&dist->engine, ot_buf_span(&dist->text), &named, err) < 0)
        return -1;
    dist->text = named;
    named = before;
    ot_manifest_free(OT_STEAL(dist->manifest));
    return ot_manifest_parse(ot_buf_span(&dist->text), &dist->manifest, err);
}

/* Whether the folder `inner` is `outer` or somewhere in it. */
static int is_inside(int inner, const struct stat *outer, bool *inside, struct ot_error *err)
{
    struct stat last = {0};
    struct stat here;
    OT_AUTOCLOSE int dir = openat(inner, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    *inside = false;
    for (;;) {
        int parent;

        if (dir < 0 || fstat(dir, &here) < 0)
            return ot_fail_errno(err, OT_FAILED, "the folder of the output");
        *inside = here.st_dev == outer->st_dev && here.st_ino == outer->st_ino;
        if (*inside || (here.st_dev == last.st_dev && here.st_ino == last.st_ino))
            return 0; /* the root is its own parent */
        last = here;
        parent = openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        ot_autoclose(&dir);
        dir = parent;
    }
}

static int check_outside(const struct ot_temp_file *out, const struct dist *dist,
                         const struct ot_package_options *options, struct ot_error *err)
{
    struct stat folder;
    bool inside;

    if (fstat(dist->fd, &folder) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", options->in);
    if (is_inside(out->dir_fd, &folder, &inside, err) < 0)
        return -1;
    if (inside)
        return ot_fail(err, OT_USAGE, "%s: lies inside %s, which may hold nothing but the dist",
                       options->out, options->in);
    return 0;
}

/* What is replaced must be a payload, or nothing yet: not the key, not somebody's document. */
static int check_replaced(const struct ot_temp_file *out, struct ot_error *err)
{
    uint8_t expected[OT_BLOCK];
    uint8_t found[OT_BLOCK];
    struct stat info;
    OT_AUTOCLOSE int old = openat(out->dir_fd, out->target, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (old < 0 && errno == ENOENT)
        return 0;
    if (old < 0 || fstat(old, &info) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", out->path);
    if (info.st_size == 0)
        return 0;
    if (ot_member_header(ot_span_of(OT_SIGNATURES_NAME), OT_PAGE_SIZE, expected) == 0 &&
        pread(old, found, OT_BLOCK, 0) == OT_BLOCK && memcmp(found, expected, OT_BLOCK) == 0)
        return 0;
    return ot_fail(err, OT_FAILED, "%s: exists and is not a payload; it is not replaced",
                   out->path);
}

static int take_text(char out[OT_STATEMENT_TEXT_MAX + 1], const char *text, const char *what,
                     struct ot_error *err)
{
    if (!ot_is_statement_text(ot_span_of(text)))
        return ot_fail(err, OT_USAGE,
                       "the %s is not 1 to %d printable ASCII characters without \" and \\", what,
                       OT_STATEMENT_TEXT_MAX);
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

static int make_statement(const struct ot_package_options *options, struct ot_span manifest,
                          struct ot_statement *statement, struct ot_error *err)
{
    char version[DEFAULT_VERSION_DIGITS + 1];

    *statement = (struct ot_statement){.manifest_bytes = manifest.len,
                                       .sequence = options->sequence,
                                       .has_not_after = options->has_not_after,
                                       .not_after = options->not_after};
    ot_sha256_hex(manifest, statement->manifest_sha256);
    memcpy(version, statement->manifest_sha256, DEFAULT_VERSION_DIGITS);
    version[DEFAULT_VERSION_DIGITS] = '\0';
    if (options->sequence > OT_SEQUENCE_MAX)
        return ot_fail(err, OT_USAGE, "the sequence is at most %llu", OT_SEQUENCE_MAX);
    if (options->has_not_after && options->not_after > OT_SEQUENCE_MAX)
        return ot_fail(err, OT_USAGE, "the expiry is at most %llu", OT_SEQUENCE_MAX);
    if (take_text(statement->name, options->name != NULL ? options->name : DEFAULT_NAME, "name",
                  err) < 0)
        return -1;
    return take_text(statement->version, options->version != NULL ? options->version : version,
                     "version", err);
}

static void fill_report(const struct ot_package_options *options, const struct dist *dist,
                        const struct ot_statement *statement, struct ot_package_report *report)
{
    report->bytes = dist->manifest->payload_size;
    report->function_count = dist->manifest->function_count;
    report->member_count = dist->manifest->member_count;
    for (size_t i = 0; i < report->function_count; i++)
        report->closed_count += !dist->manifest->functions[i].config.is_public;
    report->statement = *statement;
    memcpy(report->manifest_sha256, statement->manifest_sha256, sizeof(report->manifest_sha256));
    for (size_t i = 0; i < options->signer_count; i++)
        ot_list_add(&report->signers, ot_signer_key_id(&options->signers[i]));
}

/* Copies and hashes first: what does not match its manifest is never signed. */
static int write_payload(const struct ot_package_options *options, const struct dist *dist,
                         const struct ot_statement *statement, struct ot_temp_file *out,
                         char release[OT_SHA256_HEX], struct ot_error *err)
{
    struct ot_signature_page page = {.count = 0};
    OT_AUTOBUF struct ot_buf message = {0};
    uint8_t statement_page[OT_PAGE_SIZE];
    struct ot_archive_source source = {.manifest = dist->manifest,
                                       .manifest_text = ot_buf_span(&dist->text),
                                       .statement_page = statement_page,
                                       .dist = dist->fd,
                                       .payload = -1,
                                       .engine = dist->engine.fd,
                                       .shown = options->in};

    ot_statement_page(statement, statement_page);
    ot_statement_pae(statement_page, &message);
    if (ot_archive_write(&source, out->fd, options->out, release, err) < 0 ||
        ot_signers_sign(options->signers, options->signer_count, ot_buf_span(&message), &page,
                        err) < 0 ||
        ot_archive_write_signatures(&page, out->fd, options->out, err) < 0)
        return -1;
    return ot_temp_commit(out, false, err);
}

static int package_dist(const struct ot_package_options *options, const struct dist *dist,
                        struct ot_package_report *report, struct ot_error *err)
{
    OT_AUTOTEMP struct ot_temp_file out = OT_TEMP_INIT;
    struct ot_statement statement;

    if (make_statement(options, ot_buf_span(&dist->text), &statement, err) < 0 ||
        ot_temp_open(&out, options->out, 0644, err) < 0 || check_replaced(&out, err) < 0 ||
        check_outside(&out, dist, options, err) < 0 ||
        write_payload(options, dist, &statement, &out, report->release_sha256, err) < 0)
        return -1;
    fill_report(options, dist, &statement, report);
    return 0;
}

int ot_package(const struct ot_package_options *options, struct ot_package_report *report,
               struct ot_error *err)
{
    struct ot_signature_page none = {.count = 0};
    struct dist dist = {.fd = -1, .engine = OT_ENGINE_FILE_INIT};
    int done = -1;

    memset(report, 0, sizeof(*report));
    if (ot_signers_check(options->signers, options->signer_count, &none, err) < 0)
        return -1;
    if (dist_open(&dist, options->in, options->expect_manifest, err) == 0 &&
        (options->engine == NULL || add_engine(&dist, options->engine, err) == 0))
        done = package_dist(options, &dist, report, err);
    dist_close(&dist);
    return done;
}

void ot_package_report_free(struct ot_package_report *report)
{
    ot_list_free(&report->signers);
}
