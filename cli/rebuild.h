/* The parts of `onetube rebuild`: what is known of the sources, and how the result is shown. */
#pragma once

#include "build/build.h"
#include "cli/diff.h"
#include "package/cause.h"

/* -- what is known of the sources -------------------------------------------------------------- */

/* Of the folder of functions; free it with ot_sources_evidence_free. */
struct ot_sources_evidence {
    char *folder; /* absolute, without links */
    struct ot_list roots;
};

OT_MUST_USE int ot_sources_evidence_open(struct ot_sources_evidence *evidence,
                                         const char *functions, struct ot_error *err);
void ot_sources_evidence_free(struct ot_sources_evidence *evidence);
/*
 * What node_modules and the lock files (onetube.lock.json, package-lock.json, deno.lock) say of a
 * package: for struct ot_evidence, whose context is a struct ot_sources_evidence.
 */
char *ot_describe_package(void *context, const char *package);

/* -- the result -------------------------------------------------------------------------------- */

/* Start from `{0}`. */
struct ot_rebuild_result {
    const char *file, *functions;
    struct ot_content payload;
    struct ot_content rebuilt; /* what was built, here or elsewhere */
    bool built_here;
    bool compared; /* false: the sources did not build, and there is neither `rebuilt` nor `diff` */
    struct ot_diff diff;
    struct ot_causes causes;
    const char *attestation; /* the file that was written, or NULL */
    struct ot_build_report report;
};

bool ot_rebuild_is_equal(const struct ot_rebuild_result *result);

OT_MUST_USE int ot_rebuild_print(const struct ot_rebuild_result *result, struct ot_error *err);
OT_MUST_USE int ot_rebuild_json(const struct ot_rebuild_result *result, struct ot_error *err);
