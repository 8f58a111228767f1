/*
 * What a run of the bundler found to be remote: with a collection, the plugin answers a remote
 * specifier with an empty module and writes it down here, so that one run finds them all.
 */
#pragma once

#include "build/build.h"
#include "build/lock.h"

/* Start from `{0}`. */
struct ot_collection {
    const struct ot_lock *known; /* what it has comes from there, whatever else is installed */
    struct ot_list packages;     /* "<function>\n<key>", see ot_vendored_package */
    struct ot_list modules;      /* URLs that were asked for and are not there yet */
    struct ot_list used;         /* all URLs that were asked for */
    struct ot_pairs refused;     /* keys and URLs that cannot be had, and why: the error that their
                                    importers get */
};

void ot_collection_free(struct ot_collection *collection);
/* Forgets what was found, not what is refused. */
void ot_collection_clear(struct ot_collection *collection);

struct ot_vendored;

/*
 * Goes through all functions once, with what `vendored` has, and collects what it lacks. `options`:
 * functions, target, jobs and esbuild count. Errors: as ot_build's.
 */
OT_MUST_USE int ot_collect(const struct ot_build_options *options,
                           const struct ot_vendored *vendored, struct ot_collection *collection,
                           struct ot_build_report *report, struct ot_error *err);
