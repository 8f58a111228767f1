/*
 * What a payload may do, apart from its code: who may call its functions, which environment
 * variables, hosts and files they name, what limits hold, and what the engine is told. Compares two
 * manifests.
 */
#pragma once

#include "verify/manifest.h"

enum ot_direction {
    OT_POWER_MORE, /* it may do more than before */
    OT_POWER_LESS,
    OT_POWER_OTHER, /* neither is more: the server's default is not known here, or it is another
                       way to do it */
};

struct ot_power_change {
    const char *function; /* NULL: of the payload as a whole */
    const char *what;     /* "public", "env", "permissions.net", ... */
    char *before, *after; /* NULL: it was not there, or is not there any more */
    enum ot_direction direction;
};

/* Start from `{0}`. Texts point into the manifests. */
struct ot_power {
    struct ot_power_change *items; /* of the payload first, then by function */
    size_t count, cap;
};

#define OT_AUTOPOWER OT_CLEANUP(ot_power_free)
void ot_power_free(struct ot_power *power);

/* A function that is only in one of them counts, too: all that it may do came or went. */
void ot_power_compare(const struct ot_manifest *before, const struct ot_manifest *after,
                      struct ot_power *out);

/*
 * Whether a change may give power: it does more, or it cannot be said that it does not (a
 * compatibility flag or date; another engine; a limit where one of the two leaves it to the server;
 * who shares an engine). When engines are started and replaced is no power.
 */
bool ot_power_is_growth(const struct ot_power_change *change);

/* Appends what differs in what built them: "esbuild", "onetube", "minify", "sourcemap", "target",
 * "splitting". */
void ot_power_compare_builders(const struct ot_manifest *before, const struct ot_manifest *after,
                               struct ot_power *out);
