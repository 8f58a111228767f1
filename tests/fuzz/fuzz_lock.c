/* Any bytes as a lock, or as npm's: the first byte says which. */
#include "build/lock.h"
#include "build/npm_lock.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* What is read is written, and that is read and written the same. */
static void check_lock(struct ot_span text)
{
    OT_AUTOLOCK struct ot_lock lock = {0};
    OT_AUTOLOCK struct ot_lock again = {0};
    OT_AUTOBUF struct ot_buf first = {0};
    OT_AUTOBUF struct ot_buf second = {0};
    struct ot_error err = {0};

    if (ot_lock_parse(&lock, text, "l", &err) < 0) {
        check(err.kind == OT_FAILED && strncmp(err.message, "l:", 2) == 0);
        check(lock.group_count == 0 && lock.module_count == 0 && lock.redirects.count == 0);
        return;
    }
    for (size_t i = 0; i < lock.group_count; i++) {
        const struct ot_lock_group *group = &lock.groups[i];

        for (size_t j = 0; j < group->specifiers.count; j++)
            check(group->specifiers.items[j].value[0] != '.' &&
                  strstr(group->specifiers.items[j].value, "/..") == NULL);
        for (size_t j = 0; j < group->digests.count; j++)
            check(ot_npm_is_path(ot_span_of(group->digests.items[j].key)));
    }
    for (size_t i = 0; i < lock.module_count; i++)
        check(ot_lock_module(&lock, lock.modules[i].url) == &lock.modules[i] ||
              ot_pairs_get(&lock.redirects, lock.modules[i].url) != NULL);
    ot_lock_write(&lock, &first);
    check(ot_lock_parse(&again, ot_buf_span(&first), "l", &err) == 0);
    ot_lock_write(&again, &second);
    check(ot_span_equal(ot_buf_span(&first), ot_buf_span(&second)));
}

static void check_npm(struct ot_span text)
{
    OT_AUTONPMLOCK struct ot_npm_lock lock = {0};
    struct ot_error err = {0};

    if (ot_npm_lock_parse(&lock, text, "p", &err) < 0) {
        check(err.kind == OT_FAILED && strncmp(err.message, "p:", 2) == 0 && lock.count == 0);
        return;
    }
    for (size_t i = 0; i < lock.count; i++) {
        check(strncmp(lock.packages[i].path, "node_modules/", 13) == 0);
        check(strstr(lock.packages[i].path, "/../") == NULL && lock.packages[i].name != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_span text;

    if (size == 0)
        return 0;
    text = (struct ot_span){(const char *)data + 1, size - 1};
    if (data[0] == 'n')
        check_npm(text);
    else
        check_lock(text);
    return 0;
}
