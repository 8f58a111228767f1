/* What the commands `onetube trust ...` share: changes to a trust file, and how one is shown. */
#pragma once

#include "cli/cli.h"
#include "verify/trust_file.h"

/* What may be changed. Start from ot_trust_changes_init. */
struct ot_trust_changes {
    struct ot_list keys[OT_ROLE_COUNT]; /* to be added, as ot_public_key_load takes them */
    uint64_t thresholds[OT_ROLE_COUNT]; /* UINT64_MAX: as it is */
    uint64_t growth;                    /* the same; 0: none */
    const char *expires;                /* a time or "never"; NULL: as it is */
    uint64_t sequence_floor;            /* UINT64_MAX: as it is */
    struct ot_list allow;               /* "TARGET=PAYLOAD,PAYLOAD" */
    struct ot_list engines;             /* files or digests */
    struct ot_list revoked_keys;        /* as ot_public_key_load takes them, or ids */
    struct ot_list revoked_payloads;    /* files or their manifests' digests */
    struct ot_list revoked_engines;     /* files or digests: not allowed any more */
    const char *out;                    /* NULL: where it was */
};

#define OT_TRUST_POLICY_OPTIONS                                                                    \
    {.name = "root-threshold",                                                                     \
     .value = "N",                                                                                 \
     .help = "how many root keys must sign a trust file (at first 1)",                             \
     .type = OT_OPTION_UINT,                                                                       \
     .offset = offsetof(struct ot_trust_changes, thresholds[OT_ROLE_ROOT]),                        \
     .max = OT_ROOT_THRESHOLD_MAX},                                                                \
        {.name = "release-threshold",                                                              \
         .value = "N",                                                                             \
         .help = "how many release keys must sign a payload (at first 1)",                         \
         .type = OT_OPTION_UINT,                                                                   \
         .offset = offsetof(struct ot_trust_changes, thresholds[OT_ROLE_RELEASE]),                 \
         .max = OT_RELEASE_THRESHOLD_MAX},                                                         \
        {.name = "rebuild-threshold",                                                              \
         .value = "N",                                                                             \
         .help = "how many rebuild keys must attest to a payload (at first 0)",                    \
         .type = OT_OPTION_UINT,                                                                   \
         .offset = offsetof(struct ot_trust_changes, thresholds[OT_ROLE_REBUILD]),                 \
         .max = OT_TRUST_FILE_KEYS_MAX},                                                           \
        {.name = "growth-threshold",                                                               \
         .value = "N",                                                                             \
         .help = "how many release keys must sign a payload that may do more than the one that "   \
                 "--state remembers (at first 0: no more than others)",                            \
         .type = OT_OPTION_UINT,                                                                   \
         .offset = offsetof(struct ot_trust_changes, growth),                                      \
         .max = OT_RELEASE_THRESHOLD_MAX},                                                         \
        {.name = "expires",                                                                        \
         .value = "TIME",                                                                          \
         .help = "nothing is accepted after it: seconds since 1970, 2027-01-31T12:00:00Z, or "     \
                 "never (at first never)",                                                         \
         .type = OT_OPTION_STRING,                                                                 \
         .offset = offsetof(struct ot_trust_changes, expires)},                                    \
        {.name = "sequence-floor",                                                                 \
         .value = "N",                                                                             \
         .help = "payloads with a lower sequence are refused (at first 0)",                        \
         .type = OT_OPTION_UINT,                                                                   \
         .offset = offsetof(struct ot_trust_changes, sequence_floor)},                             \
    {                                                                                              \
        .name = "out", .value = "NEW",                                                             \
        .help = "where the changed file goes (default: in place of a draft; what is signed "       \
                "already is never overwritten)",                                                   \
        .type = OT_OPTION_STRING, .offset = offsetof(struct ot_trust_changes, out)                 \
    }

#define OT_TRUST_ADD_OPTIONS                                                                       \
    {.name = "root-key",                                                                           \
     .value = "KEY",                                                                               \
     .help = "a public key that signs trust files; may be given several times",                    \
     .type = OT_OPTION_LIST,                                                                       \
     .offset = offsetof(struct ot_trust_changes, keys[OT_ROLE_ROOT])},                             \
        {.name = "release-key",                                                                    \
         .value = "KEY",                                                                           \
         .help = "a public key that signs payloads; may be given several times",                   \
         .type = OT_OPTION_LIST,                                                                   \
         .offset = offsetof(struct ot_trust_changes, keys[OT_ROLE_RELEASE])},                      \
        {.name = "rebuild-key",                                                                    \
         .value = "KEY",                                                                           \
         .help = "a public key that signs rebuild attestations; may be given several times",       \
         .type = OT_OPTION_LIST,                                                                   \
         .offset = offsetof(struct ot_trust_changes, keys[OT_ROLE_REBUILD])},                      \
        {.name = "allow",                                                                          \
         .value = "TARGET=NAMES",                                                                  \
         .help = "which payloads, by name and separated by commas, may run on machines of this "   \
                 "kind; no name takes the target away; may be given several times",                \
         .type = OT_OPTION_LIST,                                                                   \
         .offset = offsetof(struct ot_trust_changes, allow)},                                      \
    {                                                                                              \
        .name = "allow-engine", .value = "FILE|SHA256",                                            \
        .help = "a workerd program that may run payloads (at first any may); may be given "        \
                "several times",                                                                   \
        .type = OT_OPTION_LIST, .offset = offsetof(struct ot_trust_changes, engines)               \
    }

/* The defaults of a command whose values are a struct ot_trust_changes. */
void ot_trust_changes_init(void *changes);

/*
 * Makes the changes and brings the file in order; what was signed before is not signed any more.
 * OT_USAGE for words that make no sense, OT_FAILED for what the file may not say.
 */
OT_MUST_USE int ot_trust_change(struct ot_trust_file *file, const struct ot_trust_changes *changes,
                                struct ot_error *err);
/*
 * Reads the trust file at `path`, makes the changes and writes it. One that enough of its own roots
 * have signed becomes the next version and goes to `changes->out`, which must not exist; OT_USAGE
 * without.
 */
OT_MUST_USE int ot_trust_change_file(const char *path, const struct ot_trust_changes *changes,
                                     struct ot_error *err);
/* Writes it whole or not at all; with `keep_existing` a file that exists is an error. OT_USAGE for
 * a name that --trust would not take for one. */
OT_MUST_USE int ot_trust_put(const struct ot_trust_file *file, const char *path, bool keep_existing,
                             struct ot_error *err);

/*
 * "FILE: version 2, sha256 ...", a line, and then "signed by 1 of 3 root keys of version 2, 2 are
 * needed", and the same for those of the version before if it is known. E_SIGNATURE.
 */
OT_MUST_USE int ot_trust_show_line(const char *path, const struct ot_trust_file *file,
                                   const struct ot_trust_file *previous, struct ot_error *err);
