/* npm: which versions the ranges come to, and the locks of the groups. */
#include "build/vendor_parts.h"

#include "base/json_write.h"
#include "build/npm_lock.h"

#include <stdlib.h>
#include <string.h>

/* Where JSR's packages are for npm, unless the user's settings say otherwise. */
#define JSR_REGISTRY "https://npm.jsr.io"

/* -- versions ---------------------------------------------------------------------------------- */

/* What is wanted, with the texts that it points to. */
struct wants {
    struct ot_npm_want *items;
    size_t count;
    struct ot_list texts; /* functions, keys, names and versions */
};

static void free_wants(struct wants *wants)
{
    free(wants->items);
    ot_list_free(&wants->texts);
}

static const char *keep(struct wants *wants, struct ot_span text)
{
    ot_list_add_span(&wants->texts, text);
    return wants->texts.items[wants->texts.count - 1];
}

/* "hello\nnpm:@s/zod@^3" */
static void add_want(struct wants *wants, const char *item)
{
    const char *key = strchr(item, '\n') + 1;
    const char *name = key + strlen("npm:");
    const char *at = strchr(name + 1, '@');

    wants->items[wants->count++] = (struct ot_npm_want){
        .function = keep(wants, (struct ot_span){item, (size_t)(key - item) - 1}),
        .key = keep(wants, ot_span_of(key)),
        .name = keep(wants, (struct ot_span){name, (size_t)(at - name)}),
    };
}

static const char *range_of(const struct ot_npm_want *want)
{
    return want->key + strlen("npm:") + strlen(want->name) + 1;
}

/* "1.2.3": nobody needs to be asked what it comes to. */
static bool is_exact(const char *range)
{
    unsigned dots = 0;

    for (const char *c = range; *c != '\0'; c++) {
        if (*c == '.')
            dots++;
        else if (*c < '0' || *c > '9')
            return false;
    }
    return dots == 2;
}

/* The version of a locked key, in whatever group; NULL: it is not locked. */
static char *locked_version(const struct ot_lock *lock, const char *key)
{
    for (size_t i = 0; i < lock->group_count; i++) {
        const char *name = ot_pairs_get(&lock->groups[i].specifiers, key);
        OT_AUTONPMLOCK struct ot_npm_lock packages = {0};
        OT_AUTOFREE char *path = NULL;
        const struct ot_npm_package *package;
        struct ot_error ignored;

        if (name == NULL ||
            ot_npm_lock_parse(&packages, ot_span_of(lock->groups[i].packages), "", &ignored) < 0)
            continue;
        path = ot_asprintf("node_modules/%s", name);
        package = ot_npm_lock_at(&packages, path);
        if (package != NULL && package->version != NULL)
            return ot_strdup(package->version);
    }
    return NULL;
}

/* What is known without asking npm. True: everything comes from the lock. */
static bool pin(struct ot_vendoring *vendoring, struct wants *wants)
{
    bool all_locked = true;

    for (size_t i = 0; i < wants->count; i++) {
        struct ot_npm_want *want = &wants->items[i];
        const char *deno = ot_pairs_get(&vendoring->deno.versions, want->key);
        OT_AUTOFREE char *locked = ot_vendor_updates(vendoring, want->name)
                                       ? NULL
                                       : locked_version(&vendoring->old.lock, want->key);

        if (locked != NULL) {
            want->version = keep(wants, ot_span_of(locked));
            continue;
        }
        all_locked = false;
        if (vendoring->options->frozen)
            ot_vendor_refuse(vendoring, want->key,
                             "--frozen: " OT_LOCK_NAME " does not have \"%s\" for %s; lock it: "
                             "onetube vendor --functions %s",
                             want->key, want->function, vendoring->shown);
        else if (deno != NULL)
            want->version = keep(wants, ot_span_of(deno));
        else if (is_exact(range_of(want)))
            want->version = range_of(want);
    }
    return all_locked;
}

/* npm names a package that it cannot find: whoever imports it is told so. */
static bool refuse_named(struct ot_vendoring *vendoring, const struct wants *wants,
                         struct ot_span words, const char *message)
{
    bool found = false;

    for (size_t i = 0; i < wants->count; i++) {
        const struct ot_npm_want *want = &wants->items[i];
        OT_AUTOFREE char *spec = ot_asprintf("%s@%s", want->name, range_of(want));
        OT_AUTOFREE char *exact =
            ot_asprintf("%s@%s", want->name, want->version != NULL ? want->version : "");
        const char *at = memmem(words.data, words.len, spec, strlen(spec));

        if (at == NULL && want->version != NULL)
            at = memmem(words.data, words.len, exact, strlen(exact));
        if (at == NULL || (at > words.data && strchr(" '\":", at[-1]) == NULL))
            continue;
        ot_vendor_refuse(vendoring, want->key, "cannot get \"%s\": %s", want->key, message);
        found = true;
    }
    return found;
}

