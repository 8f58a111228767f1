/*
 * What a run of the bundler found to be remote: with a collection, the plugin answers a remote
 * specifier with an empty module and writes it down here, so that one run finds them all.
 */
#pragma once

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
