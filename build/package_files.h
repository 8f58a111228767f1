/*
 * What an installed package is made of: an index with a line for each file, "<SHA-256>  <path>",
 * sorted by path, as sha256sum writes it. The SHA-256 of the index stands for the whole package.
 */
#pragma once

#include "base/digest.h"

#define OT_PACKAGE_INDEX_MAX (32u << 20) /* bytes */
#define OT_PACKAGE_FILE_MAX (256u << 20) /* bytes of one file */

/*
 * Appends the index of the package in `folder`, without the packages in its own node_modules, and
 * without what is no regular file. Errors: OT_FAILED.
 */
OT_MUST_USE int ot_package_index(const char *folder, struct ot_buf *index, struct ot_error *err);

/* The digest of a file in an index: 64 digits; `data` is NULL when the index does not have it. */
struct ot_span ot_package_index_find(struct ot_span index, struct ot_span path);
