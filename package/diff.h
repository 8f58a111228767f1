/*
 * What differs between two payloads or dists: what they may do (verify/power.h), what built them,
 * their functions and files, and as far as the bundles tell it the modules inside them (modules.h).
 * Members are compared by their digests, so one that only changed its name is told as renamed.
 */
#pragma once

#include "package/content.h"
#include "package/lines.h"
#include "verify/power.h"

enum ot_change { OT_ADDED, OT_REMOVED, OT_CHANGED, OT_RENAMED };

/* How much could be told of what bundles are made of. */
enum ot_insight {
    OT_INSIGHT_SOURCES, /* both have source maps: modules are sources as they were written */
    OT_INSIGHT_MODULES, /* neither is minified: modules are pieces of the bundles */
    OT_INSIGHT_NONE,    /* one is minified, without a map */
};

struct ot_function_change {
    const char *name;
    enum ot_change kind;
    bool code;      /* its bundle or what that imports */
    bool power;     /* its config */
    size_t modules; /* how many modules it has that changed; 0 with `code`: only what the bundler
                       writes between them, such as the names of chunks */
    uint64_t before, after; /* bytes with all that it can reach; 0: it is not there */
};

/* A bundle, chunk or file. One of the two is NULL for OT_ADDED and OT_REMOVED. */
struct ot_member_change {
    enum ot_change kind;
    const struct ot_member *before, *after;
};

/* Where a module is on one side. */
struct ot_module_place {
    struct ot_span name;
    const struct ot_member *member; /* the bundle or chunk */
    uint64_t bytes;
    uint32_t index; /* in the member */
    uint8_t digest[OT_SHA256_SIZE];
    uint8_t
        shape[OT_SHA256_SIZE]; /* of a text without its own name: the same when it was renamed */
};

struct ot_module_change {
    enum ot_change kind;
    const struct ot_module_place *before, *after; /* NULL: it is not there */
};

struct ot_diff_side;

struct ot_diff {
    const struct ot_content *before, *after;
    bool same; /* the manifests are, so everything is */
    struct ot_power power;
    struct ot_power builder;
    struct ot_function_change *functions; /* by name */
    size_t function_count;
    struct ot_member_change *members; /* by path */
    size_t member_count;
    enum ot_insight insight;
    struct ot_module_change *modules; /* by name */
    size_t module_count;
    bool modules_cut; /* there are too many modules: some were not looked at */
    struct ot_diff_side *sides[2];
};

/*
 * Reads both wholly, each byte once, and compares. Everything in `out` points into them. Free it
 * also after a failure, before them. Errors: ot_content_visit's.
 */
OT_MUST_USE int ot_diff(const struct ot_content *before, const struct ot_content *after,
                        struct ot_diff *out, struct ot_error *err);
void ot_diff_free(struct ot_diff *diff);
#define OT_AUTODIFF OT_CLEANUP(ot_diff_free)

/* The names of the functions that run this module, at most `max`, appended; the number of all. */
size_t ot_diff_functions(const struct ot_diff *diff, const struct ot_module_change *change,
                         size_t max, struct ot_list *names);

/* Reads the text of a module once more: for OT_INSIGHT_SOURCES the source. */
OT_MUST_USE int ot_diff_text(const struct ot_diff *diff, bool after,
                             const struct ot_module_place *place, struct ot_buf *out,
                             struct ot_error *err);

/* The lines that differ in a module that changed, and the texts that they are of. Start from `{0}`.
 */
struct ot_diff_lines {
    struct ot_buf before, after;
    struct ot_lines lines;
};

/* `context` and `max` as in ot_lines_diff. What is only on one side is compared with nothing. */
OT_MUST_USE int ot_diff_lines(const struct ot_diff *diff, const struct ot_module_change *change,
                              size_t context, size_t max, struct ot_diff_lines *out,
                              struct ot_error *err);
void ot_diff_lines_free(struct ot_diff_lines *lines);
#define OT_AUTODIFFLINES OT_CLEANUP(ot_diff_lines_free)
