/* The lock's text is read strictly: what this program writes, and nothing else. */
#include "build/lock.h"

#include "base/fetch.h"
#include "base/json.h"
#include "base/text.h"
#include "build/npm_lock.h"
#include "build/specifiers.h"
#include "build/url.h"

#include <string.h>

/* Keys come in order, so none is there twice. */
static int check_order(const struct ot_json *json, const char *last, const char *key,
                       struct ot_error *err)
{
    if (last == NULL || strcmp(last, key) < 0)
        return 0;
    return ot_json_fail(json, err, "not in order: it comes before what is in front of it");
}

/* Reads an object of texts; `check` says what is wrong with a pair, NULL: nothing. */
static int read_pairs(struct ot_json *json, struct ot_pairs *pairs,
                      const char *(*check)(const char *key, const char *value),
                      struct ot_error *err)
{
    struct ot_span text;
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &text, err)) > 0) {
        OT_AUTOFREE char *key = ot_strndup(text.data, text.len);
        OT_AUTOFREE char *value = NULL;
        const char *wrong;

        if (check_order(json, pairs->count > 0 ? pairs->items[pairs->count - 1].key : NULL, key,
                        err) < 0 ||
            ot_json_string(json, &text, err) < 0)
            return -1;
        value = ot_strndup(text.data, text.len);
        wrong = check(key, value);
        if (wrong != NULL)
            return ot_json_fail(json, err, "%s", wrong);
        ot_pairs_put(pairs, key, value);
    }
    return more;
}

/* "npm:name@range", and the name of one folder in a node_modules. */
static const char *check_specifier(const char *key, const char *value)
{
    struct ot_span name, wanted;
    const char *at = strncmp(key, "npm:", 4) == 0 && key[4] != '\0' ? strchr(key + 5, '@') : NULL;

    if (at == NULL)
        return "not a specifier such as npm:name@range";
    wanted = (struct ot_span){key + 4, (size_t)(at - key) - 4};
    if (!ot_specifier_package(wanted, &name) || name.len != wanted.len)
        return "not a specifier such as npm:name@range";
    if (!ot_specifier_package(ot_span_of(value), &name) || name.len != strlen(value))
        return "not the name of an installed package";
    return NULL;
}

static const char *check_digest(const char *key, const char *value)
{
    if (!ot_npm_is_path(ot_span_of(key)) || !ot_is_sha256(ot_span_of(value)))
        return "not the SHA-256 of a package's files";
    return NULL;
}

/* As ot_url_join writes it, and as it is fetched. */
static bool is_url(const char *text)
{
    OT_AUTOFREE char *same = ot_url_join(NULL, ot_span_of(text));
    struct ot_error ignored;

    return same != NULL && strcmp(same, text) == 0 &&
           ot_fetch_check_url(text, false, &ignored) == 0;
}

static const char *check_redirect(const char *key, const char *value)
{
    return is_url(key) && is_url(value) ? NULL : "not an https URL";
}

static int read_functions(struct ot_json *json, struct ot_lock_group *group, struct ot_error *err)
{
    struct ot_list *names = &group->functions;
    struct ot_span name;
    int more;

    if (ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        if (ot_json_string(json, &name, err) < 0)
            return -1;
        if (!ot_span_is(name, OT_LOCK_SHARED) && !ot_is_name(name))
            return ot_json_fail(json, err, "not the name of a function");
        ot_list_add_span(names, name);
        if (names->count > 1 && check_order(json, names->items[names->count - 2],
                                            names->items[names->count - 1], err) < 0)
            return -1;
    }
    if (more == 0 && names->count == 0)
        return ot_json_fail(json, err, "a group without functions");
    return more;
}

static int read_package_lock(struct ot_json *json, struct ot_lock_group *group,
                             struct ot_error *err)
{
    size_t start;

    if (ot_json_peek(json, err) != '{')
        return ot_json_fail(json, err, "npm's package-lock.json is expected here");
    start = json->pos;
    if (ot_json_skip(json, err) < 0)
        return -1;
    group->packages = ot_strndup(json->text + start, json->pos - start);
    return 0;
}

static int read_group(struct ot_lock *lock, struct ot_json *json, struct ot_error *err)
{
    struct ot_lock_group *group;

    if (lock->group_count == OT_LOCK_GROUPS_MAX)
        return ot_json_fail(json, err, "more than %u groups", OT_LOCK_GROUPS_MAX);
    group = ot_lock_add_group(lock);
    if (ot_json_object(json, err) < 0 || ot_json_expect_key(json, "functions", err) < 0 ||
        read_functions(json, group, err) < 0 || ot_json_expect_key(json, "specifiers", err) < 0 ||
        read_pairs(json, &group->specifiers, check_specifier, err) < 0 ||
        ot_json_expect_key(json, "digests", err) < 0 ||
        read_pairs(json, &group->digests, check_digest, err) < 0 ||
        ot_json_expect_key(json, "lock", err) < 0 || read_package_lock(json, group, err) < 0)
        return -1;
    return ot_json_expect_end(json, err);
}

