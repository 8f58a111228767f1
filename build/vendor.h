/*
 * `onetube vendor`: finds every remote specifier of all functions, lets npm resolve and install
 * packages, downloads modules, and writes onetube.lock.json and the vendor folder (vendored.h).
 * What is locked stays as it is unless an update is asked for. This is the only part of the build
 * that uses the network.
 */
#pragma once

#include "build/vendored.h"

struct ot_vendor_options {
    const char *functions; /* the folder of functions */
    bool frozen;           /* the lock must be right as it is; the vendor folder is made from it */
    bool update;           /* what is locked is looked up again */
    const struct ot_list *names; /* with `update`: only these packages and URLs; empty: all */
    const char *ca_file;         /* see base/fetch.h */
    const char *esbuild;         /* path; NULL: as installed */
};

/* What happened, also on failure. Start from `{0}`. */
struct ot_vendor_report {
    struct ot_build_report build; /* diagnostics, and `progress` */
    struct ot_lock lock;          /* as it is now */
    bool changed;                 /* the lock is another one than before */
    bool made;                    /* the vendor folder was made anew */
};

/*
 * Errors: OT_FAILED (sources, the network, a hash, `frozen`; see the diagnostics), OT_USAGE (a name
 * to update that is not locked), OT_TOOL (npm, onetube-fetch or esbuild is missing or failed). On
 * failure the lock and the vendor folder are as before.
 */
OT_MUST_USE int ot_vendor(const struct ot_vendor_options *options, struct ot_vendor_report *report,
                          struct ot_error *err);
void ot_vendor_report_free(struct ot_vendor_report *report);
