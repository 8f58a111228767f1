/* The options that say who signs, which `onetube package` and `onetube sign` share. */
#pragma once

#include "cli/cli.h"
#include "package/package.h"

struct ot_signer_values {
    struct ot_list sign_keys;
    const char *signer;
    const char *signer_key;
};

#define OT_SIGNER_OPTIONS(holder, at)                                                              \
    {.name = "sign-key",                                                                           \
     .value = "KEY",                                                                               \
     .help = "sign with this private key: its text, a file, env:NAME, or - for standard input; "   \
             "may be given several times",                                                         \
     .type = OT_OPTION_LIST,                                                                       \
     .offset = offsetof(holder, at.sign_keys)},                                                    \
        {.name = "signer",                                                                         \
         .value = "CMD",                                                                           \
         .help = "sign with a program, run by /bin/sh: it reads the bytes to sign and writes the " \
                 "64 raw bytes of the signature",                                                  \
         .type = OT_OPTION_STRING,                                                                 \
         .offset = offsetof(holder, at.signer)},                                                   \
    {                                                                                              \
        .name = "signer-key", .value = "PUBKEY",                                                   \
        .help = "the public key of --signer, which names and checks its signature",                \
        .type = OT_OPTION_STRING, .offset = offsetof(holder, at.signer_key)                        \
    }

/* The signers that the options name, with what they point to. Start from `{0}`. */
struct ot_signer_set {
    struct ot_signer items[OT_SIGNATURES_MAX + 2];
    size_t count;
    struct ot_secret_key *keys[OT_SIGNATURES_MAX];
    size_t key_count;
    struct ot_public_key signer_key;
};

/* Loads every key. Errors are OT_USAGE. */
OT_MUST_USE int ot_signer_set_load(struct ot_signer_set *set, const struct ot_signer_values *values,
                                   struct ot_error *err);
void ot_signer_set_free(struct ot_signer_set *set);
#define OT_AUTOSIGNERS OT_CLEANUP(ot_signer_set_free)
