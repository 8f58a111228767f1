#include "build/npm_lock.h"

#include "base/json.h"
#include "build/specifiers.h"

#include <stdlib.h>
#include <string.h>

#define MODULES "node_modules/"

void ot_npm_lock_free(struct ot_npm_lock *lock)
{
    for (size_t i = 0; i < lock->count; i++) {
        free(lock->packages[i].path);
        free(lock->packages[i].name);
        free(lock->packages[i].version);
        free(lock->packages[i].integrity);
    }
    free(lock->packages);
    free(lock->root);
    *lock = (struct ot_npm_lock){0};
}

/* The name of the last package in the path; empty where the path is not valid. */
static struct ot_span last_name(struct ot_span path)
{
    struct ot_span name = {"", 0};

    do {
        if (!ot_span_starts(path, MODULES))
            return (struct ot_span){"", 0};
        path.data += strlen(MODULES);
        path.len -= strlen(MODULES);
        if (!ot_specifier_package(path, &name))
            return (struct ot_span){"", 0};
        path.data += name.len;
        path.len -= name.len;
        if (path.len > 1 && path.data[0] == '/') {
            path.data++;
            path.len--;
        }
    } while (path.len > 0);
    return name;
}

bool ot_npm_is_path(struct ot_span path)
{
    return last_name(path).len > 0;
}

static int read_text(struct ot_json *json, char **out, struct ot_error *err)
{
    struct ot_span value;

    if (ot_json_string(json, &value, err) < 0)
        return -1;
    ot_autofree(out);
    *out = ot_strndup(value.data, value.len);
    return 0;
}

static int read_package(struct ot_json *json, struct ot_npm_package *package, struct ot_error *err)
{
    struct ot_span key;
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &key, err)) > 0) {
        char **text = ot_span_is(key, "version")     ? &package->version
                      : ot_span_is(key, "name")      ? &package->name
                      : ot_span_is(key, "integrity") ? &package->integrity
                                                     : NULL;

        if (ot_span_is(key, "os") || ot_span_is(key, "cpu") || ot_span_is(key, "libc"))
            package->platform = true;
        if (text != NULL ? read_text(json, text, err) < 0 : ot_json_skip(json, err) < 0)
            return -1;
    }
    return more;
}

static int read_root(struct ot_npm_lock *lock, struct ot_json *json, struct ot_error *err)
{
    size_t start;

    if (ot_json_peek(json, err) < 0)
        return -1;
    start = json->pos;
    if (ot_json_skip(json, err) < 0)
        return -1;
    free(lock->root);
    lock->root = ot_strndup(json->text + start, json->pos - start);
    return 0;
}

static int read_packages(struct ot_npm_lock *lock, struct ot_json *json, struct ot_error *err)
{
    struct ot_span key, name;
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &key, err)) > 0) {
        struct ot_npm_package *package;

        if (key.len == 0) {
            if (read_root(lock, json, err) < 0)
                return -1;
            continue;
        }
        name = last_name(key);
        if (name.len == 0)
            return ot_json_fail(json, err, "not a folder of a package");
        lock->packages = ot_realloc(lock->packages, lock->count + 1, sizeof(*lock->packages));
        package = &lock->packages[lock->count++];
        *package = (struct ot_npm_package){.path = ot_strndup(key.data, key.len),
                                           .name = ot_strndup(name.data, name.len)};
        if (read_package(json, package, err) < 0)
            return -1;
    }
    return more;
}

static int read_lock(struct ot_npm_lock *lock, struct ot_json *json, struct ot_error *err)
{
    struct ot_span key;
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &key, err)) > 0) {
        if (ot_span_is(key, "packages") && lock->count == 0 ? read_packages(lock, json, err) < 0
                                                            : ot_json_skip(json, err) < 0)
            return -1;
    }
    return more < 0 ? -1 : ot_json_finish(json, err);
}

int ot_npm_lock_parse(struct ot_npm_lock *lock, struct ot_span text, const char *shown,
                      struct ot_error *err)
{
    struct ot_error cause = {0};
    struct ot_json json;
    int result;

    ot_json_begin(&json, text, OT_JSON_NUMBERS);
    result = read_lock(lock, &json, &cause);
    ot_json_end(&json);
    if (result < 0) {
        ot_npm_lock_free(lock);
        return ot_fail(err, OT_FAILED, "%s:%s", shown, cause.message);
    }
    return 0;
}

const struct ot_npm_package *ot_npm_lock_at(const struct ot_npm_lock *lock, const char *path)
{
    for (size_t i = 0; i < lock->count; i++) {
        if (strcmp(lock->packages[i].path, path) == 0)
            return &lock->packages[i];
    }
    return NULL;
}
