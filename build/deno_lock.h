/* What a deno.lock (versions 2 to 5) says about npm packages and https modules. */
#pragma once

#include "build/pairs.h"

/* Start from `{0}`. Each text may come from several files. */
struct ot_deno_lock {
    struct ot_pairs versions;  /* "npm:zod@^3.23" to "3.23.8"; of JSR: "npm:@jsr/std__path@^1" */
    struct ot_pairs integrity; /* "zod@3.23.8" to "sha512-..." */
    struct ot_pairs modules;   /* URL to SHA-256 */
};

void ot_deno_lock_free(struct ot_deno_lock *lock);

/*
 * Adds a file, which messages name `shown`. 1: added; 0: there is none; -1: OT_FAILED, it is no
 * lock, or of a version that is not known.
 */
OT_MUST_USE int ot_deno_lock_add(struct ot_deno_lock *lock, const char *path, const char *shown,
                                 struct ot_error *err);
