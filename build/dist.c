#include "build/dist.h"

#include "base/file.h"
#include "base/json_write.h"
#include "base/text.h"
#include "build/esbuild.h"
#include "build/runtime.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANIFEST "manifest.json"

/* What a dist may hold at its top: signed or not, ours to replace. */
static const char *const dist_names[] = {MANIFEST,     "functions",      "chunks", "files",
                                         "signatures", "statement.json", NULL};
#define SCHEMA 1
#define ENGINE "workerd"

static const char *const sourcemap_names[] = {
    [OT_SOURCEMAP_NONE] = "none",
    [OT_SOURCEMAP_LINKED] = "linked",
    [OT_SOURCEMAP_INLINE] = "inline",
};

/* The digests of the bundle's files, in their order. */
struct digest {
    char hex[OT_SHA256_HEX];
};

static int write_member(int root, struct ot_span path, struct ot_span data, struct ot_error *err)
{
    OT_AUTOFREE char *name = ot_strndup(path.data, path.len);

    return ot_write_beneath(root, name, data, err);
}

static char *bundle_path(const struct ot_dist_function *function)
{
    return ot_asprintf("functions/%s.js", function->name);
}

/* The source map that stands beside a file, if there is one: stacks are told in terms of it. */
static void list_map(const struct ot_dist *dist, const char *file, struct ot_list *modules)
{
    OT_AUTOFREE char *map = ot_asprintf("%s.map", file);

    if (ot_bundle_find(dist->bundle, map) != NULL)
        ot_list_add(modules, map);
}

/* What a cell needs besides the bundle itself, to run the function. */
static void list_modules(const struct ot_dist *dist, size_t function, const char *bundle_file,
                         struct ot_list *modules)
{
    const struct ot_list *static_files = &dist->static_files->functions[function];
    OT_AUTOLIST struct ot_list reachable = {0};

    ot_metafile_reachable(&dist->bundle->metafile, bundle_file, &reachable);
    list_map(dist, bundle_file, modules);
    for (size_t i = 0; i < reachable.count; i++) {
        ot_list_add(modules, reachable.items[i]);
        list_map(dist, reachable.items[i], modules);
    }
    for (size_t i = 0; i < static_files->count; i++)
        ot_list_add(modules, static_files->items[i]);
    ot_list_sort_unique(modules);
}

/* -- manifest ---------------------------------------------------------------------------------- */

static void write_head(const struct ot_dist *dist, struct ot_json_writer *writer)
{
    const struct ot_build_options *options = dist->options;

    ot_jw_uint(writer, "schema", SCHEMA);
    ot_jw_object(writer, "builder");
    ot_jw_string(writer, "onetube", OT_VERSION);
    ot_jw_string(writer, "esbuild", OT_ESBUILD_VERSION);
    ot_jw_object(writer, "options");
    ot_jw_bool(writer, "minify", options->minify);
    ot_jw_string(writer, "sourcemap", sourcemap_names[options->sourcemap]);
    ot_jw_string(writer, "target", options->target);
    ot_jw_bool(writer, "splitting", options->splitting);
    ot_jw_object_end(writer);
    ot_jw_object_end(writer);
    ot_jw_object(writer, "engine");
    ot_jw_string(writer, "name", ENGINE);
    ot_jw_string(writer, "compatibilityDate", dist->compat_date);
    ot_jw_list(writer, "compatibilityFlags", dist->compat_flags);
    ot_jw_object_end(writer);
    ot_jw_list(writer, "env", dist->env);
}

/* Fills in `built`, the function's line of the report, on the way. */
static int write_function(const struct ot_dist *dist, const struct ot_dist_function *function,
                          const struct digest *digests, struct ot_json_writer *writer,
                          struct ot_built_function *built, struct ot_error *err)
{
    const struct ot_bundle *bundle = dist->bundle;
    OT_AUTOFREE char *path = bundle_path(function);
    OT_AUTOLIST struct ot_list modules = {0};
    const struct ot_bundle_file *file = ot_bundle_find(bundle, path);

