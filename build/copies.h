/*
 * Packages that are installed more than once: npm's layout decides how often, which must not show
 * in a bundle. Of copies that are the same, down to what they depend on, the first that is used
 * stands for all.
 */
#pragma once

#include "build/pairs.h"

/* Start from `{0}`. */
struct ot_copies {
    struct ot_list names; /* of packages that are in more than one place; sorted */
};

/* Which of them a bundle uses. Start from `{0}`. */
struct ot_copies_used {
    struct ot_list folders;  /* folders of such packages, absolute: those that stand for others */
    struct ot_list proven;   /* "<folder>\n<folder>" of copies that were found to be the same */
    struct ot_pairs digests; /* folders to the digests of what is in them */
};

/*
 * Looks into the node_modules folders `roots` (absolute), not through links. What cannot be read
 * is not seen.
 */
void ot_copies_find(struct ot_copies *copies, const struct ot_list *roots);
void ot_copies_free(struct ot_copies *copies);
void ot_copies_used_free(struct ot_copies_used *used);

bool ot_copies_has(const struct ot_copies *copies, struct ot_span package);
/* Appends to a filter of specifiers (Go's syntax): the names, with and without a sub-path. */
void ot_copies_filter(const struct ot_copies *copies, struct ot_buf *out);
/*
 * The file that stands for an installed file (absolute); the caller frees it. NULL: itself.
 */
char *ot_copies_place(const struct ot_copies *copies, struct ot_copies_used *used,
                      const char *file);
