/*
 * Putting a build into the cache (cache.h): a record of it (record.h), and its outputs, those that
 * are new as one blob. A thread does it, while the build goes on.
 */
#pragma once

#include "build/cache.h"
#include "build/record.h"

/* What is kept; all of it is read until ot_keep_end, but may be read by others, too. */
struct ot_keep_options {
    struct ot_cache *cache;
    const char *name; /* the record's */
    const struct ot_bundle_options *bundle_options;
    const struct ot_bundle_entry *entries; /* needed at the beginning only */
    const struct ot_bundle *bundle;        /* its table of files and its metafile are copied */
    const struct ot_build_report *report;  /* its diagnostics are copied */
    struct timespec since;                 /* when the build began to look at anything */
};

struct ot_keep;

/*
 * Begins. `old`: of the build that this one took outputs from; its facts, which have been checked,
 * and its packs become the result's, and it is empty afterwards but for its bundle. Nothing is
 * kept that may not be what a build would find now.
 */
struct ot_keep *ot_keep_begin(const struct ot_keep_options *options, struct ot_record *old);
/* Waits until it is done. NULL is fine. */
void ot_keep_end(struct ot_keep *keep);