/* 0: npm did it; 1: some package is refused; -1. */
static int run_or_refuse(struct ot_vendoring *vendoring, const struct wants *wants,
                         const char *folder, const char *const *arguments, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf words = {0};

    if (ot_vendor_run_npm(vendoring, folder, arguments, &words, err) == 0)
        return 0;
    if (err->kind == OT_FAILED && refuse_named(vendoring, wants, ot_buf_span(&words), err->message))
        return 1;
    return -1;
}

static int read_lock(const char *folder, struct ot_buf *text, struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/package-lock.json", folder);

    return ot_read_file(path, OT_LOCK_MAX, text, err);
}

/* Has npm look up the ranges that are left, each under a name of its own. As run_or_refuse. */
static int look_up(struct ot_vendoring *vendoring, struct wants *wants, struct ot_error *err)
{
    static const char *const arguments[] = {"install", "--package-lock-only", "--legacy-peer-deps",
                                            NULL};
    OT_AUTOFREE char *folder = ot_asprintf("%s/look-up", vendoring->next.root);
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTONPMLOCK struct ot_npm_lock lock = {0};
    struct ot_json_writer writer;
    bool any = false;
    int ran;

    ot_jw_begin(&writer, &text, false);
    ot_jw_object(&writer, NULL);
    ot_jw_object(&writer, "dependencies");
    for (size_t i = 0; i < wants->count; i++) {
        OT_AUTOFREE char *name = ot_asprintf("p%zu", i);
        OT_AUTOFREE char *spec =
            ot_asprintf("npm:%s@%s", wants->items[i].name, range_of(&wants->items[i]));

        if (wants->items[i].version == NULL)
            ot_jw_string(&writer, name, spec);
        any = any || wants->items[i].version == NULL;
    }
    ot_jw_object_end(&writer);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
    if (!any)
        return 0;
    if (ot_vendor_put_project(vendoring, "look-up", ot_buf_span(&text), NULL, err) < 0)
        return -1;
    ran = run_or_refuse(vendoring, wants, folder, arguments, err);
    ot_buf_clear(&text);
    if (ran != 0)
        return ran;
    if (read_lock(folder, &text, err) < 0 ||
        ot_npm_lock_parse(&lock, ot_buf_span(&text), "package-lock.json", err) < 0)
        return -1;
    for (size_t i = 0; i < wants->count; i++) {
        OT_AUTOFREE char *path = ot_asprintf("node_modules/p%zu", i);
        const struct ot_npm_package *package = ot_npm_lock_at(&lock, path);

        if (wants->items[i].version == NULL && package != NULL && package->version != NULL)
            wants->items[i].version = keep(wants, ot_span_of(package->version));
        if (wants->items[i].version == NULL)
            return ot_fail(err, OT_TOOL, "npm found no version for %s", wants->items[i].key);
    }
    return ot_remove_tree(vendoring->temp.fd, "look-up", err);
}

/* -- groups ------------------------------------------------------------------------------------ */

static bool same_pairs(const struct ot_pairs *a, const struct ot_pairs *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i].key, b->items[i].key) != 0 ||
            strcmp(a->items[i].value, b->items[i].value) != 0)
            return false;
    }
    return true;
}

static bool same_list(const struct ot_list *a, const struct ot_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    }
    return true;
}

/* Whether nothing of npm's is to be changed; then the old locks and digests are the new ones. */
static bool keep_groups(const struct ot_lock *old, struct ot_lock *next)
{
    if (old->group_count != next->group_count)
        return false;
    for (size_t i = 0; i < old->group_count; i++) {
        if (!same_pairs(&old->groups[i].specifiers, &next->groups[i].specifiers) ||
            !same_list(&old->groups[i].functions, &next->groups[i].functions))
            return false;
    }
    for (size_t i = 0; i < old->group_count; i++) {
        const struct ot_lock_group *from = &old->groups[i];

        next->groups[i].packages = ot_strdup(from->packages);
        for (size_t j = 0; j < from->digests.count; j++)
            ot_pairs_put(&next->groups[i].digests, from->digests.items[j].key,
                         from->digests.items[j].value);
    }
    return true;
}

