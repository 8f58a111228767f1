/* Paths as text: nothing here looks into the file system. */
#pragma once

#include "base/buf.h"

/*
 * `text` as seen from the folder `folder`, both with `/`: "." and ".." steps and repeated slashes
 * are taken out ("/a/b" and "../c" give "/a/c"). An absolute `text` stands for itself. The
 * caller frees it.
 */
char *ot_path_join(const char *folder, struct ot_span text);

/*
 * What the relative reference `text` means beside the file, both absolute paths then: a slash at
 * the end of `text` stays one. The caller frees it.
 */
char *ot_path_beside(const char *file, struct ot_span text);

/* The folder of a file; "/" for what is at the top. The caller frees it. */
char *ot_path_folder(const char *file);

/*
 * How `path` is written from `folder`, both absolute: "x/y.ts" beneath it, else with "../" steps.
 * The caller frees it.
 */
char *ot_path_relative(const char *folder, const char *path);

/* Whether `path` is `folder` or beneath it. */
bool ot_path_is_beneath(const char *path, const char *folder);

/* "./x", "../x", "." or ".." */
bool ot_path_is_relative(struct ot_span text);

/* Whether a component is `node_modules`: an installed package's file. */
bool ot_path_is_installed(const char *path);
