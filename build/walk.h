/* Walking the user's folders: never into installed packages, hidden folders or through links. */
#pragma once

#include "base/buf.h"

#define OT_WALK_DEPTH 32u         /* folders in each other */
#define OT_WALK_MAX 100000u       /* files and folders */
#define OT_SOURCE_MAX (16u << 20) /* bytes of a source file that is looked at */

/* The file's name is that of JavaScript or TypeScript (no declarations). */
bool ot_is_source_name(const char *name);

/*
 * Calls `on_folder` for `folder` (absolute) and each folder in it, a folder before what is in it,
 * with the names in it,
 * and `on_source` for each source file with its text; in the order of their names. on_folder
 * returns -1 (with its own error) to end it. Errors: OT_FAILED.
 */
OT_MUST_USE int ot_walk(const char *folder,
                        int (*on_folder)(void *context, const char *folder,
                                         const struct ot_list *names),
                        void (*on_source)(void *context, const char *file, struct ot_span text),
                        void *context, struct ot_error *err);

/*
 * The folders that a pattern of a workspace names: "./packages/a", "packages/" with a star behind
 * it for all in it. Appends absolute paths, sorted.
 */
void ot_walk_folders(const char *folder, const char *pattern, struct ot_list *out);

/*
 * The files beneath `folder` (absolute) whose path from it matches the pattern: `*` and `?` stand
 * for anything but a slash, "**" for anything. Appends relative paths, sorted. A pattern that is
 * the path of a folder stands for all in it. Errors: OT_FAILED.
 */
OT_MUST_USE int ot_walk_match(const char *folder, const char *pattern, struct ot_list *out,
                              struct ot_error *err);
bool ot_glob_matches(struct ot_span pattern, struct ot_span path);
