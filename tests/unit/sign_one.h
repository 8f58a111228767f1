/* One more signature for a payload, as the tests of package/ say it. */
#pragma once

#include "package/package.h"

/* Appends the key identifier to `added` when it was signed. */
static inline int sign_one(const char *path, const struct ot_signer *signer, struct ot_list *added,
                           struct ot_error *err)
{
    const struct ot_sign_options options = {.path = path, .signers = signer, .signer_count = 1};
    struct ot_sign_report report;
    int done = ot_sign_payload(&options, &report, err);

    for (size_t i = 0; i < report.added.count; i++)
        ot_list_add(added, report.added.items[i]);
    ot_sign_report_free(&report);
    return done;
}
