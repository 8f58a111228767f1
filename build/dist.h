/* Writing a dist: the bundle's files and manifest.json, all or nothing. */
#pragma once

#include "build/bundle.h"
#include "build/config.h"
#include "build/static_files.h"

struct ot_dist_function {
    const char *name;
    const struct ot_config *config;
    bool is_public;
    bool cached; /* for the report */
};

struct ot_dist {
    const char *out;
    const struct ot_bundle *bundle;
    const struct ot_dist_function *functions; /* sorted by name bytewise */
    size_t function_count;
    const struct ot_static_list *static_files; /* in the functions' order */
    const struct ot_build_options *options;
    const char *compat_date;
    const struct ot_list *compat_flags; /* all, in order, each once */
    const struct ot_list *env;          /* sorted, each once */
};

/*
 * Writes it to dist->out, unless that is what is there, and fills in the report: functions, sizes,
 * the manifest's digest. Errors: OT_FAILED; what was at dist->out is untouched then.
 */
OT_MUST_USE int ot_dist_write(const struct ot_dist *dist, struct ot_build_report *report,
                              struct ot_error *err);
