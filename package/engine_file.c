#include "package/engine_file.h"

#include "base/file.h"
#include "base/text.h"
#include "verify/manifest.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256u << 10)

/* ELF, 64 bits, little endian, and which machine (ELF-64 object file format, file header). */
static const char *architecture_of(const Elf64_Ehdr *header)
{
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB)
        return NULL;
    if (header->e_machine == EM_X86_64)
        return "x86_64";
    return header->e_machine == EM_AARCH64 ? "aarch64" : NULL;
}

/* Reads `size` bytes, hashes them, and writes them to `to` if that is open. */
static int pass_through(const struct ot_engine_file *file, const char *path, int to,
                        char sha256[OT_SHA256_HEX], struct ot_error *err)
{
    OT_AUTOFREE char *room = ot_alloc(1, CHUNK);
    uint8_t digest[OT_SHA256_SIZE];
    struct ot_sha256 hash;

    ot_sha256_init(&hash);
    for (uint64_t at = 0; at < file->size;) {
        size_t len = file->size - at < CHUNK ? (size_t)(file->size - at) : CHUNK;
        ssize_t got = ot_read_at(file->fd, room, len, at, path, err);

        if (got < 0)
            return -1;
        if ((size_t)got != len)
            return ot_fail(err, OT_FAILED, "%s: became shorter while it was read", path);
        ot_sha256_update(&hash, room, len);
        if (to >= 0 && ot_write_all(to, room, len, path, err) < 0)
            return -1;
        at += len;
    }
    ot_sha256_final(&hash, digest);
    ot_hex(sha256, digest, sizeof(digest));
    return 0;
}

static int examine(struct ot_engine_file *file, const char *path, struct ot_error *err)
{
    Elf64_Ehdr header = {.e_type = ET_NONE};
    struct stat info;

    if (fstat(file->fd, &info) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", path);
    if (!S_ISREG(info.st_mode) || (uint64_t)info.st_size > OT_PAYLOAD_MAX)
        return ot_fail(err, OT_FAILED, "%s: is no file of at most %llu bytes", path,
                       (unsigned long long)OT_PAYLOAD_MAX);
    file->size = (uint64_t)info.st_size;
    if (ot_read_at(file->fd, &header, sizeof(header), 0, path, err) < 0)
        return -1;
    file->architecture = architecture_of(&header);
    if (file->architecture == NULL)
        return ot_fail(err, OT_FAILED,
                       "%s: is no program for x86_64 or aarch64, so no payload can carry it", path);
    return pass_through(file, path, -1, file->sha256, err);
}

int ot_engine_file_open(struct ot_engine_file *file, const char *path, struct ot_error *err)
{
    file->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", path);
    if (examine(file, path, err) == 0)
        return 0;
    ot_engine_file_close(file);
    return -1;
}

void ot_engine_file_close(struct ot_engine_file *file)
{
    ot_autoclose(&file->fd);
}

/* Where the value of `engine.compatibilityFlags` ends: what comes behind it is ours to write. */
static int find_end_of_flags(struct ot_span manifest, size_t *end, struct ot_error *err)
{
    struct ot_json json;
    struct ot_span key = {NULL, 0};
    int result;

    ot_json_begin(&json, manifest, 0);
    result = ot_json_object(&json, err);
    while (result == 0 && (result = ot_json_key(&json, &key, err)) > 0) {
        bool found = ot_span_is(key, "engine");

        result = found ? ot_json_object(&json, err) : ot_json_skip(&json, err);
        if (found)
            break;
    }
    while (result == 0 && (result = ot_json_key(&json, &key, err)) > 0) {
        bool found = ot_span_is(key, "compatibilityFlags");

        result = ot_json_skip(&json, err);
        *end = json.pos;
        if (found)
            break;
    }
    ot_json_end(&json);
    return result;
}

int ot_engine_file_name(const struct ot_engine_file *file, struct ot_span manifest,
                        struct ot_buf *out, struct ot_error *err)
{
    struct ot_manifest *parsed;
    size_t end = 0;
    bool has_one;

    if (ot_manifest_parse(manifest, &parsed, err) < 0)
        return -1;
    has_one = parsed->engine != NULL;
    ot_manifest_free(parsed);
    if (has_one)
        return ot_fail(err, OT_FAILED, "the dist carries an engine already");
    if (find_end_of_flags(manifest, &end, err) < 0)
        return -1;
    ot_buf_append(out, manifest.data, end);
    ot_buf_printf(out,
                  ",\n    \"binary\": {\n"
                  "      \"path\": \"%s\",\n      \"bytes\": %" PRIu64 ",\n"
                  "      \"sha256\": \"%s\",\n      \"architecture\": \"%s\"\n    }",
                  OT_ENGINE_PATH, file->size, file->sha256, file->architecture);
    ot_buf_append(out, manifest.data + end, manifest.len - end);
    return 0;
}

/* -- into a dist --------------------------------------------------------------------------------
 */

static int copy_program(const struct ot_engine_file *file, const char *program, int dist,
                        struct ot_error *err)
{
    OT_AUTOCLOSE int to = -1;
    char sha256[OT_SHA256_HEX];

    /* makes the folder, too */
    if (ot_write_beneath(dist, OT_ENGINE_PATH, (struct ot_span){"", 0}, err) < 0)
        return -1;
    to = ot_open_beneath(dist, OT_ENGINE_PATH, O_WRONLY, 0, err);
    if (to < 0 || pass_through(file, program, to, sha256, err) < 0)
        return -1;
    if (strcmp(sha256, file->sha256) != 0)
        return ot_fail(err, OT_FAILED, "%s: changed while it was read", program);
    return 0;
}

int ot_engine_file_add(const char *program, const char *dist, char manifest_sha256[OT_SHA256_HEX],
                       struct ot_error *err)
{
    OT_AUTOENGINEFILE struct ot_engine_file file = OT_ENGINE_FILE_INIT;
    OT_AUTOCLOSE int folder = open(dist, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOBUF struct ot_buf named = {0};
    OT_AUTOCLOSE int manifest = -1;

    if (folder < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", dist);
    manifest = ot_open_regular(folder, OT_MANIFEST_NAME, OT_MANIFEST_MAX, NULL, err);
    if (manifest < 0 || ot_read_fd(manifest, OT_MANIFEST_MAX, &text, OT_MANIFEST_NAME, err) < 0 ||
        ot_engine_file_open(&file, program, err) < 0 ||
        ot_engine_file_name(&file, ot_buf_span(&text), &named, err) < 0 ||
        copy_program(&file, program, folder, err) < 0)
        return -1;
    ot_sha256_hex(ot_buf_span(&named), manifest_sha256);
    if (unlinkat(folder, OT_MANIFEST_NAME, 0) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s/" OT_MANIFEST_NAME, dist);
    return ot_write_beneath(folder, OT_MANIFEST_NAME, ot_buf_span(&named), err);
}
