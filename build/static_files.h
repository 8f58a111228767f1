/*
 * The static files that functions declare or read: which members of the dist they become. And other
 * members that no bundling made.
 */
#pragma once

#include "build/bundle.h"

/* Start from `{0}`. */
struct ot_static_list {
    struct ot_static_member {
        char *path; /* in the dist: a file of a function is "files/<path>" */
        struct ot_buf data;
    } * members; /* sorted by path bytewise, each once */
    size_t count;
    struct ot_list
        *functions; /* for each function of the sources the paths of its members, sorted */
    size_t function_count;
    struct ot_list packaged; /* of packages: their paths from the functions folder, sorted */
};

/*
 * Finds them: what the sources declare, and what the bundle's sources read by a literal path. A
 * file that is missing becomes an error in the report, with the place that names it. Errors:
 * OT_FAILED, one that cannot be read.
 */
OT_MUST_USE int ot_static_find(const struct ot_project *project, const struct ot_bundle *bundle,
                               struct ot_static_list *out, struct ot_build_report *report,
                               struct ot_error *err);
/*
 * Function `function` has a member of this path, which passes ot_is_relative_path. If none had it,
 * `data` is taken; the first's stays.
 */
void ot_static_add(struct ot_static_list *list, size_t function, const char *path,
                   struct ot_buf *data);
void ot_static_free(struct ot_static_list *list);