    if (file == NULL)
        return ot_fail(err, OT_TOOL, "esbuild made no %s", path);
    list_modules(dist, (size_t)(function - dist->functions), path, &modules);
    *built = (struct ot_built_function){.name = ot_strdup(function->name),
                                        .bytes = file->data.len,
                                        .is_public = function->is_public,
                                        .cached = function->cached};
    memcpy(built->sha256, digests[file - bundle->files].hex, sizeof(built->sha256));
    built->total_bytes = built->bytes;
    ot_jw_object(writer, NULL);
    ot_jw_string(writer, "name", function->name);
    ot_jw_string(writer, "bundleFile", path);
    ot_jw_uint(writer, "bundleBytes", built->bytes);
    ot_jw_string(writer, "bundleSha256", built->sha256);
    ot_config_write(function->config, function->is_public, writer);
    if (modules.count > 0)
        ot_jw_list(writer, "moduleFiles", &modules);
    ot_jw_object_end(writer);
    for (size_t i = 0; i < modules.count; i++) {
        file = ot_bundle_find(bundle, modules.items[i]);
        if (file == NULL)
            return ot_fail(err, OT_TOOL, "esbuild made no %s", modules.items[i]);
        built->total_bytes += file->data.len;
    }
    return 0;
}

static bool is_bundle(const struct ot_dist *dist, struct ot_span path)
{
    for (size_t i = 0; i < dist->function_count; i++) {
        OT_AUTOFREE char *bundle = bundle_path(&dist->functions[i]);

        if (ot_span_is(path, bundle))
            return true;
    }
    return false;
}

