#include "build/lock.h"

#include "base/file.h"
#include "base/json_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void free_module(struct ot_lock_module *module)
{
    free(module->url);
    free(module->content_type);
}

void ot_lock_free(struct ot_lock *lock)
{
    for (size_t i = 0; i < lock->group_count; i++) {
        ot_list_free(&lock->groups[i].functions);
        ot_pairs_free(&lock->groups[i].specifiers);
        ot_pairs_free(&lock->groups[i].digests);
        free(lock->groups[i].packages);
    }
    for (size_t i = 0; i < lock->module_count; i++)
        free_module(&lock->modules[i]);
    ot_pairs_free(&lock->redirects);
    free(lock->groups);
    free(lock->modules);
    *lock = (struct ot_lock){0};
}

int ot_lock_read(struct ot_lock *lock, const char *functions, struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/" OT_LOCK_NAME, functions);
    OT_AUTOBUF struct ot_buf text = {0};

    if (access(path, F_OK) < 0 && errno == ENOENT)
        return 0;
    if (ot_read_file(path, OT_LOCK_MAX, &text, err) < 0 ||
        ot_lock_parse(lock, ot_buf_span(&text), path, err) < 0)
        return -1;
    return 1;
}

/* -- looking up -------------------------------------------------------------------------------- */

const struct ot_lock_group *ot_lock_group(const struct ot_lock *lock, const char *function)
{
    for (size_t i = 0; i < lock->group_count; i++) {
        if (ot_list_has(&lock->groups[i].functions, function))
            return &lock->groups[i];
    }
    return NULL;
}

/* Where the module is, or where it would go. */
static size_t find_module(const struct ot_lock *lock, const char *url)
{
    size_t low = 0, high = lock->module_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(lock->modules[middle].url, url) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct ot_lock_module *ot_lock_module(const struct ot_lock *lock, const char *url)
{
    const char *to = ot_pairs_get(&lock->redirects, url);
    size_t at = find_module(lock, to != NULL ? to : url);

    return at < lock->module_count && strcmp(lock->modules[at].url, to != NULL ? to : url) == 0
               ? &lock->modules[at]
               : NULL;
}

/* -- making one -------------------------------------------------------------------------------- */

struct ot_lock_group *ot_lock_add_group(struct ot_lock *lock)
{
    lock->groups = ot_realloc(lock->groups, lock->group_count + 1, sizeof(*lock->groups));
    lock->groups[lock->group_count] = (struct ot_lock_group){0};
    return &lock->groups[lock->group_count++];
}

void ot_lock_put_module(struct ot_lock *lock, const char *url, struct ot_span body,
                        const char *content_type)
{
    size_t at = find_module(lock, url);
    struct ot_lock_module module = {
        .url = ot_strdup(url),
        .bytes = body.len,
        .content_type = content_type != NULL ? ot_strdup(content_type) : NULL,
    };

    ot_sha256_hex(body, module.sha256);
    if (at < lock->module_count && strcmp(lock->modules[at].url, url) == 0) {
        free_module(&lock->modules[at]);
    } else {
        lock->modules = ot_realloc(lock->modules, lock->module_count + 1, sizeof(*lock->modules));
        memmove(&lock->modules[at + 1], &lock->modules[at],
                (lock->module_count - at) * sizeof(*lock->modules));
        lock->module_count++;
    }
    lock->modules[at] = module;
}

/* -- writing ----------------------------------------------------------------------------------- */

static void write_pairs(struct ot_json_writer *writer, const char *key,
                        const struct ot_pairs *pairs)
{
    ot_jw_object(writer, key);
    for (size_t i = 0; i < pairs->count; i++)
        ot_jw_string(writer, pairs->items[i].key, pairs->items[i].value);
    ot_jw_object_end(writer);
}

void ot_lock_write(const struct ot_lock *lock, struct ot_buf *out)
{
    struct ot_json_writer writer;

    ot_jw_begin(&writer, out, false);
    ot_jw_object(&writer, NULL);
    ot_jw_uint(&writer, "schema", 1);
    ot_jw_array(&writer, "npm");
    for (size_t i = 0; i < lock->group_count; i++) {
        const struct ot_lock_group *group = &lock->groups[i];

        ot_jw_object(&writer, NULL);
        ot_jw_list(&writer, "functions", &group->functions);
        write_pairs(&writer, "specifiers", &group->specifiers);
        write_pairs(&writer, "digests", &group->digests);
        ot_jw_raw(&writer, "lock", ot_span_of(group->packages));
        ot_jw_object_end(&writer);
    }
    ot_jw_array_end(&writer);
    write_pairs(&writer, "redirects", &lock->redirects);
    ot_jw_object(&writer, "https");
    for (size_t i = 0; i < lock->module_count; i++) {
        const struct ot_lock_module *module = &lock->modules[i];

        ot_jw_object(&writer, module->url);
        ot_jw_string(&writer, "sha256", module->sha256);
        ot_jw_uint(&writer, "bytes", module->bytes);
        if (module->content_type != NULL)
            ot_jw_string(&writer, "contentType", module->content_type);
        ot_jw_object_end(&writer);
    }
    ot_jw_object_end(&writer);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
}
