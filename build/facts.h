/*
 * What a build looked at in the file system, so that a later one can tell whether it would see the
 * same: contents of files, and whether something is at a path at all, for a file that is not there
 * decides as much as one that is (a nearer node_modules, an index.tsx before an index.js).
 *
 * esbuild does not tell what it looked at. It is known from what it does tell (the modules and
 * their import specifiers) and from its rules, of exactly the pinned version:
 *
 * - a relative specifier: the path itself, with each extension, with .ts for .js, then as a folder:
 *   package.json and index files. Where the path itself is the module, nothing else counts;
 * - a bare one: a folder of that name in the node_modules of every folder above, up to the one that
 *   has it; what the package's "main" and "module" name, in all of these ways;
 * - in every folder above a module: package.json, tsconfig.json and jsconfig.json, and Yarn's .pnp
 *   files; that it is a folder and no link;
 * - "paths", "baseUrl" and "extends" of tsconfig.json.
 *
 * Our own resolver notes its own lookups (plugin.h).
 */
#pragma once

#include "base/digest.h"
#include "build/graph.h"

#include <time.h>

enum ot_fact_kind {
    OT_FACT_CONTENT, /* of a regular file, through links */
    OT_FACT_ENTRY,   /* what is at the path: nothing, a file, a folder, a link and where it leads */
};

struct ot_fact {
    enum ot_fact_kind kind;
    char *path; /* absolute */
    /* "-": nothing is there; OT_FACT_CONTENT: the SHA-256, "?" for what is no regular file;
       OT_FACT_ENTRY: "f", "d", "?", or the SHA-256 of where a link leads and what is there */
    char state[OT_SHA256_HEX];
    uint64_t *users; /* the functions that depend on it; own */
};

/* Start from `{0}` and set `functions`. */
struct ot_facts {
    struct ot_fact *items; /* once settled: sorted by kind and path, each once */
    size_t count, cap;
    size_t functions; /* how many there are: bits in `users` */
    bool unknown;     /* something has been looked at that cannot be told: there can be no cache */
};

void ot_facts_free(struct ot_facts *facts);
/* Adds a fact whose state is not known yet; `users` is copied. */
void ot_facts_add(struct ot_facts *facts, enum ot_fact_kind kind, const char *path,
                  const uint64_t *users);
/* All places where a resolver looks for the path `base` (absolute). */
void ot_facts_add_path(struct ot_facts *facts, const char *base, const uint64_t *users);
/*
 * All places where a resolver looks for a package in the folders above `folder`; `found`: where it
 * found it, or NULL.
 */
void ot_facts_add_package(struct ot_facts *facts, const char *folder, struct ot_span name,
                          const char *found, const uint64_t *users);

/*
 * Looks at the file system now. False: what is there may be newer than `start`, when the build
 * began to look (its results are then not to be kept), or `unknown` was set. A fact that `known`
 * (may be NULL) has keeps the state that it has there. `within` is the functions folder.
 */
bool ot_facts_settle(struct ot_facts *facts, const struct ot_facts *known, const char *within,
                     struct timespec start);

/* Appends one: for reading a record. */
void ot_facts_put(struct ot_facts *facts, enum ot_fact_kind kind, const char *path,
                  struct ot_span state, const uint64_t *users);

/*
 * Looks again, and joins to `changed` the users of every fact that is not as it was; where it
 * cannot be told, all functions.
 */
void ot_facts_check(const struct ot_facts *facts, uint64_t *changed);

/* CLOCK_REALTIME_COARSE, by which file systems date changes. */
struct timespec ot_facts_now(void);
/* Below, at or above 0, as with strcmp. */
int ot_facts_compare_times(struct timespec a, struct timespec b);
