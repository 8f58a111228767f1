#include "build/cache.h"

#include "base/file.h"
#include "base/random.h"
#include "base/text.h"
#include "build/cache_key.h"
#include "build/facts.h"

#include <fcntl.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECORDS "records"
#define BLOBS "blobs"
#define TEMP_PREFIX "new-"
#define TEMP_AGE 3600 /* seconds after which the writer of a temporary file is gone */
/* In front of what is authenticated: the key is for nothing else. */
#define PURPOSE "onetube cache record 1\n"

struct ot_cache {
    int records, blobs; /* folders */
    uint8_t key[OT_CACHE_KEY_SIZE];
};

/* -- opening ----------------------------------------------------------------------------------- */

/* Opens a folder of that name, and makes it first. */
static int open_folder(int parent, const char *name, mode_t mode)
{
    mkdirat(parent, name, mode); /* it may be there, or be refused */
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool is_private(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && info.st_uid == geteuid() &&
           (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* For version control and for backups: nothing in it is worth keeping. */
static void put_marks(int folder)
{
    static const char *const marks[][2] = {
        {".gitignore", "*\n"},
        {"CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n"
                         "# What earlier builds of onetube made; it may be removed at any time.\n"},
    };
    struct ot_error ignored;

    for (size_t i = 0; i < OT_COUNT(marks); i++) {
        if (faccessat(folder, marks[i][0], F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
            ot_write_beneath(folder, marks[i][0], ot_span_of(marks[i][1]), &ignored) < 0)
            return;
    }
}

struct ot_cache *ot_cache_open(const char *folder)
{
    OT_AUTOCACHE struct ot_cache *cache = ot_alloc(1, sizeof(*cache));
    OT_AUTOCLOSE int functions = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OT_AUTOCLOSE int hidden = -1;
    OT_AUTOCLOSE int own = -1;

    cache->records = cache->blobs = -1;
    if (!ot_cache_key(cache->key) || functions < 0)
        return NULL;
    hidden = open_folder(functions, ".onetube", 0755);
    own = hidden < 0 ? -1 : open_folder(hidden, "cache", 0700);
    if (own < 0 || !is_private(own))
        return NULL;
    cache->records = open_folder(own, RECORDS, 0700);
    cache->blobs = open_folder(own, BLOBS, 0700);
    if (cache->records < 0 || cache->blobs < 0 || !is_private(cache->records) ||
        !is_private(cache->blobs))
        return NULL;
    put_marks(own);
    return OT_STEAL(cache);
}

void ot_cache_close(struct ot_cache *cache)
{
    if (cache == NULL)
        return;
    ot_autoclose(&cache->records);
    ot_autoclose(&cache->blobs);
    explicit_bzero(cache->key, sizeof(cache->key));
    free(cache);
}

void ot_cache_cleanup(struct ot_cache **cache)
{
    ot_cache_close(*cache);
}

bool ot_cache_last_used(const char *folder, struct timespec *when)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/" OT_CACHE_FOLDER "/" RECORDS, folder);
    OT_AUTOCLOSE int records = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OT_AUTOLIST struct ot_list names = {0};
    struct ot_error ignored;

    *when = (struct timespec){0};
    if (records < 0 || ot_list_dir(records, &names, path, &ignored) < 0)
        return false;
    for (size_t i = 0; i < names.count; i++) {
        struct stat info;

        if (fstatat(records, names.items[i], &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            ot_facts_compare_times(info.st_mtim, *when) > 0)
            *when = info.st_mtim;
    }
    return names.count > 0;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* Appends a file of the user's own, and marks it as used. */
static bool read_file(int folder, const char *name, size_t max, struct ot_buf *out)
{
    static const struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    struct stat info;
    struct ot_error ignored;
    OT_AUTOCLOSE int fd = ot_open_regular(folder, name, max, &info, &ignored);

    if (fd < 0 || info.st_uid != geteuid() || ot_read_fd(fd, max, out, name, &ignored) < 0)
        return false;
    futimens(fd, now); /* in a cache that may only be read it is not needed */
    return true;
}

static void authenticate(const struct ot_cache *cache, const char *name, struct ot_span record,
                         uint8_t code[SHA256_DIGEST_SIZE])
{
    struct hmac_sha256_ctx hmac;

    hmac_sha256_set_key(&hmac, sizeof(cache->key), cache->key);
    hmac_sha256_update(&hmac, strlen(PURPOSE), (const uint8_t *)PURPOSE);
    hmac_sha256_update(&hmac, strlen(name) + 1, (const uint8_t *)name);
    hmac_sha256_update(&hmac, record.len, (const uint8_t *)record.data);
    hmac_sha256_digest(&hmac, SHA256_DIGEST_SIZE, code);
}

bool ot_cache_get(struct ot_cache *cache, const char *name, struct ot_buf *out)
{
    OT_AUTOBUF struct ot_buf text = {0};
    uint8_t code[SHA256_DIGEST_SIZE];
    struct ot_span record;

    if (!read_file(cache->records, name, OT_CACHE_RECORD_MAX, &text) || text.len < sizeof(code))
        return false;
    record = (struct ot_span){text.data + sizeof(code), text.len - sizeof(code)};
    authenticate(cache, name, record, code);
    if (!memeql_sec(code, text.data, sizeof(code)))
        return false;
    ot_buf_append(out, record.data, record.len);
    return true;
}

bool ot_cache_get_blob(struct ot_cache *cache, const char *sha256, size_t len, struct ot_buf *out)
{
    char found[OT_SHA256_HEX] = "";

    if (read_file(cache->blobs, sha256, len, out) && out->len == len)
        ot_sha256_hex(ot_buf_span(out), found);
    if (strcmp(found, sha256) == 0)
        return true;
    unlinkat(cache->blobs, sha256, 0); /* or it would stay in the way of a good one */
    return false;
}

/* -- writing ----------------------------------------------------------------------------------- */

/* `head` and `data` as one new file, which takes the place of one of that name. */
static bool write_file(int folder, const char *name, struct ot_span head, struct ot_span data)
{
    uint8_t random[8];
    char temp[sizeof(TEMP_PREFIX) + 2 * sizeof(random)] = TEMP_PREFIX;
    struct ot_error ignored;
    OT_AUTOCLOSE int fd = -1;

    ot_random(random, sizeof(random));
    ot_hex(temp + strlen(TEMP_PREFIX), random, sizeof(random));
    fd = openat(folder, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    if (ot_write_all(fd, head.data, head.len, name, &ignored) == 0 &&
        ot_write_all(fd, data.data, data.len, name, &ignored) == 0 &&
        renameat(folder, temp, folder, name) == 0)
        return true;
    unlinkat(folder, temp, 0);
    return false;
}

bool ot_cache_put(struct ot_cache *cache, const char *name, struct ot_span record)
{
    uint8_t code[SHA256_DIGEST_SIZE];

    if (record.len > OT_CACHE_RECORD_MAX - sizeof(code))
        return false;
    authenticate(cache, name, record, code);
    return write_file(cache->records, name, (struct ot_span){(const char *)code, sizeof(code)},
                      record);
}

bool ot_cache_put_blob(struct ot_cache *cache, const char *sha256, struct ot_span data)
{
    struct stat info;

    /* its bytes are looked at when they are used */
    if (fstatat(cache->blobs, sha256, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
        (uint64_t)info.st_size == data.len)
        return true;
    return write_file(cache->blobs, sha256, OT_SPAN(""), data);
}

/* -- removing ---------------------------------------------------------------------------------- */

struct item {
    int folder;
    char *name;
    struct timespec used;
    uint64_t bytes;
};

struct items {
    struct item *all;
    size_t count;
    uint64_t bytes;
};

static void free_items(struct items *items)
{
    for (size_t i = 0; i < items->count; i++)
        free(items->all[i].name);
    free(items->all);
}

static void list_items(struct items *items, int folder)
{
    OT_AUTOLIST struct ot_list names = {0};
    struct ot_error ignored;
    time_t now = time(NULL);

    if (ot_list_dir(folder, &names, "cache", &ignored) < 0)
        return;
    items->all = ot_realloc(items->all, items->count + names.count + 1, sizeof(*items->all));
    for (size_t i = 0; i < names.count; i++) {
        struct stat info;

        if (fstatat(folder, names.items[i], &info, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (ot_span_starts(ot_span_of(names.items[i]), TEMP_PREFIX)) {
            if (now - info.st_mtim.tv_sec > TEMP_AGE)
                unlinkat(folder, names.items[i], 0);
            continue;
        }
        items->all[items->count++] =
            (struct item){folder, ot_strdup(names.items[i]), info.st_mtim, (uint64_t)info.st_size};
        items->bytes += (uint64_t)info.st_size;
    }
}

static int compare_items(const void *a, const void *b)
{
    const struct item *left = a, *right = b;

    int order = ot_facts_compare_times(left->used, right->used);

    return order != 0 ? order : strcmp(left->name, right->name);
}

void ot_cache_trim(struct ot_cache *cache, uint64_t max)
{
    OT_CLEANUP(free_items) struct items items = {0};

    list_items(&items, cache->blobs);
    list_items(&items, cache->records);
    if (items.bytes <= max)
        return;
    qsort(items.all, items.count, sizeof(*items.all), compare_items);
    for (size_t i = 0; i < items.count && items.bytes > max; i++) {
        if (unlinkat(items.all[i].folder, items.all[i].name, 0) == 0)
            items.bytes -= items.all[i].bytes;
    }
}