/* npm's lock of one group, from the old one where there is one. As run_or_refuse. */
static int lock_group(struct ot_vendoring *vendoring, const struct wants *wants, size_t number,
                      struct ot_error *err)
{
    static const char *const install[] = {"install", "--package-lock-only", NULL};
    /* peers that disagree are no reason to fail: Deno does not look at them either */
    static const char *const force[] = {"install", "--package-lock-only", "--force", NULL};
    const struct ot_lock *old = &vendoring->old.lock;
    const struct ot_vendor_options *options = vendoring->options;
    struct ot_lock_group *group = &vendoring->next.lock.groups[number];
    bool fresh = number >= old->group_count || (options->update && options->names->count == 0);
    OT_AUTOFREE char *path = ot_asprintf("npm/%zu", number);
    OT_AUTOFREE char *folder = ot_asprintf("%s/%s", vendoring->next.root, path);
    OT_AUTOBUF struct ot_buf package = {0};
    OT_AUTOBUF struct ot_buf words = {0};
    OT_AUTOBUF struct ot_buf text = {0};
    int ran;

    ot_npm_write_package(wants->items, wants->count, group, &package);
    if (ot_vendor_put_project(vendoring, path, ot_buf_span(&package),
                              fresh ? NULL : old->groups[number].packages, err) < 0)
        return -1;
    ran = ot_vendor_run_npm(vendoring, folder, install, &words, err);
    if (ran < 0 && err->kind == OT_FAILED &&
        memmem(words.data, words.len, "ERESOLVE", strlen("ERESOLVE")) != NULL)
        ran = run_or_refuse(vendoring, wants, folder, force, err);
    else if (ran < 0 && err->kind == OT_FAILED &&
             refuse_named(vendoring, wants, ot_buf_span(&words), err->message))
        ran = 1;
    if (ran != 0)
        return ran;
    if (options->update && options->names->count > 0) {
        OT_AUTOFREE const char **update = ot_alloc(options->names->count + 3, sizeof(*update));

        update[0] = "update";
        update[1] = "--package-lock-only";
        for (size_t i = 0; i < options->names->count; i++)
            update[i + 2] = options->names->items[i];
        ot_buf_clear(&words);
        if (ot_vendor_run_npm(vendoring, folder, update, &words, err) < 0)
            return -1;
    }
    if (read_lock(folder, &text, err) < 0)
        return -1;
    group->packages = ot_strndup(text.data, text.len);
    return ot_remove_tree(vendoring->temp.fd, path, err);
}

/* JSR's registry, unless the user's settings have one. */
static int choose_jsr(struct ot_vendoring *vendoring, const struct wants *wants,
                      struct ot_error *err)
{
    static const char *const arguments[] = {"config", "get", "@jsr:registry", NULL};
    OT_AUTOFREE char *folder = ot_asprintf("%s/jsr", vendoring->next.root);
    OT_AUTOBUF struct ot_buf words = {0};
    bool any = false;

    for (size_t i = 0; i < wants->count; i++)
        any = any || strncmp(wants->items[i].name, "@jsr/", 5) == 0;
    if (!any)
        return 0;
    if (ot_vendor_put_project(vendoring, "jsr", OT_SPAN("{}\n"), NULL, err) < 0 ||
        ot_vendor_run_npm(vendoring, folder, arguments, &words, err) < 0 ||
        ot_remove_tree(vendoring->temp.fd, "jsr", err) < 0)
        return -1;
    if (ot_span_is(ot_span_trim(ot_buf_span(&words)), "undefined"))
        vendoring->jsr_option = "--@jsr:registry=" JSR_REGISTRY;
    return 0;
}

static int resolve(struct ot_vendoring *vendoring, struct wants *wants, bool *same,
                   struct ot_error *err)
{
    bool all_locked = pin(vendoring, wants);
    int looked;

    if (vendoring->collection.refused.count > 0)
        return 0;
    if (choose_jsr(vendoring, wants, err) < 0)
        return -1;
    if (!all_locked)
        ot_vendor_step(vendoring, "resolve packages");
    looked = look_up(vendoring, wants, err);
    if (looked != 0)
        return looked < 0 ? -1 : 0;
    ot_npm_group(wants->items, wants->count, &vendoring->old.lock, &vendoring->next.lock);
    *same = all_locked && !vendoring->options->update &&
            keep_groups(&vendoring->old.lock, &vendoring->next.lock);
    for (size_t i = 0; i < vendoring->next.lock.group_count && !*same; i++) {
        looked = lock_group(vendoring, wants, i, err);
        if (looked != 0)
            return looked < 0 ? -1 : 0;
    }
    return 0;
}

int ot_vendor_packages(struct ot_vendoring *vendoring, bool *same, struct ot_error *err)
{
    struct ot_list *found = &vendoring->collection.packages;
    struct wants wants = {.items = ot_alloc(found->count + 1, sizeof(struct ot_npm_want))};
    int result;

    *same = false;
    ot_list_sort(found);
    for (size_t i = 0; i < found->count; i++)
        add_want(&wants, found->items[i]);
    result = resolve(vendoring, &wants, same, err);
    free_wants(&wants);
    return result;
}
