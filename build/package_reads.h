/*
 * Files of packages that have to know where they are: they read other files of their package, or
 * require them by createRequire. Only such files are changed (edit.h), in a second run.
 */
#pragma once

#include "build/facts_collect.h"
#include "build/metafile.h"
#include "build/project.h"
#include "build/reads.h"

/*
 * Appends those among the bundle's inputs, absolute and sorted. What was looked for is noted in
 * `lookups`, which may be NULL.
 */
void ot_package_reads_find(const struct ot_project *project, const struct ot_metafile *metafile,
                           struct ot_lookups *lookups, struct ot_list *out);

/*
 * The file of its own package, absolute, that an installed source (absolute) reads so; the caller
 * frees it. NULL: it is none, or not there.
 */
char *ot_package_read_file(const char *source, const struct ot_read *read);

/* The folder of the package that an installed file is in; the caller frees it. NULL: in none. */
char *ot_package_folder(const char *file);

/* "_package/<name>/<version>/<path>", see ot_project_virtual_path. The caller frees it. */
char *ot_package_virtual_path(const char *file);