static void write_files(const struct ot_dist *dist, const struct digest *digests,
                        struct ot_json_writer *writer)
{
    ot_jw_array(writer, "files");
    for (size_t i = 0; i < dist->bundle->file_count; i++) {
        const struct ot_bundle_file *file = &dist->bundle->files[i];

        if (is_bundle(dist, file->path))
            continue;
        ot_jw_object(writer, NULL);
        ot_jw_span(writer, "path", file->path);
        ot_jw_uint(writer, "bytes", file->data.len);
        ot_jw_string(writer, "sha256", digests[i].hex);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

static int write_manifest(const struct ot_dist *dist, const struct digest *digests,
                          struct ot_build_report *report, struct ot_buf *out, struct ot_error *err)
{
    struct ot_json_writer writer;

    report->functions = ot_alloc(dist->function_count, sizeof(*report->functions));
    ot_jw_begin(&writer, out, false);
    ot_jw_object(&writer, NULL);
    write_head(dist, &writer);
    ot_jw_array(&writer, "functions");
    for (size_t i = 0; i < dist->function_count; i++) {
        struct ot_built_function *built = &report->functions[report->function_count++];

        if (write_function(dist, &dist->functions[i], digests, &writer, built, err) < 0)
            return -1;
    }
    ot_jw_array_end(&writer);
    write_files(dist, digests, &writer);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
    return 0;
}

/* -- the folder -------------------------------------------------------------------------------- */

static int compare_built(const void *a, const void *b)
{
    const struct ot_built_function *left = a, *right = b;

    if (left->total_bytes != right->total_bytes)
        return left->total_bytes < right->total_bytes ? 1 : -1;
    return strcmp(left->name, right->name);
}

static void digest_members(const struct ot_dist *dist, struct digest *digests,
                           struct ot_build_report *report)
{
    for (size_t i = 0; i < dist->bundle->file_count; i++) {
        const struct ot_bundle_file *file = &dist->bundle->files[i];

        ot_sha256_hex(file->data, digests[i].hex);
        report->total_bytes += file->data.len;
        report->chunk_count += ot_span_starts(file->path, "chunks/") &&
                               ot_span_ends(file->path, ".js") &&
                               !ot_span_is(file->path, OT_RUNTIME_FILE);
    }
}

/* The file at the path, opened, if it is one and holds `data`; -1. */
static int open_same(int root, struct ot_span path, struct ot_span data, struct stat *info)
{
    OT_AUTOFREE char *name = ot_strndup(path.data, path.len);
    struct ot_error ignored;
    OT_AUTOCLOSE int fd = ot_open_beneath(root, name, O_RDONLY | O_NONBLOCK, 0, &ignored);
    OT_AUTOBUF struct ot_buf found = {0};
    int same;

    if (fd < 0 || fstat(fd, info) < 0 || !S_ISREG(info->st_mode) ||
        (uint64_t)info->st_size != data.len ||
        ot_read_fd(fd, data.len, &found, name, &ignored) < 0 ||
        !ot_span_equal(ot_buf_span(&found), data))
        return -1;
    same = fd;
    fd = -1;
    return same;
}

static bool holds(int root, struct ot_span path, struct ot_span data)
{
    struct stat info;
    OT_AUTOCLOSE int fd = open_same(root, path, data, &info);

    return fd >= 0;
}

/*
 * A member that the dist which is replaced has, too, moves on as it is: nothing is written then.
 * `like`: of a file that was just made here, whose owner and mode every member has. What has more
 * names than one is somebody's copy as well.
 */
static bool take_member(int from, int root, const struct ot_bundle_file *file,
                        const struct stat *like)
{
    struct stat info;
    OT_AUTOCLOSE int fd = from < 0 ? -1 : open_same(from, file->path, file->data, &info);
    OT_AUTOFREE char *name = ot_strndup(file->path.data, file->path.len);

    return fd >= 0 && info.st_mode == like->st_mode && info.st_uid == like->st_uid &&
           info.st_gid == like->st_gid && info.st_nlink == 1 && ot_link_beneath(root, name, fd);
}

static int write_members(const struct ot_dist *dist, struct ot_span manifest, int root,
                         struct ot_error *err)
{
    OT_AUTOCLOSE int from = open(dist->out, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat like;

    if (write_member(root, OT_SPAN(MANIFEST), manifest, err) < 0)
        return -1;
    if (fstatat(root, MANIFEST, &like, AT_SYMLINK_NOFOLLOW) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s: " MANIFEST, dist->out);
    for (size_t i = 0; i < dist->bundle->file_count; i++) {
        const struct ot_bundle_file *file = &dist->bundle->files[i];

        if (!take_member(from, root, file, &like) &&
            write_member(root, file->path, file->data, err) < 0)
            return -1;
    }
    return 0;
}

/* How many regular files there are; SIZE_MAX: there is something else, too. */
static size_t count_files(int parent, const char *name, unsigned depth)
{
    OT_AUTOCLOSE int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    OT_AUTOLIST struct ot_list names = {0};
    struct ot_error ignored;
    size_t count = 0;

    if (fd < 0 || depth > OT_PATH_MAX || ot_list_dir(fd, &names, name, &ignored) < 0 ||
        names.count == 0)
        return SIZE_MAX;
    for (size_t i = 0; i < names.count; i++) {
        struct stat info;
        size_t more = 1;

        if (fstatat(fd, names.items[i], &info, AT_SYMLINK_NOFOLLOW) < 0)
            return SIZE_MAX;
        if (S_ISDIR(info.st_mode))
            more = count_files(fd, names.items[i], depth + 1);
        else if (!S_ISREG(info.st_mode))
            return SIZE_MAX;
        if (more == SIZE_MAX)
            return SIZE_MAX;
        count += more;
    }
    return count;
}

/* What is there is this dist already: then writing it again would only take time. */
static bool is_there(const struct ot_dist *dist, struct ot_span manifest)
{
    OT_AUTOCLOSE int root = open(dist->out, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (root < 0 || !holds(root, OT_SPAN(MANIFEST), manifest) ||
        count_files(AT_FDCWD, dist->out, 0) != dist->bundle->file_count + 1)
        return false;
    for (size_t i = 0; i < dist->bundle->file_count; i++) {
        if (!holds(root, dist->bundle->files[i].path, dist->bundle->files[i].data))
            return false;
    }
    return true;
}

int ot_dist_write(const struct ot_dist *dist, struct ot_build_report *report, struct ot_error *err)
{
    OT_AUTOFREE struct digest *digests = ot_alloc(dist->bundle->file_count, sizeof(*digests));
    OT_AUTOTEMPDIR struct ot_temp_dir temp = OT_TEMP_DIR_INIT;
    OT_AUTOBUF struct ot_buf manifest = {0};

    digest_members(dist, digests, report);
    if (write_manifest(dist, digests, report, &manifest, err) < 0)
        return -1;
    qsort(report->functions, report->function_count, sizeof(*report->functions), compare_built);
    ot_sha256_hex(ot_buf_span(&manifest), report->manifest_sha256);
    if (is_there(dist, ot_buf_span(&manifest))) {
        ot_temp_remove_abandoned(dist->out);
        return 0;
    }
    if (ot_temp_dir_open(&temp, dist->out, err) < 0 ||
        write_members(dist, ot_buf_span(&manifest), temp.fd, err) < 0)
        return -1;
    return ot_temp_dir_commit(&temp, dist_names, err);
}
