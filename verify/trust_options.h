/* The command line's words for a trust root, the same wherever something is verified. */
#pragma once

#include "base/instant.h"
#include "base/options.h"
#include "verify/payload.h"

#define OT_TRUST_DIR "/etc/onetube/trusted.d"

struct ot_trust_options {
    struct ot_list trust;
    struct ot_list revoked;
    uint64_t threshold;
    uint64_t min_sequence;
    const char *state; /* NULL: none */
    const char *reset; /* NULL: none */
    uint64_t growth_threshold;
    uint64_t now;            /* OT_NO_TIME: the system's clock */
    const char *engine_date; /* NULL: not checked */
    bool allow_unsigned;
    const char *target;
    struct ot_list attestations;
    uint64_t max_size;
    uint64_t threads;
};

#define OT_TRUST_OPTIONS(holder, at)                                                               \
    {.name = "trust",                                                                              \
     .value = "KEY|FILE.json",                                                                     \
     .help = "a trusted public key: its text, a file or env:NAME, may be given several times; or " \
             "one trust file (default: every *.pem in " OT_TRUST_DIR ")",                          \
     .type = OT_OPTION_LIST,                                                                       \
     .offset = offsetof(holder, at.trust)},                                                        \
        {.name = "threshold",                                                                      \
         .value = "N",                                                                             \
         .help = "how many trusted keys must have signed (default 1)",                             \
         .type = OT_OPTION_UINT,                                                                   \
         .offset = offsetof(holder, at.threshold),                                                 \
         .max = OT_TRUST_KEYS_MAX},                                                                \
        {.name = "min-sequence",                                                                   \
         .value = "N",                                                                             \
         .help = "refuse a release with a lower sequence (default 0)",                             \
         .type = OT_OPTION_UINT,                                                                   \
         .offset = offsetof(holder, at.min_sequence)},                                             \
        {.name = "state",                                                                          \
         .value = "FILE",                                                                          \
         .help = "refuse what is older than the release that this file remembers; serving "        \
                 "remembers a release there once it has answered",                                 \
         .type = OT_OPTION_STRING,                                                                 \
         .offset = offsetof(holder, at.state)},                                                    \
        {.name = "reset",                                                                          \
         .value = "FILE",                                                                          \
         .help = "let the state file back to a lower sequence, once: what onetube trust reset "    \
                 "made",                                                                           \
         .type = OT_OPTION_STRING,                                                                 \
         .offset = offsetof(holder, at.reset)},                                                    \
        {.name = "growth-threshold",                                                               \
         .value = "N",                                                                             \
         .help = "how many trusted keys must have signed a release that may do more than the one " \
                 "that --state remembers (default 0: no more than others)",                        \
         .type = OT_OPTION_UINT,                                                                   \
         .offset = offsetof(holder, at.growth_threshold),                                          \
         .max = OT_TRUST_KEYS_MAX},                                                                \
        {.name = "revoked",                                                                        \
         .value = "KEY",                                                                           \
         .help = "a public key that counts for nothing; may be given several times, and adds to "  \
                 "the environment's",                                                              \
         .type = OT_OPTION_LIST,                                                                   \
         .adds = true,                                                                             \
         .offset = offsetof(holder, at.revoked)},                                                  \
        {.name = "trust-target",                                                                   \
         .value = "NAME",                                                                          \
         .help = "which of the trust file's targets this machine is",                              \
         .type = OT_OPTION_STRING,                                                                 \
         .offset = offsetof(holder, at.target)},                                                   \
        {.name = "attestation",                                                                    \
         .value = "FILE",                                                                          \
         .help = "a rebuild attestation, which the trust file may demand; may be given several "   \
                 "times",                                                                          \
         .type = OT_OPTION_LIST,                                                                   \
         .offset = offsetof(holder, at.attestations)},                                             \
        {.name = "now",                                                                            \
         .value = "TIME",                                                                          \
         .help = "check the expiry against this time: seconds since 1970, or "                     \
                 "2027-01-31T12:00:00Z (default: the system's clock)",                             \
         .type = OT_OPTION_TIME,                                                                   \
         .offset = offsetof(holder, at.now)},                                                      \
        {.name = "engine-date",                                                                    \
         .value = "DATE",                                                                          \
         .help = "refuse a compatibility date newer than this one, the newest that the engine in " \
                 "use knows (default: the engine decides)",                                        \
         .type = OT_OPTION_STRING,                                                                 \
         .offset = offsetof(holder, at.engine_date)},                                              \
        {.name = "allow-unsigned",                                                                 \
         .help = "accept what carries no signature at all",                                        \
         .type = OT_OPTION_FLAG,                                                                   \
         .offset = offsetof(holder, at.allow_unsigned)},                                           \
    {                                                                                              \
        .name = "max-size", .value = "BYTES",                                                      \
        .help = "refuse a larger payload (default 1073741824)", .type = OT_OPTION_UINT,            \
        .offset = offsetof(holder, at.max_size)                                                    \
    }

/* For programs where that word has no other meaning. */
#define OT_TRUST_THREADS_OPTION(holder, at)                                                        \
    {                                                                                              \
        .name = "threads", .value = "N",                                                           \
        .help = "threads that hash (default 0: one for each core, at most 8)",                     \
        .type = OT_OPTION_UINT, .offset = offsetof(holder, at.threads), .max = 64                  \
    }

void ot_trust_options_init(struct ot_trust_options *values);

/*
 * Loads the keys, or the trust file: what ends in ".json". Other options can only make it stricter:
 * the higher threshold and sequence apply, and --revoked adds. Free `trust` with ot_trust_free,
 * also after an error. Errors are OT_USAGE, or `nothing_trusted` when there is no key at all and
 * unsigned is not allowed, when there are some, but fewer than the threshold (a revoked key counts
 * here), or when the default folder or a key in it cannot be read. For a trust file or attestation
 * that is none the codes are those of verify/payload.h, for --state those of ot_state_load.
 */
OT_MUST_USE int ot_trust_options_load(const struct ot_trust_options *values,
                                      enum ot_error_kind nothing_trusted, struct ot_trust *trust,
                                      struct ot_error *err);
