/*
 * onetube.lock.json: exactly which code the remote specifiers of a folder of functions stand for.
 * `onetube vendor` writes it, and with nothing but it makes the folder .onetube/vendor/ again on
 * any machine; a build reads both and checks one against the other.
 *
 * npm packages are in groups: each has a node_modules of its own, for functions that agree about
 * the version of every package that they share. So functions with different versions of React, say,
 * each get the packages that belong to theirs.
 */
#pragma once

#include "build/pairs.h"

#include "base/digest.h"

#include <stdint.h>

#define OT_LOCK_NAME "onetube.lock.json"
#define OT_LOCK_MAX (64u << 20)   /* bytes */
#define OT_LOCK_MODULES_MAX 5000u /* https modules */
#define OT_LOCK_GROUPS_MAX 1000u
#define OT_MODULE_MAX (20u << 20)   /* bytes of one https module */
#define OT_MODULES_MAX (200u << 20) /* bytes of all */
/* Stands in for a function's name where a file belongs to none: it is outside of their folders, or
 * came from the web. No function's name begins with "_". */
#define OT_LOCK_SHARED "_shared"

struct ot_lock_group {
    struct ot_list functions;   /* names, or OT_LOCK_SHARED; sorted */
    struct ot_pairs specifiers; /* "npm:zod@^3.23" to the name under which it is installed: "zod",
                                   or "zod--3.22.4" beside another version */
    struct ot_pairs digests;    /* of each package's files, see package_files.h: "node_modules/zod"
                                   to SHA-256. Packages for certain platforms only have none */
    char *packages;             /* npm's package-lock.json */
};

/* An https module. */
struct ot_lock_module {
    char *url; /* where it came from in the end */
    char sha256[OT_SHA256_HEX];
    uint64_t bytes;
    char *content_type; /* as sent; NULL: the answer had none */
};

/* Start from `{0}`. */
struct ot_lock {
    struct ot_lock_group *groups; /* in the order of their numbers */
    size_t group_count;
    struct ot_pairs redirects;      /* a URL to the one where it leads in the end */
    struct ot_lock_module *modules; /* sorted by URL */
    size_t module_count;
};

#define OT_AUTOLOCK OT_CLEANUP(ot_lock_free)
void ot_lock_free(struct ot_lock *lock);

/*
 * Reads the text of a lock. Everything in it is checked for its form, order and limits; nothing of
 * a lock can name a path outside of the vendor folder. Errors: OT_FAILED, "<shown>:<line>:<column>:
 * ...", and the lock is empty.
 */
OT_MUST_USE int ot_lock_parse(struct ot_lock *lock, struct ot_span text, const char *shown,
                              struct ot_error *err);
/* The same for the file in the folder of functions. 1: read; 0: there is none; -1. */
OT_MUST_USE int ot_lock_read(struct ot_lock *lock, const char *functions, struct ot_error *err);
/* Appends the lock's text; the same lock always gives the same bytes. */
void ot_lock_write(const struct ot_lock *lock, struct ot_buf *out);

/* The group of a function, or OT_LOCK_SHARED; NULL: none. */
const struct ot_lock_group *ot_lock_group(const struct ot_lock *lock, const char *function);
/* The module that a URL stands for, after redirects; NULL: the lock does not have it. */
const struct ot_lock_module *ot_lock_module(const struct ot_lock *lock, const char *url);

/* New, empty ones, for whoever makes a lock. */
struct ot_lock_group *ot_lock_add_group(struct ot_lock *lock);
/* Takes its place in the order of URLs; one that is there already is replaced. */
void ot_lock_put_module(struct ot_lock *lock, const char *url, struct ot_span body,
                        const char *content_type);
