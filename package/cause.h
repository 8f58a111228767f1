/*
 * Why a rebuild is not equal: the causes that a difference gives evidence of, the most certain one
 * first. `before` of the difference is the payload, `after` is what was built of the sources here.
 *
 * A rebuild uses the options that the payload records, so what is left are programs, sources,
 * packages and what surrounds them. What only follows from another cause (a shared chunk's name, a
 * variable's number) is not told as one. Where nothing is known it says so.
 */
#pragma once

#include "package/diff.h"

/* In the order in which they are told. */
enum ot_cause_kind {
    OT_CAUSE_BUILD, /* the sources do not build here: of the caller, never of a difference */
    OT_CAUSE_ESBUILD,
    OT_CAUSE_ONETUBE,
    OT_CAUSE_OPTION,
    OT_CAUSE_DEPENDENCY, /* a package or a module from the web */
    OT_CAUSE_ENGINE,     /* compatibility date and flags */
    OT_CAUSE_ENV,
    OT_CAUSE_MISSING_FUNCTION, /* the sources do not have it */
    OT_CAUSE_EXTRA_FUNCTION,
    OT_CAUSE_CONFIG, /* 1tube.json, or what stands for it */
    OT_CAUSE_LINE_ENDINGS,
    OT_CAUSE_PATH,    /* of this machine, inside the code */
    OT_CAUSE_SETTING, /* of how sources are compiled or resolved */
    OT_CAUSE_MOVED,   /* a source file that has another name */
    OT_CAUSE_SOURCE,
    OT_CAUSE_FILE,    /* a static file */
    OT_CAUSE_RUNTIME, /* onetube's, though the version is the same */
    OT_CAUSE_BUNDLER, /* code that is of no module */
    OT_CAUSE_FORM,    /* the manifest's text alone */
    OT_CAUSE_UNKNOWN,
};

/* "esbuild", "missing-function", ... */
extern const char *const ot_cause_words[];

struct ot_cause {
    enum ot_cause_kind kind;
    char *subject; /* the function, file or package; NULL: none */
    char *text;    /* one sentence, without a full stop; holds names from the payload */
    const struct ot_module_change *module; /* that shows it; NULL: none does */
    const struct ot_member_change *member;
};

#define OT_CAUSES_MAX 100u

/* Start from `{0}`. */
struct ot_causes {
    struct ot_cause *items; /* at least one where there is a difference */
    size_t count, cap;
    bool cut; /* there are more */
    /* The smallest difference: the module, or else the member, that shows the first cause; both
     * NULL: nothing inside the members differs */
    const struct ot_module_change *module;
    const struct ot_member_change *member;
};

#define OT_AUTOCAUSES OT_CLEANUP(ot_causes_free)
void ot_causes_free(struct ot_causes *causes);

/* What is known of the machine and the sources. */
struct ot_evidence {
    const struct ot_list *roots; /* absolute paths of this machine: the sources', the user's home */
    /* What is to be said of a package that differs, such as its versions; the caller frees it. */
    char *(*describe_package)(void *context, const char *package);
    void *context;
};

/* Takes over `text`; for OT_CAUSE_BUILD and what a failed build tells. */
void ot_causes_add(struct ot_causes *causes, enum ot_cause_kind kind, char *text);

/* Errors: reading the texts of modules again. */
OT_MUST_USE int ot_causes_find(const struct ot_diff *diff, const struct ot_evidence *evidence,
                               struct ot_causes *out, struct ot_error *err);