static int read_groups(struct ot_lock *lock, struct ot_json *json, struct ot_error *err)
{
    int more;

    if (ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        if (read_group(lock, json, err) < 0)
            return -1;
    }
    return more;
}

static int read_module(struct ot_json *json, struct ot_lock_module *module, struct ot_error *err)
{
    struct ot_span text;
    int more;

    if (ot_json_object(json, err) < 0 || ot_json_expect_key(json, "sha256", err) < 0 ||
        ot_json_string(json, &text, err) < 0)
        return -1;
    if (!ot_is_sha256(text))
        return ot_json_fail(json, err, "not a SHA-256");
    memcpy(module->sha256, text.data, text.len);
    if (ot_json_expect_key(json, "bytes", err) < 0 ||
        ot_json_uint(json, OT_MODULE_MAX, &module->bytes, err) < 0)
        return -1;
    more = ot_json_key(json, &text, err);
    if (more <= 0)
        return more;
    if (!ot_span_is(text, "contentType"))
        return ot_json_fail(json, err, "unknown key");
    if (ot_json_string(json, &text, err) < 0)
        return -1;
    module->content_type = ot_strndup(text.data, text.len);
    return ot_json_expect_end(json, err);
}

static int read_modules(struct ot_lock *lock, struct ot_json *json, struct ot_error *err)
{
    const char *last = NULL;
    struct ot_span key;
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &key, err)) > 0) {
        struct ot_lock_module *module;

        if (lock->module_count == OT_LOCK_MODULES_MAX)
            return ot_json_fail(json, err, "more than %u modules", OT_LOCK_MODULES_MAX);
        lock->modules = ot_realloc(lock->modules, lock->module_count + 1, sizeof(*lock->modules));
        module = &lock->modules[lock->module_count++];
        *module = (struct ot_lock_module){.url = ot_strndup(key.data, key.len)};
        if (!is_url(module->url))
            return ot_json_fail(json, err, "not an https URL");
        if (check_order(json, last, module->url, err) < 0 || read_module(json, module, err) < 0)
            return -1;
        last = module->url;
    }
    return more;
}

/* Redirects lead to modules, not to redirects. */
static int check_redirects(const struct ot_lock *lock, const struct ot_json *json,
                           struct ot_error *err)
{
    for (size_t i = 0; i < lock->redirects.count; i++) {
        const char *to = lock->redirects.items[i].value;

        if (ot_pairs_get(&lock->redirects, to) != NULL || ot_lock_module(lock, to) == NULL)
            return ot_json_fail(json, err, "the redirect to %s leads to no module", to);
    }
    return 0;
}

static int read_lock(struct ot_lock *lock, struct ot_json *json, struct ot_error *err)
{
    uint64_t schema;

    if (ot_json_object(json, err) < 0 || ot_json_expect_key(json, "schema", err) < 0 ||
        ot_json_uint(json, OT_SAFE_INTEGER_MAX, &schema, err) < 0)
        return -1;
    if (schema != 1)
        return ot_json_fail(json, err, "another onetube wrote this lock: schema %llu, not 1",
                            (unsigned long long)schema);
    if (ot_json_expect_key(json, "npm", err) < 0 || read_groups(lock, json, err) < 0 ||
        ot_json_expect_key(json, "redirects", err) < 0 ||
        read_pairs(json, &lock->redirects, check_redirect, err) < 0 ||
        ot_json_expect_key(json, "https", err) < 0 || read_modules(lock, json, err) < 0 ||
        ot_json_expect_end(json, err) < 0 || ot_json_finish(json, err) < 0)
        return -1;
    return check_redirects(lock, json, err);
}

int ot_lock_parse(struct ot_lock *lock, struct ot_span text, const char *shown,
                  struct ot_error *err)
{
    struct ot_error cause = {0};
    struct ot_json json;
    int result;

    ot_json_begin(&json, text, OT_JSON_NUMBERS);
    result = read_lock(lock, &json, &cause);
    ot_json_end(&json);
    if (result < 0) {
        ot_lock_free(lock);
        return ot_fail(err, OT_FAILED, "%s:%s", shown, cause.message);
    }
    return 0;
}
