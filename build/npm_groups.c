#include "build/npm_groups.h"

#include "base/json_write.h"

#include <stdlib.h>
#include <string.h>

static bool has_function(const struct ot_lock_group *group, const struct ot_npm_want *want)
{
    return ot_list_has(&group->functions, want->function);
}

/* Whether the group (or function) of one side wants this version of the package. */
static bool group_wants(const struct ot_npm_want *wants, size_t count,
                        const struct ot_lock_group *group, const struct ot_npm_want *like)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(wants[i].name, like->name) == 0 &&
            strcmp(wants[i].version, like->version) == 0 && has_function(group, &wants[i]))
            return true;
    }
    return false;
}

static bool function_wants(const struct ot_npm_want *wants, size_t count, const char *function,
                           const struct ot_npm_want *like)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(wants[i].name, like->name) == 0 &&
            strcmp(wants[i].version, like->version) == 0 &&
            strcmp(wants[i].function, function) == 0)
            return true;
    }
    return false;
}

/* Of each package that both want, they want the same versions. */
static bool agree(const struct ot_npm_want *wants, size_t count, const struct ot_lock_group *group,
                  const char *function)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(wants[i].function, function) != 0)
            continue;
        for (size_t j = 0; j < count; j++) {
            if (strcmp(wants[i].name, wants[j].name) == 0 && has_function(group, &wants[j]) &&
                (!group_wants(wants, count, group, &wants[i]) ||
                 !function_wants(wants, count, function, &wants[j])))
                return false;
        }
    }
    return true;
}

static bool is_wanted_by(const struct ot_npm_want *wants, size_t count, const char *function)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(wants[i].function, function) == 0)
            return true;
    }
    return false;
}

static void keep_old(const struct ot_npm_want *wants, size_t count, const struct ot_lock *old,
                     struct ot_lock *lock)
{
    for (size_t i = 0; i < old->group_count; i++) {
        const struct ot_list *functions = &old->groups[i].functions;
        struct ot_lock_group *group = NULL;

        for (size_t j = 0; j < functions->count; j++) {
            const char *function = functions->items[j];

            if (!is_wanted_by(wants, count, function))
                continue;
            if (group == NULL)
                group = ot_lock_add_group(lock);
            if (agree(wants, count, group, function))
                ot_list_add(&group->functions, function);
        }
    }
}

static void place(const struct ot_npm_want *wants, size_t count, const char *function,
                  struct ot_lock *lock)
{
    for (size_t i = 0; i < lock->group_count; i++) {
        if (agree(wants, count, &lock->groups[i], function)) {
            ot_list_add(&lock->groups[i].functions, function);
            return;
        }
    }
    ot_list_add(&ot_lock_add_group(lock)->functions, function);
}

/* The name under which the package is installed; the caller frees it. */
static char *installed_name(const struct ot_npm_want *wants, size_t count,
                            const struct ot_lock_group *group, const struct ot_npm_want *want)
{
    char *alias;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(wants[i].name, want->name) == 0 && has_function(group, &wants[i]) &&
            strverscmp(wants[i].version, want->version) > 0) {
            alias = ot_asprintf("%s--%s", want->name, want->version);
            for (char *c = alias; *c != '\0'; c++) {
                if (*c == '+') /* not in a package's name */
                    *c = '.';
            }
            return alias;
        }
    }
    return ot_strdup(want->name);
}

void ot_npm_group(const struct ot_npm_want *wants, size_t count, const struct ot_lock *old,
                  struct ot_lock *lock)
{
    keep_old(wants, count, old, lock);
    for (size_t i = 0; i < count; i++) {
        if (ot_lock_group(lock, wants[i].function) == NULL)
            place(wants, count, wants[i].function, lock);
    }
    for (size_t i = 0; i < lock->group_count; i++) {
        struct ot_lock_group *group = &lock->groups[i];

        ot_list_sort(&group->functions);
        for (size_t j = 0; j < count; j++) {
            OT_AUTOFREE char *name = NULL;

            if (!has_function(group, &wants[j]))
                continue;
            name = installed_name(wants, count, group, &wants[j]);
            ot_pairs_put(&group->specifiers, wants[j].key, name);
        }
    }
}

void ot_npm_write_package(const struct ot_npm_want *wants, size_t count,
                          const struct ot_lock_group *group, struct ot_buf *out)
{
    OT_AUTOPAIRS struct ot_pairs dependencies = {0};
    struct ot_json_writer writer;

    for (size_t i = 0; i < count; i++) {
        const char *name = ot_pairs_get(&group->specifiers, wants[i].key);
        OT_AUTOFREE char *aliased = NULL;

        if (name == NULL || !has_function(group, &wants[i]))
            continue;
        aliased = ot_asprintf("npm:%s@%s", wants[i].name, wants[i].version);
        ot_pairs_put(&dependencies, name,
                     strcmp(name, wants[i].name) == 0 ? wants[i].version : aliased);
    }
    ot_jw_begin(&writer, out, false);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "name", "onetube-vendor");
    ot_jw_bool(&writer, "private", true);
    ot_jw_object(&writer, "dependencies");
    for (size_t i = 0; i < dependencies.count; i++)
        ot_jw_string(&writer, dependencies.items[i].key, dependencies.items[i].value);
    ot_jw_object_end(&writer);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
}
