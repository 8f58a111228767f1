/*
 * Which npm packages are installed together. A group has one node_modules, so functions are in one
 * group only if they agree on the version of every package that both want: then the packages that
 * belong together, such as React and its renderer, find each other.
 */
#pragma once

#include "build/lock.h"

/* A package that a function wants. */
struct ot_npm_want {
    const char *function; /* or OT_LOCK_SHARED */
    const char *key;      /* "npm:zod@^3" */
    const char *name;     /* "zod" */
    const char *version;  /* what the range came to: "3.25.76" */
};

/*
 * Puts each function into a group of `lock`, which has none, and fills in the groups' functions and
 * specifiers: the highest version of a package has its plain name, any other is
 * "<name>--<version>". Functions stay together as they were in `old`, where they still can.
 * `wants` is sorted by function; the same ones always give the same groups.
 */
void ot_npm_group(const struct ot_npm_want *wants, size_t count, const struct ot_lock *old,
                  struct ot_lock *lock);

/* The package.json of group `number`: exactly the versions of its wants. */
void ot_npm_write_package(const struct ot_npm_want *wants, size_t count,
                          const struct ot_lock_group *group, struct ot_buf *out);
