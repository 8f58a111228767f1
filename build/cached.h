/*
 * A build's bundling with a memory (cache.h): the bytes are those that ot_bundle gives for the same
 * sources, whatever the cache holds. If nothing changed since the last build with the same options,
 * nothing is bundled; if a few functions changed, they are, with a few others (partial.h);
 * otherwise all of them.
 *
 * A record is for one functions folder at one path, as named by the user, one set of functions,
 * one set of options, one lock file, one onetube and one esbuild (which of them, by the file's
 * identity and times; a script in esbuild's place could run anything, and gets no cache). In it are
 * digests of each function's settings, and the facts (facts.h) that tell whether the file system
 * still is as it was.
 */
#pragma once

#include "build/bundle.h"
#include "build/keep.h"

/* An esbuild that is started when it is needed. Start from `{0}` and set the first three. */
struct ot_bundler {
    char *path; /* own; of the program */
    unsigned jobs;
    struct timespec since;      /* when the build began to look at anything (ot_facts_now) */
    struct ot_esbuild *esbuild; /* own; NULL: it has not been started */
    bool ready;
};

#define OT_AUTOBUNDLER OT_CLEANUP(ot_bundler_free)
void ot_bundler_free(struct ot_bundler *bundler);
/* Starts it, which takes a while, if that was not done. Errors: OT_TOOL. */
OT_MUST_USE int ot_bundler_start(struct ot_bundler *bundler, struct ot_error *err);
/* Waits until it can be used, after starting it if that was not done. Errors: OT_TOOL. */
OT_MUST_USE int ot_bundler_ready(struct ot_bundler *bundler, struct ot_error *err);

/*
 * As ot_bundle. `cache` may be NULL. Sets `cached` of the entries whose outputs were taken from it.
 * What is new is put into the cache meanwhile: pass `*keeping` (NULL: there is nothing) to
 * ot_keep_end before anything that was given here goes away.
 */
OT_MUST_USE int ot_bundle_cached(struct ot_bundler *bundler, struct ot_cache *cache,
                                 const struct ot_bundle_options *options,
                                 struct ot_bundle_entry *entries, size_t entry_count,
                                 struct ot_bundle *out, struct ot_keep **keeping,
                                 struct ot_build_report *report, struct ot_error *err);
